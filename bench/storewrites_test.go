package bench

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// updates measures update with states that are made while the clock stands.
// before, unless nil, is called before each, on the clock, and reports whether it
// read what it should.
func updates(b *testing.B, s *stocked, move bool, before func() bool) {
	b.Helper()
	round, i := s.states.next(s.n, move), 0
	for b.Loop() {
		if i == len(round) {
			b.StopTimer()
			round, i = s.states.next(s.n, move), 0
			b.StartTimer()
		}
		if before != nil && !before() {
			b.Fatal("a read before a write is not answered with what is there")
		}
		if err := s.update(round[i]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if err := s.updateAll(round[i:]); err != nil {
		b.Fatal(err)
	}
}

func updateSame(n int) func(*testing.B, *stock) { return updateOne(n, false) }

// updateMoving moves each pod to the next node.
func updateMoving(n int) func(*testing.B, *stock) { return updateOne(n, true) }

func updateOne(n int, move bool) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		updates(b, s, move, nil)
		s.check(b)
	}
}

// updateBatch updates a hundred pods in one transaction.
func updateBatch(n int) func(*testing.B, *stock) {
	const size = 100
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		var round []*corev1.Pod
		store := func(pods []*corev1.Pod) {
			if err := s.updateAll(pods); err != nil {
				b.Fatal(err)
			}
			round = round[len(pods):]
		}
		for b.Loop() {
			if len(round) < size {
				b.StopTimer()
				store(round)
				round = s.states.next(n, false)
				b.StartTimer()
			}
			store(round[:size])
		}
		store(round)
		perObject(b, size)
		s.check(b)
	}
}

// byIndexBetweenWrites asks, before each update, for the objects of an index
// value, of which there is one, so that it is no measure of copying.
func byIndexBetweenWrites(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		lone := Pod(n, 1)
		lone.Spec.NodeName = "node-lone"
		if err := s.update(lone); err != nil {
			b.Fatal(err)
		}
		updates(b, s, false, func() bool { return s.byIndex("node", lone.Spec.NodeName) == 1 })
		if err := s.remove(lone); err != nil {
			b.Fatal(err)
		}
		s.check(b)
	}
}

// snapshotBetweenWrites takes and drops a snapshot before each update.
func snapshotBetweenWrites(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		updates(b, s, false, func() bool { return s.snapshot() == n })
		s.check(b)
	}
}

// snapshotHeld updates while a snapshot from before is held: a million pass it
// with -benchtime 1000000x. It reports what the snapshot costs besides the
// objects, for each object that is stored, when all that change were changed.
func snapshotHeld(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		s.states.make(n)
		before := heap()
		end := s.hold()
		updates(b, s, false, nil)
		s.pass(b, nil)
		b.ReportMetric((float64(heap())-float64(before))/float64(n), "held-B/object")
		if got := end(); got != n {
			b.Fatalf("the snapshot has %d objects, want %d", got, n)
		}
		s.check(b)
	}
}

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
