package workqueue_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/informant-go/informant/workqueue"
)

// ready adds a failure of item and returns after how long it is ready.
func ready(q *workqueue.RateLimitingQueue[string], item string) time.Duration {
	begin := time.Now()
	q.AddRateLimited(item)
	got, _ := q.Get()
	q.Done(got)
	return time.Since(begin)
}

// The queue's own counts give the delays of the limiter, and expire.
func TestBackoffExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{
			Backoff: workqueue.Backoff{Base: time.Second, Max: 5 * time.Second, Expire: time.Minute},
		})
		defer q.ShutDown()
		for i, want := range []time.Duration{1, 2, 4, 5, 5} {
			if got := ready(q, "a"); got != want*time.Second {
				t.Errorf("failure %d waited %v, expected %vs", i, got, int(want))
			}
		}
		<-time.After(55*time.Second - 1) // a minute after the last failure
		if n := q.NumRequeues("a"); n != 5 {
			t.Errorf("NumRequeues is %d before it expires", n)
		}
		<-time.After(time.Nanosecond)
		if n := q.NumRequeues("a"); n != 0 {
			t.Errorf("NumRequeues is %d after it expired", n)
		}
		if got := ready(q, "a"); got != time.Second {
			t.Errorf("the first failure after that waited %v", got)
		}
		q.Forget("a")
		if n := q.NumRequeues("a"); n != 0 {
			t.Errorf("NumRequeues is %d after Forget", n)
		}
	})
}

// Failures never expire before twice the longest delay: an item that fails
// each time would otherwise begin again and again.
func TestBackoffExpiresNoSoonerThanTwiceTheLongestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{
			Backoff: workqueue.Backoff{Base: time.Second, Max: 10 * time.Second, Expire: time.Second},
		})
		defer q.ShutDown()
		jittered := workqueue.NewRateLimiting(workqueue.Options[string]{
			Backoff: workqueue.Backoff{Base: time.Second, Max: 10 * time.Second, Expire: time.Second},
			Jitter:  0.5,
		})
		defer jittered.ShutDown()
		q.AddRateLimited("a")
		jittered.AddRateLimited("a")
		<-time.After(20*time.Second - 1)
		if q.NumRequeues("a") != 1 {
			t.Error("the failure expired early")
		}
		<-time.After(1)
		if q.NumRequeues("a") != 0 {
			t.Error("the failure has not expired")
		}
		<-time.After(10*time.Second - 1)
		if jittered.NumRequeues("a") != 1 {
			t.Error("the failure expired before twice the longest delay with jitter")
		}
		<-time.After(1)
		if jittered.NumRequeues("a") != 0 {
			t.Error("the failure has not expired")
		}
	})
}

// Keys that fail once and vanish leave no memory behind, although nothing is
// called any more.
func TestBackoffLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[int]{
			Backoff:     workqueue.Backoff{Base: time.Millisecond, Max: time.Second},
			IdleEntries: 10,
		})
		defer q.ShutDown()
		const burst = 20_000
		for i := range burst {
			q.AddRateLimited(i)
		}
		<-time.After(time.Second)
		synctest.Wait()
		for range burst {
			item, _ := q.TryGet()
			q.Done(item)
		}
		if kept, _ := q.Entries(); kept < burst {
			t.Errorf("%d of %d failures are remembered", kept, burst)
		}
		<-time.After(4 * time.Second)
		synctest.Wait()
		if kept, room := q.Entries(); kept > 10 || room > burst {
			t.Errorf("%d entries are kept, with room for %d", kept, room)
		}
	})
}

// Jitter makes delays longer, by no more than it says, and different.
func TestJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, o := range map[string]workqueue.Options[string]{
			"backoff": {Jitter: 0.5, Backoff: workqueue.Backoff{Base: 100 * time.Second}},
			"limiter": {Jitter: 0.5, Limiter: workqueue.NewExponentialLimiter[string](100*time.Second, 100*time.Second)},
		} {
			q := workqueue.NewRateLimiting(o)
			seen := map[time.Duration]bool{}
			for i := range 50 {
				d := ready(q, fmt.Sprint(i))
				if d < 100*time.Second || d > 150*time.Second {
					t.Errorf("%s: an item waited %v", name, d)
				}
				seen[d] = true
			}
			if len(seen) < 40 {
				t.Errorf("%s: 50 items waited only %d different times", name, len(seen))
			}
			q.ShutDown()
		}
	})
}

