package deltafifo_test

import (
	"errors"
	"testing"

	"github.com/informant-go/informant/deltafifo"
)

func TestDeltaFIFOGathersTheDeltasOfAKey(t *testing.T) { // F1
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{})
	must(t, q.Add(bg, obj("b", "1")))
	must(t, q.Add(bg, obj("a", "2")))
	must(t, q.Update(bg, obj("b", "3")))
	must(t, q.Bookmark(bg, "3"))
	must(t, q.Bookmark(bg, "4"))
	must(t, q.Add(bg, obj("c", "5")))
	must(t, q.Update(bg, obj("a", "6")))
	equal(t, popAll(t, q), []string{
		"Added b 1, Updated b 3",
		"Added a 2, Updated a 6",
		"Bookmark @4",
		"Added c 5",
	})
}

func TestDeltaFIFOKeepsOneOfTwoDeletions(t *testing.T) { // F2
	store := mapStore{"ns/a": obj("a", "1"), "ns/b": obj("b", "1")}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store, NoBookmarks: true})
	must(t, q.Delete(bg, obj("a", "2")))
	must(t, q.Delete(bg, obj("a", "3"))) // the first was seen to happen
	list(t, q, "4")
	must(t, q.Delete(bg, obj("b", "5"))) // better than a final state unknown
	equal(t, popAll(t, q), []string{"Deleted a 2", "Deleted b 5"})
}

func TestDeltaFIFODropsDeletionsOfWhatNobodyKnows(t *testing.T) { // F2
	store := mapStore{"ns/known": obj("known", "1")}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store})
	must(t, q.Delete(bg, obj("unknown", "1")))
	must(t, q.Delete(bg, obj("known", "2")))
	must(t, q.Add(bg, obj("queued", "3")))
	must(t, q.Delete(bg, obj("queued", "4")))
	equal(t, popAll(t, q), []string{"Deleted known 2", "Added queued 3, Deleted queued 4"})
}

func TestDeltaFIFOWithoutKnownObjects(t *testing.T) {
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{})
	must(t, q.Delete(bg, obj("a", "1")))
	must(t, q.Resync())
	equal(t, popAll(t, q), []string{"Deleted a 1"})
	must(t, q.Add(bg, obj("hand", "2")))
	must(t, q.Pop(bg, func(batch) error {
		must(t, q.Add(bg, obj("queued", "3")))
		list(t, q, "4", obj("b", "4"))
		return nil
	}))
	equal(t, popAll(t, q), []string{"Added queued 3, Deleted queued 3 ?", "Deleted hand 2 ?", "Replaced b 4", "Bookmark @4"})
}

// What is gone is told first, or last where client-go's order is asked for
// (TestReviewRelistTellsDeletionsFirst).
func TestDeltaFIFOTellsDeletionsFirst(t *testing.T) { // F2
	for last, want := range map[bool][]string{
		false: {"Deleted known 2 ?", "Replaced b 4"},
		true:  {"Replaced b 4", "Deleted known 2 ?"},
	} {
		store := mapStore{"ns/known": obj("known", "2")}
		q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store, DeletionsLast: last, NoBookmarks: true})
		list(t, q, "4", obj("b", "4"))
		equal(t, popAll(t, q), want)
	}
}

func TestDeltaFIFOTellsWhatIsGoneWithoutAnObject(t *testing.T) { // F2
	known := knownFuncs{
		keys: func() []string { return []string{"ns/a"} },
		get:  func(string) (*Obj, bool, error) { return nil, false, nil },
	}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: known})
	list(t, q, "")
	must(t, q.Resync())
	equal(t, popAll(t, q), []string{"Deleted a none ?"})
}

// The known objects are read outside the lock; these tests change them under
// way, through the consumer, as only a concurrent consumer could.
func TestDeltaFIFONoticesWhatIsHandedOutWhileItReads(t *testing.T) {
	for name, c := range map[string]struct {
		at      string
		produce func(q *deltafifo.DeltaFIFO[*Obj]) error
		want    []string
	}{
		"a key is added after Keys (F2)": {
			at:      "after Keys",
			produce: func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Add(bg, obj("new", "2")) },
			want:    []string{"Deleted new 2 ?", "Deleted old 1 ?"},
		},
		"a key is deleted after Keys (F2)": {
			at:      "after Keys",
			produce: func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Delete(bg, obj("old", "2")) },
			want:    nil,
		},
		"a key is updated after Get (F2)": {
			at:      "after Get",
			produce: func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Update(bg, obj("old", "2")) },
			want:    []string{"Deleted old 2 ?"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			q, during := meddled(t)
			must(t, q.Begin(bg))
			during(c.at, c.produce)
			must(t, q.Commit(bg, ""))
			equal(t, popAll(t, q), c.want)
		})
	}
	t.Run("a Resync after which a key was updated (F5)", func(t *testing.T) {
		q, during := meddled(t)
		during("after Get", func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Update(bg, obj("old", "2")) })
		must(t, q.Resync())
		equal(t, popAll(t, q), nil)
	})
	t.Run("a Delete after which the key was deleted (F2)", func(t *testing.T) {
		q, during := meddled(t)
		during("after Get", func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Delete(bg, obj("old", "2")) })
		must(t, q.Delete(bg, obj("old", "3")))
		equal(t, popAll(t, q), nil)
	})
}

