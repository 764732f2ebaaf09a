package informer

import (
	"context"
	"errors"

	"github.com/informant-go/informant/object"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

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
