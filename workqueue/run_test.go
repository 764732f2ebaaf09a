package workqueue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"github.com/informant-go/informant/workqueue"
)

// scribe is a queue of another make that writes down the calls about a key.
type scribe struct {
	workqueue.RateLimitingInterface[string]
	mu    sync.Mutex
	calls []string
}

func (s *scribe) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *scribe) Get() (string, bool) {
	key, shutdown := s.RateLimitingInterface.Get()
	if !shutdown {
		s.note("Get")
	}
	return key, shutdown
}

func (s *scribe) Done(key string)           { s.note("Done"); s.RateLimitingInterface.Done(key) }
func (s *scribe) Forget(key string)         { s.note("Forget"); s.RateLimitingInterface.Forget(key) }
func (s *scribe) AddRateLimited(key string) { s.note("AddRateLimited") }
func (s *scribe) AddAfter(_ string, d time.Duration) {
	s.note(fmt.Sprint("AddAfter ", d))
}

// always is work with one result.
func always(err error) func(context.Context, string) error {
	return func(context.Context, string) error { return err }
}

// unheard are options without a log.
func unheard() workqueue.RunOptions[string] {
	return workqueue.RunOptions[string]{OnError: func(context.Context, string, error) {}}
}

// begin runs Run, and returns what it will return.
func begin(t *testing.T, ctx context.Context, q workqueue.RateLimitingInterface[string], workers int, work func(context.Context, string) error, o workqueue.RunOptions[string]) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- workqueue.Run(ctx, q, workers, work, o) }()
	synctest.Wait()
	return ended
}

// hasEnded checks that Run has returned nil.
func hasEnded(t *testing.T, ended <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
	default:
		t.Fatal("Run has not returned")
	}
}

var errWork = errors.New("no such node")

// Q8: the result of the work decides which calls follow, and Done is the last.
func TestQ8WhatTheResultDoes(t *testing.T) {
	minute := workqueue.After(time.Minute, nil)
	for name, c := range map[string]struct {
		result   error
		want     string
		reported bool
	}{
		"success":                      {nil, "Get Forget Done", false},
		"failure":                      {errWork, "Get AddRateLimited Done", true},
		"delay":                        {minute, "Get Forget AddAfter 1m0s Done", false},
		"wrapped delay":                {fmt.Errorf("waiting: %w", minute), "Get Forget AddAfter 1m0s Done", false},
		"delay of a delay":             {workqueue.After(time.Second, minute), "Get Forget AddAfter 1s Done", false},
		"negative delay":               {workqueue.After(-1, nil), "Get Forget AddAfter 0s Done", false},
		"failure with delay":           {workqueue.After(time.Minute, errWork), "Get AddAfter 1m0s Done", true},
		"wrapped failure with delay":   {fmt.Errorf("w: %w", workqueue.After(time.Minute, errWork)), "Get AddAfter 1m0s Done", true},
		"failure with no delay":        {workqueue.After(0, errWork), "Get AddRateLimited Done", true},
		"joined delays":                {errors.Join(minute, workqueue.After(time.Second, nil)), "Get Forget AddAfter 1s Done", false},
		"delay joined with a failure":  {errors.Join(minute, errWork), "Get AddAfter 1m0s Done", true},
		"failure joined with a delay":  {fmt.Errorf("%w, %w", errWork, minute), "Get AddAfter 1m0s Done", true},
		"panic with a delay":           {&workqueue.PanicError{Value: minute}, "Get AddRateLimited Done", true},
		"wrapped error":                {fmt.Errorf("w: %w", errWork), "Get AddRateLimited Done", true},
		"wrapper of nothing":           {hollow{}, "Get AddRateLimited Done", true},
		"end of a context of the work": {context.DeadlineExceeded, "Get AddRateLimited Done", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := &scribe{RateLimitingInterface: workqueue.NewRateLimiting(workqueue.Options[string]{})}
				var reported []error
				o := workqueue.RunOptions[string]{OnError: func(_ context.Context, key string, err error) {
					if key != "a" {
						t.Errorf("the key is %q", key)
					}
					reported = append(reported, err)
				}}
				ended := begin(t, t.Context(), q, 1, always(c.result), o)
				q.Add("a")
				synctest.Wait()
				q.ShutDown()
				hasEnded(t, ended)
				if got := strings.Join(q.calls, " "); got != c.want {
					t.Errorf("calls: %s, want %s", got, c.want)
				}
				if got := len(reported) == 1 && errors.Is(reported[0], c.result); got != c.reported || len(reported) > 1 {
					t.Errorf("reported: %v", reported)
				}
			})
		})
	}
}

