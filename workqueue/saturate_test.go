package workqueue

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/informant-go/informant/internal/keytable"
)

// An item may fail for ever: its count stays at the greatest number.
func TestFailuresNeverOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewRateLimiting(Options[string]{Backoff: Backoff{Base: time.Second, Max: time.Minute}})
		defer q.ShutDown()
		q.AddRateLimited("a")
		q.mu.Lock()
		q.table.Extra(q.table.Find(keytable.Sum("a"), "a")).failures = math.MaxInt32
		q.mu.Unlock()
		for range 2 {
			q.AddRateLimited("a")
			if n := q.NumRequeues("a"); n != math.MaxInt32 {
				t.Fatalf("NumRequeues is %d", n)
			}
		}
	})
}

// A jitter that is no number is none.
func TestAJitterThatIsNoNumberIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewRateLimiting(Options[string]{Jitter: math.NaN(), Backoff: Backoff{Base: time.Second}})
		defer q.ShutDown()
		q.AddRateLimited("a")
		if at, ok := q.WhenReady("a"); !ok || time.Until(at) != time.Second {
			t.Errorf("the item is delayed for %v, %v", time.Until(at), ok)
		}
	})
}

// The time that is promised to an item is one at which there is a token.
func TestTheTimeBetweenTokensIsRoundedUp(t *testing.T) {
	if got := (&tokens{bucket: rate.NewLimiter(3, 1)}).interval(); got != 333_333_334 {
		t.Errorf("the interval is %d ns", got)
	}
}
