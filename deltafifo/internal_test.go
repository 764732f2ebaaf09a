package deltafifo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"
)

func TestKeySetTellsKeysApartWithinAGeneration(t *testing.T) {
	s := newKeySet()
	for round := range 5 {
		n := 1 << (2 * round)
		s.reset(n)
		for i := range n {
			if !s.add(strconv.Itoa(i)) {
				t.Fatalf("round %d: %d counts as seen", round, i)
			}
		}
		for i := range n {
			if s.add(strconv.Itoa(i)) {
				t.Fatalf("round %d: %d does not count as seen", round, i)
			}
		}
	}
}

func TestKeySetSurvivesTheEndOfItsGenerations(t *testing.T) {
	s := newKeySet()
	s.reset(4)
	s.add("a")
	s.generation = ^uint32(0)
	s.reset(4)
	if !s.add("a") || s.add("a") {
		t.Error("an old generation shows")
	}
}

func TestMemoAnswersWithTheKeyOrNotAtAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m keyMemo
		part := rapid.SampledFrom([]string{"", "a", "/", "a/b", "kube-system", "kube-root-ca.crt", strings.Repeat("x", 40)})
		for range 200 {
			n := object.Name{Namespace: part.Draw(t, "namespace"), Name: part.Draw(t, "name")}
			key, ok := m.get(n, nameHash(n))
			if ok && key != n.String() {
				t.Fatalf("%+v has the key %q", n, key)
			}
			if !ok {
				m.put(n, nameHash(n), n.String())
			}
		}
	})
}

func TestMemoRemembersAsManyKeysAsItGrowsTo(t *testing.T) {
	var m keyMemo
	names := make([]object.Name, 1000)
	for i := range names {
		names[i] = object.Name{Namespace: fmt.Sprintf("ns-%02d", i%20), Name: fmt.Sprintf("pod-%07d", i)}
	}
	hits := 0
	for range 100 {
		hits = 0
		for _, n := range names {
			h := nameHash(n)
			if _, ok := m.get(n, h); ok {
				hits++
			} else {
				m.put(n, h, n.String())
			}
		}
	}
	if hits < 990 {
		t.Errorf("%d of %d hot keys are remembered", hits, len(names))
	}
	if n := len(m.table.Load().sets); n > maxMemoSets {
		t.Errorf("the memo has grown to %d sets", n)
	}
}

func TestMemoIsBounded(t *testing.T) {
	var m keyMemo
	for i := range 20 * maxMemoSets * memoWays {
		n := object.Name{Namespace: "ns", Name: strconv.Itoa(i)}
		m.put(n, nameHash(n), n.String())
	}
	if n := len(m.table.Load().sets); n != maxMemoSets {
		t.Errorf("the memo has %d sets", n)
	}
}

func TestMemoTurnsItselfOffForKeysThatAreNoNames(t *testing.T) {
	in := intake[string]{access: object.Keyed(func(s string) (string, error) { return "cluster/" + s, nil }, object.Fields[string]{
		Name:      func(s string) object.Name { return object.Name{Namespace: "ns", Name: s} },
		NameIsKey: true, // which is not so
	})}
	for range 3 {
		if key, err := in.key("a"); key != "cluster/a" || err != nil {
			t.Errorf("key %q, error %v", key, err)
		}
	}
	if !in.memo.off.Load() {
		t.Error("the memo is still used")
	}
}

func TestMemoTakesConcurrentUse(t *testing.T) {
	var m keyMemo
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			for range 5000 {
				n := object.Name{Namespace: strconv.Itoa(random.IntN(10)), Name: strconv.Itoa(random.IntN(300))}
				h := nameHash(n)
				if key, ok := m.get(n, h); ok && key != n.String() {
					t.Errorf("%+v has the key %q", n, key)
				} else if !ok {
					m.put(n, h, n.String())
				}
			}
		})
	}
	all.Wait()
}