// hollow wraps nothing.
type hollow struct{}

func (hollow) Error() string { return "hollow" }
func (hollow) Unwrap() error { return nil }

// Q8: what After asks for of each kind of queue: the delay is exact, and a failure is
// counted where it can be.
func TestQ8AfterAndTheCountOfFailures(t *testing.T) {
	limiter := func() workqueue.RateLimiter[string] {
		return workqueue.NewExponentialLimiter[string](time.Second, time.Hour)
	}
	type queue = workqueue.RateLimitingInterface[string]
	own := func(o workqueue.Options[string]) func() queue {
		return func() queue { return workqueue.NewRateLimiting(o) }
	}
	for name, c := range map[string]struct {
		make   func() queue
		counts bool
	}{
		"limiter":                {own(workqueue.Options[string]{Limiter: limiter()}), true},
		"backoff":                {own(workqueue.Options[string]{Backoff: workqueue.Backoff{Base: time.Second, Max: time.Hour}, Jitter: 0.5}), true},
		"backoff that is longer": {own(workqueue.Options[string]{Backoff: workqueue.Backoff{Base: time.Hour, Max: time.Hour}}), true},
		"layer": {func() queue {
			return workqueue.NewRateLimitingOver(workqueue.NewDelaying(workqueue.Options[string]{}), limiter())
		}, true},
		"foreign": {func() queue { return struct{ queue }{own(workqueue.Options[string]{Limiter: limiter()})()} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, start := c.make(), time.Now()
				var at []time.Duration
				ended := begin(t, t.Context(), q, 2, func(context.Context, string) error {
					at = append(at, time.Since(start))
					switch len(at) {
					case 1, 2:
						return workqueue.After(time.Minute, errWork)
					case 3:
						if n := q.NumRequeues("a"); c.counts && n != 2 || !c.counts && n != 0 {
							t.Errorf("%d failures are counted", n)
						}
						return workqueue.After(time.Minute, nil)
					case 4:
						if n := q.NumRequeues("a"); n != 0 {
							t.Errorf("%d failures are counted after none", n)
						}
					}
					return nil
				}, unheard())
				q.Add("a")
				<-time.After(time.Hour)
				q.ShutDown()
				hasEnded(t, ended)
				want := []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}
				if !slices.Equal(at, want) {
					t.Errorf("worked on at %v, want %v", at, want)
				}
			})
		})
	}
}

// Q8: the end of the context ends Run once the work in progress has returned. What
// waits and what is delayed is dropped, and somebody who drains the queue is let go.
func TestQ8TheEndOfTheContextDropsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{OnMisuse: func(err *workqueue.MisuseError) { t.Error(err) }})
		for i := range 100 {
			q.Add(fmt.Sprint(i))
		}
		q.AddAfter("later", time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var worked atomic.Int32
		release := make(chan struct{})
		var told atomic.Int32
		ended := begin(t, ctx, q, 3, func(ctx context.Context, _ string) error {
			worked.Add(1)
			<-ctx.Done()
			<-release // it takes its time
			return ctx.Err()
		}, workqueue.RunOptions[string]{OnError: func(context.Context, string, error) { told.Add(1) }})
		cancel()
		synctest.Wait() // the queue is shut down, which would end a drain that waits (Q5)
		drained := make(chan struct{})
		go func() {
			q.ShutDownWithDrain()
			close(drained)
		}()
		synctest.Wait()
		select {
		case <-ended:
			t.Fatal("Run returned although its work has not")
		case <-drained:
			t.Fatal("the queue is drained although work goes on")
		default:
		}
		close(release)
		hasEnded(t, ended)
		<-drained
		if worked.Load() != 3 || told.Load() != 0 {
			t.Errorf("worked on %d keys, %d errors were reported", worked.Load(), told.Load())
		}
		if s := q.Stats(); s != (workqueue.Stats{Dropped: 1}) {
			t.Errorf("Stats is %+v", s)
		}
	})
}

