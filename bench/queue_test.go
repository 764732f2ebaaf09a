package bench

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	clientgo "k8s.io/client-go/util/workqueue"

	"github.com/informant-go/informant/workqueue"
)

// queue is the widest interface that both engines have.
type queue = clientgo.TypedRateLimitingInterface[string]

// queueEngines make the layer that a case is about, and nothing above it.
var queueEngines = []Engine[queue]{
	{Name: Informant, New: func(tb testing.TB) queue {
		return closing(tb, plain{workqueue.New(workqueue.Options[string]{})})
	}},
	{Name: ClientGo, New: func(tb testing.TB) queue {
		return closing(tb, plain{clientgo.NewTyped[string]()})
	}},
	{Name: floor, New: func(tb testing.TB) queue {
		return closing(tb, plain{newFloorQueue(queueKeys(fewKeys))})
	}},
}

var delayingEngines = []Engine[queue]{
	{Name: Informant, New: func(tb testing.TB) queue {
		return closing(tb, delaying{workqueue.NewDelaying(workqueue.Options[string]{})})
	}},
	{Name: ClientGo, New: func(tb testing.TB) queue {
		return closing(tb, delaying{clientgo.NewTypedDelayingQueue[string]()})
	}},
}

var rateLimitingEngines = []Engine[queue]{
	{Name: Informant, New: func(tb testing.TB) queue {
		return closing(tb, workqueue.NewRateLimiting(workqueue.Options[string]{
			Limiter: workqueue.NewExponentialLimiter[string](time.Hour, 2*time.Hour),
		}))
	}},
	{Name: Informant + "-backoff", New: func(tb testing.TB) queue {
		// The second design: failures in the queue's own entries.
		return closing(tb, workqueue.NewRateLimiting(workqueue.Options[string]{
			Backoff: workqueue.Backoff{Base: time.Hour, Max: 2 * time.Hour},
		}))
	}},
	{Name: ClientGo, New: func(tb testing.TB) queue {
		return closing(tb, clientgo.NewTypedRateLimitingQueue(
			clientgo.NewTypedItemExponentialFailureRateLimiter[string](time.Hour, 2*time.Hour)))
	}},
}

// plain and delaying widen a layer to the common interface. A case that calls
// what its layer does not have panics.
type plain struct {
	clientgo.TypedInterface[string]
}

func (plain) AddAfter(string, time.Duration) { panic("a plain queue delays nothing") }
func (plain) AddRateLimited(string)          { panic("a plain queue limits nothing") }
func (plain) Forget(string)                  { panic("a plain queue limits nothing") }
func (plain) NumRequeues(string) int         { panic("a plain queue limits nothing") }

type delaying struct {
	clientgo.TypedDelayingInterface[string]
}

func (delaying) AddRateLimited(string)  { panic("a delaying queue limits nothing") }
func (delaying) Forget(string)          { panic("a delaying queue limits nothing") }
func (delaying) NumRequeues(string) int { panic("a delaying queue limits nothing") }

// floorQueue does what no queue with these calls can do without: it takes its lock in
// each, and searches for the key that is added. There is one item at a time.
type floorQueue struct {
	clientgo.TypedInterface[string]

	mu    sync.Mutex
	known map[string]*int
	item  string
	done  int
}

func newFloorQueue(keys []string) *floorQueue {
	q := &floorQueue{known: map[string]*int{}}
	for _, key := range keys {
		q.known[key] = new(int)
	}
	return q
}

func (q *floorQueue) Add(item string) {
	q.mu.Lock()
	*q.known[item]++
	q.item = item
	q.mu.Unlock()
}

func (q *floorQueue) Get() (item string, shutdown bool) {
	q.mu.Lock()
	item = q.item
	q.mu.Unlock()
	return item, false
}

func (q *floorQueue) Done(string) {
	q.mu.Lock()
	q.done++
	q.mu.Unlock()
}

func (q *floorQueue) Len() int  { return 0 }
func (q *floorQueue) ShutDown() {}

func closing(tb testing.TB, q queue) queue {
	tb.Cleanup(q.ShutDown)
	return q
}

// queueKeys are n keys like those of pods.
func queueKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("namespace-%d/pod-%d", i%100, i)
	}
	return keys
}

const (
	fewKeys  = 1024
	manyKeys = 1 << 20
)

func BenchmarkQueue(b *testing.B) {
	noFloor := map[string]string{floor: "the floor is that of a cycle"}
	cases := []Case[queue]{
		{Name: "cycle", Run: queueCycle},
		{Name: "done-of-another", Run: queueDoneOfAnother, Skip: noFloor},
		{Name: "burst", Run: queueBurst, Skip: noFloor},
	}
	for _, workers := range []int{2, 8, 64} {
		cases = append(cases, Case[queue]{
			Name: fmt.Sprintf("workers=%d", workers),
			Run:  func(b *testing.B, q queue) { queueWorkers(b, q, workers) },
			Skip: noFloor,
		})
	}
	Run(b, queueEngines, cases)
}

