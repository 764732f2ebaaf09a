package informer

import (
	"context"
	"errors"
)

// errPanicked is why an object is refused whose transform panicked.
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
