package queuetest

import (
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
)

var delayingChecks = []check{
	{"Q4 a delay never ends early", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("a", time.Second)
		pass(time.Second - time.Nanosecond)
		err := wantLen(q, 0)
		pass(time.Nanosecond)
		return first(err, wantItems(q, "a"))
	}},
	{"Q4 no delay is none", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("a", 0)
		q.AddAfter("b", -time.Second)
		return wantItems(q, "a", "b")
	}},
	{"Q4 the earliest delay counts", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("a", 3*time.Second)
		q.AddAfter("a", time.Second)
		q.AddAfter("a", 2*time.Second)
		pass(time.Second)
		err := wantItems(q, "a")
		q.Done("a")
		pass(time.Hour)
		return first(err, wantItems(q))
	}},
	{"Q4 an Add during the delay runs now and leaves the delay", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("a", time.Second)
		q.Add("a")
		err := wantItems(q, "a")
		q.Done("a")
		pass(time.Second)
		return first(err, wantItems(q, "a"))
	}},
	{"Q4 a delay that ends while processing brings the item back after Done", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.Add("a")
		err := wantItems(q, "a")
		q.AddAfter("a", time.Second)
		pass(time.Second)
		err = first(err, wantLen(q, 0))
		q.Done("a")
		return first(err, wantItems(q, "a"))
	}},
	{"Q4 a delay of centuries does not end at once", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("a", 1<<62)
		q.AddAfter("b", time.Second)
		pass(time.Hour)
		return wantItems(q, "b")
	}},
	{"Q3 delays end in the order of their ends", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		q.AddAfter("c", 3*time.Second)
		q.AddAfter("a", time.Second)
		q.AddAfter("b", 2*time.Second)
		pass(time.Minute)
		return wantItems(q, "a", "b", "c")
	}},
	{"Q3 delays that end together keep the order of the calls", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		var items []string
		for i := range 20 {
			items = append(items, fmt.Sprint(i))
			q.AddAfter(items[i], time.Second)
		}
		pass(time.Second)
		return wantItems(q, items...)
	}},
	{"Q5 delays are dropped by ShutDown", func(f Factory) error {
		q := f.Delaying()
		q.AddAfter("a", time.Second)
		q.ShutDown()
		q.AddAfter("b", time.Second)
		q.AddAfter("c", 0)
		pass(time.Hour)
		q.ShutDown()
		return first(wantItems(q), wantShutdown(get(q)))
	}},
	{"Q5 delays are dropped by ShutDownWithDrain", func(f Factory) error {
		q := f.Delaying()
		q.AddAfter("a", time.Second)
		q.Add("b")
		err := wantItems(q, "b")
		drain := started(q.ShutDownWithDrain)
		pass(time.Minute)
		early := drain.has()
		q.Done("b")
		<-drain.returned
		q.ShutDown()
		if early {
			return errors.New("ShutDownWithDrain returned while an item was being processed")
		}
		return first(err, wantItems(q), wantShutdown(get(q)))
	}},
	{"Q5 a second ShutDown ends ShutDownWithDrain too", func(f Factory) error {
		q := f.Delaying()
		q.Add("a")
		err := wantItems(q, "a")
		q.ShutDown()
		drain := started(q.ShutDownWithDrain)
		q.ShutDown()
		synctest.Wait()
		ended := drain.has()
		q.Done("a")
		<-drain.returned
		if !ended {
			return errors.New("ShutDownWithDrain goes on waiting after ShutDown")
		}
		return err
	}},
	{"Q7 no worker waits while delays have ended", func(f Factory) error {
		q := f.Delaying()
		for _, item := range []string{"a", "b", "c"} {
			q.AddAfter(item, time.Second)
		}
		workers := []*getter{get(q), get(q), get(q)}
		pass(time.Second)
		var err error
		for i, w := range workers {
			if !w.has() {
				err = fmt.Errorf("worker %d waits, and so do %d items", i, q.Len())
			}
		}
		q.ShutDown()
		return err
	}},
	{"Q7 AddAfter does not wait", func(f Factory) error {
		q := f.Delaying()
		defer q.ShutDown()
		adding := started(func() {
			for i := range 3000 {
				q.AddAfter(fmt.Sprint(i), time.Duration(i+1)*time.Millisecond)
			}
		})
		if !adding.has() {
			return errors.New("AddAfter waits")
		}
		pass(time.Minute)
		return wantLen(q, 3000)
	}},
}

var rateLimitingChecks = []check{
	{"Q4 AddRateLimited waits for as long as the limiter says", func(f Factory) error {
		q := f.RateLimiting(workqueue.NewExponentialLimiter[string](time.Second, time.Minute))
		defer q.ShutDown()
		var err error
		for i := range 3 {
			wait := time.Second << i
			q.AddRateLimited("a")
			pass(wait - 1)
			err = first(err, wantLen(q, 0))
			pass(1)
			err = first(err, wantItems(q, "a"), wantRequeues(q, i+1))
			q.Done("a")
		}
		q.Forget("a")
		err = first(err, wantRequeues(q, 0))
		q.AddRateLimited("a")
		pass(time.Second)
		return first(err, wantItems(q, "a"))
	}},
}

func wantRequeues(q workqueue.RateLimitingInterface[string], n int) error {
	if got := q.NumRequeues("a"); got != n {
		return fmt.Errorf("NumRequeues is %d, expected %d", got, n)
	}
	return nil
}

// pass lets time pass, and what it begins end.
func pass(d time.Duration) {
	synctest.Wait() // a queue may first have to hand a delay to a goroutine of its own
	<-time.After(d)
	synctest.Wait()
}
