package informer

import (
	"context"
	"errors"
	"time"

	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// crashPause is how long to wait after a panic that the process survived,
// before the next call: as long as client-go does.
const crashPause = time.Second

// survives calls fn and reports whether it returned. A panic goes through
// apimachinery's HandleCrash: it is logged and ends the process, unless
// utilruntime.ReallyCrash says otherwise (I8).
func survives(ctx context.Context, fn func()) (returned bool) {
	defer utilruntime.HandleCrashWithContext(ctx)
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

// errPanicked is why an object is refused whose transform or key function
// panicked.
var errPanicked = errors.New("it panicked, see the log for the value and the stack")

// guarded is transform, but a panic that the process survives refuses the
// object, like an error (I8). Were it to end the source, one object that always
// makes transform panic would keep all others away.
func guarded[T any](ctx context.Context, transform func(T) (T, error)) func(T) (T, error) {
	if transform == nil {
		return nil
	}
	return func(obj T) (out T, err error) {
		if !survives(ctx, func() { out, err = transform(obj) }) {
			return obj, errPanicked
		}
		return out, err
	}
}

// guardedAccess is access, but a panic that the process survives means "not
// known", and no key (I8): an object that cannot be read must not cost others
// of its list or batch their events. Name is left as it is, since that of nothing
// may panic, which queue and store reckon with.
func guardedAccess[T any](logger klog.Logger, access object.Access[T]) object.Access[T] {
	fields := access.Fields()
	version, uid := fields.Version, fields.UID
	fields.Version = func(obj T) (v string) {
		defer utilruntime.HandleCrashWithLogger(logger)
		return version(obj)
	}
	fields.UID = func(obj T) (u types.UID) {
		defer utilruntime.HandleCrashWithLogger(logger)
		return uid(obj)
	}
	return object.Keyed(func(obj T) (k string, err error) {
		err = errPanicked
		defer utilruntime.HandleCrashWithLogger(logger)
		return access.Key(obj)
	}, fields)
}
