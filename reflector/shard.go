package reflector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"k8s.io/apimachinery/pkg/sharding"
	"k8s.io/apimachinery/pkg/types"
)

// What of an object is hashed, see Shard.Key. An object has both for life, so that it
// never moves from one shard to another.
const (
	ShardByUID       = "object.metadata.uid"
	ShardByNamespace = "object.metadata.namespace"
)

// Shard is a part of a collection: the objects of which the hash lies in some ranges
// (KEP-5866). Set either Count and Index, or Ranges:
//
//	reflector.Shard{Index: 0, Count: 3} // the first of three equal parts
//
// Each of Count replicas of a program that is given another Index has a part of its
// own, and together they have all. A nil *Shard is everything, the zero Shard an error.
//
// The server is asked for the part with the shardSelector of ListOptions. A Kubernetes
// API server knows that since 1.36, behind the feature gate ShardedListAndWatch, and
// ignores it before and without; so what comes is always looked at here too. client-go
// has nothing that corresponds to it.
type Shard struct {
	// Index is which of the parts is meant, from 0 to Count-1; Count is how many
	// there are.
	Index, Count int

	// Ranges are the hashes of the part. They must not overlap.
	Ranges []ShardRange

	// Key is what is hashed: ShardByUID, which spreads evenly, or ShardByNamespace,
	// which keeps a namespace together. "" is ShardByUID.
	Key string
}

// ShardRange is the hashes from First to Last, both included. A hash is FNV-1a with 64
// bits, as the server has it.
type ShardRange struct {
	First, Last uint64
}

// Check returns why s cannot be used, and what to set, or nil. A nil s can be.
func (s *Shard) Check() error {
	switch {
	case s == nil:
		return nil
	case s.Key != "" && s.Key != ShardByUID && s.Key != ShardByNamespace:
		return fmt.Errorf("Shard.Key is %q, which no server hashes: set it to reflector.ShardByUID or ShardByNamespace", s.Key)
	case s.Ranges != nil && (s.Count != 0 || s.Index != 0):
		return errors.New("Shard has Ranges and a Count or Index: leave one of them out")
	case s.Ranges != nil:
		return checkRanges(s.Ranges)
	case s.Count <= 0:
		return fmt.Errorf("Shard.Count is %d: set it to the number of parts, or use no Shard at all for everything", s.Count)
	case s.Index < 0 || s.Index >= s.Count:
		return fmt.Errorf("Shard.Index is %d of %d: set it to one of 0 to %d", s.Index, s.Count, s.Count-1)
	}
	return nil
}

func checkRanges(ranges []ShardRange) error {
	if len(ranges) == 0 {
		return errors.New("Shard.Ranges is empty, which is no object at all: give it a range, or use Count and Index")
	}
	sorted := inOrder(ranges)
	for i, r := range sorted {
		switch {
		case r.First > r.Last:
			return fmt.Errorf("Shard.Ranges has %v, which ends before it begins: set First to the lowest hash and Last to the highest, that included", r)
		case i > 0 && r.First <= sorted[i-1].Last:
			return fmt.Errorf("Shard.Ranges has %v and %v, which overlap: a Last is included, so begin the second after it", sorted[i-1], r)
		}
	}
	return nil
}

// clone is a copy that nobody changes.
func (s *Shard) clone() *Shard {
	if s == nil {
		return nil
	}
	c := *s
	c.Ranges = slices.Clone(s.Ranges)
	return &c
}

// String is how a range is shown: 0x0000000000000000 to 0x7fffffffffffffff.
func (r ShardRange) String() string { return fmt.Sprintf("0x%016x to 0x%016x", r.First, r.Last) }

// Holds reports whether an object belongs to s, which Check must have found right. A
// nil s holds everything. It makes one hash.
func (s *Shard) Holds(uid types.UID, namespace string) bool {
	if s == nil {
		return true
	}
	value := string(uid)
	if s.Key == ShardByNamespace {
		value = namespace
	}
	hash := fnv1a(value)
	if s.Count > 0 {
		part, _ := bits.Mul64(hash, uint64(s.Count))
		return part == uint64(s.Index)
	}
	for _, r := range s.Ranges {
		if r.First <= hash && hash <= r.Last {
			return true
		}
	}
	return false
}

