// Package keycount counts keys, and forgets them without an allocation for the next
// time.
package keycount

import (
	"math"
	"sync"

	"github.com/informant-go/informant/internal/keytable"
)

// kept is how many counts of forgotten keys are kept before they are dropped, so
// that a key that is counted now and then costs no allocation. No count is kept of a
// key that can hold a pointer.
const kept = 4096

// Counts are the counts of keys. The zero Counts is empty. All methods may be called
// by any goroutine.
type Counts[K comparable] struct {
	mu        sync.Mutex
	count     map[K]*int
	forgotten int  // how many counts are 0
	pointing  bool // keys can hold pointers; set with count
}

// Add counts key once more, and returns how often it was counted before.
func (c *Counts[K]) Add(key K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.count[key]
	if n == nil {
		n = c.make(key)
	}
	if *n == 0 {
		c.forgotten--
	}
	before := *n
	if before < math.MaxInt {
		*n++
	}
	return before
}

// make adds a count of 0.
func (c *Counts[K]) make(key K) *int {
	if c.count == nil {
		c.count, c.pointing = map[K]*int{}, keytable.Pointing[K]()
	}
	n := new(int)
	c.count[key] = n
	c.forgotten++
	return n
}

// Forget drops the count of key.
func (c *Counts[K]) Forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten == len(c.count) { // no key is counted: no need to search
		return
	}
	n := c.count[key]
	if n == nil || *n == 0 {
		return
	}
	if c.pointing {
		delete(c.count, key)
		return
	}
	*n = 0
	if c.forgotten++; c.forgotten > max(kept, len(c.count)/2) {
		c.drop()
	}
}

// drop removes the counts of forgotten keys, which are half of all at least. It
// makes a new map, because a map never gives room back.
func (c *Counts[K]) drop() {
	count := make(map[K]*int, len(c.count)-c.forgotten)
	for key, n := range c.count {
		if *n > 0 {
			count[key] = n
		}
	}
	c.count, c.forgotten = count, 0
}

// Of is how often key was counted since it was forgotten.
func (c *Counts[K]) Of(key K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.count[key]; n != nil {
		return *n
	}
	return 0
}

// Len is the number of counts that are kept, of forgotten keys too. It is for tests.
func (c *Counts[K]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.count)
}
