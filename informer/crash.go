package informer

import (
	"context"
	"reflect"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// crashPause is how long to wait after a panic that the process survived,
// before the next call: as long as client-go does.
const crashPause = time.Second

// survives calls fn and tells whether it came back. A panic goes through
// apimachinery's HandleCrash: it is logged and ends the process, unless
// utilruntime.ReallyCrash says otherwise (I8).
func survives(ctx context.Context, fn func()) (returned bool) {
	defer utilruntime.HandleCrashWithContext(ctx)
	fn()
	return true
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

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
