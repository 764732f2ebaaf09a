package workqueue_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
	"golang.org/x/time/rate"
)

// TestANewFailureTakesNoPromisedToken proves Q6 for tokens: an item that was
// promised the next token gets it, whoever fails between.
func TestANewFailureTakesNoPromisedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{Tokens: rate.NewLimiter(1, 1)})
		defer q.ShutDown()
		began := time.Now()
		fail := func(at time.Duration, item string) {
			<-time.After(time.Until(began.Add(at)))
			q.AddRateLimited(item)
			synctest.Wait()
		}
		got := map[string]time.Duration{}
		go func() {
			for {
				item, down := q.Get()
				if down {
					return
				}
				got[item] = time.Since(began)
				q.Done(item)
			}
		}()
		fail(0, "first")
		fail(100*time.Millisecond, "promised")
		fail(1050*time.Millisecond, "new")
		<-time.After(5 * time.Second)
		synctest.Wait()
		if got["first"] != 0 || got["promised"] != 1100*time.Millisecond || got["new"] != 2100*time.Millisecond {
			t.Errorf("items ran at %v", got)
		}
	})
}

// TestADelayThatWasMovedIsTheLastOfItsTime proves Q3: delays that end at the same
// moment end in the order in which they were asked for, and moving one asks anew.
func TestADelayThatWasMovedIsTheLastOfItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewDelaying(workqueue.Options[string]{})
		defer q.ShutDown()
		q.AddAfter("moved", 10*time.Second)
		q.AddAfter("stays", 5*time.Second)
		q.AddAfter("moved", 5*time.Second)
		<-time.After(6 * time.Second)
		synctest.Wait()
		first, _ := q.Get()
		second, _ := q.Get()
		if first != "stays" || second != "moved" {
			t.Errorf("%q came before %q", first, second)
		}
	})
}
