package workqueue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/informant-go/informant/workqueue"
)

// A worker takes a key, works on it and gives it back.
func Example() {
	q := workqueue.New(workqueue.Options[string]{Name: "pods"})
	q.Add("default/web")
	q.Add("default/db")
	q.Add("default/web") // waits already

	var workers sync.WaitGroup
	workers.Go(func() {
		for {
			key, err := q.GetContext(context.Background())
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println("working on", key)
			q.Done(key)
		}
	})
	q.ShutDown() // what is queued is still worked on
	workers.Wait()
	// Output:
	// working on default/web
	// working on default/db
	// workqueue: the queue is shut down: stop what works on it or adds to it
}

// Run is the loop of a controller: workers, retries, and an orderly end.
func ExampleRun() {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{Name: "pods"})
	q.Add("default/web")
	failed := false
	reconcile := func(_ context.Context, key string) error {
		if !failed {
			failed = true
			return errors.New("not yet") // it is tried again, later each time
		}
		fmt.Println(key, "succeeded after", q.NumRequeues(key), "failure")
		q.ShutDown() // what waits would be finished; the end of the context would drop it
		return nil
	}
	err := workqueue.Run(context.Background(), q, 2, reconcile, workqueue.RunOptions[string]{
		OnError: func(_ context.Context, key string, err error) { fmt.Println(key, "failed:", err) },
	})
	fmt.Println(err)
	// Output:
	// default/web failed: not yet
	// default/web succeeded after 1 failure
	// <nil>
}

// Work can ask to be called again, which is no failure, and say when a failure is
// to be tried again.
func ExampleAfter() {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{})
	q.Add("default/web")
	calls := 0
	_ = workqueue.Run(context.Background(), q, 1, func(_ context.Context, key string) error {
		switch calls++; calls {
		case 1:
			return workqueue.After(time.Millisecond, nil)
		case 2:
			fmt.Println(q.NumRequeues(key), "failures")
			return fmt.Errorf("scaling: %w", workqueue.After(time.Millisecond, errors.New("too many requests")))
		}
		fmt.Println(q.NumRequeues(key), "failure")
		q.ShutDown()
		return nil
	}, workqueue.RunOptions[string]{OnError: func(_ context.Context, _ string, err error) { fmt.Println(err) }})
	// Output:
	// 0 failures
	// scaling: workqueue: the key is to be worked on again after 1ms: too many requests
	// 1 failure
}

// A key that fails is tried again, later each time.
func ExampleRateLimitingQueue() {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{
		Limiter: workqueue.NewExponentialLimiter[string](time.Millisecond, time.Second),
	})
	defer q.ShutDown()
	work := func(string) error {
		if q.NumRequeues("default/web") < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	q.Add("default/web")
	for {
		key, _ := q.Get()
		err := work(key)
		if err == nil {
			fmt.Println("succeeded after", q.NumRequeues(key), "failures")
			q.Forget(key)
			q.Done(key)
			return
		}
		q.AddRateLimited(key)
		q.Done(key)
	}
	// Output: succeeded after 3 failures
}

// A queue can count failures itself, so that those of keys that are never seen
// again do not stay for ever, and spread what failed together.
func ExampleBackoff() {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{
		Backoff: workqueue.Backoff{Base: time.Millisecond, Max: time.Second, Expire: time.Hour},
		Jitter:  0.1,
		Tokens:  rate.NewLimiter(100, 10), // no more than that many retries a second
	})
	attempts := 0
	reconcile := func(string) error {
		if attempts++; attempts < 4 {
			return errors.New("not yet")
		}
		return nil
	}
	q.Add("default/web")
	for !q.ShuttingDown() {
		key, err := q.GetContext(context.Background())
		if err != nil {
			return
		}
		if err := reconcile(key); err != nil {
			q.AddRateLimited(key)
		} else {
			fmt.Println(key, "succeeded after", q.NumRequeues(key), "failures")
			q.Forget(key)
			q.ShutDown()
		}
		q.Done(key)
	}
	// Output: default/web succeeded after 3 failures
}

// A pending delay can be seen, moved and taken back.
func ExampleDelayingQueue() {
	q := workqueue.NewDelaying(workqueue.Options[string]{})
	defer q.ShutDown()
	q.AddAfter("lease/a", time.Hour)
	q.AddAfter("lease/b", time.Hour)
	q.Reschedule("lease/a", time.Millisecond, workqueue.PendingEarliest)
	fmt.Println("cancelled:", q.Cancel("lease/b"))
	key, _ := q.Get()
	q.Done(key)
	_, pending := q.WhenReady("lease/a")
	fmt.Println(key, "is ready; still pending:", pending)
	// Output:
	// cancelled: true
	// lease/a is ready; still pending: false
}

// The keys of the initial list can wait until what changes now has been seen
// to. Aging sees to it that they do not wait for ever.
func ExampleQueue_AddPriority() {
	q := workqueue.New(workqueue.Options[string]{})
	q.AddPriority("listed/1", -100)
	q.AddPriority("listed/2", -100)
	q.Add("changed/1")
	for q.Len() > 0 {
		key, priority, _ := q.GetPriority()
		fmt.Println(key, priority)
		q.Done(key)
	}
	// Output:
	// changed/1 0
	// listed/1 -100
	// listed/2 -100
}

// Namespaces share the workers, however much one of them has to do.
func ExampleOptions_group() {
	q := workqueue.New(workqueue.Options[string]{Group: namespace})
	for i := range 3 {
		q.Add(fmt.Sprintf("busy/%d", i))
	}
	q.Add("calm/0")
	for q.Len() > 0 {
		key, _ := q.Get()
		fmt.Println(key)
		q.Done(key)
	}
	// Output:
	// busy/0
	// calm/0
	// busy/1
	// busy/2
}

// A program that ends lets its workers finish.
func ExampleQueue_ShutDownWithDrain() {
	q := workqueue.NewDelaying(workqueue.Options[int]{})
	var mu sync.Mutex
	sum := 0
	for range 3 {
		go func() {
			for {
				n, shutdown := q.Get()
				if shutdown {
					return
				}
				mu.Lock()
				sum += n
				mu.Unlock()
				q.Done(n)
			}
		}()
	}
	for n := range 101 {
		q.Add(n)
	}
	q.AddAfter(1000, time.Hour)
	q.ShutDownWithDrain()
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(sum, "with", q.Stats().Dropped, "dropped")
	// Output: 5050 with 1 dropped
}

// The upper layers work over a queue of another make.
func ExampleNewDelayingOver() {
	var below workqueue.Interface[string] = workqueue.New(workqueue.Options[string]{}) // or client-go's
	q := workqueue.NewRateLimitingOver(
		workqueue.NewDelayingOver(below, workqueue.Options[string]{}),
		workqueue.DefaultItemLimiter[string](),
	)
	defer q.ShutDown()
	q.AddRateLimited("default/web")
	key, _ := below.Get()
	fmt.Println(key, q.NumRequeues(key))
	below.Done(key)
	// Output: default/web 1
}

// A worker that handles many keys at a time takes what there is.
func ExampleQueue_GetBatch() {
	q := workqueue.New(workqueue.Options[string]{})
	for _, key := range []string{"a", "b", "c"} {
		q.Add(key)
	}
	batch := make([]string, 10)
	n, err := q.GetBatch(context.Background(), batch)
	fmt.Println(batch[:n], err)
	for _, key := range batch[:n] {
		q.Done(key)
	}
	// Output: [a b c] <nil>
}
