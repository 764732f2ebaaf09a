package informer

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	"k8s.io/apimachinery/pkg/labels"
)

// selection is what of an informer's events a handler wants to be called with.
type selection[T any] struct {
	// reasons has the bit of each Reason that is wanted.
	reasons uint8

	// passes reports whether the handler wants to know of a state; nil is yes.
	// It survives panics of the user's code.
	passes func(obj T) bool

	// index and value say in which objects of a snapshot to look; "" is all.
	index, value string
}

const everyReason uint8 = 1<<ReasonInitial | 1<<ReasonWatch | 1<<ReasonRelist | 1<<ReasonResync

func (s *selection[T]) wants(r Reason) bool { return s == nil || s.reasons&(1<<r) != 0 }

// see returns the event as a handler with this selection sees it; ok is false if
// it does not. A nil selection lets everything pass.
func (s *selection[T]) see(e Event[T]) (seen Event[T], ok bool) {
	switch {
	case s == nil:
		return e, true
	case !s.wants(e.Reason):
		return e, false
	case s.passes == nil:
		return e, true
	}
	return through(s.passes, e)
}

// all yields those objects of the snapshot among which are all that pass.
func (s *selection[T]) all(snapshot indexer.Snapshot[T]) iter.Seq2[string, T] {
	if s == nil || s.index == "" {
		return snapshot.All()
	}
	return snapshot.ByIndexSeq(s.index, s.value)
}

// through returns the event as it is behind a filter, if it is one there: an
// object that begins to pass is an EventAdd, one that ceases to an EventDelete.
//
// A deletion whose Old the store cannot tell passes: the handler may have the key.
func through[T any](passes func(T) bool, e Event[T]) (seen Event[T], ok bool) {
	if e.Type == EventDelete && nils.Is(e.Old) {
		return e, true
	}
	before := e.Type != EventAdd && passes(e.Old)
	after := e.Type != EventDelete && passes(e.Object)
	var none T
	switch {
	case !before && !after:
		return e, false
	case !before:
		e.Type, e.Old = EventAdd, none
	case !after && e.Type == EventUpdate:
		e.Type, e.Object = EventDelete, e.Old
	}
	return e, true
}

// selection returns the selection that opts ask for besides filter, nil for
// everything.
func (in *SharedIndexInformer[T]) selection(filter func(T) bool, opts HandlerOptions) (*selection[T], error) {
	tests, err := in.tests(filter, opts)
	if err != nil {
		return nil, err
	}
	reasons, err := opts.reasons()
	if err != nil {
		return nil, err
	}
	if len(tests) == 0 && reasons == everyReason {
		return nil, nil
	}
	s := &selection[T]{reasons: reasons, index: opts.Index, value: opts.IndexValue}
	if len(tests) > 0 {
		s.passes = in.surviving(tests)
	}
	return s, nil
}

// surviving returns whether all tests pass. Where one panics, and the process
// survives it, the object does not (I8).
func (in *SharedIndexInformer[T]) surviving(tests []func(T) bool) func(T) bool {
	return func(obj T) (pass bool) {
		survives(in.filtering, func() {
			for _, test := range tests {
				if !test(obj) {
					return
				}
			}
			pass = true
		})
		return pass
	}
}

// tests returns what an object must pass.
func (in *SharedIndexInformer[T]) tests(filter func(T) bool, opts HandlerOptions) (tests []func(T) bool, err error) {
	access := in.base.applier.access
	if namespace := opts.Namespace; namespace != "" {
		tests = append(tests, func(obj T) bool { return access.Name(obj).Namespace == namespace })
	}
	if opts.LabelSelector != "" {
		selector, err := labels.Parse(opts.LabelSelector)
		if err != nil {
			return nil, fmt.Errorf("the LabelSelector %q does not parse: %w", opts.LabelSelector, err)
		}
		tests = append(tests, func(obj T) bool { return selector.Matches(labels.Set(access.Labels(obj))) })
	}
	if opts.Index != "" || opts.IndexValue != "" {
		test, err := in.indexed(opts.Index, opts.IndexValue)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	if filter != nil {
		tests = append(tests, filter)
	}
	return tests, nil
}

// indexed returns whether the function of the index gives value for an object. It does
// not where it panics: the store, which calls it as well, reports that (S4).
func (in *SharedIndexInformer[T]) indexed(index, value string) (func(T) bool, error) {
	if index == "" {
		return nil, errors.New("an IndexValue is given without Index: name an index of the informer's store")
	}
	indexers := in.base.store.GetIndexers()
	valuesOf := indexers[index]
	if valuesOf == nil {
		return nil, fmt.Errorf("the Index %q is none of the store's, which are %q: add it to Options.Indexers, or with AddIndexers before the handler", index, slices.Sorted(maps.Keys(indexers)))
	}
	return func(obj T) (has bool) {
		defer func() {
			if recover() != nil {
				has = false
			}
		}()
		values, err := valuesOf(obj)
		return err == nil && slices.Contains(values, value)
	}, nil
}

// reasons returns the bits of the reasons that are wanted.
func (o *HandlerOptions) reasons() (wanted uint8, err error) {
	for _, r := range o.Reasons {
		if r < ReasonInitial || r > ReasonResync {
			return 0, fmt.Errorf("among the Reasons is %d: give Reason constants, or none for all of them", r)
		}
		wanted |= 1 << r
	}
	if len(o.Reasons) == 0 {
		wanted = everyReason
	}
	if o.NoInitialList {
		wanted &^= 1 << ReasonInitial
	}
	if wanted == 0 {
		return 0, errors.New("the only one of the Reasons is ReasonInitial, which NoInitialList takes away: no event is left")
	}
	return wanted, nil
}
