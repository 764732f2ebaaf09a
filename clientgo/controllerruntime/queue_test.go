package controllerruntime

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"k8s.io/client-go/util/workqueue"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// NewQueue fits into controller.Options.
var _ func(string, workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] = NewQueue[reconcile.Request]

// pair drives a queue of ours and one of controller-runtime's with the same
// calls, in virtual time.
type pair struct {
	ours, theirs priorityqueue.PriorityQueue[string]
	held         []string
}

func limiter() workqueue.TypedRateLimiter[string] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[string](time.Second, 8*time.Second)
}

func newPair() *pair {
	return &pair{
		ours: New("", Options[string]{RateLimiter: limiter(), Aging: -1}),
		theirs: priorityqueue.New("", func(o *priorityqueue.Opts[string]) {
			o.RateLimiter = limiter()
		}),
	}
}

func (p *pair) both(f func(priorityqueue.PriorityQueue[string])) {
	f(p.ours)
	f(p.theirs)
	synctest.Wait() // controller-runtime's takes additions in a goroutine
}

// draw draws an item that nobody has in hand: one that is in hand takes its
// place at another time, see doc.go.
func (p *pair) draw(t *rapid.T) string {
	item := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "item")
	if slices.Contains(p.held, item) {
		t.Skip("in hand")
	}
	return item
}

// skipOvertaking skips an addition that ends a delay while others wait: there
// it goes out as if it had been ready when the delay began, see doc.go.
func (p *pair) skipOvertaking(t *rapid.T, item string, d time.Duration) {
	_, delayed := p.ours.(PriorityQueue[string]).WhenReady(item)
	if d == 0 && delayed && p.ours.Len() > 0 {
		t.Skip("would overtake")
	}
}

func (p *pair) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			item := p.draw(t)
			p.skipOvertaking(t, item, 0)
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.Add(item) })
		},
		"add after": func(t *rapid.T) {
			item, d := p.draw(t), drawDelay(t)
			p.skipOvertaking(t, item, d)
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.AddAfter(item, d) })
		},
		"add rate limited": func(t *rapid.T) {
			item := p.draw(t)
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.AddRateLimited(item) })
		},
		"add with options": func(t *rapid.T) {
			item := p.draw(t)
			o := priorityqueue.AddOpts{After: drawDelay(t), RateLimited: rapid.Bool().Draw(t, "limited")}
			if !o.RateLimited {
				p.skipOvertaking(t, item, o.After)
			}
			if rapid.Bool().Draw(t, "has priority") {
				o.Priority = new(rapid.IntRange(-2, 2).Draw(t, "priority"))
			}
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.AddWithOpts(o, item) })
		},
		"get": p.get,
		"done": func(t *rapid.T) {
			if len(p.held) == 0 {
				t.Skip("nothing in hand")
			}
			i := rapid.IntRange(0, len(p.held)-1).Draw(t, "held")
			item := p.held[i]
			p.held = slices.Delete(p.held, i, i+1)
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.Done(item) })
		},
		"forget": func(t *rapid.T) {
			item := p.draw(t)
			p.both(func(q priorityqueue.PriorityQueue[string]) { q.Forget(item) })
		},
		"pass": func(t *rapid.T) {
			<-time.After(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			synctest.Wait()
		},
		"": func(t *rapid.T) {
			// Two that are ready at the same moment are in the order of
			// their priorities there, in the order of the calls here.
			<-time.After(time.Nanosecond)
			synctest.Wait()
			if a, b := p.ours.Len(), p.theirs.Len(); a != b {
				t.Fatalf("Len of ours is %d, of controller-runtime's %d", a, b)
			}
			for _, item := range []string{"a", "b", "c", "d", "e", "f"} {
				if a, b := p.ours.NumRequeues(item), p.theirs.NumRequeues(item); a != b {
					t.Fatalf("NumRequeues(%s) of ours is %d, of controller-runtime's %d", item, a, b)
				}
			}
		},
	}
}

