package indexertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
)

func (s *broken) Resync() error { return nil }

func (s *broken) Get(o *Object) (*Object, bool, error) {
	key, err := s.keyOf(o)
	if err != nil {
		return nil, false, err
	}
	return s.GetByKey(key)
}

func (s *broken) GetByKey(key string) (*Object, bool, error) {
	o, ok := s.read().objects[key]
	return o, ok, nil
}

func (s *broken) List() []*Object { return s.read().list() }

func (st *brokenState) list() []*Object { return slices.Collect(maps.Values(st.objects)) }

func (s *broken) ListKeys() []string {
	if s.fault == sharesLists {
		return s.shared
	}
	return slices.Collect(maps.Keys(s.read().objects))
}

func (s *broken) Bookmark(version string) { s.write(func(st *brokenState) { st.raise(version) }) }

func (s *broken) LastStoreSyncResourceVersion() string { return s.read().version }

func (s *broken) Index(name string, o *Object) ([]*Object, error) {
	st := s.read()
	fn, ok := st.indexers[name]
	if !ok {
		return nil, errors.New("no such index")
	}
	values, err := fn(o)
	found := map[string]*Object{}
	for _, value := range values {
		for _, key := range st.keys(s, name, value) {
			found[key] = st.objects[key]
		}
	}
	return slices.Collect(maps.Values(found)), err
}

