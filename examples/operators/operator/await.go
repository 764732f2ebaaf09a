package operator

import (
	"context"
	"fmt"
	"reflect"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// look is the time between two reads of Await.
const look = 50 * time.Millisecond

// Await reads obj, a pointer to a struct of which the name is given, from the server
// until done says of its state that it will do, or ctx ends. An object that is not there
// (yet) is waited for; other errors of the read end the wait.
func Await(ctx context.Context, c client.Reader, obj client.Object, done func() bool) error {
	return await(ctx, c, obj, func(there bool) bool { return there && done() })
}

// AwaitGone returns when obj is gone, or another has its name: obj's UID counts, unless
// it is empty.
func AwaitGone(ctx context.Context, c client.Reader, obj client.Object) error {
	uid := obj.GetUID()
	return await(ctx, c, obj, func(there bool) bool { return !there || uid != "" && obj.GetUID() != uid })
}

func await(ctx context.Context, c client.Reader, obj client.Object, done func(there bool) bool) error {
	key := client.ObjectKeyFromObject(obj)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		// A read into obj itself would leave what the new state has not.
		fresh := reflect.New(reflect.TypeOf(obj).Elem())
		err := c.Get(ctx, key, fresh.Interface().(client.Object))
		if client.IgnoreNotFound(err) != nil && ctx.Err() == nil {
			return err
		}
		if err == nil {
			reflect.ValueOf(obj).Elem().Set(fresh.Elem())
		}
		if ctx.Err() == nil && done(!apierrors.IsNotFound(err)) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("operator: waiting for the %T %s, which is last seen as %+v: %w", obj, key, obj, context.Cause(ctx))
		}
	}
}
