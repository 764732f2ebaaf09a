package indexer

import (
	"fmt"
	"math/bits"

	"github.com/informant-go/informant/internal/postings"
)

// view reads one version, which its user has pinned for as long as it reads.
type view[T any] struct {
	engine  *engine[T]
	version uint64
}

func (v view[T]) summary() *summary[T] { return v.engine.summary.At(v.version) }

func (v view[T]) get(key string) (obj T, exists bool) {
	s, exists := v.locate(key)
	return s.obj, exists
}

// chunks yields the chunks that have objects, with the bits of those.
func (v view[T]) chunks(yield func(c *chunk[T], mask uint32) bool) {
	for i := range v.engine.chunks.Len() {
		c := v.engine.chunks.At(i).At(v.version)
		if c != nil && c.used != 0 && !yield(c, c.used) {
			return
		}
	}
}

func (v view[T]) list() []T {
	all := make([]T, 0, v.summary().len)
	for i := range v.engine.chunks.Len() {
		c := v.engine.chunks.At(i).At(v.version)
		switch {
		case c == nil:
		case c.used == fullChunk:
			all = append(all, c.objs[:]...)
		default:
			all = c.appendObjects(all, c.used)
		}
	}
	return all
}

func (v view[T]) listKeys() []string {
	all := make([]string, 0, v.summary().len)
	for c := range v.chunks {
		all = c.appendKeys(all, c.used)
	}
	return all
}

func (c *chunk[T]) appendObjects(to []T, mask uint32) []T {
	for ; mask != 0; mask &= mask - 1 {
		to = append(to, c.objs[bits.TrailingZeros32(mask)])
	}
	return to
}

func (c *chunk[T]) appendKeys(to []string, mask uint32) []string {
	for ; mask != 0; mask &= mask - 1 {
		to = append(to, c.keys[bits.TrailingZeros32(mask)])
	}
	return to
}

// each yields the objects that mask says; it returns false when yield did.
func (c *chunk[T]) each(mask uint32, yield func(string, T) bool) bool {
	if mask == fullChunk { // most are, and need no search for the next bit
		for i, key := range c.keys {
			if !yield(key, c.objs[i]) {
				return false
			}
		}
		return true
	}
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros32(mask)
		if !yield(c.keys[i], c.objs[i]) {
			return false
		}
	}
	return true
}

func (v view[T]) all(yield func(string, T) bool) {
	for c, mask := range v.chunks {
		if !c.each(mask, yield) {
			return
		}
	}
}

// index returns the named index, or an error that says which there are.
func (v view[T]) index(name string) (*index[T], error) {
	indexes := v.summary().indexes
	if ix, ok := indexes[name]; ok {
		return ix, nil
	}
	return nil, v.noIndex(name, sortedKeys(indexes))
}

func (v view[T]) noIndex(name string, there []string) error {
	return fmt.Errorf("%w: %q in %s, which has %q: add it with AddIndexers",
		ErrNoIndex, name, v.engine.options.Name, there)
}

func (v view[T]) find(indexName, value string) (postings.Set, error) {
	ix, err := v.index(indexName)
	if err != nil {
		return postings.Set{}, err
	}
	return ix.postings.Find(v.version, value), nil
}

// members yields the chunks with objects of set, with the bits of those. The
// runs of one part of a set fit on the stack.
func (v view[T]) members(set postings.Set, yield func(c *chunk[T], mask uint32) bool) {
	var buf [postings.MaxRuns]postings.Run
	for part := range set.Parts() {
		for _, run := range set.Part(part, buf[:0]) {
			if !yield(v.engine.chunks.At(run.Chunk).At(v.version), run.Mask) {
				return
			}
		}
	}
}

func (v view[T]) byIndex(indexName, value string) ([]T, error) {
	set, err := v.find(indexName, value)
	if err != nil {
		return nil, err
	}
	return v.objects(set), nil
}

func (v view[T]) objects(set postings.Set) []T {
	var buf [postings.MaxRuns]postings.Run
	objs := make([]T, 0, set.Len())
	for part := range set.Parts() {
		for _, run := range set.Part(part, buf[:0]) {
			c := v.engine.chunks.At(run.Chunk).At(v.version)
			objs = c.appendObjects(objs, run.Mask)
		}
	}
	return objs
}

func (v view[T]) indexKeys(indexName, value string) ([]string, error) {
	set, err := v.find(indexName, value)
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, set.Len())
	v.members(set, func(c *chunk[T], mask uint32) bool {
		keys = c.appendKeys(keys, mask)
		return true
	})
	return keys, nil
}

// byAny returns the objects that have one of the values, each once.
func (v view[T]) byAny(ix *index[T], values []string) []T {
	if len(values) == 1 {
		return v.objects(ix.postings.Find(v.version, values[0]))
	}
	masks := make(map[*chunk[T]]uint32)
	for _, value := range values {
		v.members(ix.postings.Find(v.version, value), func(c *chunk[T], mask uint32) bool {
			masks[c] |= mask
			return true
		})
	}
	objs := []T{}
	for c, mask := range masks {
		objs = c.appendObjects(objs, mask)
	}
	return objs
}

func (v view[T]) eachByIndex(indexName, value string, yield func(string, T) bool) {
	set, err := v.find(indexName, value)
	if err != nil {
		return
	}
	v.members(set, func(c *chunk[T], mask uint32) bool { return c.each(mask, yield) })
}

func (v view[T]) indexValues(indexName string) []string {
	values := []string{}
	if ix, ok := v.summary().indexes[indexName]; ok {
		for value := range ix.postings.Values(v.version) {
			values = append(values, value)
		}
	}
	return values
}

func (v view[T]) indexers() Indexers[T] {
	indexes := v.summary().indexes
	all := make(Indexers[T], len(indexes))
	for name, ix := range indexes {
		all[name] = ix.fn
	}
	return all
}
