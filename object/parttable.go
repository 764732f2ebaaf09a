package object

import (
	"hash/maphash"
	"math"
	"runtime"
	"sync"
	"weak"
)

// Strings of these lengths are entered into a table. Shorter ones cost less than
// their entry, and longer ones are seldom equal; those that are in a part that is
// shared are shared with it.
const (
	minWord = 16
	maxWord = 256
)

// partTable finds the part that an equal one is to be replaced by. It keeps none of
// them: an entry goes away when the collector has taken the memory of its part,
// which nobody has then.
type partTable struct {
	seed maphash.Seed

	mu sync.Mutex
	// parts has the entries by the sums of their contents; most is how many there
	// have been since the map was made. Both are guarded by mu, and so is words.
	parts map[uint64]part
	most  int
	// words has, for some strings that came lately, 32 bits of their sums. A
	// string that comes for the first time is not entered: most are in one
	// object only.
	words [1 << 13]uint32

	// left is t.leave, made once.
	left func(sum uint64)
}

// part is an entry.
type part struct {
	at     weak.Pointer[byte]
	id     uint32 // of the shape, 0 for strings
	n      uint32 // elements or bytes, 0 for maps
	shared bool   // whether a second object was given the part
}

func newPartTable() *partTable {
	t := &partTable{seed: maphash.MakeSeed(), parts: make(map[uint64]part)}
	t.left = t.leave
	return t
}

// find returns the part with that sum, or nil. What it has must be compared: equal
// sums prove nothing.
func (t *partTable) find(sum uint64, id uint32, n int) *byte {
	p, ok := t.parts[sum]
	if !ok || p.id != id || p.n != uint32(n) {
		return nil
	}
	return p.at.Value()
}

// enter notes a part of n elements whose memory begins at at. That must be the
// beginning of an allocation which is large enough not to be shared with others.
func (t *partTable) enter(sum uint64, id uint32, at *byte, n int) {
	if p, ok := t.parts[sum]; ok && p.at.Value() != nil {
		return // another part, or one that somebody has changed in place
	}
	t.parts[sum] = part{at: weak.Make(at), id: id, n: uint32(n)}
	t.most = max(t.most, len(t.parts))
	runtime.AddCleanup(at, t.left, sum)
}

// again notes that one more object has the part.
func (t *partTable) again(sum uint64) {
	if p := t.parts[sum]; !p.shared {
		p.shared = true
		t.parts[sum] = p
	}
}

// leave drops the entry of a part that is gone. The collector's goroutine calls it,
// and another part may have been entered under the sum meanwhile.
func (t *partTable) leave(sum uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.parts[sum]; ok && p.at.Value() == nil {
		delete(t.parts, sum)
		t.shrink()
	}
}

// shrink makes the map anew when most of it is unused, since a map never does.
func (t *partTable) shrink() {
	if t.most < 1024 || len(t.parts) > t.most/4 {
		return
	}
	parts := make(map[uint64]part, len(t.parts))
	for sum, p := range t.parts {
		parts[sum] = p
	}
	t.parts, t.most = parts, len(parts)
}

// has reports whether several objects were given the part at at. It looks at all
// entries: the content of the part may have changed, so it cannot be looked up.
func (t *partTable) has(at *byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.parts {
		if p.shared && p.at.Value() == at {
			return true
		}
	}
	return false
}

func (t *partTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.parts)
}

// word returns s or, with other memory, an equal string.
func (t *partTable) word(s string) string {
	if len(s) < minWord || len(s) > maxWord {
		return s
	}
	sum := maphash.String(t.seed, s)
	if at := t.find(sum, 0, len(s)); at != nil {
		if known := stringAt(at, len(s)); known == s {
			return known
		}
		return s
	}
	if seen, mark := &t.words[sum%uint64(len(t.words))], uint32(sum>>32); *seen != mark {
		*seen = mark
		return s
	}
	own := []byte(s)
	t.enter(sum, 0, &own[0], len(own))
	return stringAt(&own[0], len(own))
}

// site counts how often equal parts are found at one place, so that nothing is
// entered where there are none: conditions, addresses, whatever is an object's own.
// It is guarded by the mutex of the table.
type site struct {
	seen, hits uint32
	closed     bool
}

// Of every sitePeriod parts the first siteTrial are looked up, and the others if
// one in siteWorth of those was found.
const (
	sitePeriod = 1 << 14
	siteTrial  = 1 << 10
	siteWorth  = 1 << 5
)

// open reports whether a part is to be looked up, and entered if it is not found.
func (s *site) open() bool {
	at := s.seen % sitePeriod
	s.seen = (s.seen + 1) % (math.MaxUint32 / sitePeriod * sitePeriod)
	switch at {
	case 0:
		s.hits = 0
	case siteTrial:
		s.closed = s.hits < siteTrial/siteWorth
	}
	return at < siteTrial || !s.closed
}
