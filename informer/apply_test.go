package informer

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// delta makes a Delta of one key.
func delta(t deltafifo.DeltaType, obj item) deltafifo.Delta[item] {
	return deltafifo.Delta[item]{Type: t, Key: "ns/" + obj.Name, Object: obj}
}

func listDelta(version string, items ...item) deltafifo.Delta[item] {
	list := &deltafifo.List[item]{Objects: items, ResourceVersion: version}
	for _, obj := range items {
		list.Keys = append(list.Keys, "ns/"+obj.Name)
	}
	return deltafifo.Delta[item]{Type: deltafifo.DeltaReplacedAll, List: list}
}

// I1: what each batch of deltas makes of a store that holds a at version 1,
// with the UID u1, and what is told of it.
func TestBatchesBecomeEvents(t *testing.T) {
	a := func(version int, uid string) item { return withUID(newItem("a", version), uid) }
	gone := func(d deltafifo.Delta[item]) deltafifo.Delta[item] {
		d.FinalStateUnknown = true
		return d
	}
	unknown := func(d deltafifo.Delta[item]) deltafifo.Delta[item] {
		d.Object, d.NoObject = nil, true
		return gone(d)
	}
	relist := applier[item]{relistUpdates: true}
	uids := applier[item]{uidUpdates: true}
	for _, c := range []struct {
		name    string
		applier applier[item]
		deltas  []deltafifo.Delta[item]
		initial bool
		want    []string
	}{
		{name: "a new object", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaAdded, newItem("b", 2))},
			want: []string{"Add b ->2 Watch"}},
		{name: "a new object that an Updated brings", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, newItem("b", 2))},
			want: []string{"Add b ->2 Watch"}},
		{name: "a known object that an Added brings", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaAdded, a(2, "u1"))},
			want: []string{"Update a 1>2 Watch"}},
		{name: "a change", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(2, "u1"))},
			want: []string{"Update a 1>2 Watch"}},
		{name: "the same again", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(1, "u1"))}},
		{name: "the same again, with RelistUpdates", applier: relist, deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(1, "u1"))},
			want: []string{"Update a 1>1 Watch"}},
		{name: "a deletion", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaDeleted, a(2, "u1"))},
			want: []string{"Delete a 1>2 Watch"}},
		{name: "a missed deletion", deltas: []deltafifo.Delta[item]{gone(delta(deltafifo.DeltaDeleted, a(1, "u1")))},
			want: []string{"Delete a 1>1 Relist unseen"}},
		{name: "a missed deletion without an object", deltas: []deltafifo.Delta[item]{unknown(delta(deltafifo.DeltaDeleted, a(1, "u1")))},
			want: []string{"Delete a 1>1 Relist unseen"}},
		{name: "a deletion of what is not there", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaDeleted, newItem("b", 2))}},
		{name: "a deletion and a creation", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaDeleted, a(2, "u1")), delta(deltafifo.DeltaAdded, a(3, "u2"))},
			want: []string{"Delete a 1>2 Watch", "Add a ->3 Watch"}},
		{name: "another life that nobody saw begin", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(3, "u2"))},
			want: []string{"Delete a 1>1 Watch unseen", "Add a ->3 Watch"}},
		{name: "another life, with UIDUpdates", applier: uids, deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(3, "u2"))},
			want: []string{"Update a 1>3 Watch"}},
		{name: "a change of an object without a UID", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaUpdated, a(3, ""))},
			want: []string{"Update a 1>3 Watch"}},
		{name: "listed key by key", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaReplaced, a(2, "u1")), delta(deltafifo.DeltaReplaced, newItem("b", 2))},
			want: []string{"Update a 1>2 Relist", "Add b ->2 Relist"}},
		{name: "listed key by key at first", initial: true, deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaReplaced, newItem("b", 2))},
			want: []string{"Add b ->2 Initial"}},
		{name: "a list", deltas: []deltafifo.Delta[item]{listDelta("5", a(2, "u1"))},
			want: []string{"Update a 1>2 Relist"}},
		{name: "a first list", initial: true, deltas: []deltafifo.Delta[item]{listDelta("5", a(1, "u1"), newItem("b", 2))},
			want: []string{"Add b ->2 Initial"}},
		{name: "a list that changes nothing", deltas: []deltafifo.Delta[item]{listDelta("5", a(1, "u1"))}},
		{name: "a list that changes nothing, with RelistUpdates", applier: relist, deltas: []deltafifo.Delta[item]{listDelta("5", a(1, "u1"))},
			want: []string{"Update a 1>1 Relist"}},
		{name: "a list without it", deltas: []deltafifo.Delta[item]{listDelta("5")},
			want: []string{"Delete a 1>1 Relist unseen"}},
		{name: "a list with another life", deltas: []deltafifo.Delta[item]{listDelta("5", a(3, "u2"))},
			want: []string{"Delete a 1>1 Relist unseen", "Add a ->3 Relist"}},
		{name: "a list that brings one and misses another", deltas: []deltafifo.Delta[item]{listDelta("5", newItem("b", 2))},
			want: []string{"Delete a 1>1 Relist unseen", "Add b ->2 Relist"}},
		{name: "a list with a new object before another life", deltas: []deltafifo.Delta[item]{listDelta("5", newItem("0", 2), a(3, "u2"))},
			want: []string{"Delete a 1>1 Relist unseen", "Add 0 ->2 Relist", "Add a ->3 Relist"}},
		{name: "a bookmark", deltas: []deltafifo.Delta[item]{{Type: deltafifo.DeltaBookmark, ResourceVersion: "9"}}},
		{name: "a sync of what nobody asked for", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaSync, a(1, "u1"))}},
		{name: "a sync of a newer state", deltas: []deltafifo.Delta[item]{delta(deltafifo.DeltaSync, a(2, "u1"))},
			want: []string{"Update a 1>2 Watch"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := newCache(indexer.Options[item]{})
			if err := store.Add(a(1, "u1")); err != nil {
				t.Fatal(err)
			}
			c.applier.store, c.applier.access = store, object.Meta[item]()
			c.applier.round = func() *round[item] { return nil }
			var got []string
			c.applier.apply(deltafifo.Batch[item]{Deltas: c.deltas, Initial: c.initial}, c.initial)
			for _, e := range c.applier.entries {
				got = append(got, line(e.Event))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// A bookmark and a list bring the store to their version.
func TestVersionsReachTheStore(t *testing.T) {
	store := newCache(indexer.Options[item]{})
	a := applier[item]{store: store, access: object.Meta[item]()}
	for _, c := range []struct {
		delta deltafifo.Delta[item]
		want  string
	}{
		{listDelta("5", newItem("a", 3)), "5"},
		{delta(deltafifo.DeltaUpdated, newItem("a", 7)), "7"},
		{deltafifo.Delta[item]{Type: deltafifo.DeltaBookmark, ResourceVersion: "9"}, "9"},
		{delta(deltafifo.DeltaDeleted, newItem("a", 11)), "11"},
	} {
		a.apply(deltafifo.Batch[item]{Deltas: []deltafifo.Delta[item]{c.delta}}, false)
		a.tidy()
		if got := store.LastStoreSyncResourceVersion(); got != c.want {
			t.Errorf("after %v the store is at %q, want %q", c.delta.Type, got, c.want)
		}
	}
}

// What was told and deleted is garbage, without another event, whatever it came
// by (TestReviewAnEventThatWasToldKeepsNothing).
func TestWhatIsGoneIsKeptNowhere(t *testing.T) {
	queues := map[string]Options[item]{
		"InOrder": {},
		"DeltaFIFO": {NewQueue: func(a object.Access[item], o deltafifo.Options[item]) (deltafifo.Queue[item], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		}},
	}
	for name, opts := range queues {
		opts.ResyncPeriod = time.Second
		for kind, run := range map[string]func(*script) runnable{
			"informer": func(source *script) runnable {
				in, err := NewFromRunner(newAccess(), source, opts)
				if err != nil {
					t.Fatal(err)
				}
				add(t, in, &deaf{})
				add(t, in, &deaf{})
				return in
			},
			"controller": func(source *script) runnable {
				c, err := NewControllerFromRunner(newAccess(), source, &deaf{}, opts)
				if err != nil {
					t.Fatal(err)
				}
				return c
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					source := newScript()
					in := run(source)
					running(t, in)
					var kept []weak.Pointer[metav1.PartialObjectMetadata]
					made := func(obj item) item {
						kept = append(kept, weak.Make(obj))
						return obj
					}
					source.list(t, 1, made(newItem("a", 1)), made(newItem("b", 1)))
					source.update(t, made(newItem("a", 2)))
					<-time.After(3 * time.Second) // resyncs
					source.remove(t, made(newItem("a", 3)))
					source.list(t, 4)
					<-time.After(3 * time.Second)
					synctest.Wait() // everything was told
					runtime.GC()
					runtime.GC()
					for i, w := range kept {
						if w.Value() != nil {
							t.Errorf("object %d is still reachable", i)
						}
					}
					runtime.KeepAlive(in)
				})
			})
		}
	}
}

