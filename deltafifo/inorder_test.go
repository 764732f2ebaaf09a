package deltafifo_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
)

func TestInOrderBatches(t *testing.T) { // F1
	q := newInOrder(t, deltafifo.Options[*Obj]{MaxBatch: 3})
	list(t, q, "10", obj("b", "1"), obj("a", "2"), obj("b", "3"))
	for i, name := range []string{"a", "b", "c", "d", "d", "e"} {
		must(t, q.Update(bg, obj(name, strconv.Itoa(i))))
	}
	must(t, q.Bookmark(bg, "20"))
	must(t, q.Delete(bg, obj("e", "21")))
	must(t, q.Resync())
	must(t, q.Add(bg, obj("e", "22")))
	equal(t, popAll(t, q), []string{
		"ReplacedAll @10 b=3 a=2",
		"Updated a 0, Updated b 1, Updated c 2",
		"Updated d 3",
		"Updated d 4, Updated e 5",
		"Bookmark @20",
		"Deleted e 21",
		"SyncAll",
		"Added e 22",
	})
}

func TestInOrderBatchHasAThousandDeltasAtMost(t *testing.T) {
	q := newInOrder(t, deltafifo.Options[*Obj]{})
	for i := range 2500 {
		must(t, q.Add(bg, obj(strconv.Itoa(i), "1")))
	}
	var sizes []string
	for q.Len() > 0 {
		must(t, q.Pop(bg, func(b batch) error { sizes = append(sizes, strconv.Itoa(len(b.Deltas))); return nil }))
	}
	equal(t, sizes, []string{"1000", "1000", "500"})
}

func TestInOrderKeepsOneSyncAllWaiting(t *testing.T) { // F5
	q := newInOrder(t, deltafifo.Options[*Obj]{})
	must(t, q.Resync())
	must(t, q.Add(bg, obj("a", "1")))
	must(t, q.Resync())
	equal(t, popAll(t, q), []string{"SyncAll", "Added a 1"})
	// One that is being processed serves no later call.
	must(t, q.Resync())
	must(t, q.Pop(bg, func(batch) error { return q.Resync() }))
	equal(t, popAll(t, q), []string{"SyncAll"})
}

func TestBatchIsNotCutByTheConsumersOwnChanges(t *testing.T) {
	// The slice is lent: what the consumer does to it must not come back.
	q := newInOrder(t, deltafifo.Options[*Obj]{})
	for round := range 3 {
		must(t, q.Add(bg, obj("a", strconv.Itoa(round))))
		must(t, q.Pop(bg, func(b batch) error {
			if got := show(b.Deltas[0]); got != "Added a "+strconv.Itoa(round) {
				t.Error(got)
			}
			b.Deltas[0] = deltafifo.Delta[*Obj]{List: &deltafifo.List[*Obj]{}, ResourceVersion: "x", NoObject: true}
			return nil
		}))
	}
}

func TestRefusalNamesQueueTypeAndKey(t *testing.T) {
	refuse := errors.New("no")
	q := newInOrder(t, deltafifo.Options[*Obj]{
		Name: "pods",
		Transform: func(o *Obj) (*Obj, error) {
			switch o.Name {
			case "bad":
				return nil, refuse
			case "lost":
				return nil, nil
			}
			return o, nil
		},
	})
	for name, c := range map[string]struct {
		obj  *Obj
		want string
	}{
		"no key":                   {nil, "deltafifo: queue pods: Add did not take *v1.ObjectMeta: object: no key"},
		"refused":                  {obj("bad", "1"), `deltafifo: queue pods: Add did not take *v1.ObjectMeta "ns/bad": transform: no`},
		"transformed to something": {obj("lost", "1"), `deltafifo: queue pods: Add did not take *v1.ObjectMeta "ns/lost": transform returned an object without a key`},
	} {
		err := q.Add(bg, c.obj)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if item := new(object.RefusedError); !errors.As(err, &item) || item.By != "deltafifo: queue pods" || item.Op != "Add" {
			t.Errorf("%s: %#v", name, err)
		}
	}

	must(t, q.Begin(bg))
	err := q.Page(bg, []*Obj{obj("bad", "1"), obj("a", "2"), nil})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Fatalf("Page returns %v", err)
	}
	must(t, q.Commit(bg, "3"))
	equal(t, popAll(t, q), []string{"ReplacedAll @3 a=2"})
}

func TestTransformMayChangeTheKey(t *testing.T) {
	q := newInOrder(t, deltafifo.Options[*Obj]{Transform: func(o *Obj) (*Obj, error) {
		out := *o
		out.Name += "-x"
		return &out, nil
	}})
	must(t, q.Add(bg, obj("a", "1")))
	must(t, q.Add(bg, obj("a", "2")))
	list(t, q, "3", obj("b", "3"))
	equal(t, popAll(t, q), []string{"Added a-x 1", "Added a-x 2", "ReplacedAll @3 b-x=3"})
}

