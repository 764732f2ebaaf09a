package workqueue_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/informant-go/informant/workqueue"
)

// big is what an item points to.
type big [1 << 10]byte

// Items that hold a pointer, in each way in which one can be compared.
type (
	inStruct struct {
		name string
		to   *big
	}
	inArray struct {
		n    int
		each [2]inStruct
	}
)

// uses are the ways to be done with an item. Each leaves nothing to do for it.
var uses = []struct {
	name string
	use  func(q usable, item any)
}{
	{"Add", func(q usable, item any) { q.Add(item); q.work() }},
	{"Add while processing", func(q usable, item any) {
		q.Add(item)
		got, _ := q.Get()
		q.Add(got)
		q.Done(got)
		q.work()
	}},
	{"AddAfter", func(q usable, item any) { q.AddAfter(item, time.Second); q.work() }},
	{"AddAfter, cancelled", func(q usable, item any) { q.AddAfter(item, time.Hour); q.Cancel(item) }},
	{"AddRateLimited", func(q usable, item any) {
		for range 3 {
			q.AddRateLimited(item)
			got, _ := q.Get()
			q.Done(got)
		}
		q.Forget(item)
	}},
	{"AddPriority", func(q usable, item any) {
		q.AddPriority(item, -3)
		q.AddPriority(item, 4)
		q.work()
	}},
	{"AddWith", func(q usable, item any) {
		q.AddWith(workqueue.AddOptions{After: time.Second, RateLimited: true, Priority: 3}, item)
		q.work()
	}},
	{"GetBatch", func(q usable, item any) {
		q.Add(item)
		batch := make([]any, 1)
		_, _ = q.GetBatch(context.Background(), batch)
		q.Done(batch[0])
	}},
	{"dropped by ShutDown", func(q usable, item any) { q.AddAfter(item, time.Hour); q.ShutDown() }},
	{"worked on after ShutDown", func(q usable, item any) { q.Add(item); q.ShutDown(); q.work() }},
}

// usable is a queue of items of any type, whatever the type of its own items
// is: see retyped.
type usable interface {
	workqueue.RateLimitingInterface[any]
	Cancel(any) bool
	AddPriority(any, int)
	AddWith(workqueue.AddOptions, ...any)
	GetBatch(context.Context, []any) (int, error)
	work()
}

// retyped is a queue of T as one of any, so that one table of uses serves all
// types.
type retyped[T comparable] struct {
	*workqueue.RateLimitingQueue[T]
}

func (r retyped[T]) Add(item any)                       { r.RateLimitingQueue.Add(item.(T)) }
func (r retyped[T]) AddAfter(item any, d time.Duration) { r.RateLimitingQueue.AddAfter(item.(T), d) }
func (r retyped[T]) AddRateLimited(item any)            { r.RateLimitingQueue.AddRateLimited(item.(T)) }
func (r retyped[T]) AddPriority(item any, p int)        { r.RateLimitingQueue.AddPriority(item.(T), p) }
func (r retyped[T]) Cancel(item any) bool               { return r.RateLimitingQueue.Cancel(item.(T)) }
func (r retyped[T]) Done(item any)                      { r.RateLimitingQueue.Done(item.(T)) }
func (r retyped[T]) Forget(item any)                    { r.RateLimitingQueue.Forget(item.(T)) }
func (r retyped[T]) NumRequeues(item any) int           { return r.RateLimitingQueue.NumRequeues(item.(T)) }
func (r retyped[T]) Get() (any, bool)                   { return r.RateLimitingQueue.Get() }
func (r retyped[T]) AddWith(o workqueue.AddOptions, items ...any) {
	for _, item := range items {
		r.RateLimitingQueue.AddWith(o, item.(T))
	}
}
func (r retyped[T]) GetBatch(ctx context.Context, dst []any) (int, error) {
	batch := make([]T, len(dst))
	n, err := r.RateLimitingQueue.GetBatch(ctx, batch)
	for i := range n {
		dst[i] = batch[i]
	}
	return n, err
}

// work is what a worker does with an item that succeeds.
func (r retyped[T]) work() {
	item, _ := r.RateLimitingQueue.Get()
	r.RateLimitingQueue.Forget(item)
	r.RateLimitingQueue.Done(item)
}

