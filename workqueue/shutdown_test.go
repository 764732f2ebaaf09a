package workqueue_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// endless is a queue of which only its end matters.
type endless = *workqueue.RateLimitingQueue[string]

// Q5: both shutdowns may be called again, in any order and at once, while
// workers work; each call returns, and what was queued has been worked on.
func TestQ5BothShutdownsAtOnce(t *testing.T) {
	for name, o := range map[string]workqueue.Options[string]{
		"plain":   {},
		"metrics": {Name: "q", Metrics: newCollector()},
		"groups":  {Group: namespace},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.OnMisuse = quiet
				q := workqueue.NewRateLimiting(o)
				done := make(chan string, 100)
				for range 3 {
					go func() {
						for {
							item, shutdown := q.Get()
							if shutdown {
								q.ShutDown() // holds no item any more
								q.ShutDownWithDrain()
								return
							}
							<-time.After(time.Second)
							done <- item
							q.Done(item)
						}
					}()
				}
				for i := range 21 {
					q.Add(fmt.Sprint(i%3, "/", i))
				}
				q.AddAfter("late", time.Hour)
				begin := time.Now()
				ended := make(chan time.Duration, 8)
				for i := range 8 {
					go func() {
						if i == 0 {
							<-time.After(time.Minute) // ends no drain early
						}
						q.ShutDownWithDrain()
						if i == 0 {
							q.ShutDown()
						}
						ended <- time.Since(begin)
					}()
				}
				for range 7 {
					if took := <-ended; took != 7*time.Second {
						t.Errorf("ShutDownWithDrain returned after %v", took)
					}
				}
				<-ended
				synctest.Wait()
				if len(done) != 21 || q.Stats() != (workqueue.Stats{Dropped: 1}) {
					t.Errorf("%d items were worked on, Stats is %+v", len(done), q.Stats())
				}
			})
		})
	}
}

// Q5: whoever processes no item may shut a queue down, and again, also from within
// what the queue calls.
func TestQ5ShutDownFromAnywhere(t *testing.T) {
	type options = workqueue.Options[string]
	for name, c := range map[string]struct {
		set  func(o *options, shut func())
		call func(q endless)
	}{
		"OnMisuse": {
			func(o *options, shut func()) { o.OnMisuse = func(*workqueue.MisuseError) { shut() } },
			func(q endless) { q.Done("nobody has it") },
		},
		"the group function": {
			func(o *options, shut func()) { o.Group = func(string) string { shut(); return "" } },
			func(q endless) { q.Add("a") },
		},
		"the limiter": {
			func(o *options, shut func()) { o.Limiter = ending{workqueue.DefaultItemLimiter[string](), shut} },
			func(q endless) { q.AddRateLimited("a") },
		},
		"a metric": {
			func(o *options, shut func()) {
				o.Name, o.Metrics = "q", &asking{collector: newCollector(), ask: shut}
			},
			func(q endless) { q.Add("a") },
		},
		"a metric at the end of a delay": {
			func(o *options, shut func()) {
				o.Name, o.Metrics = "q", atAdds{newCollector(), shut}
			},
			func(q endless) {
				q.AddAfter("a", time.Second)
				<-time.After(time.Second)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := options{OnMisuse: quiet}
				var q endless
				c.set(&o, func() {
					q.ShutDown()
					q.ShutDown()
					if q.Stats() == (workqueue.Stats{}) {
						q.ShutDownWithDrain()
					}
				})
				q = workqueue.NewRateLimiting(o)
				c.call(q)
				synctest.Wait()
				if !q.ShuttingDown() {
					t.Error("the queue is not shut down")
				}
			})
		})
	}
}

// atAdds is a collector whose adds metric ends something.
type atAdds struct {
	*collector
	end func()
}

func (a atAdds) NewAddsMetric(string) workqueue.CounterMetric { return a }
func (a atAdds) Inc()                                         { a.end() }

// ending is a limiter that ends something.
type ending struct {
	workqueue.RateLimiter[string]
	end func()
}

func (e ending) When(item string) time.Duration {
	e.end()
	return e.RateLimiter.When(item)
}