// Q8: an error that has nothing to do with the end of the context is reported also
// then; with a cause, what says so is not.
func TestQ8ErrorsAtTheEndOfTheContext(t *testing.T) {
	cause := errors.New("the lease is lost")
	for result, want := range map[error]int{errWork: 1, context.Canceled: 0, cause: 0, fmt.Errorf("list: %w", cause): 0} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			q := workqueue.NewRateLimiting(workqueue.Options[string]{})
			q.Add("a")
			told := 0
			ended := begin(t, ctx, q, 1, func(ctx context.Context, _ string) error {
				<-ctx.Done()
				return result
			}, workqueue.RunOptions[string]{OnError: func(context.Context, string, error) { told++ }})
			cancel(cause)
			hasEnded(t, ended)
			if told != want {
				t.Errorf("%v was reported %d times, want %d", result, told, want)
			}
		})
	}
}

// Q8: a queue that somebody shuts down is finished, under a context that has not
// ended; what fails meanwhile is reported, and not tried again.
func TestQ8AShutdownFinishesWhatWaits(t *testing.T) {
	for name, shut := range map[string]func(*workqueue.RateLimitingQueue[string]){
		"ShutDown":          (*workqueue.RateLimitingQueue[string]).ShutDown,
		"ShutDownWithDrain": (*workqueue.RateLimitingQueue[string]).ShutDownWithDrain,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := workqueue.NewRateLimiting(workqueue.Options[string]{OnMisuse: func(err *workqueue.MisuseError) { t.Error(err) }})
				for i := range 10 {
					q.Add(fmt.Sprint(i))
				}
				var worked, told atomic.Int32
				ended := begin(t, t.Context(), q, 2, func(ctx context.Context, key string) error {
					<-time.After(time.Second)
					worked.Add(1)
					switch {
					case ctx.Err() != nil:
						t.Error("the context has ended")
					case key == "7":
						return errWork
					case key == "8":
						return workqueue.After(time.Second, nil)
					}
					return nil
				}, workqueue.RunOptions[string]{OnError: func(context.Context, string, error) { told.Add(1) }})
				go shut(q)
				<-time.After(time.Minute)
				hasEnded(t, ended)
				if worked.Load() != 10 || told.Load() != 1 {
					t.Errorf("worked on %d keys, %d errors were reported", worked.Load(), told.Load())
				}
				if s := q.Stats(); s != (workqueue.Stats{}) {
					t.Errorf("Stats is %+v", s)
				}
			})
		})
	}
}

// Q8: work may shut its queue down itself, and Run of a queue that is shut down, or
// with a context that has ended, returns at once.
func TestQ8EndsFromInsideAndBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{})
		q.Add("a")
		ended := begin(t, t.Context(), q, 4, func(context.Context, string) error { q.ShutDown(); return errWork }, unheard())
		hasEnded(t, ended)
		hasEnded(t, begin(t, t.Context(), q, 4, always(errWork), unheard()))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		q = workqueue.NewRateLimiting(workqueue.Options[string]{})
		q.Add("a")
		hasEnded(t, begin(t, ctx, q, 4, func(context.Context, string) error {
			t.Error("a key was worked on")
			return nil
		}, unheard()))
		if !q.ShuttingDown() || q.Len() != 0 {
			t.Errorf("shut down: %v, %d keys wait", q.ShuttingDown(), q.Len())
		}
	})
}