// shapes are the types of items that hold a pointer.
var shapes = []struct {
	name string
	make func(workqueue.Options[any]) usable
	item func(*big) any
}{
	{"pointer", retype[*big], func(b *big) any { return b }},
	{"struct", retype[inStruct], func(b *big) any { return inStruct{"a", b} }},
	{"array", retype[[1]inArray], func(b *big) any { return [1]inArray{{1, [2]inStruct{{}, {"b", b}}}} }},
	{"any", retype[any], func(b *big) any { return b }},
	{"interface in a struct", retype[struct{ in any }], func(b *big) any { return struct{ in any }{b} }},
	{"channel", retype[chan *big], func(b *big) any {
		c := make(chan *big, 1)
		c <- b
		return c
	}},
}

// retype makes a queue of T with those of the options that name no item.
func retype[T comparable](o workqueue.Options[any]) usable {
	typed := workqueue.Options[T]{
		Name: o.Name, Metrics: o.Metrics, IdleEntries: o.IdleEntries, Backoff: o.Backoff,
		Limiter: workqueue.NewMaxOfLimiter[T](
			workqueue.NewExponentialLimiter[T](time.Millisecond, time.Second),
			workqueue.NewFastSlowLimiter[T](time.Millisecond, time.Second, 2)),
	}
	if o.Group != nil {
		typed.Group = func(T) string { return "all" }
	}
	return retyped[T]{workqueue.NewRateLimiting(typed)}
}

// A queue keeps nothing alive of an item that is done: not what its entries
// remember for the next time, nor what its limiters do.
func TestNothingKeepsAnItemThatIsDone(t *testing.T) {
	queues := map[string]workqueue.Options[any]{
		"plain":   {},
		"idle":    {IdleEntries: 100},
		"metered": {Name: "q", Metrics: silent{}},
		"grouped": {Group: func(any) string { return "all" }},
		"backoff": {Backoff: workqueue.Backoff{Base: time.Millisecond, Max: time.Second}},
	}
	for _, shape := range shapes {
		for name, options := range queues {
			for _, u := range uses {
				t.Run(shape.name+"/"+name+"/"+u.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						q := shape.make(options)
						defer q.ShutDown()
						gone := spend(q, shape.item, u.use)
						runtime.GC()
						if gone.Value() != nil {
							t.Error("an item that is done stays in memory")
						}
						runtime.KeepAlive(q)
					})
				})
			}
		}
	}
}

// spend uses up an item, in a frame of its own: nothing of it is left on the
// stack.
//
//go:noinline
func spend(q usable, item func(*big) any, use func(usable, any)) weak.Pointer[big] {
	b := new(big)
	use(q, item(b))
	return weak.Make(b)
}

// The same for the delaying layer over a queue of another make.
func TestADelayerKeepsNoItemThatIsDone(t *testing.T) {
	for name, use := range map[string]func(*workqueue.Delayer[*big], *big){
		"worked on": func(q *workqueue.Delayer[*big], b *big) {
			q.AddAfter(b, time.Second)
			got, _ := q.Get()
			q.Done(got)
		},
		"cancelled": func(q *workqueue.Delayer[*big], b *big) { q.AddAfter(b, time.Hour); q.Cancel(b) },
		"dropped":   func(q *workqueue.Delayer[*big], b *big) { q.AddAfter(b, time.Hour); q.ShutDown() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := workqueue.NewDelayingOver[*big](new(workqueue.Queue[*big]), workqueue.Options[*big]{})
				defer q.ShutDown()
				gone := func() weak.Pointer[big] {
					b := new(big)
					use(q, b)
					return weak.Make(b)
				}()
				synctest.Wait()
				runtime.GC()
				if gone.Value() != nil {
					t.Error("an item that is done stays in memory")
				}
				runtime.KeepAlive(q)
			})
		})
	}
}

// Keys without pointers are remembered, as Options.IdleEntries says.
func TestKeysWithoutPointersAreRemembered(t *testing.T) {
	type name struct{ namespace, name string }
	for what, kept := range map[string]int{
		"strings": remembered("a", "b", "c"),
		"structs": remembered(name{"a", "b"}, name{"c", "d"}, name{"e", "f"}),
		"arrays":  remembered([2]int{1}, [2]int{2}, [2]int{3}),
		"empty":   remembered([0]*big{}) + 2,
	} {
		if kept != 3 {
			t.Errorf("%d entries of %s are kept, expected 3", kept, what)
		}
	}
	if kept := remembered(new(big), new(big)); kept != 0 {
		t.Errorf("%d entries of pointers are kept", kept)
	}
}

func remembered[T comparable](items ...T) int {
	q := new(workqueue.Queue[T])
	for _, item := range items {
		q.Add(item)
		got, _ := q.Get()
		q.Done(got)
	}
	kept, _ := q.Entries()
	return kept
}