// A list keeps the known object in place of an equal one, so that nothing of
// the page stays when nothing has changed.
func TestListKeepsKnownObjects(t *testing.T) {
	known := mapStore{}
	for name, o := range map[string]*Obj{
		"same":      {Namespace: "ns", Name: "same", ResourceVersion: "1", UID: "u"},
		"newer":     {Namespace: "ns", Name: "newer", ResourceVersion: "1"},
		"reborn":    {Namespace: "ns", Name: "reborn", ResourceVersion: "1", UID: "u"},
		"versionly": {Namespace: "ns", Name: "versionly"},
	} {
		known["ns/"+name] = o
	}
	page := []*Obj{
		{Namespace: "ns", Name: "same", ResourceVersion: "1", UID: "u"},
		{Namespace: "ns", Name: "newer", ResourceVersion: "2"},
		{Namespace: "ns", Name: "reborn", ResourceVersion: "1", UID: "v"},
		{Namespace: "ns", Name: "versionly"},
		{Namespace: "ns", Name: "unknown", ResourceVersion: "1"},
	}
	var transformed []string
	opts := deltafifo.Options[*Obj]{
		KnownObjects: known,
		Transform: func(o *Obj) (*Obj, error) {
			transformed = append(transformed, o.Name)
			return o, nil
		},
	}
	check := func(name string, got *Obj) {
		if (got == known["ns/"+name]) != (name == "same") {
			t.Errorf("%s: the list has %p, known is %p", name, got, known["ns/"+name])
		}
	}

	q := newInOrder(t, opts)
	list(t, q, "10", page...)
	must(t, q.Pop(bg, func(b batch) error {
		for i, o := range b.Deltas[0].List.Objects {
			check(page[i].Name, o)
		}
		return nil
	}))
	equal(t, transformed, []string{"newer", "reborn", "versionly", "unknown"})

	fifo := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: known})
	list(t, fifo, "10", page...)
	for fifo.Len() > 0 {
		must(t, fifo.Pop(bg, func(b batch) error {
			if d := b.Deltas[0]; d.Type == deltafifo.DeltaReplaced {
				check(d.Object.Name, d.Object)
			}
			return nil
		}))
	}
}

func TestEventCostsNoAllocation(t *testing.T) {
	pods := make([]*Obj, 256)
	for i := range pods {
		pods[i] = obj(fmt.Sprintf("pod-%05d", i), "1")
	}
	fifo := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: mapStore{}})
	for name, q := range map[string]deltafifo.Queue[*Obj]{
		"InOrder":   newInOrder(t, deltafifo.Options[*Obj]{}),
		"DeltaFIFO": fifo,
	} {
		process := func(batch) error { return nil }
		round := func() {
			for _, pod := range pods {
				_ = q.Update(bg, pod)
			}
			for q.Len() > 0 {
				_ = q.Pop(bg, process)
			}
		}
		for range 100 {
			round() // until everything is as large as it needs to be
		}
		if n := testing.AllocsPerRun(20, round); n > 2 {
			t.Errorf("%s: %v allocations for %d events", name, n, len(pods))
		}
	}
}

// A batch has no room behind it: a consumer that appends to it, or changes it,
// changes nothing that is handed out later (TestDeltaFIFOAppendingToABatchIsHarmless).
func TestABatchIsTheConsumers(t *testing.T) {
	for name, q := range map[string]deltafifo.Queue[*Obj]{
		"InOrder":   newInOrder(t, deltafifo.Options[*Obj]{MaxBatch: 1}),
		"DeltaFIFO": newDeltaFIFO(t, deltafifo.Options[*Obj]{}),
	} {
		for _, o := range []*Obj{obj("a", "1"), obj("b", "2"), obj("c", "3")} {
			must(t, q.Add(bg, o))
		}
		var got []string
		for range 3 {
			must(t, q.Pop(bg, func(b batch) error {
				got = append(got, showAll(b)...)
				b.Deltas = append(b.Deltas, deltafifo.Delta[*Obj]{Key: "ns/spoiled", Type: deltafifo.DeltaDeleted})
				b.Deltas[0].Key = "ns/spoiled"
				return nil
			}))
		}
		if want := []string{"Added a 1", "Added b 2", "Added c 3"}; !slices.Equal(got, want) {
			t.Errorf("%s handed out %q, want %q", name, got, want)
		}
		if n := q.Len(); n != 0 {
			t.Errorf("%s: %d deltas wait", name, n)
		}
	}
}

// With KeepRepeats a list keeps what has one key, in its order, as client-go's
// queues do (TestReviewStoresAndQueues).
func TestRepeatsAreKeptOnRequest(t *testing.T) {
	items := []*Obj{obj("b", "1"), obj("a", "2"), obj("b", "3"), obj("a", "4")}
	for keep, want := range map[bool]string{false: "[3 4]", true: "[1 2 3 4]"} {
		q := newInOrder(t, deltafifo.Options[*Obj]{KeepRepeats: keep})
		list(t, q, "5", items...)
		must(t, q.Pop(bg, func(b batch) error {
			var got []string
			for i, o := range b.Deltas[0].List.Objects {
				got = append(got, o.ResourceVersion)
				if key := b.Deltas[0].List.Keys[i]; key != "ns/"+o.Name {
					t.Errorf("%s has the key %s", o.Name, key)
				}
			}
			if fmt.Sprint(got) != want {
				t.Errorf("got %v, want %s", got, want)
			}
			return nil
		}))
	}
	fifo := newDeltaFIFO(t, deltafifo.Options[*Obj]{KeepRepeats: true, NoBookmarks: true})
	list(t, fifo, "5", items...)
	equal(t, popAll(t, fifo), []string{"Replaced b 1, Replaced b 3", "Replaced a 2, Replaced a 4"})
}
