package workqueue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"github.com/informant-go/informant/internal/nils"
)

// RunOptions are the options of Run. The zero value logs errors, and lets panics
// end the process.
type RunOptions[T comparable] struct {
	// OnError is called with each error that is a failure of its key, see Run, by
	// the worker, before the key is given back. It may use the queue; it must not
	// call Done. nil is to log the error with the logger of ctx.
	OnError func(ctx context.Context, key T, err error)

	// RecoverPanics makes a panic of work a failure of its key, with a *PanicError,
	// and the worker goes on. Without it a panic ends the process, as that of any
	// goroutine does. It does not cover OnError.
	RecoverPanics bool
}

// Run works on the keys of queue: each of so many workers gets a key, calls work
// with it and gives it back, until ctx ends or the queue is shut down. It returns
// when all workers have (Q8).
//
// What work returns decides what becomes of its key:
//
//   - nil forgets the failures of the key.
//   - An error is a failure: it is reported, see RunOptions.OnError, and the key is
//     added again by AddRateLimited.
//   - After(d, nil), wrapped or not, is no failure and asks for a delay: the failures
//     are forgotten, and the key is added again after d.
//   - After(d, err) is a failure for which the delay is d, whatever the limiter says.
//     It is counted where that can be done without a delay: by a RateLimitingQueue or
//     a Limited. Another queue neither counts nor forgets then.
//
// A key that was added while work had it is worked on once more in its turn,
// whatever work returned. A *RateLimitingQueue adds a key again with the priority
// with which it came.
//
// There are two ways to end, and nil is returned for both. Shutting the queue down,
// by anybody, finishes: what waits is worked on, under a ctx that has not ended;
// what fails meanwhile is reported and not tried again, and delays are dropped (Q5).
// The end of ctx stops, which is what a controller wants that may not write any
// more, after the loss of its lease for instance: Run shuts the queue down, work
// sees that its ctx has ended, and the keys that wait are given back without being
// worked on, so that a ShutDownWithDrain ends too. An error that work returns
// because ctx has ended is not reported. To finish within a time, call
// ShutDownWithDrain and end ctx when the time is over, which ends that wait too (Q5). Work that does not heed its
// ctx holds up Run for as long as it takes.
//
// The errors are ErrNoQueue, ErrNoWork and ErrNoWorkers for a nil queue, a nil work
// and workers that are not positive; the queue is not touched then. ctx must not be
// nil. Several Runs may share a queue; the first whose ctx ends shuts it down. It
// corresponds to the loop that users of client-go write themselves around
// processNextWorkItem.
func Run[T comparable](ctx context.Context, queue RateLimitingInterface[T], workers int, work func(ctx context.Context, key T) error, o RunOptions[T]) error {
	switch {
	case nils.Is(queue):
		return ErrNoQueue
	case work == nil:
		return ErrNoWork
	case workers <= 0:
		return ErrNoWorkers
	}
	l := &loop[T]{ctx: ctx, queue: queue, handle: handleOf(queue), work: work, RunOptions: o}
	over := make(chan struct{})
	var end sync.WaitGroup
	end.Go(func() {
		select {
		case <-ctx.Done():
			queue.ShutDown() // wakes the workers, and they drop what waits
		case <-over:
		}
	})
	for range workers {
		l.workers.Go(l.worker)
	}
	l.workers.Wait()
	close(over)
	end.Wait()
	return nil
}

// loop is one Run.
type loop[T comparable] struct {
	RunOptions[T]
	ctx     context.Context
	queue   RateLimitingInterface[T]
	handle  handle[T]
	work    func(context.Context, T) error
	workers sync.WaitGroup
}

// worker works until the queue is shut down and empty. Work that ends its goroutine,
// by runtime.Goexit, costs no worker: another one takes its place.
func (l *loop[T]) worker() {
	over := false
	defer func() {
		if !over {
			l.workers.Go(l.worker)
		}
	}()
	for {
		key, priority, shutdown := l.handle.get()
		if shutdown {
			break
		}
		l.process(key, priority)
	}
	over = true
}

// errUnfinished is the error of work that ended its goroutine.
var errUnfinished = errors.New("workqueue: the work did not return")

// process works on key and gives it back, whatever the work does. Forget and the
// additions come before Done: the queue keeps the key from other workers until then.
func (l *loop[T]) process(key T, priority int) {
	defer l.queue.Done(key)
	if l.ctx.Err() != nil {
		return
	}
	err := errUnfinished
	defer func() { l.settle(key, priority, judge(err)) }()
	err = l.call(key)
	if judge(err).failed && !l.ended(err) {
		l.report(key, err)
	}
}

// call calls work.
func (l *loop[T]) call(key T) (err error) {
	if l.RecoverPanics {
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
	}
	return l.work(l.ctx, key)
}

// ended reports whether err says that the context has ended.
func (l *loop[T]) ended(err error) bool {
	return l.ctx.Err() != nil && (errors.Is(err, l.ctx.Err()) || errors.Is(err, context.Cause(l.ctx)))
}

