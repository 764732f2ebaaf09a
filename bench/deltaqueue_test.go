package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/informant-go/informant/deltafifo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// burst is how many events the benchmarks queue before they take them out: a
// batch of either engine.
const burst = 1000

// deltaQueue is a queue of deltas as its producer and its consumer use it.
type deltaQueue interface {
	// update queues the new state of a pod.
	update(pod *corev1.Pod) error
	// pop waits for a batch and calls each with its objects, in order.
	pop(each func(pod *corev1.Pod)) error
	close()
}

// ours is either queue of this library.
type ours struct {
	deltafifo.Queue[*corev1.Pod]
	each    func(*corev1.Pod)
	process func(deltafifo.Batch[*corev1.Pod]) error
}

func newOurs(q deltafifo.Queue[*corev1.Pod]) *ours {
	o := &ours{Queue: q}
	o.process = func(b deltafifo.Batch[*corev1.Pod]) error {
		for i := range b.Deltas {
			o.each(b.Deltas[i].Object)
		}
		return nil
	}
	return o
}

func (o *ours) update(pod *corev1.Pod) error { return o.Update(context.Background(), pod) }
func (o *ours) close()                       { o.Close() }

func (o *ours) pop(each func(*corev1.Pod)) error {
	o.each = each
	return o.Pop(context.Background(), o.process)
}

// realFIFO is client-go's in-order queue, as its informers set it up.
type realFIFO struct {
	*cache.RealFIFO
	each   func(*corev1.Pod)
	batch  cache.ProcessBatchFunc
	single cache.PopProcessFunc
}

func newRealFIFO() *realFIFO {
	r := &realFIFO{RealFIFO: cache.NewRealFIFOWithOptions(cache.RealFIFOOptions{
		AtomicEvents:          true,
		UnlockWhileProcessing: true,
		EmitDeltaTypeBookmark: true,
	})}
	r.batch = func(deltas []cache.Delta, _ bool) error {
		for i := range deltas {
			r.each(deltas[i].Object.(*corev1.Pod))
		}
		return nil
	}
	r.single = func(obj any, initial bool) error { return r.batch(obj.(cache.Deltas), initial) }
	return r
}

func (r *realFIFO) update(pod *corev1.Pod) error { return r.Update(pod) }
func (r *realFIFO) close()                       { r.Close() }

func (r *realFIFO) pop(each func(*corev1.Pod)) error {
	r.each = each
	return r.PopBatch(r.batch, r.single)
}

// clientDeltaFIFO is client-go's DeltaFIFO.
type clientDeltaFIFO struct {
	*cache.DeltaFIFO
	each    func(*corev1.Pod)
	process cache.PopProcessFunc
}

func newClientDeltaFIFO() *clientDeltaFIFO {
	d := &clientDeltaFIFO{DeltaFIFO: cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{
		KnownObjects:          cache.NewStore(cache.MetaNamespaceKeyFunc),
		EmitDeltaTypeReplaced: true,
	})}
	d.process = func(obj any, _ bool) error {
		for _, delta := range obj.(cache.Deltas) {
			d.each(delta.Object.(*corev1.Pod))
		}
		return nil
	}
	return d
}

func (d *clientDeltaFIFO) update(pod *corev1.Pod) error { return d.Update(pod) }
func (d *clientDeltaFIFO) close()                       { d.Close() }

func (d *clientDeltaFIFO) pop(each func(*corev1.Pod)) error {
	d.each = each
	_, err := d.Pop(d.process)
	return err
}

var inOrderEngines = []Engine[deltaQueue]{
	{Name: Informant, New: func(tb testing.TB) deltaQueue {
		q, err := deltafifo.NewInOrder(deltafifo.Options[*corev1.Pod]{})
		if err != nil {
			tb.Fatal(err)
		}
		o := newOurs(q)
		tb.Cleanup(o.close)
		return o
	}},
	{Name: ClientGo, New: func(tb testing.TB) deltaQueue {
		q := newRealFIFO()
		tb.Cleanup(q.close)
		return q
	}},
}

// noPods are the known objects of a consumer that holds none.
type noPods struct{}

func (noPods) ListKeys() []string                         { return nil }
func (noPods) GetByKey(string) (*corev1.Pod, bool, error) { return nil, false, nil }

