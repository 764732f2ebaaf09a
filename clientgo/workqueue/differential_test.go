package workqueue

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/client-go/util/workqueue"
	"pgregory.net/rapid"

	informant "github.com/informant-go/informant/workqueue"
)

// pair drives a queue of ours and one of client-go's with the same calls, in
// virtual time.
type pair struct {
	ours, theirs TypedRateLimitingInterface[string]
	held         []string
	blocked      int // workers in Get, on either side
	got          [2]chan string
	down         bool   // ShutDown was called
	drains       [2]int // ShutDownWithDrain that wait
	drained      [2]chan struct{}
	metered      [2]*metering // nil without metrics
}

// newPair gives the queues metrics if metered is set: ours takes other ways
// inside without.
func newPair(metered bool) *pair {
	p := &pair{}
	var configs [2]TypedRateLimitingQueueConfig[string]
	if metered {
		for i := range configs {
			p.metered[i] = newMetering()
			configs[i] = TypedRateLimitingQueueConfig[string]{Name: "q", MetricsProvider: p.metered[i]}
		}
	}
	p.ours = NewTypedRateLimitingQueueWithConfig(
		NewTypedItemExponentialFailureRateLimiter[string](time.Second, 10*time.Second), configs[0])
	p.theirs = workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](time.Second, 10*time.Second), configs[1])
	<-time.After(time.Nanosecond) // no call is at the moment of a report
	for i := range p.got {
		p.got[i] = make(chan string, 100)
		p.drained[i] = make(chan struct{}, 100)
	}
	return p
}

func (p *pair) both(f func(q TypedRateLimitingInterface[string])) {
	f(p.ours)
	f(p.theirs)
	synctest.Wait() // client-go takes a delay in a goroutine of its own
}

func drawItem(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "item")
}

func (p *pair) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			item := drawItem(t)
			p.both(func(q TypedRateLimitingInterface[string]) { q.Add(item) })
		},
		"add after": func(t *rapid.T) {
			item := drawItem(t)
			// Delays differ from one another for ever: what client-go does
			// with two that end together is not determined.
			d := time.Duration(rapid.IntRange(-1, 5).Draw(t, "seconds")) * time.Second
			p.both(func(q TypedRateLimitingInterface[string]) { q.AddAfter(item, d) })
			<-time.After(time.Nanosecond)
		},
		"add rate limited": func(t *rapid.T) {
			item := drawItem(t)
			p.both(func(q TypedRateLimitingInterface[string]) { q.AddRateLimited(item) })
			<-time.After(time.Nanosecond)
		},
		"forget": func(t *rapid.T) {
			item := drawItem(t)
			p.both(func(q TypedRateLimitingInterface[string]) { q.Forget(item) })
		},
		"get": func(t *rapid.T) {
			if p.blocked == 2 {
				t.Skip()
			}
			p.blocked++
			for i, q := range p.queues() {
				go func() {
					item, shutdown := q.Get()
					if shutdown {
						item = "shutdown"
					}
					p.got[i] <- item
				}()
			}
		},
		"done": func(t *rapid.T) {
			if len(p.held) == 0 {
				t.Skip()
			}
			i := rapid.IntRange(0, len(p.held)-1).Draw(t, "held")
			item := p.held[i]
			p.held = slices.Delete(p.held, i, i+1)
			p.both(func(q TypedRateLimitingInterface[string]) { q.Done(item) })
		},
		"done of nothing": func(t *rapid.T) {
			item := drawItem(t) + " that nobody has"
			p.both(func(q TypedRateLimitingInterface[string]) { q.Done(item) })
		},
		"pass": func(t *rapid.T) {
			<-time.After(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
		},
		"shut down": func(t *rapid.T) {
			// That a second ShutDown ends no drain is another.
			if p.down && p.drains[0] > 0 || rapid.IntRange(0, 19).Draw(t, "really") > 0 {
				t.Skip()
			}
			p.down = true
			p.both(func(q TypedRateLimitingInterface[string]) { q.ShutDown() })
		},
		"drain": func(t *rapid.T) {
			// A second drain is a difference: client-go wakes one of them.
			if p.drains[0] > 0 || rapid.IntRange(0, 19).Draw(t, "really") > 0 {
				t.Skip()
			}
			for i, q := range p.queues() {
				p.drains[i]++
				go func() {
					q.ShutDownWithDrain()
					p.drained[i] <- struct{}{}
				}()
			}
		},
		"": p.compare,
	}
}