// With several limits the longest counts; a shorter After cuts it.
func TestTheLongestLimitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{
			Backoff: workqueue.Backoff{Base: 2 * time.Second, Max: time.Hour},
			Limiter: workqueue.NewFastSlowLimiter[string](3*time.Second, time.Second, 1),
		})
		defer q.ShutDown()
		got := []time.Duration{ready(q, "a"), ready(q, "a"), ready(q, "a")}
		if want := []time.Duration{3 * time.Second, 4 * time.Second, 8 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("delays are %v, expected %v", got, want)
		}
		q.AddWith(workqueue.AddOptions{RateLimited: true, After: time.Second, Priority: 7}, "a")
		at, _ := q.WhenReady("a")
		if got := time.Until(at); got != time.Second {
			t.Errorf("a shorter After gives %v", got)
		}
		if item, priority := take(t, &q.Queue); item != "a" || priority != 7 || q.NumRequeues("a") != 4 {
			t.Errorf("got %s of priority %d after %d failures", item, priority, q.NumRequeues("a"))
		}
	})
}

// Tokens are spent by items that run, at the rate of the bucket, and Q3 holds
// among those that wait for one.
func TestTokensAreSpentByItemsThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := rate.NewLimiter(1, 2)
		q := workqueue.NewRateLimiting(workqueue.Options[string]{Tokens: bucket, AddTakesDelay: true})
		defer q.ShutDown()
		begin := time.Now()
		var order []string
		var at []time.Duration
		for i := range 5 {
			q.AddRateLimited(fmt.Sprint(i))
		}
		for range 5 {
			item, _ := q.Get()
			order, at = append(order, item), append(at, time.Since(begin))
			q.Done(item)
		}
		s := time.Second
		if want := []time.Duration{0, 0, s, 2 * s, 3 * s}; !slices.Equal(at, want) {
			t.Errorf("items ran at %v, expected %v", at, want)
		}
		if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(order, want) {
			t.Errorf("items ran in the order %v", order)
		}
	})
}

// A token is not spent by an item that was merged away, cancelled or dropped,
// nor by one that was not rate limited.
func TestTokensAreNotSpentByItemsThatDoNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := rate.NewLimiter(rate.Every(time.Hour), 1)
		q := workqueue.NewRateLimiting(workqueue.Options[string]{
			Tokens: bucket, AddTakesDelay: true,
			Backoff: workqueue.Backoff{Base: time.Second, Max: time.Second},
		})
		q.AddRateLimited("merged")
		q.Add("merged")
		q.AddRateLimited("cancelled")
		q.Cancel("cancelled")
		q.AddAfter("not limited", time.Second)
		q.AddRateLimited("not limited") // later, so that it is not in effect
		<-time.After(2 * time.Second)
		synctest.Wait()
		if q.Len() != 2 || bucket.Tokens() != 1 {
			t.Errorf("%d items are ready and %v tokens are left", q.Len(), bucket.Tokens())
		}
		q.AddRateLimited("runs")
		<-time.After(time.Second)
		synctest.Wait()
		if q.Len() != 3 || bucket.Tokens() > 0.1 {
			t.Errorf("%d items are ready and %v tokens are left", q.Len(), bucket.Tokens())
		}
		q.AddRateLimited("dropped")
		<-time.After(2 * time.Second)
		q.ShutDown()
		if got := q.Stats(); got.Dropped != 1 {
			t.Errorf("Stats is %+v", got)
		}
	})
}

// A token is not spent by a failure whose delay ends while the item waits
// anyway, or will after Done: the two are merged.
func TestTokensAreNotSpentByItemsThatAreMergedAtTheEndOfTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := rate.NewLimiter(rate.Every(time.Hour), 2)
		q := workqueue.NewRateLimiting(workqueue.Options[string]{
			Tokens: bucket, Backoff: workqueue.Backoff{Base: time.Second},
		})
		defer q.ShutDown()
		q.Add("busy")
		q.Get()
		for _, item := range []string{"busy", "waits"} {
			q.AddRateLimited(item)
			q.Add(item)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if got := q.Stats(); bucket.Tokens() != 2 || got.Delayed != 0 {
			t.Errorf("%v tokens are left, Stats is %+v", bucket.Tokens(), got)
		}
		q.Done("busy")
		for _, want := range []string{"waits", "busy"} {
			if item, ok := q.TryGet(); item != want {
				t.Errorf("got %q, %v, expected %q", item, ok, want)
			}
		}
		// Items being processed that were not added again run because of it.
		for _, item := range []string{"waits", "busy"} {
			q.AddRateLimited(item)
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		if got := q.Stats(); bucket.Tokens() > 0.1 || got.Delayed != 0 {
			t.Errorf("%v tokens are left, Stats is %+v", bucket.Tokens(), got)
		}
	})
}