// queueCycle is Add, Get, Done, over and over a few keys.
func queueCycle(b *testing.B, q queue) {
	keys, wrong := queueKeys(fewKeys), 0
	b.ResetTimer()
	for i := range b.N {
		key := keys[i%fewKeys]
		q.Add(key)
		got, _ := q.Get()
		if got != key {
			wrong++
		}
		q.Done(got)
	}
	b.StopTimer()
	if wrong != 0 || q.Len() != 0 {
		b.Fatalf("%d of %d items were not the one that was added, %d are left", wrong, b.N, q.Len())
	}
}

// queueDoneOfAnother is Done of items that are not the one that was handed out last:
// many are being processed at the same time, and the first to be handed out is the
// first to be done. Add and Get are not counted.
func queueDoneOfAnother(b *testing.B, q queue) {
	keys, held := queueKeys(fewKeys), make([]string, fewKeys)
	var took time.Duration
	b.ResetTimer()
	for left := b.N; left > 0; left -= fewKeys {
		n := min(left, fewKeys)
		for _, key := range keys[:n] {
			q.Add(key)
		}
		for i := range n {
			held[i], _ = q.Get()
		}
		begin := time.Now()
		for _, key := range held[:n] {
			q.Done(key)
		}
		took += time.Since(begin)
	}
	b.StopTimer()
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/op")
	if q.Len() != 0 {
		b.Fatalf("%d items are left", q.Len())
	}
}

// queueBurst adds 10,000 items and then takes them out; an operation is one
// item.
func queueBurst(b *testing.B, q queue) {
	const size = 10_000
	keys := queueKeys(size)
	b.ResetTimer()
	for left := b.N; left > 0; left -= size {
		n := min(left, size)
		for _, key := range keys[:n] {
			q.Add(key)
		}
		if q.Len() != n {
			b.Fatalf("%d of %d items wait", q.Len(), n)
		}
		for range n {
			key, _ := q.Get()
			q.Done(key)
		}
	}
	b.StopTimer()
	if q.Len() != 0 {
		b.Fatalf("%d items are left", q.Len())
	}
}

// queueWorkers has one producer and several workers that do nothing with what
// they get; it ends when the last item is done.
func queueWorkers(b *testing.B, q queue, workers int) {
	keys := queueKeys(manyKeys)
	handled := make([]int, workers)
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range workers {
		wg.Go(func() {
			n := 0
			for {
				key, shutdown := q.Get()
				if shutdown {
					handled[w] = n
					return
				}
				n++
				q.Done(key)
			}
		})
	}
	for i := range b.N {
		q.Add(keys[i%manyKeys])
	}
	q.ShutDown()
	wg.Wait()
	b.StopTimer()
	total := 0
	for _, n := range handled {
		total += n
	}
	// Only a key that comes round again while it waits may be merged.
	if total > b.N || total < min(b.N, manyKeys) {
		b.Fatalf("workers handled %d of %d items", total, b.N)
	}
}

func BenchmarkDelayingQueue(b *testing.B) {
	Run(b, delayingEngines, []Case[queue]{
		{Name: "after", Run: queueAfter},
		{Name: "pending", Run: queuePending},
	})
}

// queueAfter delays up to 1M distinct keys.
func queueAfter(b *testing.B, q queue) {
	keys := queueKeys(min(b.N, manyKeys))
	b.ResetTimer()
	for i := range b.N {
		q.AddAfter(keys[i%manyKeys], time.Hour+time.Duration(i%977)*time.Second)
	}
	b.StopTimer()
	if q.Len() != 0 {
		b.Fatalf("%d items did not wait for their delay", q.Len())
	}
	for _, key := range keys {
		q.AddAfter(key, time.Nanosecond)
	}
	waitForLen(b, q, len(keys))
}

// queuePending reports the memory of an item whose delay is pending.
func queuePending(b *testing.B, q queue) {
	keys := queueKeys(manyKeys)
	before := liveHeap()
	b.ResetTimer()
	for _, key := range keys {
		q.AddAfter(key, time.Hour)
	}
	b.StopTimer()
	// A last one that is due at once shows that the others have been taken
	// in: client-go's are first sent to a goroutine.
	q.AddAfter("last", time.Nanosecond)
	waitForLen(b, q, 1)
	b.ReportMetric(float64(liveHeap()-before)/manyKeys, "B/pending")
	b.ReportMetric(0, "ns/op") // one operation is a million
	runtime.KeepAlive(keys)
}

func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func waitForLen(b *testing.B, q queue, n int) {
	b.Helper()
	deadline := time.Now().Add(time.Minute)
	for q.Len() != n {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d delayed items became ready", q.Len(), n)
		}
		runtime.Gosched()
	}
}

func BenchmarkRateLimitingQueue(b *testing.B) {
	Run(b, rateLimitingEngines, []Case[queue]{{Name: "cycle", Run: queueRateLimited}})
}

// queueRateLimited is AddRateLimited and Forget, over and over a few keys,
// whose delay stays pending.
func queueRateLimited(b *testing.B, q queue) {
	keys := queueKeys(fewKeys)
	b.ResetTimer()
	for i := range b.N {
		q.AddRateLimited(keys[i%fewKeys])
		q.Forget(keys[i%fewKeys])
	}
	b.StopTimer()
	for _, key := range keys {
		if q.NumRequeues(key) != 0 {
			b.Fatalf("failures of %q were not forgotten", key)
		}
		q.AddAfter(key, time.Nanosecond)
	}
	waitForLen(b, q, fewKeys)
}
