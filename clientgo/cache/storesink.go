package cache

import (
	"context"

	"github.com/informant-go/informant/reflector"
)

// storeSink lets a reflector of ours write a store of client-go's interface. It
// finds client-go's optional interfaces once: bookmarks, and who wants to know
// the version.
type storeSink struct {
	store     ReflectorStore
	pages     listTaker              // nil: the store takes a list whole
	bookmarks ReflectorBookmarkStore // nil: none wanted
	versions  ResourceVersionUpdater // nil: none wanted

	list []interface{} // what came of the open list, empty with pages
	n    int           // how much came of the open list
}

var _ reflector.Sink[any] = (*storeSink)(nil)

// listTaker is a queue of this package. It takes a list in parts: each object
// goes through the transform once, when it comes, so that what the transform
// drops is not held until the list is complete, and one that is refused is left
// out. Other stores do all that in their Replace.
//
// A type that embeds such a queue has these methods too. It is another store,
// with a Replace of its own perhaps: listTakerOf tells the two apart.
type listTaker interface {
	beginList() error
	addPage(items []any) error
	abortList()
	commitList(n int, resourceVersion string) error
}

// listTakerOf returns store if it is a queue of this package itself, else nil.
func listTakerOf(store ReflectorStore) listTaker {
	switch q := store.(type) {
	case *DeltaFIFO:
		return q
	case *RealFIFO:
		return q
	}
	return nil
}

func newStoreSink(store ReflectorStore) *storeSink {
	s := &storeSink{store: store, pages: listTakerOf(store)}
	s.bookmarks, _ = store.(ReflectorBookmarkStore)
	s.versions, _ = store.(ResourceVersionUpdater)
	return s
}

// Begin implements reflector.Sink.
func (s *storeSink) Begin(context.Context) error {
	s.forget()
	if s.pages == nil {
		return nil
	}
	if err := s.pages.beginList(); err != nil {
		return err
	}
	return s.pages.addPage(s.list) // a list without objects is not nil
}

// Page implements reflector.Sink.
func (s *storeSink) Page(_ context.Context, items []any) error {
	s.n += len(items)
	if s.pages != nil {
		return s.pages.addPage(items)
	}
	s.list = append(s.list, items...)
	return nil
}

// Commit implements reflector.Sink.
func (s *storeSink) Commit(_ context.Context, resourceVersion string) error {
	list, n := s.list, s.n
	s.forget()
	commit := func() error { return s.store.Replace(list, resourceVersion) }
	if s.pages != nil {
		commit = func() error { return s.pages.commitList(n, resourceVersion) }
	}
	if err := commit(); err != nil {
		return &syncError{err}
	}
	return nil
}

// Abort implements reflector.Sink.
func (s *storeSink) Abort() {
	s.forget()
	if s.pages != nil {
		s.pages.abortList()
	}
}

// forget lets go of the open list. An empty one is not nil, as client-go's.
func (s *storeSink) forget() { s.list, s.n = []interface{}{}, 0 }

// syncError marks what a store returned for a list, as against what the source
// did.
type syncError struct{ err error }

func (e *syncError) Error() string { return "unable to sync list result: " + e.err.Error() }
func (e *syncError) Unwrap() error { return e.err }

// Add implements reflector.Sink.
func (s *storeSink) Add(_ context.Context, obj any) error {
	return s.reached(obj, s.store.Add(obj))
}

// Update implements reflector.Sink.
func (s *storeSink) Update(_ context.Context, obj any) error {
	return s.reached(obj, s.store.Update(obj))
}

// Delete implements reflector.Sink.
func (s *storeSink) Delete(_ context.Context, obj any) error {
	return s.reached(obj, s.store.Delete(obj))
}

// reached tells the version of an object that the store has taken.
func (s *storeSink) reached(obj any, err error) error {
	if err == nil && s.versions != nil {
		s.versions.UpdateResourceVersion(versionOf(obj))
	}
	return err
}

// Bookmark implements reflector.Sink.
func (s *storeSink) Bookmark(_ context.Context, resourceVersion string) error {
	if s.bookmarks != nil {
		if err := s.bookmarks.Bookmark(resourceVersion); err != nil {
			return err
		}
	}
	if s.versions != nil {
		s.versions.UpdateResourceVersion(resourceVersion)
	}
	return nil
}