// fnv1a is the hash that the server makes too.
func fnv1a(s string) uint64 {
	hash := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		hash = (hash ^ uint64(s[i])) * 0x100000001b3
	}
	return hash
}

// String is the shardSelector that asks a server for s, which Check must have found
// right. It is the same for equal parts, however they are written, and "" for
// everything.
func (s *Shard) String() string {
	if s == nil {
		return ""
	}
	ranges := s.ranges()
	if len(ranges) == 1 && ranges[0] == (ShardRange{0, math.MaxUint64}) {
		return ""
	}
	key := cmp.Or(s.Key, ShardByUID)
	var requirements []sharding.ShardRangeRequirement
	for _, r := range ranges {
		end := "0x10000000000000000"
		if r.Last < math.MaxUint64 {
			end = fmt.Sprintf("0x%016x", r.Last+1)
		}
		requirements = append(requirements, sharding.ShardRangeRequirement{Key: key, Start: fmt.Sprintf("0x%016x", r.First), End: end})
	}
	return sharding.NewSelector(requirements...).String()
}

// ranges are those of s, in order, with none that continues another.
func (s *Shard) ranges() []ShardRange {
	if s.Count > 0 {
		last := uint64(math.MaxUint64)
		if s.Index+1 < s.Count {
			last = firstOf(s.Index+1, s.Count) - 1
		}
		return []ShardRange{{firstOf(s.Index, s.Count), last}}
	}
	var merged []ShardRange
	for _, r := range inOrder(s.Ranges) {
		if n := len(merged); n > 0 && merged[n-1].Last+1 == r.First {
			merged[n-1].Last = r.Last
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// firstOf is the lowest hash that belongs to a part: the one that, times count, is not
// below index·2^64.
func firstOf(index, count int) uint64 {
	first, rest := bits.Div64(uint64(index), 0, uint64(count))
	if rest > 0 {
		first++
	}
	return first
}

func inOrder(ranges []ShardRange) []ShardRange {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b ShardRange) int { return cmp.Compare(a.First, b.First) })
	return sorted
}

// outside reports whether obj does not belong to the shard that was asked for. What is
// no object belongs to it: the sink says what is wrong.
func (m *machine[T]) outside(obj T) (outside bool) {
	shard, access := m.r.opts.Shard, m.r.access
	if shard == nil {
		return false
	}
	defer func() {
		if recover() != nil {
			outside = false
		}
	}()
	if shard.Key == ShardByNamespace {
		return !shard.Holds("", access.Name(obj).Namespace)
	}
	return !shard.Holds(access.UID(obj), "")
}

// inside returns those of items that belong to the shard, in a slice of its own if that
// is not all: items is the source's.
func (m *machine[T]) inside(items []T) []T {
	first := slices.IndexFunc(items, m.outside)
	if first < 0 {
		return items
	}
	kept := make([]T, first, len(items))
	copy(kept, items)
	for _, obj := range items[first:] {
		if m.outside(obj) {
			m.countOutside(obj)
		} else {
			kept = append(kept, obj)
		}
	}
	m.leftOut(len(items) - len(kept))
	return kept
}

// passBy notes an event of an object outside: the version moves on, and that is all.
func (m *machine[T]) passBy(ctx context.Context, w *openWatch[T], e Event[T], order int) *trouble {
	m.leftOut(1)
	key := ""
	if order < 0 {
		key = m.r.key(e.Object)
	}
	m.move(w, e, order)
	m.r.record.setVersion(m.version)
	return m.judgeEvent(ctx, e, key, order)
}

// countOutside counts an object of a list that is outside, unless it is of another kind: of
// such ones alone there is no list (R4).
func (m *machine[T]) countOutside(obj T) {
	if m.r.check == nil || m.r.check(obj) == nil {
		m.count.outside++
	}
}

func (m *machine[T]) leftOut(n int) {
	m.r.record.update(func(s *Stats) { s.Outside += uint64(n) })
}