var byKeyEngines = []Engine[deltaQueue]{
	{Name: Informant, New: func(tb testing.TB) deltaQueue {
		q, err := deltafifo.NewDeltaFIFO(deltafifo.Options[*corev1.Pod]{
			KnownObjects: noPods{},
		})
		if err != nil {
			tb.Fatal(err)
		}
		o := newOurs(q)
		tb.Cleanup(o.close)
		return o
	}},
	{Name: ClientGo, New: func(tb testing.TB) deltaQueue {
		q := newClientDeltaFIFO()
		tb.Cleanup(q.close)
		return q
	}},
}

// BenchmarkDeltaQueue measures what an event costs on its way through the
// queue of deltas.
func BenchmarkDeltaQueue(b *testing.B) {
	Run(b, inOrderEngines, []Case[deltaQueue]{
		{Name: "inorder", Run: eventInBatchOut},
		{Name: "inorder-pipelined", Run: pipelined},
		{Name: "slow-consumer", Run: addWhileHandlerSleeps},
	})
	Run(b, byKeyEngines, []Case[deltaQueue]{
		{Name: "deltafifo", Run: eventInBatchOut},
		{Name: "deltafifo-slow-consumer", Run: addWhileHandlerSleeps},
	})
}

// check sees to it that every pod comes out once and in order.
type check struct {
	pods []*corev1.Pod
	next int
	err  error
}

func (c *check) each(pod *corev1.Pod) {
	if want := c.pods[c.next%len(c.pods)]; pod != want && c.err == nil {
		c.err = fmt.Errorf("pod %s came as number %d, should be %s", pod.Name, c.next, want.Name)
	}
	c.next++
}

func (c *check) finish(b *testing.B, n int) {
	if c.err != nil {
		b.Fatal(c.err)
	}
	if c.next != n {
		b.Fatalf("%d of %d events came out", c.next, n)
	}
}

// eventInBatchOut queues a burst and takes it out again, in one goroutine.
func eventInBatchOut(b *testing.B, q deltaQueue) {
	c := &check{pods: Pods(burst, 1)}
	each := c.each
	drain := func(n int) {
		for c.next < n {
			if err := q.pop(each); err != nil {
				b.Fatal(err)
			}
		}
	}
	n := 0
	for b.Loop() {
		if err := q.update(c.pods[n%burst]); err != nil {
			b.Fatal(err)
		}
		if n++; n%burst == 0 {
			drain(n)
		}
	}
	drain(n)
	c.finish(b, n)
}

// pipelined has the consumer in a goroutine of its own, wake-ups included. The
// producer is at most a few bursts ahead. It is for queues that are in order
// over all keys.
func pipelined(b *testing.B, q deltaQueue) {
	c := &check{pods: Pods(burst, 1)}
	credit := make(chan struct{}, 4)
	done := make(chan error, 1)
	n := b.N
	go func() {
		each := func(pod *corev1.Pod) {
			if c.each(pod); c.next%burst == 0 {
				<-credit
			}
		}
		var err error
		for c.next < n && err == nil {
			err = q.pop(each)
		}
		done <- err
	}()
	b.ResetTimer()
	for i := range n {
		if i%burst == burst-1 {
			credit <- struct{}{}
		}
		if err := q.update(c.pods[i%burst]); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	c.finish(b, n)
}

// addWhileHandlerSleeps measures the producer alone, which queues half a burst
// each time that the consumer has begun to sleep 1 ms over an event: ns/op is what an event costs the producer, and
// longest-ns the longest that one took.
func addWhileHandlerSleeps(b *testing.B, q deltaQueue) {
	const handlerTime = time.Millisecond
	c := &check{pods: Pods(burst, 1)}
	asleep, done := make(chan struct{}, 1), make(chan error, 1)
	n := b.N
	go func() {
		each := func(pod *corev1.Pod) {
			if c.each(pod); c.next%(burst/2) == 1 {
				asleep <- struct{}{}
				time.Sleep(handlerTime)
			}
		}
		var err error
		for c.next < n && err == nil {
			err = q.pop(each)
		}
		close(asleep)
		done <- err
	}()
	var total, longest time.Duration
	for i := range n {
		if i%(burst/2) == 2 {
			<-asleep // over what came last
		}
		start := time.Now()
		if err := q.update(c.pods[i%burst]); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		total += took
		longest = max(longest, took)
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	c.finish(b, n)
	b.ReportMetric(float64(total.Nanoseconds())/float64(n), "ns/op")
	b.ReportMetric(float64(longest.Nanoseconds()), "longest-ns")
}
