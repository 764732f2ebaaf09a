package keycount

import (
	"math"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Counts count what a map counts, and keep no more of what was forgotten than they
// say.
func TestCountsAreThoseOfAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Counts[int]
		want := map[int]int{}
		key := rapid.IntRange(0, 3*kept)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if got := c.Add(k); got != want[k] {
					t.Fatalf("%d was counted %d times, expected %d", k, got, want[k])
				}
				want[k]++
			},
			"forget": func(t *rapid.T) {
				k := key.Draw(t, "key")
				c.Forget(k)
				delete(want, k)
			},
			"add and forget many": func(t *rapid.T) {
				from := key.Draw(t, "from")
				for k := from; k < from+kept; k++ {
					c.Add(k)
					want[k]++
				}
				for k := from; k < from+rapid.IntRange(0, kept).Draw(t, "forgotten"); k++ {
					c.Forget(k)
					delete(want, k)
				}
			},
			"": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if got := c.Of(k); got != want[k] {
					t.Fatalf("%d was counted %d times, expected %d", k, got, want[k])
				}
				if n := c.Len(); n > len(want)+max(kept, n/2) {
					t.Fatalf("%d counts are kept of %d keys", n, len(want))
				}
			},
		})
	})
}

// No count is kept of a forgotten key that can hold a pointer.
func TestCountsOfPointersAreDropped(t *testing.T) {
	var c Counts[*int]
	key := new(int)
	c.Add(key)
	c.Forget(key)
	if c.Len() != 0 {
		t.Error("the count of a forgotten pointer is kept")
	}
}

// A count ends at the largest number and does not begin anew.
func TestACountEndsAtTheLargest(t *testing.T) {
	var c Counts[string]
	c.Add("a")
	*c.count["a"] = math.MaxInt
	if n := c.Add("a"); n != math.MaxInt || c.Of("a") != math.MaxInt {
		t.Errorf("%d, and then %d", n, c.Of("a"))
	}
}