// meddled makes a queue that knows "old", version 1. What during is given is
// queued, popped and stored the next time that the known objects are read.
func meddled(t *testing.T) (q *deltafifo.DeltaFIFO[*Obj], during func(at string, f func(*deltafifo.DeltaFIFO[*Obj]) error)) {
	store := mapStore{"ns/old": obj("old", "1")}
	var meddle func(*deltafifo.DeltaFIFO[*Obj]) error
	var when string
	now := func(at string) {
		if f := meddle; f != nil && at == when {
			meddle = nil
			must(t, f(q))
			must(t, q.Pop(bg, func(b batch) error {
				for _, d := range b.Deltas {
					store[d.Key] = d.Object
					if d.Type == deltafifo.DeltaDeleted {
						delete(store, d.Key)
					}
				}
				return nil
			}))
		}
	}
	known := store
	q = newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: knownFuncs{
		keys: func() []string {
			keys := known.ListKeys()
			now("after Keys")
			return keys
		},
		get: func(key string) (*Obj, bool, error) {
			o, ok, err := known.GetByKey(key)
			now("after Get")
			return o, ok, err
		},
	}})
	return q, func(at string, f func(*deltafifo.DeltaFIFO[*Obj]) error) { when, meddle = at, f }
}

func TestDeltaFIFOSurvivesPanicsOfKnownObjects(t *testing.T) {
	panics := true
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: knownFuncs{
		keys: func() []string {
			if panics {
				panic(errProcess)
			}
			return nil
		},
		get: func(string) (*Obj, bool, error) { return nil, false, nil },
	}})
	try := func(name string, f func() error) {
		defer func() {
			if r := recover(); r != any(errProcess) {
				t.Errorf("%s: recovered %v", name, r)
			}
		}()
		_ = f()
	}
	must(t, q.Begin(bg))
	try("Commit", func() error { return q.Commit(bg, "1") })
	try("Resync", q.Resync)
	if err := q.Commit(bg, "1"); !errors.Is(err, deltafifo.ErrNoList) {
		t.Errorf("a list is open after a panic: %v", err)
	}
	panics = false
	list(t, q, "2", obj("a", "2"))
	equal(t, popAll(t, q), []string{"Replaced a 2", "Bookmark @2"})
}

func TestDeltaFIFOEmptyFirstListSyncsAtOnce(t *testing.T) { // F4
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{})
	list(t, q, "1")
	if !q.HasSynced() {
		t.Error("an empty first list leaves nothing to wait for")
	}
}

// What was being processed when the first list came is no part of it (F4).
func TestDeltaFIFOInHandIsNotOfTheFirstList(t *testing.T) {
	store := mapStore{"ns/a": obj("a", "1")}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store})
	must(t, q.Resync())
	must(t, q.Pop(bg, func(batch) error {
		list(t, q, "", obj("a", "2"))
		return nil
	}))
	if q.HasSynced() {
		t.Error("synced by what came before the first list")
	}
	equal(t, popAll(t, q), []string{"Replaced a 2"})
	if !q.HasSynced() {
		t.Error("not synced by the first list")
	}
}

// F2: a deletion that adds nothing does not go through the transform.
func TestDeltaFIFOTransformsTheDeletionsThatItQueues(t *testing.T) {
	store := mapStore{"ns/known": obj("known", "1")}
	var transformed []string
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store,
		Transform: func(o *Obj) (*Obj, error) {
			transformed = append(transformed, o.Name)
			return o, nil
		},
	})
	must(t, q.Delete(bg, obj("unknown", "1")))
	if !q.HasSynced() {
		t.Error("a deletion that adds nothing is no event")
	}
	must(t, q.Delete(bg, obj("known", "2")))
	equal(t, transformed, []string{"known"})
	equal(t, popAll(t, q), []string{"Deleted known 2"})
}

// F2: what was handed out while the transform ran is looked at again.
func TestDeltaFIFOLooksAgainAfterTheTransformOfADeletion(t *testing.T) {
	store := mapStore{"ns/a": obj("a", "1")}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: store,
		Transform: func(o *Obj) (*Obj, error) {
			delete(store, "ns/a") // as the consumer does, having been told
			return o, nil
		},
	})
	must(t, q.Delete(bg, obj("a", "2")))
	equal(t, popAll(t, q), nil)
}

// F4: with RefusedSync a refused event counts.
func TestDeltaFIFORefusedSync(t *testing.T) {
	refusal := errors.New("refused")
	for _, counts := range []bool{false, true} {
		opts := deltafifo.Options[*Obj]{RefusedSync: counts}
		opts.Transform = func(*Obj) (*Obj, error) { return nil, refusal }
		for name, event := range map[string]func(q *deltafifo.DeltaFIFO[*Obj]) error{
			"Add":    func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Add(bg, obj("a", "1")) },
			"Update": func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Update(bg, obj("a", "1")) },
			"Delete": func(q *deltafifo.DeltaFIFO[*Obj]) error { return q.Delete(bg, obj("a", "1")) },
		} {
			q := newDeltaFIFO(t, opts)
			if err := event(q); !errors.Is(err, refusal) || q.HasSynced() != counts {
				t.Errorf("%s with RefusedSync %v: %v, synced %v", name, counts, err, q.HasSynced())
			}
		}
	}
}
