package informer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/informant-go/informant/internal/callsite"
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

// PanicPolicy says what follows a panic of one handler.
type PanicPolicy uint8

// The policies.
const (
	// PanicCrash ends the process, as in client-go: the panic goes through
	// apimachinery's HandleCrash. Where utilruntime.ReallyCrash keeps that from
	// ending the process, the call counts as done, and the next one comes after a
	// second.
	PanicCrash PanicPolicy = iota
	// PanicIsolate reports the panic; the call counts as done, and the handler is
	// called with the next event.
	PanicIsolate
	// PanicRemove reports the panic and removes the handler, of which
	// Registration.Err then is the *PanicError.
	PanicRemove
)

// String returns the name of the constant without its first word: "Crash".
func (p PanicPolicy) String() string {
	switch p {
	case PanicCrash:
		return "Crash"
	case PanicIsolate:
		return "Isolate"
	case PanicRemove:
		return "Remove"
	}
	return "PanicPolicy(invalid)"
}

// MarshalText returns the same, for a Status as JSON. There is no error.
func (p PanicPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// PanicError is a panic of a handler, for HandlerOptions.OnPanic and
// Registration.Err.
type PanicError struct {
	// Handler is the name of the handler.
	Handler string

	// Key is that of the event; of a batch, that of its first one.
	Key string

	// Where is the line that panicked, as folder/file:line; "" if it is not known.
	Where string

	// Value is what the handler panicked with, Stack that of its goroutine as
	// debug.Stack formats it.
	Value any
	Stack []byte
}

// Error names the handler, the key, the line and the value.
func (e *PanicError) Error() string {
	return fmt.Sprintf("informer: handler %s panicked over key %q at %s: %v", e.Handler, e.Key, cmp.Or(e.Where, "an unknown line"), e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// guard makes a callback, or several, under the policy of the handler; crash names
// the key that the present one is about. It reports what call does.
func (c *caller[T]) guard(crash *crashContext, callback func()) (calm bool) {
	if c.panics == PanicCrash {
		return survives(crash, callback)
	}
	defer func() {
		if v := recover(); v != nil {
			c.panicked(crash, &PanicError{Handler: crash.handler, Key: crash.key, Where: callsite.Panicked(), Value: v, Stack: debug.Stack()})
			calm = true
		}
	}()
	callback()
	return true
}

// panicked reports a panic that was recovered, and removes the handler if that is its
// policy.
func (c *caller[T]) panicked(crash *crashContext, err *PanicError) {
	if c.panics == PanicRemove {
		c.owner.fail(err)
	}
	if c.onPanic != nil {
		survives(crash, func() { c.onPanic(err) })
		return
	}
	klog.FromContext(crash).Error(err, "A handler panicked", "policy", c.panics, "stack", string(err.Stack))
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
