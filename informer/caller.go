package informer

import (
	"context"
	"reflect"
	"sync/atomic"

	"k8s.io/klog/v2"
)

// caller calls one handler, and knows whether a call is under way. One goroutine at a
// time uses it, that of the handler; inside and since are for any. Most handlers are
// called one event at a time (I3); those of Batched and Parallel have their own ways.
type caller[T any] struct {
	handler Handler[T]
	batched *batched[T]  // the handler, if it is one
	spread  *parallel[T] // the handler, if it is one
	panics  PanicPolicy
	onPanic func(*PanicError)

	// crash is the context of the panics of callbacks, and has that of the callbacks;
	// owner is whose caller this is, nil for a Controller. begin sets them. lanes are
	// those of the run of a Parallel handler.
	crash crashContext
	owner owner
	lanes *lanes[T]

	// held are events of which the handler is yet to be called: those of the next
	// batch, or those that a Parallel handler had left when its run ended.
	held []Event[T]

	// count is the number of beginnings and ends of callbacks, so that it is
	// odd inside one. The goroutine that calls writes it. Lanes leave it even, and
	// count the callbacks that they are in.
	count   atomic.Uint64
	running atomic.Int64
}

// owner is the registration of a handler.
type owner interface {
	// halted reports whether no further callback may begin.
	halted() bool
	Remove()
	// fail is Remove because of an error.
	fail(err error)
}

// configure makes c the caller of a registration with these options.
func (c *caller[T]) configure(opts HandlerOptions) {
	c.panics, c.onPanic = opts.Panics, opts.OnPanic
	c.batched, _ = c.handler.(*batched[T])
	c.spread, _ = c.handler.(*parallel[T])
}

// begin begins a run, with the context of its callbacks. name is that of the handler
// in the log.
func (c *caller[T]) begin(ctx context.Context, name string, of owner) {
	c.owner, c.crash = of, newCrashContext[T](ctx, name)
	if c.spread != nil {
		c.startLanes()
	}
}

// context is that of the callbacks.
func (c *caller[T]) context() context.Context { return c.crash.Context }

// end ends the run, with what belongs to it. What the handler was not called for
// stays for the next one.
func (c *caller[T]) end() {
	if c.lanes != nil {
		c.held = c.lanes.end()
		c.lanes = nil
	}
}

// drop forgets what the handler was not called for.
func (c *caller[T]) drop() { c.held = nil }

// call makes one callback, or sees to it that it is made. It reports whether there
// was no panic that the process survived (I8) and that asks for a pause.
func (c *caller[T]) call(event Event[T]) (calm bool) {
	switch {
	case c.lanes != nil:
		c.lanes.dispatch(event)
		return true
	case c.batched != nil:
		c.held = append(c.held, event)
		return len(c.held) < c.batched.most || c.flush()
	}
	return c.one(event.Key, func() { c.handler.OnEvent(c.context(), event) })
}

// one makes a callback that is about key, and reports what call does.
func (c *caller[T]) one(key string, callback func()) (calm bool) {
	c.crash.key = key
	c.count.Store(c.count.Load() + 1)
	defer func() { c.count.Store(c.count.Load() + 1) }() // also when the handler ends its goroutine
	return c.guard(&c.crash, callback)
}

// isPlain reports whether the handler is called one event at a time, by whoever calls.
func (c *caller[T]) isPlain() bool { return c.spread == nil && c.batched == nil }

// row runs calls, which makes callbacks with inRow, until it returns or one of them
// panics. It counts as one callback after the other without time between. It reports
// what call does.
func (c *caller[T]) row(calls func()) (calm bool) {
	return c.one("", calls)
}

// inRow makes one callback of a row.
func (c *caller[T]) inRow(event *Event[T]) {
	c.crash.key = event.Key
	c.count.Store(c.count.Load() + 2)
	c.handler.OnEvent(c.context(), *event)
}

// flush makes the callback of a batch, if there is something in it, and reports what
// call does.
func (c *caller[T]) flush() (calm bool) {
	if c.batched == nil || len(c.held) == 0 {
		return true
	}
	events := c.held
	defer func() {
		clear(events)
		c.held = events[:0]
	}()
	return c.one(events[0].Key, func() { c.batched.handler.OnEvents(c.context(), events) })
}

// settled waits until every event that was given to call has been dealt with, and
// reports whether it has: the handler may have been halted.
func (c *caller[T]) settled() bool {
	switch {
	case c.lanes != nil:
		return c.lanes.settled()
	case c.batched != nil:
		return !c.owner.halted()
	}
	return true
}

// whenTold has over called once the handler has dealt with all that was given to call
// before, unless it is halted first: now, or by a lane. A batch that is being made must
// have been flushed.
func (c *caller[T]) whenTold(over func()) {
	if c.lanes != nil {
		c.lanes.whenTold(over)
		return
	}
	over()
}

// inside reports whether a callback runs.
func (c *caller[T]) inside() bool { return c.count.Load()%2 == 1 || c.running.Load() > 0 }

// since reports whether there was a callback since count was before, and returns
// count.
func (c *caller[T]) since(before uint64) (now uint64, called bool) {
	now = c.count.Load()
	return now, now != before || c.inside()
}

// crashContext is the context with which the panic of a callback is reported:
// its logger names handler, type and key. It makes that logger when it is asked
// for it, since a callback that returns needs none. The report itself stays with
// survives, so that it is logged for the line that panicked.
type crashContext struct {
	context.Context
	handler, object, key string
}

// newCrashContext returns the context for the callbacks of handler, whose ctx
// they get.
func newCrashContext[T any](ctx context.Context, handler string) crashContext {
	c := crashContext{Context: ctx, handler: handler}
	if t := reflect.TypeFor[T](); t.Kind() != reflect.Interface { // which says nothing of the object
		c.object = t.String()
	}
	return c
}

// Value returns what the callbacks' context does, and more of a logger.
func (c *crashContext) Value(key any) any {
	value := c.Context.Value(key)
	if logger, ok := value.(klog.Logger); ok {
		logger = klog.LoggerWithValues(logger, "handler", c.handler, "key", c.key)
		if c.object != "" {
			logger = klog.LoggerWithValues(logger, "type", c.object)
		}
		return logger
	}
	return value
}