func (p *pair) queues() [2]TypedRateLimitingInterface[string] {
	return [2]TypedRateLimitingInterface[string]{p.ours, p.theirs}
}

// compare waits until nothing moves, and compares what can be seen.
func (p *pair) compare(t *rapid.T) {
	synctest.Wait()
	if a, b := len(p.got[0]), len(p.got[1]); a != b {
		t.Fatalf("%d workers of ours have something, %d of client-go's", a, b)
	}
	var got [2][]string
	for i := range got {
		for range len(p.got[i]) {
			got[i] = append(got[i], <-p.got[i])
		}
		slices.Sort(got[i]) // which worker has which is left open
	}
	if !slices.Equal(got[0], got[1]) {
		t.Fatalf("workers of ours have %q, of client-go's %q", got[0], got[1])
	}
	p.blocked -= len(got[0])
	for _, item := range got[0] {
		if item != "shutdown" {
			p.held = append(p.held, item)
		}
	}
	if a, b := p.ours.Len(), p.theirs.Len(); a != b {
		t.Fatalf("Len of ours is %d, of client-go's %d", a, b)
	}
	if a, b := p.ours.ShuttingDown(), p.theirs.ShuttingDown(); a != b {
		t.Fatalf("ShuttingDown of ours is %v, of client-go's %v", a, b)
	}
	if a, b := len(p.drained[0]), len(p.drained[1]); a != b {
		t.Fatalf("%d drains of ours have ended, %d of client-go's", a, b)
	}
	for i := range p.drains {
		for range len(p.drained[i]) {
			<-p.drained[i]
			p.drains[i]--
		}
	}
	if p.metered[0] != nil {
		if difference := p.metered[0].differs(p.metered[1]); difference != "" {
			t.Fatalf("metrics of ours and of client-go's differ: %s", difference)
		}
	}
	for _, item := range []string{"a", "b", "c", "d", "e"} {
		if a, b := p.ours.NumRequeues(item), p.theirs.NumRequeues(item); a != b {
			t.Fatalf("NumRequeues(%s) of ours is %d, of client-go's %d", item, a, b)
		}
	}
}

func (p *pair) end() {
	p.both(func(q TypedRateLimitingInterface[string]) { q.ShutDown() })
	for _, item := range p.held { // a drain of client-go's may still wait for them
		p.both(func(q TypedRateLimitingInterface[string]) { q.Done(item) })
	}
	<-time.After(time.Minute) // client-go's goroutine may wait for its heartbeat
}

// Q1, Q2, Q3, Q4 and Q5: step by step, our queue does what client-go's does,
// and its metrics have the same values.
func TestQueuesDoTheSameStepByStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 5 {
			rapid.Check(bubbled{t}, func(t *rapid.T) {
				p := newPair(rapid.Bool().Draw(t, "metered"))
				defer p.end()
				t.Repeat(p.actions())
			})
		}
	})
}

// bubbled hides Deadline, which a synctest bubble forbids and rapid calls.
type bubbled struct{ testing.TB }

