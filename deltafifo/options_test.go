package deltafifo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	clocktesting "k8s.io/utils/clock/testing"
)

// What a caller can get wrong is refused when the queue is made, with the name
// of the queue, the field, and what to give instead.
func TestConstructorsRefuseWhatCannotBe(t *testing.T) {
	type options = deltafifo.Options[*Obj]
	makers := map[string]func(options) error{
		"InOrder":   func(o options) error { _, err := deltafifo.NewInOrder(o); return err },
		"DeltaFIFO": func(o options) error { _, err := deltafifo.NewDeltaFIFO(o); return err },
	}
	for name, c := range map[string]struct {
		opts options
		of   string // the kind of queue that refuses, "" for both
		want []string
	}{
		"negative bound":       {options{Bound: -1}, "", []string{"Options.Bound is -1", "or 0 for any number"}},
		"negative batch":       {options{MaxBatch: -2}, "", []string{"Options.MaxBatch is -2", "or 0 for 1000"}},
		"nil known objects":    {options{KnownObjects: (*nilKnown)(nil)}, "", []string{"Options.KnownObjects is a nil *deltafifo_test.nilKnown", "leave it out"}},
		"nil metrics":          {options{Metrics: (*meter)(nil)}, "", []string{"Options.Metrics is a nil *deltafifo_test.meter", "leave it out"}},
		"nil clock":            {options{Clock: (*clocktesting.FakeClock)(nil)}, "", []string{"Options.Clock is a nil *testing.FakeClock", "leave it out"}},
		"batches of a key":     {options{MaxBatch: 3}, "DeltaFIFO", []string{"Options.MaxBatch means nothing to the queue DeltaFIFO", "make the queue InOrder"}},
		"an order of one list": {options{DeletionsLast: true}, "InOrder", []string{"Options.DeletionsLast means nothing to the queue InOrder", "make the queue DeltaFIFO"}},
		"refused events":       {options{RefusedSync: true}, "InOrder", []string{"Options.RefusedSync means nothing"}},
		"no bookmarks":         {options{NoBookmarks: true}, "InOrder", []string{"Options.NoBookmarks means nothing"}},
		"two at once":          {options{Bound: -1, MaxBatch: -2}, "", []string{"Options.Bound", "Options.MaxBatch"}},
	} {
		c.opts.Name = "pods"
		for kind, make := range makers {
			err := make(c.opts)
			if c.of != "" && c.of != kind {
				if err != nil {
					t.Errorf("%s: %s is refused: %v", name, kind, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s: %s is made", name, kind)
				continue
			}
			for _, want := range append(c.want, "deltafifo: the queue pods cannot be made: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %s: %q does not say %q", name, kind, err, want)
				}
			}
		}
	}
}

// nilKnown are known objects behind a pointer.
type nilKnown struct{ mapStore }

func TestConstructorsRefuseTheZeroAccess(t *testing.T) {
	if _, err := deltafifo.NewInOrderWithAccess(object.Access[int]{}, deltafifo.Options[int]{}); !errors.Is(err, object.ErrNoAccess) {
		t.Errorf("NewInOrderWithAccess returns %v", err)
	}
	_, err := deltafifo.NewDeltaFIFOWithAccess(object.Access[int]{}, deltafifo.Options[int]{})
	if !errors.Is(err, object.ErrNoAccess) {
		t.Errorf("NewDeltaFIFOWithAccess returns %v", err)
	}
	if !strings.Contains(err.Error(), "the queue int cannot") {
		t.Errorf("a queue without a name is not named by its type: %v", err)
	}
}

// A known object that cannot be read counts as unknown: its key is told to be
// gone without an object, and its item of a list is taken as it came.
func TestKnownObjectThatCannotBeReadCountsAsUnknown(t *testing.T) { // F2
	known := knownFuncs{
		keys: func() []string { return []string{"ns/a", "ns/b"} },
		get:  func(string) (*Obj, bool, error) { return obj("b", "1"), true, errors.New("no") },
	}
	q := newDeltaFIFO(t, deltafifo.Options[*Obj]{KnownObjects: known, NoBookmarks: true})
	page := obj("b", "1")
	list(t, q, "2", page)
	must(t, q.Delete(bg, obj("c", "3")))
	must(t, q.Pop(bg, func(b batch) error {
		if d := b.Deltas[0]; d.Type != deltafifo.DeltaDeleted || d.Key != "ns/a" || !d.NoObject {
			t.Errorf("got %+v", d)
		}
		return nil
	}))
	must(t, q.Pop(bg, func(b batch) error {
		if d := b.Deltas[0]; d.Object != page {
			t.Errorf("got %+v", d)
		}
		return nil
	}))
	equal(t, popAll(t, q), nil)
}

// Renew takes every item of a list, also one that is known.
func TestRenewTakesWhatIsKnown(t *testing.T) {
	known := mapStore{"ns/a": obj("a", "1")}
	for _, renew := range []bool{false, true} {
		q := newInOrder(t, deltafifo.Options[*Obj]{KnownObjects: known, Renew: renew})
		item := obj("a", "1")
		list(t, q, "2", item)
		must(t, q.Pop(bg, func(b batch) error {
			if got := b.Deltas[0].List.Objects[0]; (got == item) != renew {
				t.Errorf("Renew %v: the list has %p, the item is %p", renew, got, item)
			}
			return nil
		}))
	}
}
