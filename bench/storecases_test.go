package bench

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// filled gives the store n pods and returns them with their keys, in an order
// that is not that of memory.
func filled(b *testing.B, s podStore, n int) (pods []*corev1.Pod, keys []string) {
	b.Helper()
	pods = Pods(n, 1)
	var err error
	if c, ok := s.(controlStore); ok {
		err = c.fill(pods)
	} else {
		err = s.replace(pods, "1")
	}
	if err != nil {
		b.Fatal(err)
	}
	keys = make([]string, n)
	for i := range keys {
		pod := pods[shuffled(i, n)]
		keys[i] = pod.Namespace + "/" + pod.Name
	}
	runtime.GC()
	return pods, keys
}

// shuffled permutes the numbers below n by a step that has no factor with the
// sizes in use, nor with the spread of the index values.
func shuffled(i, n int) int { return int(uint64(i) * 7_368_787 % uint64(n)) }

// next makes a new state of pod i.
func next(pods []*corev1.Pod, i, version int) *corev1.Pod {
	pod := *pods[i]
	pod.ResourceVersion = strconv.Itoa(version)
	return &pod
}

func checkStore(b *testing.B, s podStore, n int) {
	b.Helper()
	if got := s.list(); got != n {
		b.Fatalf("the store has %d objects, want %d", got, n)
	}
	perNode := 0
	for node := range Nodes {
		perNode += s.byIndex("node", fmt.Sprintf("node-%03d", node))
	}
	if perNode != n {
		b.Fatalf("the index has %d objects, want %d", perNode, n)
	}
}

func getParallel(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		_, keys := filled(b, s, n)
		var start atomic.Int64
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			i := int(start.Add(int64(n / 3)))
			for pb.Next() {
				if !s.get(keys[i%n]) {
					b.Error("a key is missing")
				}
				i++
			}
		})
	}
}

func getOne(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		_, keys := filled(b, s, n)
		b.ResetTimer()
		for i := range b.N {
			if !s.get(keys[i%n]) {
				b.Fatal("a key is missing")
			}
		}
	}
}

// updates measures update with new states that are made beforehand, in rounds,
// so that making them is not measured.
func updates(b *testing.B, s podStore, pods []*corev1.Pod, change func(pod *corev1.Pod, round int)) {
	n := len(pods)
	const ahead = 4096
	states := make([]*corev1.Pod, ahead)
	version := n + 1
	b.ResetTimer()
	for done := 0; done < b.N; {
		b.StopTimer()
		for i := range states {
			states[i] = next(pods, shuffled((done+i)%n, n), version)
			change(states[i], (done+i)/n)
			version++
		}
		b.StartTimer()
		for _, pod := range states[:min(ahead, b.N-done)] {
			if err := s.update(pod); err != nil {
				b.Fatal(err)
			}
		}
		done += ahead
	}
	b.StopTimer()
	checkStore(b, s, n)
}

func updateSame(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods, _ := filled(b, s, n)
		updates(b, s, pods, func(*corev1.Pod, int) {})
	}
}

// updateMoving moves each pod to the next node.
func updateMoving(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods, _ := filled(b, s, n)
		updates(b, s, pods, func(pod *corev1.Pod, round int) {
			node, _ := strconv.Atoi(pod.Spec.NodeName[len("node-"):])
			pod.Spec.NodeName = fmt.Sprintf("node-%03d", (node+round+1)%Nodes)
		})
	}
}

func replaceChanged(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		b.ResetTimer()
		for i := range b.N {
			b.StopTimer()
			pods := Pods(n, uint64((i+1)*n+1))
			runtime.GC()
			b.StartTimer()
			if err := s.replace(pods, strconv.Itoa((i+2)*n)); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		checkStore(b, s, n)
	}
}

func replaceUnchanged(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		again := Pods(n, 1)
		runtime.GC()
		b.ResetTimer()
		for range b.N {
			if err := s.replace(again, strconv.Itoa(n)); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		checkStore(b, s, n)
	}
}

