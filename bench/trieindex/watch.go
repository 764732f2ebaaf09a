package trieindex

import (
	"context"
	"fmt"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
)

// watch closes done with the first commit for whose states changed reports true.
// States are immutable and share what did not change, so that comparing two
// pointers is enough.
type watch[T any] struct {
	index   *Index[T]
	changed func(before, now *state[T]) bool
	done    chan struct{}
}

func (x *Index[T]) watch(changed func(before, now *state[T]) bool) *watch[T] {
	w := &watch[T]{index: x, changed: changed, done: make(chan struct{})}
	x.watching.Lock()
	defer x.watching.Unlock()
	if x.watches == nil {
		x.watches = make(map[*watch[T]]struct{})
	}
	x.watches[w] = struct{}{}
	return w
}

// Done implements indexer.Watch.
func (w *watch[T]) Done() <-chan struct{} { return w.done }

// Stop implements indexer.Watch.
func (w *watch[T]) Stop() {
	w.index.watching.Lock()
	defer w.index.watching.Unlock()
	delete(w.index.watches, w)
}

// wake closes what a commit changed.
func (x *Index[T]) wake(before, now *state[T]) {
	x.watching.Lock()
	defer x.watching.Unlock()
	for w := range x.watches {
		if w.changed(before, now) {
			close(w.done)
			delete(x.watches, w)
		}
	}
}

// Watch implements indexer.Indexer.
func (x *Index[T]) Watch() indexer.Watch {
	return x.watch(func(before, now *state[T]) bool { return before.objects.root != now.objects.root })
}

// WatchKey implements indexer.Indexer.
func (x *Index[T]) WatchKey(key string) indexer.Watch {
	return x.watch(func(before, now *state[T]) bool { return before.entry(key) != now.entry(key) })
}

// WatchIndex implements indexer.Indexer.
func (x *Index[T]) WatchIndex(indexName, value string) indexer.Watch {
	return x.watch(func(before, now *state[T]) bool {
		was, _ := before.find(indexName, value)
		is, _ := now.find(indexName, value)
		return was.root != is.root
	})
}

// WaitFor implements indexer.Indexer.
func (x *Index[T]) WaitFor(ctx context.Context, resourceVersion string) error {
	return x.wait(ctx, resourceVersion, func(s *state[T]) bool { return includes(s.version, resourceVersion) })
}

// WaitForKey implements indexer.Indexer.
func (x *Index[T]) WaitForKey(ctx context.Context, key, resourceVersion string) error {
	return x.wait(ctx, resourceVersion, func(s *state[T]) bool {
		l := s.entry(key)
		return includes(s.version, resourceVersion) || l != nil && includes(l.value.version, resourceVersion)
	})
}

func (x *Index[T]) wait(ctx context.Context, resourceVersion string, reached func(*state[T]) bool) error {
	if _, err := object.CompareVersions(resourceVersion, resourceVersion); err != nil {
		return fmt.Errorf("trieindex: cannot wait for resource version %q: %w", resourceVersion, err)
	}
	w := x.watch(func(_, now *state[T]) bool { return reached(now) })
	defer w.Stop()
	if reached(x.now.Load()) {
		return nil
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// includes reports whether a state of version state includes version.
func includes(state, version string) bool {
	c, err := object.CompareVersions(state, version)
	return err == nil && c >= 0
}