// The pages of a list keep the last object of a key in the place of its first,
// in whatever order keys come (F2).
func TestPagesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var keys []string
		want := map[string]int{}
		p := pages[int]{ascending: true}
		for i, key := range rapid.SliceOfN(rapid.StringMatching(`[a-e]{1,2}`), 0, 30).Draw(t, "keys") {
			if _, ok := want[key]; !ok {
				keys = append(keys, key)
			}
			want[key] = i
			p.put(key, i)
		}
		if !slices.Equal(p.keys, keys) {
			t.Fatalf("keys are %v, want %v", p.keys, keys)
		}
		for i, key := range p.keys {
			if p.objs[i] != want[key] {
				t.Fatalf("%s is %d, want %d", key, p.objs[i], want[key])
			}
		}
		for _, key := range []string{"a", "b", "ab", "ee", ""} {
			if _, ok := want[key]; p.has(key) != ok {
				t.Fatalf("has(%q) is %v", key, p.has(key))
			}
		}
	})
}

func TestPagesInOrderNeedNoIndex(t *testing.T) {
	p := pages[int]{ascending: true}
	for i := range 100 {
		p.put(fmt.Sprintf("%03d", i), i)
	}
	if p.index != nil {
		t.Error("a sorted list built an index")
	}
}

func TestIdleEntriesAreBounded(t *testing.T) {
	s := entries[int]{byKey: map[string]*entry[int]{}}
	for i := range bigMap + 10 {
		s.push(Delta[int]{Key: strconv.Itoa(i), Type: DeltaAdded}, nil)
	}
	for s.queued.head != nil {
		s.release(s.take())
	}
	if len(s.byKey) != maxIdle || s.idle.length != maxIdle || s.peak != maxIdle {
		t.Errorf("%d entries, %d idle, peak %d", len(s.byKey), s.idle.length, s.peak)
	}
	if s.byKey["0"] != nil || s.byKey[strconv.Itoa(bigMap)] == nil {
		t.Error("the entry that was idle for longest should go first")
	}
	s.push(Delta[int]{Key: strconv.Itoa(bigMap), Type: DeltaAdded}, nil)
	if s.idle.length != maxIdle-1 || s.keys != 1 || s.deltas != 1 {
		t.Errorf("%d idle, %d keys, %d deltas", s.idle.length, s.keys, s.deltas)
	}
}

func TestInOrderGivesBuffersBack(t *testing.T) {
	rounds := func(q *InOrder[int], used, size int) int {
		q.taken = make([]Delta[int], used, size)
		n := 0
		for range 2 * spareRounds {
			q.recycle()
			if cap(q.taken) == 0 {
				return n
			}
			q.taken = q.taken[:used]
			n++
		}
		return n
	}
	for _, c := range []struct{ used, size, kept int }{
		{1, smallBuffer, 2 * spareRounds},
		{1, smallBuffer * 2, spareRounds - 1},
		{smallBuffer, smallBuffer * 2, 2 * spareRounds},
		{bigBuffer + 1, bigBuffer + 1, 0},
	} {
		if got := rounds(&InOrder[int]{}, c.used, c.size); got != c.kept {
			t.Errorf("a buffer of %d, %d used, is kept for %d rounds, want %d", c.size, c.used, got, c.kept)
		}
	}
}

// Idle entries and queued ones are told apart also while one is being processed.
func TestKeyThatIsProcessedIsNotIdle(t *testing.T) {
	s := entries[int]{byKey: map[string]*entry[int]{}}
	for _, key := range []string{"a", "b", "c"} {
		s.push(Delta[int]{Key: key, Type: DeltaAdded}, nil)
		s.release(s.take())
	}
	s.push(Delta[int]{Key: "b", Type: DeltaUpdated}, nil)
	hand, deltas := s.take()
	s.push(Delta[int]{Key: "b", Type: DeltaDeleted}, hand)
	s.release(hand, deltas)
	var idle []string
	for e := s.idle.head; e != nil; e = e.next {
		idle = append(idle, e.key)
	}
	if !slices.Equal(idle, []string{"a", "c"}) || s.idle.length != 2 {
		t.Errorf("%d idle: %v", s.idle.length, idle)
	}
	if s.queued.head != hand || s.queued.length != 1 || s.keys != 1 || s.deltas != 1 {
		t.Errorf("%d in line, %d keys, %d deltas", s.queued.length, s.keys, s.deltas)
	}
}