// readStall measures keyed reads while the content is replaced again and again.
func readStall(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		_, keys := filled(b, s, n)
		lists := [][]*corev1.Pod{Pods(n, uint64(n)+1), Pods(n, uint64(2*n)+1)}
		runtime.GC()
		var stop atomic.Bool
		var reader sync.WaitGroup
		took := make([]time.Duration, 0, 1<<22)
		reader.Go(func() {
			for i := 0; !stop.Load(); i++ {
				start := time.Now()
				if !s.get(keys[i%n]) {
					b.Error("a key is missing")
					return
				}
				if d := time.Since(start); len(took) < cap(took) {
					took = append(took, d)
				} else {
					took[i%cap(took)] = max(took[i%cap(took)], d)
				}
			}
		})
		b.ResetTimer()
		for i := range b.N {
			if err := s.replace(lists[i%2], strconv.Itoa((i+2)*n)); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		stop.Store(true)
		reader.Wait()
		if len(took) == 0 {
			b.Fatal("nothing was read")
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*9999/10000]), "p99.99-ns")
		b.ReportMetric(float64(took[len(took)-1]), "longest-ns")
	}
}

func listAll(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		b.ResetTimer()
		for range b.N {
			if got := s.list(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
	}
}

func iterateAll(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		b.ResetTimer()
		for range b.N {
			if got := s.iterate(); got != n {
				b.Fatalf("%d objects, want %d", got, n)
			}
		}
	}
}

func byIndex(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		values := make([]string, Namespaces)
		for i := range values {
			values[i] = fmt.Sprintf("ns-%03d", i)
		}
		b.ResetTimer()
		for i := range b.N {
			if got := s.byIndex("namespace", values[i%Namespaces]); got != n/Namespaces {
				b.Fatalf("%d objects, want %d", got, n/Namespaces)
			}
		}
	}
}

func snapshotAndDrop(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		filled(b, s, n)
		b.ResetTimer()
		for range b.N {
			s.snapshot()
		}
		b.StopTimer()
		checkStore(b, s, n)
	}
}

// bytesPerObject reports what a stored object costs besides itself. The time is
// that of filling the store.
func bytesPerObject(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods := Pods(n, 1)
		before := heap()
		b.ResetTimer()
		if err := s.replace(pods, strconv.Itoa(n)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		after := heap()
		b.ReportMetric(float64(after-before)/float64(n), "B/object")
		checkStore(b, s, n)
		runtime.KeepAlive(pods)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// writesWithReaders measures updates while readers list all the time.
func writesWithReaders(n, readers int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods, _ := filled(b, s, n)
		var stop atomic.Bool
		var reading sync.WaitGroup
		for range readers {
			reading.Go(func() {
				for !stop.Load() {
					if got := s.list(); got != n {
						b.Errorf("%d objects, want %d", got, n)
						return
					}
				}
			})
		}
		states := make([]*corev1.Pod, n)
		for i := range states {
			states[i] = next(pods, shuffled(i, n), n+1+i)
		}
		b.ResetTimer()
		for i := range b.N {
			if err := s.update(states[i%n]); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		stop.Store(true)
		reading.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
		checkStore(b, s, n)
	}
}

// load measures filling a store object by object.
func load(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods := Pods(n, 1)
		runtime.GC()
		b.ResetTimer()
		for i := range b.N {
			if i > 0 && i%n == 0 {
				b.StopTimer()
				checkStore(b, s, n)
				if err := s.replace(nil, strconv.Itoa(n)); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			if err := s.update(pods[i%n]); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		checkStore(b, s, (b.N-1)%n+1)
	}
}

// deleteAndAdd measures a deletion and an addition, of different keys.
func deleteAndAdd(n int) func(*testing.B, podStore) {
	return func(b *testing.B, s podStore) {
		pods, _ := filled(b, s, n)
		gone := pods[shuffled(0, n)]
		if err := s.remove(gone); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		for i := range b.N {
			pod := pods[shuffled((i+1)%n, n)]
			if pod == gone {
				continue
			}
			if err := s.remove(pod); err != nil {
				b.Fatal(err)
			}
			if err := s.update(gone); err != nil {
				b.Fatal(err)
			}
			gone = pod
		}
		b.StopTimer()
		if err := s.update(gone); err != nil {
			b.Fatal(err)
		}
		checkStore(b, s, n)
	}
}