func (l *loop[T]) report(key T, err error) {
	if l.OnError != nil {
		l.OnError(l.ctx, key, err)
		return
	}
	klog.FromContext(l.ctx).Error(err, "Work on a key failed", "key", key, "failures", l.queue.NumRequeues(key))
}

// settle decides what becomes of key.
func (l *loop[T]) settle(key T, priority int, v verdict) {
	if !v.failed {
		l.queue.Forget(key)
	}
	if !v.failed && !v.later || l.queue.ShuttingDown() {
		return
	}
	if !v.later || v.failed && v.delay <= 0 {
		l.handle.retry(key, priority)
		return
	}
	l.handle.later(key, priority, v.delay, v.failed)
}

// handle is what Run needs of a queue and its interface does not have in common with
// others.
type handle[T comparable] interface {
	get() (key T, priority int, shutdown bool)
	// retry counts a failure, and adds key when its limiter says so.
	retry(key T, priority int)
	// later adds key after d, and counts a failure if it can.
	later(key T, priority int, d time.Duration, failed bool)
}

// handleOf goes by the concrete type: a type that embeds a queue of ours may have
// methods of its own, which must be called.
func handleOf[T comparable](queue RateLimitingInterface[T]) handle[T] {
	switch q := queue.(type) {
	case *RateLimitingQueue[T]:
		return own[T]{q}
	case *Limited[T]:
		return foreign[T]{q, q.limiter}
	}
	return foreign[T]{queue, nil}
}

// own is a queue with priorities.
type own[T comparable] struct{ q *RateLimitingQueue[T] }

func (h own[T]) get() (T, int, bool) { return h.q.GetPriority() }

func (h own[T]) retry(key T, priority int) {
	if priority == 0 {
		h.q.AddRateLimited(key)
		return
	}
	h.q.AddWith(AddOptions{RateLimited: true, Priority: priority}, key)
}

func (h own[T]) later(key T, priority int, d time.Duration, failed bool) {
	if failed {
		h.q.addFailedAfter(key, d, priority)
		return
	}
	h.q.AddWith(AddOptions{After: d, Priority: priority}, key)
}

// foreign is a queue of another make.
type foreign[T comparable] struct {
	queue  RateLimitingInterface[T]
	limits RateLimiter[T] // nil if it is not known
}

func (h foreign[T]) get() (key T, priority int, shutdown bool) {
	key, shutdown = h.queue.Get()
	return key, 0, shutdown
}

func (h foreign[T]) retry(key T, _ int) { h.queue.AddRateLimited(key) }

func (h foreign[T]) later(key T, _ int, d time.Duration, failed bool) {
	if failed && h.limits != nil {
		h.limits.When(key)
	}
	h.queue.AddAfter(key, d)
}

// After returns an error that asks Run to add the key again after d; below 0 counts
// as 0. With a nil err it is no failure of the key, so that
//
//	return workqueue.After(time.Minute, nil)
//
// is how work asks to be called again. With an err it is a failure, and d takes the
// place of the limiter's delay, such as where a server said when to come again; with
// a d of 0 the limiter's delay stays. It may be wrapped. Where several are joined the
// shortest delay counts, and what is joined with one is a failure unless it is another
// of a nil err.
func After(d time.Duration, err error) error { return &AfterError{Delay: max(d, 0), Err: err} }

// AfterError is the error that After returns.
type AfterError struct {
	Delay time.Duration
	Err   error // nil if nothing failed
}

// Error names the delay, and what failed.
func (e *AfterError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf(prefix+"the key is to be worked on again after %v", e.Delay)
	}
	return fmt.Sprintf(prefix+"the key is to be worked on again after %v: %v", e.Delay, e.Err)
}

// Unwrap returns what failed.
func (e *AfterError) Unwrap() error { return e.Err }

// PanicError is a panic of the work, with RunOptions.RecoverPanics.
type PanicError struct {
	Value any    // of the panic
	Stack []byte // of the goroutine that panicked, as debug.Stack formats it
}

// Error names the value, and has the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf(prefix+"the work panicked: %v\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// verdict is what an error of the work asks for.
type verdict struct {
	failed bool
	later  bool // after delay
	delay  time.Duration
}

// judge looks for what After made in err, and for anything else that failed.
func judge(err error) (v verdict) {
	switch e := err.(type) {
	case nil:
		return v
	case *AfterError:
		return verdict{failed: judge(e.Err).failed, later: true, delay: e.Delay}
	case *PanicError:
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			v = v.with(judge(part))
		}
		return v
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return judge(inner)
		}
	}
	return verdict{failed: true}
}

// with is the verdict on two errors that were joined.
func (v verdict) with(w verdict) verdict {
	if !v.later || w.later && w.delay < v.delay {
		v.later, v.delay = w.later, w.delay
	}
	v.failed = v.failed || w.failed
	return v
}