// A page that was begun for one list does not get into the next (F2).
func TestPageOfADroppedListIsNotAdded(t *testing.T) {
	var l openList[int]
	l.begin()
	old := l.current()
	l.begin()
	if l.add(old, []string{"a"}, []int{1}) || len(l.current().keys) > 0 {
		t.Error("a page got into a list that it was not for")
	}
	l.drop(old)
	if l.current() == nil {
		t.Error("dropping an old list drops the new one")
	}
}

// watched is a clock that looks whether a lock is free.
type watched struct {
	clock.PassiveClock
	t     *testing.T
	mu    *sync.Mutex
	reads int
}

func (w *watched) Now() time.Time {
	w.reads++
	if w.mu.TryLock() {
		w.mu.Unlock()
	} else {
		w.t.Error("the clock is read under the lock")
	}
	return w.PassiveClock.Now()
}

// An injected clock is user code, and is read under no lock, whatever a producer does.
func TestAClockIsReadUnderNoLock(t *testing.T) {
	type thing = *metav1.PartialObjectMetadata
	known := knownThings{"a": &metav1.PartialObjectMetadata{}}
	inOrder, err := NewInOrder(Options[thing]{Clock: clock.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	fifo, err := NewDeltaFIFO(Options[thing]{Clock: clock.RealClock{}, KnownObjects: known})
	if err != nil {
		t.Fatal(err)
	}
	for name, queue := range map[string]struct {
		Queue[thing]
		core *core[thing]
	}{"InOrder": {inOrder, &inOrder.core}, "DeltaFIFO": {fifo, &fifo.core}} {
		t.Run(name, func(t *testing.T) {
			w := &watched{PassiveClock: clock.RealClock{}, t: t, mu: &queue.core.mu}
			queue.core.watch.clock = w
			a := &metav1.PartialObjectMetadata{}
			a.Name = "a"
			for what, produce := range map[string]func(context.Context) error{
				"Add":      func(ctx context.Context) error { return queue.Add(ctx, a) },
				"Update":   func(ctx context.Context) error { return queue.Update(ctx, a) },
				"Delete":   func(ctx context.Context) error { return queue.Delete(ctx, a) },
				"Bookmark": func(ctx context.Context) error { return queue.Bookmark(ctx, "1") },
				"Resync":   func(context.Context) error { return queue.Resync() },
				"DeleteKey": func(ctx context.Context) error {
					return queue.Queue.(interface {
						DeleteKey(context.Context, string) error
					}).DeleteKey(ctx, "a")
				},
				"Commit": func(ctx context.Context) error {
					return errors.Join(queue.Begin(ctx), queue.Page(ctx, []thing{a}), queue.Commit(ctx, "2"))
				},
			} {
				before := w.reads
				if err := produce(t.Context()); err != nil || w.reads == before {
					t.Errorf("%s: %v, the clock was read %d times", what, err, w.reads-before)
				}
				for queue.Len() > 0 {
					if err := queue.Pop(t.Context(), func(Batch[thing]) error { return nil }); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// knownThings are known objects.
type knownThings map[string]*metav1.PartialObjectMetadata

func (k knownThings) ListKeys() []string { return slices.Collect(maps.Keys(k)) }

func (k knownThings) GetByKey(key string) (*metav1.PartialObjectMetadata, bool, error) {
	obj, exists := k[key]
	return obj, exists, nil
}
