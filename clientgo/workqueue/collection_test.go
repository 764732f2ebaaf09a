package workqueue

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// item is what a queue of any is given a pointer to.
type item [64]byte

// constructors are the ways to make a queue of any.
var constructors = map[string]func() Interface{
	"New":                   func() Interface { return New() },
	"NewTypedWithConfig":    func() Interface { return NewTypedWithConfig(TypedQueueConfig[any]{Queue: DefaultQueue[any]()}) },
	"NewDelayingQueue":      func() Interface { return NewDelayingQueue() },
	"NewRateLimitingQueue":  func() Interface { return NewRateLimitingQueue(DefaultItemBasedRateLimiter()) },
	"with a custom queue":   func() Interface { return NewDelayingQueueWithCustomQueue(New(), "") },
	"with a delaying queue": func() Interface { return NewRateLimitingQueueWithDelayingInterface(NewDelayingQueue(), nil) },
}

// As with client-go's, nothing of a queue keeps an item in memory that is
// done: not at once, not after many more items, not after ShutDown.
func TestQueuesKeepNoItemThatIsDone(t *testing.T) {
	for name, make := range constructors {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := make()
				defer q.ShutDown()
				check := func(when string, gone ...weak.Pointer[item]) {
					t.Helper()
					runtime.GC()
					for i, g := range gone {
						if g.Value() != nil {
							t.Errorf("%s item %d is still in memory", when, i)
						}
					}
				}
				gone := workOnItems(q)
				check("at once", gone...)
				for i := range 1000 {
					q.Add(fmt.Sprint(i))
					got, _ := q.Get()
					q.Done(got)
				}
				check("after 1,000 more", gone...)
				q.ShutDown()
				check("after ShutDown", gone...)
				runtime.KeepAlive(q)
			})
		})
	}
}

// workOnItems uses up an item in each way that q has, in a frame of its own.
//
//go:noinline
func workOnItems(q Interface) (gone []weak.Pointer[item]) {
	fresh := func() *item {
		i := new(item)
		gone = append(gone, weak.Make(i))
		return i
	}
	take := func() any {
		got, _ := q.Get()
		q.Done(got)
		return got
	}
	q.Add(fresh())
	take()
	q.Add(struct {
		name string
		of   *item
	}{"a", fresh()})
	take()
	if d, ok := q.(DelayingInterface); ok {
		d.AddAfter(fresh(), time.Second)
		take()
	}
	if r, ok := q.(RateLimitingInterface); ok {
		for i, n := fresh(), 0; n < 3; n++ {
			r.AddRateLimited(i)
			r.Forget(take())
		}
	}
	return gone
}
