// Package listwatch reads what client-go's ListerWatchers return, for the packages of this
// module that make sources of them.
package listwatch

import (
	"context"
	"reflect"

	"github.com/informant-go/informant/reflector"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	upstream "k8s.io/client-go/tools/cache"
)

// partSize is the number of objects of a list that are handed on at once. It bounds what
// an adapter holds besides the page itself.
const partSize = 512

// IsNil reports whether there is nothing to call methods of: a nil interface,
// or one that holds a nil pointer.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}

// List lists, and lets go of a lister that ignores ctx: a ListerWatcher
// without contexts may hang in a request for minutes, and stopping an informer
// must not. The goroutine then ends with the request. A panic of the lister
// comes out here, on the caller's goroutine.
func List(ctx context.Context, lw upstream.ListerWithContext, opts metav1.ListOptions) (runtime.Object, error) {
	type answer struct {
		list     runtime.Object
		err      error
		panicked any
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		finished := false
		defer func() {
			if !finished {
				a.panicked = recover()
			}
			answers <- a
		}()
		a.list, a.err = lw.ListWithContext(ctx, opts)
		finished = true
	}()
	select {
	case a := <-answers:
		if a.panicked != nil {
			panic(a.panicked)
		}
		return a.list, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Meta is what a reflector reads of the metadata of a list.
func Meta(about metav1.ListInterface) metav1.ListMeta {
	return metav1.ListMeta{
		ResourceVersion:    about.GetResourceVersion(),
		Continue:           about.GetContinue(),
		RemainingItemCount: about.GetRemainingItemCount(),
	}
}

// HandOn gives the objects of list to part, each in memory of its own: an
// object that is kept does not keep its page. What convert does not take is
// refused with its error. ended is what part returned; odd is why list cannot be
// read.
func HandOn[T any](list runtime.Object, convert func(runtime.Object) (T, error), part func(reflector.Part[T]) error) (ended, odd error) {
	var p reflector.Part[T]
	flush := func() error {
		if len(p.Items)+len(p.Refused) > 0 {
			ended = part(p)
			clear(p.Items)
			p.Items, p.Refused = p.Items[:0], nil
		}
		return ended
	}
	odd = meta.EachListItemWithAlloc(list, func(obj runtime.Object) error {
		if item, err := convert(obj); err == nil {
			p.Items = append(p.Items, item)
		} else {
			p.Refused = append(p.Refused, err)
		}
		if len(p.Items)+len(p.Refused) < partSize {
			return nil
		}
		return flush()
	})
	if ended != nil {
		return ended, nil
	}
	if odd != nil {
		return nil, odd
	}
	return flush(), nil
}