// deaf is a handler that keeps nothing.
type deaf struct{}

func (*deaf) OnEvent(context.Context, Event[item]) {}

// The buffers of a large list are not kept, and no buffer keeps an object.
func TestALargeListDoesNotStay(t *testing.T) {
	a := applier[item]{store: newCache(indexer.Options[item]{}), access: object.Meta[item]()}
	items := make([]item, 3*keptScratch)
	for i := range items {
		items[i] = newItem("object", i)
		items[i].Name += items[i].ResourceVersion
	}
	batch := func(d deltafifo.Delta[item]) int {
		a.apply(deltafifo.Batch[item]{Deltas: []deltafifo.Delta[item]{d}}, false)
		defer a.tidy()
		return len(a.entries)
	}
	if n := batch(listDelta("1", items...)); n != len(items) {
		t.Fatalf("%d events of %d objects", n, len(items))
	}
	if n := cap(a.entries); n > keptScratch {
		t.Errorf("a buffer for %d entries is kept", n)
	}
	batch(delta(deltafifo.DeltaUpdated, newItem("a", 1)))
	for _, e := range a.entries[:cap(a.entries)] {
		if e.Object != nil || e.Old != nil {
			t.Errorf("a buffer holds on to %v", e.Event)
		}
	}
	for _, c := range a.changes[:cap(a.changes)] {
		if c.Object != nil || c.Old != nil {
			t.Errorf("a buffer holds on to %v", c)
		}
	}
}

