package deltafifo

import (
	"slices"
	"sync"
)

// openList holds the list that a producer is handing over, apart from the
// queue (F2). Its lock is its own, so that a long page keeps no event and no
// consumer waiting.
type openList[T any] struct {
	repeats bool // Options.KeepRepeats

	mu    sync.Mutex
	pages *pages[T] // nil while no list is open
}

// begin opens a list and drops the one that was open.
func (l *openList[T]) begin() {
	l.mu.Lock()
	l.pages = &pages[T]{ascending: true, repeats: l.repeats}
	l.mu.Unlock()
}

// current returns the open list, nil if there is none, for use with add and drop.
func (l *openList[T]) current() *pages[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pages
}

// add puts items into p, if that is still the open list.
func (l *openList[T]) add(p *pages[T], keys []string, objs []T) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pages != p {
		return false
	}
	if p.objs == nil {
		p.keys, p.objs = make([]string, 0, len(keys)), make([]T, 0, len(objs))
	}
	for i, key := range keys {
		p.put(key, objs[i])
	}
	return true
}

// remove takes key out of the open list, and reports whether one is open.
func (l *openList[T]) remove(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pages == nil {
		return false
	}
	l.pages.remove(key)
	return true
}

// take ends the open list and returns it, nil if there is none.
func (l *openList[T]) take() *pages[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pages
	l.pages = nil
	if p != nil {
		p.compact()
	}
	return p
}

// drop ends the list p, if it is still open.
func (l *openList[T]) drop(p *pages[T]) {
	l.mu.Lock()
	if l.pages == p {
		l.pages = nil
	}
	l.mu.Unlock()
}

// pages are the items of a list so far. Each key occurs once, unless repeats says
// otherwise.
type pages[T any] struct {
	keys []string
	objs []T // objs[i] has the key keys[i]; nil until the first page

	// ascending is true while the keys came in strictly ascending order, as
	// API servers send them; no key can be twice in the list then, and
	// index is nil. Otherwise index has the place of each key.
	ascending bool
	index     map[string]int

	repeats  bool // a key that comes again has a place of its own
	repeated int  // how often a key came again, and took its first place

	// removed are keys that are to be left out, nil for none: they are still in
	// keys until the list is complete, so that many cost no more than one.
	removed map[string]struct{}
}

// remove leaves out what there is of a key so far.
func (p *pages[T]) remove(key string) {
	if p.removed == nil {
		p.removed = make(map[string]struct{})
	}
	p.removed[key] = struct{}{}
}

// restore makes place for a removed key that comes again.
func (p *pages[T]) restore(key string) {
	if p.repeats {
		p.compact() // what was there before stays away
	}
	delete(p.removed, key)
}

// compact takes out what is to be left out.
func (p *pages[T]) compact() {
	if len(p.removed) == 0 {
		return
	}
	keys, objs := p.keys[:0], p.objs[:0]
	for i, key := range p.keys {
		if _, out := p.removed[key]; !out {
			keys, objs = append(keys, key), append(objs, p.objs[i])
		}
	}
	clear(p.objs[len(objs):])
	p.keys, p.objs, p.removed = keys, objs, nil
	if !p.ascending {
		p.number()
	}
}

// put adds an item. Of two with the same key the later one stays, in the place
// of the first; with repeats both stay.
func (p *pages[T]) put(key string, obj T) {
	if _, out := p.removed[key]; out {
		p.restore(key)
	}
	n := len(p.keys)
	if p.ascending && (n == 0 || p.keys[n-1] < key) {
		p.keys, p.objs = append(p.keys, key), append(p.objs, obj)
		return
	}
	p.loseOrder()
	if i, ok := p.index[key]; ok && !p.repeats {
		p.objs[i] = obj
		p.repeated++
		return
	}
	p.index[key] = n
	p.keys, p.objs = append(p.keys, key), append(p.objs, obj)
}

func (p *pages[T]) loseOrder() {
	if !p.ascending {
		return
	}
	p.ascending = false
	p.number()
}

// number makes index.
func (p *pages[T]) number() {
	p.index = make(map[string]int, 2*len(p.keys))
	for i, key := range p.keys {
		p.index[key] = i
	}
}

// has reports whether an item has the key.
func (p *pages[T]) has(key string) bool {
	if p.ascending {
		_, ok := slices.BinarySearch(p.keys, key)
		return ok
	}
	_, ok := p.index[key]
	return ok
}
