package cache

import (
	"context"
	"errors"
	"fmt"

	"github.com/informant-go/informant/reflector"
)

// storeSink lets a reflector of ours write a store of client-go's interface. It
// finds client-go's optional interfaces once: bookmarks, the transform, and who
// wants to know the version.
type storeSink struct {
	store     ReflectorStore
	bookmarks ReflectorBookmarkStore // nil: none wanted
	versions  ResourceVersionUpdater // nil: none wanted
	transform TransformFunc          // nil: none

	list []interface{} // what came of the open list
}

var _ reflector.Sink[any] = (*storeSink)(nil)

func newStoreSink(store ReflectorStore) *storeSink {
	s := &storeSink{store: store}
	s.bookmarks, _ = store.(ReflectorBookmarkStore)
	s.versions, _ = store.(ResourceVersionUpdater)
	if t, ok := store.(TransformingStore); ok {
		s.transform = t.Transformer()
	}
	return s
}

// Begin implements reflector.Sink.
func (s *storeSink) Begin(context.Context) error {
	s.list = nil
	return nil
}

// Page implements reflector.Sink. A store that tells its transform gets
// objects that have been through it, so that what the transform drops is not
// held until the list is complete. It transforms them again, as it does with
// client-go's reflector. What the transform refuses is left out of the list.
func (s *storeSink) Page(_ context.Context, items []any) error {
	if s.transform == nil {
		s.list = append(s.list, items...)
		return nil
	}
	var refused []error
	for _, item := range items {
		transformed, err := s.transform(item)
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: transform: %w", nameOf(item), err))
			continue
		}
		s.list = append(s.list, transformed)
	}
	return errors.Join(refused...)
}

// Commit implements reflector.Sink.
func (s *storeSink) Commit(_ context.Context, resourceVersion string) error {
	list := s.list
	s.list = nil
	return s.store.Replace(list, resourceVersion)
}

// Abort implements reflector.Sink.
func (s *storeSink) Abort() { s.list = nil }

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