// keys are those that the index lists, each once.
func (st *brokenState) keys(s *broken, name, value string) (keys []string) {
	for key, values := range st.values[name] {
		for _, v := range values {
			if v == value && (s.fault == listsTwice || !slices.Contains(keys, key)) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (st *brokenState) known(s *broken, name string) error {
	if _, ok := st.indexers[name]; !ok && s.fault != knowsEveryIndex {
		return fmt.Errorf("no index %q", name)
	}
	return nil
}

func (s *broken) ByIndex(name, value string) ([]*Object, error) {
	return s.read().byIndex(s, name, value)
}

func (st *brokenState) byIndex(s *broken, name, value string) (objs []*Object, err error) {
	for _, key := range st.keys(s, name, value) {
		objs = append(objs, st.objects[key])
	}
	return objs, st.known(s, name)
}

func (s *broken) IndexKeys(name, value string) ([]string, error) {
	st := s.read()
	return st.keys(s, name, value), st.known(s, name)
}

func (s *broken) ListIndexFuncValues(name string) []string { return s.read().indexValues(name) }

func (st *brokenState) indexValues(name string) []string {
	found := map[string]bool{}
	for _, values := range st.values[name] {
		for _, v := range values {
			found[v] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

func (s *broken) GetIndexers() indexer.Indexers[*Object] { return maps.Clone(s.read().indexers) }

func (s *broken) AddIndexers(more indexer.Indexers[*Object]) (err error) {
	s.write(func(st *brokenState) {
		err = nil
		for name := range more {
			if _, exists := st.indexers[name]; exists && s.fault != addsTwice {
				err = fmt.Errorf("index %q exists", name)
				return
			}
		}
		for name, fn := range more {
			if st.indexers == nil {
				st.indexers = indexer.Indexers[*Object]{}
			}
			st.indexers[name] = fn
			for key, o := range st.objects {
				if s.fault != addsEmpty {
					st.index(s, name, fn, key, o)
				}
			}
		}
	})
	return err
}

func (s *broken) WaitFor(ctx context.Context, version string) error {
	return s.wait(ctx, version, func(st *brokenState) bool { return s.enough(st.version, version) })
}

func (s *broken) WaitForKey(ctx context.Context, key, version string) error {
	return s.wait(ctx, version, func(st *brokenState) bool {
		o := st.objects[key]
		return s.fault != keyWaitsForKey && s.enough(st.version, version) ||
			s.fault != keyWaitsForState && o != nil && s.enough(o.ResourceVersion, version)
	})
}

func (s *broken) wait(ctx context.Context, version string, reached func(*brokenState) bool) error {
	if _, err := objects.CompareVersions(version, version); err != nil && s.fault != waitsForAnything && s.fault != waitsForNothing {
		return err
	}
	w := s.watch(func(_, now *brokenState) bool { return reached(now) })
	defer w.Stop()
	if reached(s.state.Load()) {
		return nil
	}
	select {
	case <-w.Done():
	case <-ctx.Done():
		if s.fault != waitForgetsWhy {
			return ctx.Err()
		}
	}
	return nil
}

func (s *broken) enough(state, version string) bool {
	c, err := objects.CompareVersions(state, version)
	switch s.fault {
	case waitsForNothing:
		return true
	case waitsForMore:
		return err == nil && c > 0
	}
	return err == nil && c >= 0
}

// brokenWatch closes with the first change of the state for which changed says
// so.
type brokenWatch struct {
	store   *broken
	changed func(before, now *brokenState) bool
	done    chan struct{}
	begin   sync.Once
}

func (s *broken) watch(changed func(before, now *brokenState) bool) *brokenWatch {
	w := &brokenWatch{store: s, changed: changed, done: make(chan struct{})}
	if s.fault != watchesLate {
		w.join()
	}
	return w
}

func (w *brokenWatch) join() {
	w.begin.Do(func() {
		w.store.watching.Lock()
		defer w.store.watching.Unlock()
		w.store.watches[w] = true
	})
}

func (w *brokenWatch) Done() <-chan struct{} {
	w.join()
	return w.done
}

func (w *brokenWatch) Stop() {
	w.store.watching.Lock()
	defer w.store.watching.Unlock()
	delete(w.store.watches, w)
	if w.store.fault == stopsAll {
		clear(w.store.watches)
	}
}

// wake closes what is watched of what has changed.
func (s *broken) wake(before, now *brokenState) {
	s.watching.Lock()
	defer s.watching.Unlock()
	for w := range s.watches {
		changed := w.changed(before, now)
		if s.fault == closesOnce {
			changed = changed && len(now.objects) > len(before.objects)
		}
		if changed || s.fault == closesAll {
			close(w.done)
			delete(s.watches, w)
		}
	}
}

func (s *broken) Watch() indexer.Watch {
	return s.watch(func(before, now *brokenState) bool { return !maps.Equal(before.objects, now.objects) })
}

func (s *broken) WatchKey(key string) indexer.Watch {
	return s.watch(func(before, now *brokenState) bool { return before.objects[key] != now.objects[key] })
}

func (s *broken) WatchIndex(name, value string) indexer.Watch {
	return s.watch(func(before, now *brokenState) bool {
		return !maps.Equal(before.listed(s, name, value), now.listed(s, name, value))
	})
}

// listed are the objects of an index value by key.
func (st *brokenState) listed(s *broken, name, value string) map[string]*Object {
	found := map[string]*Object{}
	for _, key := range st.keys(s, name, value) {
		found[key] = st.objects[key]
	}
	return found
}

func (s *broken) Snapshot() indexer.Snapshot[*Object] {
	return &brokenSnapshot{store: s, state: s.read()}
}

type brokenSnapshot struct {
	store *broken
	state *brokenState
}

func (n *brokenSnapshot) now() *brokenState {
	if n.store.fault == snapshotsLive {
		return n.store.state.Load()
	}
	return n.state
}

func (n *brokenSnapshot) Get(key string) (*Object, bool) {
	o, ok := n.now().objects[key]
	return o, ok
}
func (n *brokenSnapshot) Len() int           { return len(n.now().objects) }
func (n *brokenSnapshot) List() []*Object    { return n.now().list() }
func (n *brokenSnapshot) ListKeys() []string { return slices.Collect(maps.Keys(n.now().objects)) }

func (n *brokenSnapshot) ByIndex(name, value string) ([]*Object, error) {
	st := n.now()
	if n.store.fault == snapshotsLiveIndexes {
		for i := 0; n.store.state.Load() == n.state && i < 2000; i++ {
			runtime.Gosched()
		}
		st = n.store.state.Load()
	}
	return st.byIndex(n.store, name, value)
}

func (n *brokenSnapshot) IndexKeys(name, value string) ([]string, error) {
	return n.now().keys(n.store, name, value), n.now().known(n.store, name)
}
func (n *brokenSnapshot) ListIndexFuncValues(name string) []string { return n.now().indexValues(name) }
func (n *brokenSnapshot) ResourceVersion() string                  { return n.now().version }

func (n *brokenSnapshot) All() iter.Seq2[string, *Object] {
	return func(yield func(string, *Object) bool) {
		if n.store.fault == iteratesLocked {
			n.store.lock.RLock()
			defer n.store.lock.RUnlock()
		}
		maps.All(n.now().objects)(yield)
	}
}

func (n *brokenSnapshot) ByIndexSeq(name, value string) iter.Seq2[string, *Object] {
	return func(yield func(string, *Object) bool) {
		for _, key := range n.now().keys(n.store, name, value) {
			if !yield(key, n.now().objects[key]) {
				return
			}
		}
	}
}
