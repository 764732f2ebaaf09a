package bench

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// updates measures update with states that are made while the clock stands.
func updates(n int, move bool) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		round, i := s.states.next(n, move), 0
		for b.Loop() {
			if i == len(round) {
				b.StopTimer()
				round, i = s.states.next(n, move), 0
				b.StartTimer()
			}
			if err := s.update(round[i]); err != nil {
				b.Fatal(err)
			}
			i++
		}
		for _, pod := range round[i:] {
			if err := s.update(pod); err != nil {
				b.Fatal(err)
			}
		}
		s.check(b)
	}
}

func updateSame(n int) func(*testing.B, *stock) { return updates(n, false) }

// updateMoving moves each pod to the next node.
func updateMoving(n int) func(*testing.B, *stock) { return updates(n, true) }

// replaceChanged stores all pods in the one version and the other by turns.
func replaceChanged(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		lists, i := [][]*corev1.Pod{s.later(), s.pods}, 0
		s.reset(b)
		runtime.GC()
		for b.Loop() {
			if err := s.replace(lists[i%2], strconv.Itoa((i+1)*n)); err != nil {
				b.Fatal(err)
			}
			i++
		}
		perObject(b, n)
		s.check(b)
	}
}

// replaceUnchanged stores what is there: equal pods, which are not the same.
func replaceUnchanged(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		again := s.again()
		s.reset(b)
		runtime.GC()
		for b.Loop() {
			if err := s.replace(again, strconv.Itoa(n)); err != nil {
				b.Fatal(err)
			}
		}
		perObject(b, n)
		s.check(b)
	}
}

// deleteAndAdd deletes one pod and adds another one, which was deleted before.
func deleteAndAdd(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s, i := engine.filled(b, n), 0
		s.reset(b)
		numbers := order(n)
		gone := s.pods[numbers[n-1]]
		if err := s.remove(gone); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			pod := s.pods[numbers[i]]
			if err := s.remove(pod); err != nil {
				b.Fatal(err)
			}
			if err := s.update(gone); err != nil {
				b.Fatal(err)
			}
			gone = pod
			if i++; i == n {
				i = 0
			}
		}
		if err := s.update(gone); err != nil {
			b.Fatal(err)
		}
		s.check(b)
	}
}

// bytesPerObject reports what a stored object costs besides itself. The time is
// that of filling the store.
func bytesPerObject(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		engine.of(n)
		var s podStore
		var grown float64
		for before := heap(); b.Loop(); {
			first := s == nil
			s = engine.fresh(b, n)
			if first {
				b.StopTimer()
				grown = float64(heap()) - float64(before)
				b.StartTimer()
			}
		}
		b.ReportMetric(grown/float64(n), "B/object")
		perObject(b, n)
		checkStore(b, s, n)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// life adds n pods one by one to an empty store, reads them all by an index,
// updates and deletes them one by one. It reports what each part costs for an
// object.
func life(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		c := engine.of(n)
		c.later()
		var added, read, updated, deleted time.Duration
		for b.Loop() {
			s := engine.empty()
			added += each(b, c.pods, s.update)
			read += readByNode(b, s, n)
			updated += each(b, c.later(), s.update)
			checkStore(b, s, n)
			deleted += each(b, c.pods, s.remove)
			checkStore(b, s, 0)
		}
		for unit, d := range map[string]time.Duration{
			"add-ns/object": added, "index-ns/object": read, "update-ns/object": updated, "delete-ns/object": deleted,
		} {
			b.ReportMetric(float64(d.Nanoseconds())/float64(b.N)/float64(n), unit)
		}
	}
}

func each(b *testing.B, pods []*corev1.Pod, do func(*corev1.Pod) error) time.Duration {
	start := time.Now()
	for _, pod := range pods {
		if err := do(pod); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func readByNode(b *testing.B, s podStore, n int) time.Duration {
	start, sum := time.Now(), 0
	for i := range Nodes {
		sum += s.byIndex("node", indexValue("node", i))
	}
	if sum != n {
		b.Fatalf("the index has %d objects, want %d", sum, n)
	}
	return time.Since(start)
}