func drawDelay(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, 4).Draw(t, "seconds")) * time.Second
}

func (p *pair) get(t *rapid.T) {
	if p.ours.Len() == 0 {
		t.Skip("nothing waits")
	}
	item, priority, _ := p.ours.GetWithPriority()
	theirs, theirPriority, _ := p.theirs.GetWithPriority()
	if item != theirs || priority != theirPriority {
		t.Fatalf("ours gives %s of %d, controller-runtime's %s of %d", item, priority, theirs, theirPriority)
	}
	p.held = append(p.held, item)
}

// Step by step, our queue does what controller-runtime's priority queue does,
// but for what doc.go lists.
func TestQueuesDoTheSameStepByStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbled{t}, func(t *rapid.T) {
			p := newPair()
			defer func() {
				p.both(func(q priorityqueue.PriorityQueue[string]) { q.ShutDown() })
			}()
			t.Repeat(p.actions())
		})
	})
}

// bubbled hides Deadline, which a synctest bubble forbids and rapid calls.
type bubbled struct{ testing.TB }

// Q6: unlike controller-runtime's, the queue starves no priority.
func TestQ6ALowPriorityIsNotStarved(t *testing.T) {
	q := New("", Options[string]{})
	defer q.ShutDown()
	low := -100
	q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, "low")
	for i := range 20 {
		q.Add(fmt.Sprint("high ", i))
		item, _, _ := q.GetWithPriority()
		q.Done(item)
		if item == "low" {
			return
		}
	}
	t.Error("an item of low priority waits for ever")
}

// A queue without a name has no goroutine, and one with a name the one that
// reports unfinished work.
func TestNoGoroutineButTheReporter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := inBubble()
		want := func(when string, n int) {
			t.Helper()
			synctest.Wait()
			if got := inBubble() - before; got != n {
				t.Errorf("%s %d goroutines run, expected %d", when, got, n)
			}
		}
		quiet := New("", Options[string]{})
		quiet.AddAfter("a", time.Hour)
		want("without a name", 0)
		named := New(unique("goroutines"), Options[string]{})
		named.AddAfter("a", time.Hour)
		want("with a name", 1)
		named.ShutDown()
		quiet.ShutDown()
		want("after ShutDown", 0)
	})
}

// inBubble counts the goroutines of the synctest bubble that it is called in,
// whatever else runs in the process.
func inBubble() int {
	stacks := make([]byte, 1<<20)
	text := string(stacks[:runtime.Stack(stacks, true)])
	header, _, _ := strings.Cut(text, "\n") // of the caller
	_, bubble, _ := strings.Cut(header, ", ")
	return strings.Count(text, ", "+bubble)
}

// An Add takes a pending delay with it, as in controller-runtime.
func TestQ4AnAddTakesTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New("", Options[string]{})
		defer q.ShutDown()
		q.AddAfter("a", time.Minute)
		q.Add("a")
		item, _ := q.Get()
		q.Done(item)
		<-time.After(time.Hour)
		synctest.Wait()
		if n := q.Len(); n != 0 {
			t.Errorf("%d items came back", n)
		}
	})
}

// As with controller-runtime's, an item that is done is not kept in memory.
func TestAnItemThatIsDoneIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New("", Options[*[64]byte]{})
		defer q.ShutDown()
		gone := func() weak.Pointer[[64]byte] {
			item := new([64]byte)
			q.AddWithOpts(priorityqueue.AddOpts{Priority: new(3), RateLimited: true}, item)
			for range 2 {
				got, _, _ := q.GetWithPriority()
				q.AddWithOpts(priorityqueue.AddOpts{Priority: new(-3), RateLimited: true}, got)
				q.Done(got)
			}
			got, _ := q.Get()
			q.Forget(got)
			q.Done(got)
			return weak.Make(item)
		}()
		runtime.GC()
		if gone.Value() != nil {
			t.Error("an item that is done is still in memory")
		}
		runtime.KeepAlive(q)
	})
}