// Two queues share a limiter: what fails in one is delayed longer in the other.
func TestALimiterIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := workqueue.Options[string]{
			Limiter: workqueue.NewExponentialLimiter[string](time.Second, time.Hour),
		}
		one, two := workqueue.NewRateLimiting(o), workqueue.NewRateLimiting(o)
		defer one.ShutDown()
		defer two.ShutDown()
		got := []time.Duration{ready(one, "a"), ready(two, "a"), ready(one, "a")}
		if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("delays are %v, expected %v", got, want)
		}
		two.Forget("a")
		if n := one.NumRequeues("a"); n != 0 {
			t.Errorf("%d failures after Forget in the other queue", n)
		}
		// At once, from many goroutines.
		for range 10 {
			go one.AddRateLimited("b")
			go two.AddRateLimited("b")
		}
		synctest.Wait()
		if n := one.NumRequeues("b"); n != 20 {
			t.Errorf("%d of 20 failures were counted", n)
		}
	})
}

// Two queues share a bucket.
func TestABucketIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := rate.NewLimiter(1, 1)
		o := workqueue.Options[string]{Tokens: bucket}
		one, two := workqueue.NewRateLimiting(o), workqueue.NewRateLimiting(o)
		defer one.ShutDown()
		defer two.ShutDown()
		begin := time.Now()
		for i := range 5 {
			one.AddRateLimited(fmt.Sprint(i))
			two.AddRateLimited(fmt.Sprint(i))
		}
		<-time.After(4*time.Second + time.Millisecond)
		synctest.Wait()
		if n := one.Len() + two.Len(); n != 5 {
			t.Errorf("%d items ran in %v", n, time.Since(begin))
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if n := one.Len() + two.Len(); n != 10 {
			t.Errorf("only %d items ran in %v", n, time.Since(begin))
		}
	})
}

// Q6: nobody waits for the tokens of items that do not wait for them any more:
// they were merged with an addition, cancelled, or moved.
func TestNobodyWaitsBehindItemsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, leave := range map[string]func(q *workqueue.RateLimitingQueue[string], item string){
			"merged":    func(q *workqueue.RateLimitingQueue[string], item string) { q.Add(item) },
			"cancelled": func(q *workqueue.RateLimitingQueue[string], item string) { q.Cancel(item) },
			"moved": func(q *workqueue.RateLimitingQueue[string], item string) {
				q.Reschedule(item, 1000*time.Hour, workqueue.PendingReplace)
			},
			"not limited": func(q *workqueue.RateLimitingQueue[string], item string) {
				q.AddAfter(item, time.Nanosecond)
			},
		} {
			bucket := rate.NewLimiter(1, 1)
			q := workqueue.NewRateLimiting(workqueue.Options[string]{Tokens: bucket, AddTakesDelay: true})
			for i := range 100 {
				q.AddRateLimited(fmt.Sprint(i)) // the first has the token
			}
			for i := 1; i < 100; i++ {
				leave(q, fmt.Sprint(i))
			}
			<-time.After(10 * time.Second) // there is a token again
			q.AddRateLimited("has it")
			q.AddRateLimited("waits for the next")
			q.AddRateLimited("and waits for one more")
			for item, want := range map[string]time.Duration{"waits for the next": time.Second, "and waits for one more": 2 * time.Second} {
				at, ok := q.WhenReady(item)
				if got := time.Until(at); !ok || got != want {
					t.Errorf("%s: the item that %s waits for %v (%v), expected %v", name, item, got, ok, want)
				}
			}
			q.ShutDown()
		}
	})
}

// A bucket that is closed keeps items back, and does not keep the processor
// busy with it.
func TestAClosedBucketKeepsItemsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket := rate.NewLimiter(0, 0)
		q := workqueue.NewRateLimiting(workqueue.Options[string]{Tokens: bucket})
		defer q.ShutDown()
		q.AddRateLimited("a")
		<-time.After(time.Hour)
		synctest.Wait()
		if q.Len() != 0 {
			t.Error("an item ran without a token")
		}
		bucket.SetLimitAt(time.Now(), 1)
		bucket.SetBurstAt(time.Now(), 1)
		<-time.After(time.Minute)
		synctest.Wait()
		if q.Len() != 1 {
			t.Error("the item does not run although there are tokens")
		}
	})
}
