package deltafifo

import (
	"math/bits"
	"sync/atomic"

	"github.com/informant-go/informant/object"
)

// keyMemo remembers the keys of names, because to make the key of a namespaced
// object allocates, and would be the only allocation of an event. Without it an
// event costs about twice the time; with a map under a lock in its place, two
// fifths more (BenchmarkDeltaQueue/inorder; TestEventCostsNoAllocation). It is a
// cache: it drops whatever it has no place for. Any goroutine may use it.
type keyMemo struct {
	table atomic.Pointer[memoTable] // nil until the first key

	// trusted is true once a key was the String of its name; off is true once
	// a key was not, although object.Fields.NameIsKey promised it.
	trusted, off atomic.Bool
}

// memoTable is a set-associative cache: a key is in the set that the low bits
// of its name's hash pick.
type memoTable struct {
	sets    []memoSet // a power of two
	evicted atomic.Int64
}

// memoSet has room for a few keys, each behind a pointer, so that readers need no
// lock. tags[i] is a part of the hash of keys[i], or of another key while that is
// being replaced: the key itself decides.
type memoSet struct {
	tags [memoWays]atomic.Uint32 // 0 where there is no key
	keys [memoWays]atomic.Pointer[string]
}

// A table begins small and doubles when it had to evict a sixteenth of the keys that it
// has room for, so that a quiet queue pays little: 48 bytes for four keys.
const (
	memoWays    = 4
	minMemoSets = 16
	maxMemoSets = 2048
)

// get returns the key of n, whose hash is h, if it is remembered.
func (m *keyMemo) get(n object.Name, h uint64) (key string, ok bool) {
	t := m.table.Load()
	if t == nil {
		return "", false
	}
	set, tag := t.set(h), tagOf(h)
	for i := range set.tags {
		if set.tags[i].Load() != tag {
			continue
		}
		if key := set.keys[i].Load(); key != nil && isKeyOf(*key, n) {
			return *key, true
		}
	}
	return "", false
}

// put remembers key for n. If key is not n's String, the memo is of no use for
// these objects: put turns it off.
func (m *keyMemo) put(n object.Name, h uint64, key string) {
	if !isKeyOf(key, n) {
		m.trusted.Store(false)
		m.off.Store(true)
		return
	}
	if n.Namespace == "" {
		m.trusted.Store(true)
		return // the key is the object's name, which costs nothing to make
	}
	t := m.table.Load()
	if t == nil || len(t.sets) < maxMemoSets && t.evicted.Load() > int64(memoWays*len(t.sets)/16) {
		t = m.grow(t)
	}
	t.put(h, &key)
}

// grow replaces old by a larger table, unless another goroutine has done so.
func (m *keyMemo) grow(old *memoTable) *memoTable {
	size := minMemoSets
	if old != nil {
		size = 2 * len(old.sets)
	}
	t := &memoTable{sets: make([]memoSet, size)}
	if old != nil {
		for i := range old.sets {
			for j := range old.sets[i].keys {
				if key := old.sets[i].keys[j].Load(); key != nil {
					t.put(nameHash(object.CutKey(*key)), key)
				}
			}
		}
	}
	m.table.CompareAndSwap(old, t)
	return m.table.Load()
}

func (t *memoTable) set(h uint64) *memoSet { return &t.sets[int(h)&(len(t.sets)-1)] }

// put stores key in a free place of h's set, or in one that h picks.
func (t *memoTable) put(h uint64, key *string) {
	set := t.set(h)
	for i := range set.keys {
		if set.keys[i].CompareAndSwap(nil, key) {
			set.tags[i].Store(tagOf(h))
			return
		}
	}
	t.evicted.Add(1)
	i := h >> 30 % memoWays
	set.keys[i].Store(key)
	set.tags[i].Store(tagOf(h))
}

func tagOf(h uint64) uint32 { return uint32(h>>32) | 1 }

// nameHash reads only the ends of a name and of its namespace: it is for a cache,
// where a collision costs no more than to make a key anew.
func nameHash(n object.Name) uint64 {
	const k0, k1, k2 = 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb
	head, tail := ends(n.Name)
	nsHead, nsTail := ends(n.Namespace)
	hi, lo := bits.Mul64(head^k0, tail^k1)
	hi2, lo2 := bits.Mul64(nsHead^k2^uint64(len(n.Name)), nsTail^k0^hi)
	hi, lo = bits.Mul64(hi2^lo^k1, lo2^k2)
	return hi ^ lo
}

// ends returns the first and the last eight bytes of s, which overlap in a
// short one.
func ends(s string) (head, tail uint64) {
	if len(s) >= 8 {
		return load64(s[:8]), load64(s[len(s)-8:])
	}
	for i := range len(s) {
		head = head<<8 | uint64(s[i])
	}
	return head, uint64(len(s))
}

// load64 compiles to one load.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// isKeyOf reports whether key is n.String(), without making that.
func isKeyOf(key string, n object.Name) bool {
	if n.Namespace == "" {
		return key == n.Name
	}
	at := len(n.Namespace)
	return len(key) == at+1+len(n.Name) && key[at] == '/' && key[:at] == n.Namespace && key[at+1:] == n.Name
}
