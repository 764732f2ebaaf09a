package watchcheck

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync"

	"k8s.io/apimachinery/pkg/watch"
)

// State is one state of one object.
type State struct {
	Key     string
	Version uint64 // of the write that made it, for a deletion of that
	Labels  map[string]string
	Digest  uint64 // of everything but the version
}

// Selector reports whether a watch shows an object; nil shows all.
type Selector func(State) bool

func (s Selector) shows(state *State) bool { return state != nil && (s == nil || s(*state)) }

// Server is what a server did. Its zero value is ready. Any goroutine may call its
// methods.
type Server struct {
	mu   sync.Mutex
	eras []*era
}

// era is one past of a server, from a version on.
type era struct {
	version uint64
	base    map[string]State
	now     map[string]State // after all changes
	changes []change
}

// change is one write: before is nil for a creation, after for a deletion.
type change struct {
	version       uint64
	key           string
	before, after *State
}

// Begin notes that an era begins at version with the objects.
func (s *Server) Begin(version uint64, objects []State) {
	base := make(map[string]State, len(objects))
	for _, o := range objects {
		base[o.Key] = o
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eras = append(s.eras, &era{version: version, base: base, now: maps.Clone(base)})
}

// Wrote notes that a write made an object what after is.
func (s *Server) Wrote(after State) { s.note(after.Version, after.Key, &after) }

// Deleted notes that the write of a version deleted an object.
func (s *Server) Deleted(key string, version uint64) { s.note(version, key, nil) }

// note panics if the writes are not in order, or there is no era: then the truth is
// not known, and nothing can be held against it.
func (s *Server) note(version uint64, key string, after *State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.eras) == 0 {
		s.eras = append(s.eras, &era{base: map[string]State{}, now: map[string]State{}})
	}
	e := s.eras[len(s.eras)-1]
	if n := len(e.changes); version <= e.version || n > 0 && version < e.changes[n-1].version {
		panic(fmt.Sprintf("watchcheck: the write of %s at %d comes after later ones: tell a Server of writes in their order", key, version))
	}
	c := change{version: version, key: key, after: after}
	if before, ok := e.now[key]; ok {
		c.before = &before
	}
	if after == nil {
		delete(e.now, key)
	} else {
		e.now[key] = *after
	}
	e.changes = append(e.changes, c)
}

// past returns the eras. What they hold is not changed, only added to.
func (s *Server) past() []*era {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*era, len(s.eras))
	for i, e := range s.eras {
		c := *e
		c.changes = slices.Clip(e.changes)
		all[i] = &c
	}
	return all
}

// Writes returns how many writes are known.
func (s *Server) Writes() (n int) {
	for _, e := range s.past() {
		n += len(e.changes)
	}
	return n
}

// after returns the changes that are newer than version.
func (e *era) after(version uint64) []change {
	return e.changes[sort.Search(len(e.changes), func(i int) bool { return e.changes[i].version > version }):]
}

// at is the collection at a version, as far as sel shows it.
func (e *era) at(version uint64, sel Selector) map[string]State {
	state := maps.Clone(e.base)
	for _, c := range e.changes {
		if c.version > version {
			break
		}
		if c.after == nil {
			delete(state, c.key)
		} else {
			state[c.key] = *c.after
		}
	}
	maps.DeleteFunc(state, func(_ string, s State) bool { return !sel.shows(&s) })
	return state
}

// find returns the change of a key at a version.
func (e *era) find(version uint64, key string) (change, bool) {
	for _, c := range e.after(version - 1) {
		if c.version != version {
			break
		}
		if c.key == key {
			return c, true
		}
	}
	return change{}, false
}

// count returns how many changes a version has.
func (e *era) count(version uint64) (n int) {
	for _, c := range e.after(version - 1) {
		if c.version != version {
			break
		}
		n++
	}
	return n
}

// shown is how a watch with the selector sees a change: the type of the event, ""
// for none, and the object in it.
func (c change) shown(sel Selector) (watch.EventType, State) {
	was, is := sel.shows(c.before), sel.shows(c.after)
	switch {
	case was && is:
		return watch.Modified, *c.after
	case is:
		return watch.Added, *c.after
	case was:
		return watch.Deleted, *c.before
	}
	return "", State{}
}