// The entries of a list get the room that they need: at the first list memory is at its
// peak, and one that changes little makes few.
func TestTheEntriesOfAListGetTheRoomThatTheyNeed(t *testing.T) {
	for _, size := range []int{21_000, 24_000, 27_000} {
		items := make([]item, size)
		for i := range items {
			items[i] = newItem("object"+strconv.Itoa(i), 1)
		}
		a := applier[item]{store: newCache(indexer.Options[item]{}), access: object.Meta[item]()}
		for i, c := range []struct{ changed, most int }{{size, size + 500}, {0, 100}, {300, 1000}, {size, size + 500}} {
			for j := range c.changed {
				at := j * len(items) / c.changed
				items[at] = newItem(items[at].Name, i+2)
			}
			a.tidy()
			a.apply(deltafifo.Batch[item]{Deltas: []deltafifo.Delta[item]{listDelta("1", items...)}}, false)
			if n, room := len(a.entries), cap(a.entries); n != c.changed || room > c.most {
				t.Errorf("list %d of %d: %d changes make %d entries, with room for %d", i, size, c.changed, n, room)
			}
		}
	}
}

// A HandlerFuncs is called for what it has functions for, and never for what it
// has not.
func TestHandlerFuncs(t *testing.T) {
	var got []string
	h := HandlerFuncs[item]{
		OnAdd: func(obj item, initial bool) {
			got = append(got, obj.Name)
			if initial {
				got = append(got, "initial")
			}
		},
		OnUpdate: func(old, obj item) { got = append(got, old.ResourceVersion+">"+obj.ResourceVersion) },
		OnDelete: func(d object.Deleted[item]) {
			if d.NoObject || !d.FinalStateUnknown || d.GetName() != "a" {
				t.Errorf("%+v", d)
			}
			got = append(got, d.Key+" "+d.Object.ResourceVersion)
		},
	}
	events := []Event[item]{
		{Type: EventAdd, Object: newItem("a", 1), Reason: ReasonInitial},
		{Type: EventAdd, Object: newItem("b", 1), Reason: ReasonWatch},
		{Type: EventUpdate, Old: newItem("a", 1), Object: newItem("a", 2)},
		{Type: EventDelete, Key: "ns/a", Old: newItem("a", 2), Object: newItem("a", 3), FinalStateUnknown: true},
	}
	for _, e := range events {
		h.OnEvent(context.Background(), e)
		HandlerFuncs[item]{}.OnEvent(context.Background(), e)
		FilteringHandler[item]{}.OnEvent(context.Background(), e)
	}
	if diff := cmp.Diff([]string{"a", "initial", "b", "1>2", "ns/a 3"}, got); diff != "" {
		t.Error(diff)
	}
}

// newCache returns a store with options that are right.
func newCache(opts indexer.Options[item]) *indexer.Cache[item] {
	c, err := indexer.New(opts)
	if err != nil {
		panic(err)
	}
	return c
}
