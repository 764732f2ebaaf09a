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

// survivesEvent is survives for the callback that tells handler of event: what
// is said of a panic names both.
func survivesEvent[T any](ctx context.Context, handler string, event *Event[T], fn func()) (returned bool) {
	defer func() {
		// Only here is it worth while to make a logger.
		if r := recover(); r != nil {
			logger := klog.FromContext(ctx).WithValues("handler", handler, "type", reflect.TypeFor[T]().String(), "key", event.Key)
			survives(klog.NewContext(ctx, logger), func() { panic(r) })
		}
	}()
	fn()
	return true
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
