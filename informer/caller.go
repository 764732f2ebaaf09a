package informer

import (
	"context"
	"reflect"
	"sync/atomic"

	"k8s.io/klog/v2"
)

// caller calls one handler, one call at a time (I3), and knows whether a call is
// under way. One goroutine at a time uses it; inside and since are for any.
type caller[T any] struct {
	handler Handler[T]

	// ctx is that of the callbacks, and crash that of their panics; begin
	// sets both.
	ctx   context.Context
	crash crashContext

	// count is the number of beginnings and ends of callbacks, so that it is
	// odd inside one. The goroutine that calls writes it.
	count atomic.Uint64
}

// begin sets the context of the callbacks that follow. name is that of the
// handler in the log.
func (c *caller[T]) begin(ctx context.Context, name string) {
	c.ctx, c.crash = ctx, newCrashContext[T](ctx, name)
}

// call makes one callback, and reports whether it returned: after a panic that
// the process survived it did not (I8).
func (c *caller[T]) call(event Event[T]) (returned bool) {
	c.count.Store(c.count.Load() + 1)
	defer func() { c.count.Store(c.count.Load() + 1) }() // also when the handler ends its goroutine
	c.crash.key = event.Key
	return survives(&c.crash, func() { c.handler.OnEvent(c.ctx, event) })
}

// inside reports whether a callback runs.
func (c *caller[T]) inside() bool { return c.count.Load()%2 == 1 }

// since reports whether there was a callback since count was before, and returns
// count.
func (c *caller[T]) since(before uint64) (now uint64, called bool) {
	now = c.count.Load()
	return now, now != before || now%2 == 1
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