// Q8: with RecoverPanics a panic is a failure of its key alone.
func TestQ8PanicsAreRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{})
		q.Add("bad")
		q.Add("good")
		var told []error
		tries := map[string]int{}
		ended := begin(t, t.Context(), q, 1, func(_ context.Context, key string) error {
			if tries[key]++; key == "bad" && tries[key] == 1 {
				panic(errWork)
			}
			return nil
		}, workqueue.RunOptions[string]{
			RecoverPanics: true,
			OnError:       func(_ context.Context, _ string, err error) { told = append(told, err) },
		})
		<-time.After(time.Minute)
		q.ShutDown()
		hasEnded(t, ended)
		if tries["bad"] != 2 || tries["good"] != 1 {
			t.Errorf("worked on: %v", tries)
		}
		var p *workqueue.PanicError
		if len(told) != 1 || !errors.As(told[0], &p) || !errors.Is(told[0], errWork) {
			t.Fatalf("reported: %v", told)
		}
		if text := p.Error(); !strings.HasPrefix(text, "workqueue: ") || !strings.Contains(text, "TestQ8PanicsAreRecovered") {
			t.Errorf("%q does not say where", text)
		}
	})
}

// Q8: without RecoverPanics a panic ends the process.
func TestQ8PanicsEndTheProcess(t *testing.T) {
	if os.Getenv("WORKQUEUE_RUN_PANICS") != "" {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{})
		q.Add("bad")
		_ = workqueue.Run(t.Context(), q, 1, func(context.Context, string) error { panic("the work is broken") }, unheard())
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestQ8PanicsEndTheProcess$")
	cmd.Env = append(os.Environ(), "WORKQUEUE_RUN_PANICS=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: the work is broken") {
		t.Errorf("the process ended with %v and said:\n%s", err, out)
	}
}

// Q8: work that ends its goroutine gives its key back, as a failure, and costs no
// worker.
func TestQ8WorkThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewRateLimiting(workqueue.Options[string]{})
		q.Add("ends")
		q.Add("good")
		tries := map[string]int{}
		ended := begin(t, t.Context(), q, 1, func(_ context.Context, key string) error {
			if tries[key]++; key == "ends" && tries[key] < 3 {
				runtime.Goexit()
			}
			return nil
		}, unheard())
		<-time.After(time.Minute)
		synctest.Wait()
		if s := q.Stats(); s != (workqueue.Stats{}) || tries["ends"] != 3 || tries["good"] != 1 {
			t.Errorf("worked on: %v, Stats is %+v", tries, s)
		}
		q.ShutDown()
		hasEnded(t, ended)
	})
}

// A key that fails keeps its priority: it does not overtake what came after it and
// is more urgent.
func TestRunKeepsPriorities(t *testing.T) {
	for name, result := range map[string]error{
		"failure":            errWork,
		"delay":              workqueue.After(5*time.Millisecond, nil),
		"failure with delay": workqueue.After(5*time.Millisecond, errWork),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := workqueue.NewRateLimiting(workqueue.Options[string]{})
				q.AddPriority("low", -100)
				var order []string
				ended := begin(t, t.Context(), q, 1, func(_ context.Context, key string) error {
					order = append(order, key)
					switch {
					case len(order) == 1:
						q.Add("long")
						return result
					case key == "long":
						<-time.After(time.Second) // low is ready again
						q.Add("urgent")
					}
					return nil
				}, unheard())
				<-time.After(time.Minute)
				q.ShutDown()
				hasEnded(t, ended)
				if want := []string{"low", "long", "urgent", "low"}; !slices.Equal(order, want) {
					t.Errorf("worked on %v, want %v", order, want)
				}
			})
		})
	}
}

