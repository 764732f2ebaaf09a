package deltafifo

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"github.com/informant-go/informant/object"
)

// keyMemo remembers the keys of names, because making the key of a namespaced
// object allocates, and that would be the one allocation of an event. It is a
// cache: it forgets whatever it has no place for. Any goroutine may use it.
type keyMemo struct {
	seed  maphash.Seed
	table atomic.Pointer[memoTable] // nil until the first key

	// off is set when a key was not the String of its name, whatever
	// object.Access promised.
	off atomic.Bool
}

// memoTable is a set-associative cache: a key is in one of the memoWays slots
// from hash & mask on. Slots are written once or overwritten, keys never
// change, so that readers need no lock.
type memoTable struct {
	slots  []atomic.Pointer[memoKey]
	misses atomic.Int64
}

type memoKey struct {
	hash uint64
	key  string
}

// A table begins small and grows while keys are missed more than it has room
// for, so that a quiet queue pays little.
const (
	memoWays     = 4
	minMemoSlots = 64
	maxMemoSlots = 8192
)

func newKeyMemo() keyMemo { return keyMemo{seed: maphash.MakeSeed()} }

func (m *keyMemo) hash(n object.Name) uint64 {
	return maphash.String(m.seed, n.Name) ^ bits.RotateLeft64(maphash.String(m.seed, n.Namespace), 31)
}

// get returns the key of n, which hashes to h, if it is remembered.
func (m *keyMemo) get(n object.Name, h uint64) (key string, ok bool) {
	t := m.table.Load()
	if t == nil {
		return "", false
	}
	set := t.set(h)
	for i := range set {
		if k := set[i].Load(); k != nil && k.hash == h && isKeyOf(k.key, n) {
			return k.key, true
		}
	}
	return "", false
}

// put remembers key for n, unless it is not n's String: then the memo is of no
// use for these objects and turns itself off.
func (m *keyMemo) put(n object.Name, h uint64, key string) {
	if !isKeyOf(key, n) {
		m.off.Store(true)
		return
	}
	t := m.table.Load()
	if t == nil || t.misses.Add(1) > int64(2*len(t.slots)) && len(t.slots) < maxMemoSlots {
		t = m.grow(t)
	}
	t.put(&memoKey{hash: h, key: key})
}

// grow makes a larger table in place of old, unless another goroutine has done
// so.
func (m *keyMemo) grow(old *memoTable) *memoTable {
	size := minMemoSlots
	if old != nil {
		size = 2 * len(old.slots)
	}
	t := &memoTable{slots: make([]atomic.Pointer[memoKey], size)}
	if old != nil {
		for i := range old.slots {
			if k := old.slots[i].Load(); k != nil {
				t.put(k)
			}
		}
	}
	m.table.CompareAndSwap(old, t)
	return m.table.Load()
}

func (t *memoTable) set(h uint64) []atomic.Pointer[memoKey] {
	at := int(h) & (len(t.slots) - memoWays)
	return t.slots[at : at+memoWays]
}

// put takes a free slot of k's set, or one that k's hash picks.
func (t *memoTable) put(k *memoKey) {
	set := t.set(k.hash)
	for i := range set {
		if set[i].CompareAndSwap(nil, k) {
			return
		}
	}
	set[k.hash>>62].Store(k)
}

// isKeyOf tells whether key is n.String(), without making that.
func isKeyOf(key string, n object.Name) bool {
	if n.Namespace == "" {
		return key == n.Name
	}
	at := len(n.Namespace)
	return len(key) == at+1+len(n.Name) && key[at] == '/' && key[:at] == n.Namespace && key[at+1:] == n.Name
}
