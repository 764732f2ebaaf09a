package store

import (
	"context"
	"maps"
	"sync"

	"github.com/informant-go/informant/object"
)

// Store holds the objects of one collection. It must be made by New. All methods
// may be called by any goroutine.
type Store[T any] struct {
	mu      sync.Mutex
	state   State[T]
	changed chan struct{} // closed, and made anew, by the next Write
}

// State is what a Store holds at one time.
type State[T any] struct {
	Objects map[string]T // by key
	Indexes map[string]Index[T]
	// Version is the newest resource version that the state includes.
	Version string
}

// Index lists keys by the values that Func gives for their objects.
type Index[T any] struct {
	Func func(obj T) ([]string, error)
	Keys map[string]map[string]bool // by value; no set is empty
}

// New returns an empty Store.
func New[T any]() *Store[T] {
	return &Store[T]{
		state:   State[T]{Objects: map[string]T{}, Indexes: map[string]Index[T]{}},
		changed: make(chan struct{}),
	}
}

// Write calls change with the state. Nobody sees it before change has returned.
func (s *Store[T]) Write(change func(*State[T])) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Read calls look with the state, which look must not change or keep.
func (s *Store[T]) Read(look func(*State[T])) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look(&s.state)
}

// Snapshot returns a copy of the state, which is the caller's.
func (s *Store[T]) Snapshot() (copied State[T]) {
	s.Read(func(now *State[T]) {
		copied = State[T]{maps.Clone(now.Objects), map[string]Index[T]{}, now.Version}
		for name, ix := range now.Indexes {
			keys := map[string]map[string]bool{}
			for value, set := range ix.Keys {
				keys[value] = maps.Clone(set)
			}
			copied.Indexes[name] = Index[T]{ix.Func, keys}
		}
	})
	return copied
}

// Changed returns a channel that the next Write closes. Ask for it before
// reading: then it is closed by whatever the reading did not see.
func (s *Store[T]) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns once reached reports true of the state, or with ctx.Err().
func (s *Store[T]) Wait(ctx context.Context, reached func(*State[T]) bool) error {
	for {
		changed, done := s.Changed(), false
		s.Read(func(now *State[T]) { done = reached(now) })
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Put stores obj under key.
func (s *State[T]) Put(key string, obj T) {
	s.Remove(key)
	s.Objects[key] = obj
	for _, ix := range s.Indexes {
		ix.add(key, obj)
	}
}

// Remove removes what is stored under key, if anything.
func (s *State[T]) Remove(key string) {
	old, exists := s.Objects[key]
	if !exists {
		return
	}
	delete(s.Objects, key)
	for _, ix := range s.Indexes {
		ix.remove(key, old)
	}
}

// Replace makes objects, by key, the whole content, as the server listed it at
// version.
func (s *State[T]) Replace(objects map[string]T, version string) {
	s.Objects, s.Version = map[string]T{}, version
	for _, ix := range s.Indexes {
		clear(ix.Keys)
	}
	for key, obj := range objects {
		s.Put(key, obj)
	}
}

// AddIndex adds an index, over the objects that are there too.
func (s *State[T]) AddIndex(name string, fn func(obj T) ([]string, error)) {
	ix := Index[T]{fn, map[string]map[string]bool{}}
	for key, obj := range s.Objects {
		ix.add(key, obj)
	}
	s.Indexes[name] = ix
}

// add lists obj. One for which the function fails is not listed.
func (ix Index[T]) add(key string, obj T) {
	values, err := ix.Func(obj)
	if err != nil {
		return
	}
	for _, value := range values {
		if ix.Keys[value] == nil {
			ix.Keys[value] = map[string]bool{}
		}
		ix.Keys[value][key] = true
	}
}

// remove takes obj off the lists. It asks the function once more where obj is.
func (ix Index[T]) remove(key string, obj T) {
	values, _ := ix.Func(obj)
	for _, value := range values {
		if delete(ix.Keys[value], key); len(ix.Keys[value]) == 0 {
			delete(ix.Keys, value)
		}
	}
}

// Raise makes version that of the state if it is newer.
func (s *State[T]) Raise(version string) {
	if object.NewerVersion(version, s.Version) {
		s.Version = version
	}
}