// Q1, Q8: many workers over many keys, of which some fail, some ask for a delay and
// some panic: no key is with two of them, and each succeeds in the end.
func TestQ8ManyWorkersFinishEveryKey(t *testing.T) {
	const keys, workers = 500, 8
	q := workqueue.NewRateLimiting(workqueue.Options[int]{
		Limiter: workqueue.NewExponentialLimiter[int](time.Microsecond, time.Millisecond),
	})
	var busy [keys]atomic.Bool
	var left sync.WaitGroup
	left.Add(keys)
	var succeeded [keys]atomic.Bool
	ended := make(chan error, 1)
	go func() {
		ended <- workqueue.Run(t.Context(), q, workers, func(_ context.Context, key int) error {
			if busy[key].Swap(true) {
				t.Errorf("key %d is with two workers", key)
			}
			defer busy[key].Store(false)
			switch rand.IntN(5) {
			case 0:
				return errWork
			case 1:
				return workqueue.After(time.Microsecond, nil)
			case 2:
				return workqueue.After(time.Microsecond, errWork)
			case 3:
				panic(key)
			}
			if !succeeded[key].Swap(true) {
				left.Done()
			}
			return nil
		}, workqueue.RunOptions[int]{RecoverPanics: true, OnError: func(context.Context, int, error) {}})
	}()
	for key := range keys {
		q.Add(key)
	}
	left.Wait()
	q.ShutDownWithDrain()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s := q.Stats(); s.Waiting+s.Processing+s.Delayed != 0 {
		t.Errorf("Stats is %+v", s)
	}
}

// Without OnError an error is logged, with its key and the number of its failures.
func TestRunLogsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
		q := workqueue.NewRateLimiting(workqueue.Options[string]{})
		ended := begin(t, klog.NewContext(t.Context(), logger), q, 1, func(context.Context, string) error {
			q.ShutDown()
			return errWork
		}, workqueue.RunOptions[string]{})
		q.Add("default/web")
		hasEnded(t, ended)
		for _, want := range []string{"default/web", errWork.Error(), "failures=0"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("the log does not say %s: %s", want, out.String())
			}
		}
	})
}

// What Run cannot use is refused before the queue is touched.
func TestRunRefuses(t *testing.T) {
	q := workqueue.NewRateLimiting(workqueue.Options[string]{})
	type queue = workqueue.RateLimitingInterface[string]
	for name, c := range map[string]struct {
		queue   queue
		workers int
		work    func(context.Context, string) error
		want    error
	}{
		"nil queue":            {nil, 1, always(nil), workqueue.ErrNoQueue},
		"nil pointer as queue": {(*workqueue.RateLimitingQueue[string])(nil), 1, always(nil), workqueue.ErrNoQueue},
		"nil work":             {q, 1, nil, workqueue.ErrNoWork},
		"no workers":           {q, 0, always(nil), workqueue.ErrNoWorkers},
		"less than none":       {q, -1, always(nil), workqueue.ErrNoWorkers},
	} {
		err := workqueue.Run(t.Context(), c.queue, c.workers, c.work, unheard())
		if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "workqueue: ") {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if q.ShuttingDown() {
		t.Error("the queue is shut down")
	}
}

// The errors say what they are about, and can be asked for what failed.
func TestAfterErrors(t *testing.T) {
	var after *workqueue.AfterError
	if err := fmt.Errorf("w: %w", workqueue.After(time.Second, errWork)); !errors.As(err, &after) || after.Delay != time.Second || !errors.Is(err, errWork) {
		t.Errorf("%v is no AfterError of a second", err)
	}
	for err, want := range map[error]string{
		workqueue.After(time.Second, nil):     "workqueue: the key is to be worked on again after 1s",
		workqueue.After(time.Second, errWork): "workqueue: the key is to be worked on again after 1s: no such node",
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
