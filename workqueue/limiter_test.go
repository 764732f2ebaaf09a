package workqueue_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// answers are the first n answers of a limiter for an item.
func answers(l workqueue.RateLimiter[string], item string, n int) (ds []time.Duration) {
	for range n {
		ds = append(ds, l.When(item))
	}
	return ds
}

// Each limiter alone; that they agree with client-go's to the nanosecond is
// tested in clientgo.
func TestLimiters(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		name    string
		limiter workqueue.RateLimiter[string]
		want    []time.Duration
		counts  int // NumRequeues after these
	}{
		{"exponential", workqueue.NewExponentialLimiter[string](ms, 5*ms), []time.Duration{ms, 2 * ms, 4 * ms, 5 * ms}, 4},
		{"fast and slow", workqueue.NewFastSlowLimiter[string](ms, 9*ms, 2), []time.Duration{ms, ms, 9 * ms}, 3},
		{"greatest", workqueue.NewMaxOfLimiter[string](
			workqueue.NewExponentialLimiter[string](ms, time.Second),
			workqueue.NewFastSlowLimiter[string](3*ms, 3*ms, 0),
		), []time.Duration{3 * ms, 3 * ms, 4 * ms}, 3},
		{"greatest of none", workqueue.NewMaxOfLimiter[string](), []time.Duration{0, 0}, 0},
		{"cut", workqueue.NewMaxWaitLimiter[string](workqueue.NewExponentialLimiter[string](ms, time.Hour), 3*ms),
			[]time.Duration{ms, 2 * ms, 3 * ms}, 3},
		{"default of items", workqueue.DefaultItemLimiter[string](), []time.Duration{ms, 2 * ms}, 2},
		{"default", workqueue.DefaultLimiter[string](), []time.Duration{5 * ms, 10 * ms}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := answers(test.limiter, "a", len(test.want)); !slices.Equal(got, test.want) {
				t.Errorf("delays are %v, expected %v", got, test.want)
			}
			if got := test.limiter.NumRequeues("a"); got != test.counts {
				t.Errorf("NumRequeues is %d, expected %d", got, test.counts)
			}
			if test.counts > 0 && test.limiter.When("b") != test.want[0] {
				t.Errorf("another item is delayed for the failures of this one")
			}
			test.limiter.Forget("a")
			if test.limiter.NumRequeues("a") != 0 || test.limiter.When("a") != test.want[0] {
				t.Errorf("Forget did not forget")
			}
		})
	}
}

// Many failures do not overflow.
func TestExponentialLimiterDoesNotOverflow(t *testing.T) {
	l := workqueue.NewExponentialLimiter[string](time.Nanosecond, math.MaxInt64)
	var last time.Duration
	for i := range 2000 {
		d := l.When("a")
		if d < last {
			t.Fatalf("failure %d waits %v, the one before %v", i, d, last)
		}
		last = d
	}
	if last != math.MaxInt64 {
		t.Errorf("the last delay is %v", last)
	}
}

// The bucket lets a burst through and then one at a time.
func TestBucketLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := workqueue.NewBucketLimiter[string](10, 2)
		want := []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond}
		if got := answers(l, "a", 4); !slices.Equal(got, want) {
			t.Errorf("delays are %v, expected %v", got, want)
		}
		l.Forget("a")
		if l.NumRequeues("a") != 0 {
			t.Error("a bucket counts no failures")
		}
	})
}

// A limiter that forgets a burst of items gives the room back.
func TestLimiterGivesRoomBack(t *testing.T) {
	l := workqueue.NewExponentialLimiter[int](time.Second, time.Minute)
	const burst = 20_000
	for i := range burst {
		l.When(i)
	}
	for i := range burst {
		l.Forget(i)
	}
	if kept := l.Counts(); kept > 4096 {
		t.Errorf("%d counts of forgotten items are kept", kept)
	}
	if n := testing.AllocsPerRun(100, func() { l.When(1); l.Forget(1) }); n != 0 {
		t.Errorf("a failure that is forgotten allocates %v times", n)
	}
}