// Limiters alone give exactly client-go's delays for the same calls.
func TestLimitersGiveTheSameDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbled{t}, func(t *rapid.T) {
			ours, theirs, name := drawLimiters(t)
			for range rapid.IntRange(1, 150).Draw(t, "calls") {
				item := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "item")
				switch rapid.IntRange(0, 9).Draw(t, "call") {
				case 0:
					ours.Forget(item)
					theirs.Forget(item)
				case 1:
					<-time.After(time.Duration(rapid.IntRange(0, 1000).Draw(t, "ms")) * time.Millisecond)
				default:
					if a, b := ours.When(item), theirs.When(item); a != b {
						t.Fatalf("%s: ours waits %v, client-go's %v", name, a, b)
					}
				}
				if a, b := ours.NumRequeues(item), theirs.NumRequeues(item); a != b {
					t.Fatalf("%s: NumRequeues of ours is %d, of client-go's %d", name, a, b)
				}
			}
		})
	})
}

func drawLimiters(t *rapid.T) (ours, theirs TypedRateLimiter[string], name string) {
	base := time.Duration(rapid.Int64Range(-10, 1e10).Draw(t, "base"))
	limit := time.Duration(rapid.Int64Range(-10, 1e15).Draw(t, "max"))
	n := rapid.IntRange(-1, 5).Draw(t, "attempts")
	name = rapid.SampledFrom([]string{"exponential", "fast-slow", "bucket", "max-of", "max-wait", "max-wait of exponential", "default", "item"}).Draw(t, "limiter")
	switch name {
	case "exponential":
		ours = NewTypedItemExponentialFailureRateLimiter[string](base, limit)
		theirs = workqueue.NewTypedItemExponentialFailureRateLimiter[string](base, limit)
	case "fast-slow":
		ours = NewTypedItemFastSlowRateLimiter[string](base, limit, n)
		theirs = workqueue.NewTypedItemFastSlowRateLimiter[string](base, limit, n)
	case "bucket":
		ours, theirs = informant.NewBucketLimiter[string](10, max(n, 1)), bucket(n)
	case "max-of":
		ours = NewTypedMaxOfRateLimiter[string](
			informant.NewBucketLimiter[string](10, max(n, 1)), NewTypedItemFastSlowRateLimiter[string](base, limit, n))
		theirs = workqueue.NewTypedMaxOfRateLimiter(bucket(n), workqueue.NewTypedItemFastSlowRateLimiter[string](base, limit, n))
	case "max-wait":
		ours = NewTypedWithMaxWaitRateLimiter[string](informant.NewBucketLimiter[string](10, max(n, 1)), limit)
		theirs = workqueue.NewTypedWithMaxWaitRateLimiter(bucket(n), limit)
	case "max-wait of exponential":
		ours = NewTypedWithMaxWaitRateLimiter(NewTypedItemExponentialFailureRateLimiter[string](base, 1<<62), limit)
		theirs = workqueue.NewTypedWithMaxWaitRateLimiter(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](base, 1<<62), limit)
	case "default":
		ours, theirs = DefaultTypedControllerRateLimiter[string](), workqueue.DefaultTypedControllerRateLimiter[string]()
	default:
		ours, theirs = DefaultTypedItemBasedRateLimiter[string](), workqueue.DefaultTypedItemBasedRateLimiter[string]()
	}
	return ours, theirs, name
}

// bucket is client-go's.
func bucket(n int) TypedRateLimiter[string] {
	return &TypedBucketRateLimiter[string]{Limiter: rate.NewLimiter(10, max(n, 1))}
}

// A worker that uses everything runs on either engine without a change but the
// import line: this one is written against client-go's types.
func ExampleNewTypedRateLimitingQueueWithConfig() {
	var q workqueue.TypedRateLimitingInterface[string] = NewTypedRateLimitingQueueWithConfig(
		workqueue.DefaultTypedControllerRateLimiter[string](),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: "pods"},
	)
	q.Add("default/web")
	key, shutdown := q.Get()
	fmt.Println(key, shutdown)
	q.Forget(key)
	q.Done(key)
	q.ShutDown()
	// Output: default/web false
}
