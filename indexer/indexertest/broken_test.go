package indexertest

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/indexer"
	objects "github.com/informant-go/informant/object"
)

// broken is an Indexer that is wrong in one way: an immutable state that every
// write copies whole, with a fault. docs/naive/store is the one to read.
type broken struct {
	fault fault
	state atomic.Pointer[brokenState]

	watching sync.Mutex
	watches  map[*brokenWatch]bool

	// lock and shared are used with some faults only, reads counts for yield.
	lock   sync.RWMutex
	shared []string
	reads  atomic.Int64
}

// brokenState never changes.
type brokenState struct {
	objects  map[string]*Object
	version  string
	indexers indexer.Indexers[*Object]
	// values are by index and key.
	values map[string]map[string][]string
}

func newBroken(f fault) Factory {
	return func(c Config) (Indexer, error) {
		s := &broken{fault: f, shared: []string{"a/x"}, watches: map[*brokenWatch]bool{}}
		first := &brokenState{objects: map[string]*Object{}, values: map[string]map[string][]string{}}
		first.indexers = maps.Clone(c.Indexers)
		s.state.Store(first)
		return s, nil
	}
}

func (st *brokenState) clone() *brokenState {
	next := &brokenState{
		objects: maps.Clone(st.objects), version: st.version, indexers: maps.Clone(st.indexers),
		values: map[string]map[string][]string{},
	}
	for name, values := range st.values {
		next.values[name] = maps.Clone(values)
	}
	return next
}

// write makes a state by change, again if another writer was faster.
func (s *broken) write(change func(*brokenState)) {
	if s.fault == locks || s.fault == iteratesLocked {
		s.lock.Lock()
		defer s.lock.Unlock()
	}
	for {
		old := s.state.Load()
		next := old.clone()
		change(next)
		if s.state.CompareAndSwap(old, next) {
			if s.fault != wakesNobody {
				s.wake(old, next)
			}
			return
		}
	}
}

// read is the state that a reader sees.
func (s *broken) read() *brokenState {
	s.reads.Add(1)
	if s.fault == locks {
		s.lock.RLock()
		defer s.lock.RUnlock()
	}
	return s.state.Load()
}

// yield lets readers see a state that should not be seen.
func (s *broken) yield() {
	for begin, n := s.reads.Load(), 0; s.reads.Load() < begin+4 && n < 2000; n++ {
		runtime.Gosched()
	}
}

func (s *broken) keyOf(o *Object) (string, error) {
	if o == nil {
		if s.fault == takesNil {
			return "", nil
		}
		return "", &objects.KeyError{Obj: o, Err: errors.New("nil")}
	}
	return objects.MetaKey(o)
}

func (st *brokenState) put(s *broken, key string, o *Object) {
	_, existed := st.objects[key]
	st.objects[key] = o
	for name, fn := range st.indexers {
		if existed && s.fault == indexIsNotUpdated {
			continue
		}
		st.index(s, name, fn, key, o)
	}
}

func (st *brokenState) index(s *broken, name string, fn indexer.IndexFunc[*Object], key string, o *Object) {
	if st.values[name] == nil {
		st.values[name] = map[string][]string{}
	}
	values, err := s.call(fn, o)
	switch {
	case err == nil:
		st.values[name][key] = values
	case s.fault == failedIndexTakesValues:
		st.values[name][key] = values
	case s.fault == failedIndexDropsObject:
		delete(st.objects, key)
	case s.fault == failedIndexStaysOut:
		st.values[name][key] = nil
		delete(st.indexers, name)
	default:
		delete(st.values[name], key)
	}
}

func (s *broken) call(fn indexer.IndexFunc[*Object], o *Object) (values []string, err error) {
	defer func() {
		if s.fault == panicsEscape {
			return
		}
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return fn(o)
}

func (st *brokenState) remove(s *broken, key string) {
	delete(st.objects, key)
	for _, values := range st.values {
		if s.fault != indexKeepsDeleted {
			delete(values, key)
		}
	}
}

func (st *brokenState) raise(version string) {
	if objects.NewerVersion(version, st.version) {
		st.version = version
	}
}

func (s *broken) Add(o *Object) error { return s.Update(o) }

func (s *broken) Update(o *Object) error {
	key, err := s.keyOf(o)
	if err == nil {
		s.Apply([]indexer.Change[*Object]{{Key: key, Object: o, Type: indexer.ChangePut}}, "")
	}
	return err
}

func (s *broken) Delete(o *Object) error {
	key, err := s.keyOf(o)
	if err == nil && s.fault != keepsDeleted {
		s.Apply([]indexer.Change[*Object]{{Key: key, Object: o, Type: indexer.ChangeRemove}}, "")
	}
	return err
}

func (s *broken) Apply(changes []indexer.Change[*Object], version string) {
	if s.fault == appliesInHalves && len(changes) > 1 {
		s.apply(changes[:len(changes)/2], "")
		s.yield()
		changes = changes[len(changes)/2:]
	}
	s.apply(changes, version)
}

func (s *broken) apply(changes []indexer.Change[*Object], version string) {
	s.write(func(st *brokenState) {
		for i := range changes {
			c := &changes[i]
			if s.fault != tellsNoOld {
				c.Old, c.Existed = st.objects[c.Key], st.objects[c.Key] != nil
			}
			if c.Type == indexer.ChangePut {
				st.put(s, c.Key, c.Object)
			} else {
				st.remove(s, c.Key)
			}
			if c.Object != nil && s.fault != forgetsVersions {
				st.raise(c.Object.ResourceVersion)
			}
		}
		st.raise(version)
	})
}

func (s *broken) Replace(items []*Object, version string) error {
	keys := make([]string, 0, len(items))
	for i, o := range items {
		key, err := s.keyOf(o)
		if err != nil {
			if s.fault == replacesByHalf {
				s.ReplaceAll(keys, items[:i], version, nil)
			}
			return err
		}
		keys = append(keys, key)
	}
	s.ReplaceAll(keys, items, version, nil)
	return nil
}

func (s *broken) ReplaceAll(keys []string, items []*Object, version string, diff func(indexer.Change[*Object])) {
	if s.fault == replacesTwice {
		s.replaceAll(keys[:len(keys)/2], items[:len(keys)/2], version)
		s.yield()
	}
	for _, c := range s.replaceAll(keys, items, version) {
		if diff != nil {
			diff(c)
			if s.fault == tellsTwice {
				diff(c)
			}
		}
	}
}

func (s *broken) replaceAll(keys []string, items []*Object, version string) (changes []indexer.Change[*Object]) {
	s.write(func(st *brokenState) {
		changes = nil
		gone := maps.Clone(st.objects)
		for i, key := range keys {
			c := indexer.Change[*Object]{Key: key, Object: items[i], Type: indexer.ChangePut}
			c.Old, c.Existed = st.objects[key], st.objects[key] != nil
			delete(gone, key)
			if rv := items[i].ResourceVersion; c.Existed && rv != "" && rv == c.Old.ResourceVersion && s.fault != storesAnew {
				c.Type, c.Object = indexer.ChangeUnchanged, c.Old
			} else {
				st.put(s, key, items[i])
			}
			changes = append(changes, c)
		}
		for key, o := range gone {
			if s.fault == replaceAdds {
				break
			}
			st.remove(s, key)
			changes = append(changes, indexer.Change[*Object]{Key: key, Old: o, Existed: true, Type: indexer.ChangeRemove})
		}
		if version != "" {
			st.version = version
		}
	})
	return changes
}
