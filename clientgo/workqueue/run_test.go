package workqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/util/workqueue"

	informant "github.com/informant-go/informant/workqueue"
)

// Q8: Run works the same on our queues, on those under client-go's names and on
// client-go's own, and ends the same way.
func TestQ8RunOnQueuesOfEachMake(t *testing.T) {
	limiter := func() informant.RateLimiter[string] {
		return workqueue.NewTypedItemExponentialFailureRateLimiter[string](time.Second, 10*time.Second)
	}
	for name, newQueue := range map[string]func() informant.RateLimitingInterface[string]{
		"ours": func() informant.RateLimitingInterface[string] {
			return informant.NewRateLimiting(informant.Options[string]{Limiter: limiter()})
		},
		"ours by client-go's name": func() informant.RateLimitingInterface[string] { return NewTypedRateLimitingQueue(limiter()) },
		"client-go's":              func() informant.RateLimitingInterface[string] { return workqueue.NewTypedRateLimitingQueue(limiter()) },
		"our layer over client-go's": func() informant.RateLimitingInterface[string] {
			return informant.NewRateLimitingOver(workqueue.NewTypedDelayingQueue[string](), limiter())
		},
	} {
		for _, finish := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, finish), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { checkRun(t, newQueue(), finish) })
			})
		}
	}
}

// checkRun works on three keys. At the end three more wait behind a fourth, which a
// shutdown of the queue finishes and the end of the context does not.
func checkRun(t *testing.T, queue informant.RateLimitingInterface[string], finish bool) {
	failure := errors.New("not yet")
	results := map[string][]error{
		"fails":  {failure, failure},
		"delays": {informant.After(5*time.Second, nil)},
		"busy":   {informant.After(30*time.Second, failure)},
	}
	begin := time.Now()
	var worked []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- informant.Run(ctx, queue, 1, func(ctx context.Context, key string) error {
			worked = append(worked, fmt.Sprint(key, " ", time.Since(begin)))
			if key == "last" {
				<-time.After(time.Minute)
			}
			if len(results[key]) == 0 {
				return nil
			}
			err := results[key][0]
			results[key] = results[key][1:]
			return err
		}, informant.RunOptions[string]{OnError: func(context.Context, string, error) {}})
	}()
	for _, key := range []string{"fails", "delays", "busy"} {
		queue.Add(key)
	}
	<-time.After(time.Minute)
	for _, key := range []string{"last", "1", "2", "3"} {
		queue.Add(key)
	}
	synctest.Wait()
	want := []string{"fails 0s", "delays 0s", "busy 0s", "fails 1s", "fails 3s", "delays 5s", "busy 30s", "last 1m0s"}
	if finish {
		queue.ShutDown()
		want = append(want, "1 2m0s", "2 2m0s", "3 2m0s")
	} else {
		cancel()
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !slices.Equal(worked, want) {
		t.Errorf("worked on %q, want %q", worked, want)
	}
	if !queue.ShuttingDown() || queue.Len() != 0 {
		t.Errorf("shut down: %v, %d keys wait", queue.ShuttingDown(), queue.Len())
	}
}
