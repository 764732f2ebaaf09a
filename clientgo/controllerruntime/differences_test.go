package controllerruntime

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
)

// difference is a case in which the two queues do not do the same, as doc.go
// says. run returns what can be seen.
type difference struct {
	name         string
	run          func(priorityqueue.PriorityQueue[string]) []string
	ours, theirs []string
}

var differences = []difference{
	{
		name: "a low priority is not starved",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			low := -100
			q.AddWithOpts(priorityqueue.AddOpts{Priority: &low}, "low")
			for range 40 {
				q.Add("high")
				if item := take(q); item == "low" {
					return []string{item}
				}
			}
			return []string{"starved"}
		},
		ours: []string{"low"}, theirs: []string{"starved"},
	},
	{
		name: "an item added in hand takes its place at Done",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			q.Add("a")
			item, _ := q.Get()
			q.Add("a")
			q.Add("b")
			q.Done(item)
			return []string{take(q), take(q)}
		},
		ours: []string{"b", "a"}, theirs: []string{"a", "b"},
	},
	{
		name: "an item that is added in hand waits from Done on",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			q.Add("a")
			item, _ := q.Get()
			q.Add("a")
			defer q.Done(item)
			return make([]string, q.Len())
		},
		ours: []string{}, theirs: []string{""},
	},
	{
		name: "an item whose delay is ended by an addition takes its place then",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			q.AddAfter("a", time.Minute)
			q.Add("b")
			q.Add("a")
			return []string{take(q), take(q)}
		},
		ours: []string{"b", "a"}, theirs: []string{"a", "b"},
	},
	{
		name: "what is queued is worked on after ShutDown",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			q.Add("a")
			synctest.Wait()
			q.ShutDown()
			item, shutdown := q.Get()
			if shutdown {
				return nil
			}
			q.Done(item)
			return []string{item}
		},
		ours: []string{"a"}, theirs: nil,
	},
	{
		name: "ShutDown may be called again",
		run: func(q priorityqueue.PriorityQueue[string]) (seen []string) {
			defer func() {
				if recover() != nil {
					seen = []string{"panic"}
				}
			}()
			q.ShutDown()
			q.ShutDown()
			return nil
		},
		ours: nil, theirs: []string{"panic"},
	},
	{
		name: "a negative delay does not undo a rate limit",
		run: func(q priorityqueue.PriorityQueue[string]) []string {
			q.AddWithOpts(priorityqueue.AddOpts{After: -1, RateLimited: true}, "a")
			return make([]string, q.Len())
		},
		ours: []string{}, theirs: []string{""},
	},
}

// take gets an item and gives it back.
func take(q priorityqueue.PriorityQueue[string]) string {
	synctest.Wait() // controller-runtime's takes additions in a goroutine
	item, _ := q.Get()
	q.Done(item)
	return item
}

// The differences that doc.go lists are there, so that the list cannot go
// stale: where guarantees Q2, Q3, Q5 and Q6 are ours.
func TestTheDifferencesAreThoseOfTheList(t *testing.T) {
	for _, d := range differences {
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, each := range []struct {
					name string
					q    priorityqueue.PriorityQueue[string]
					want []string
				}{
					{"ours", New("", Options[string]{RateLimiter: limiter()}), d.ours},
					{"controller-runtime's", priorityqueue.New("", func(o *priorityqueue.Opts[string]) {
						o.RateLimiter = limiter()
					}), d.theirs},
				} {
					if got := d.run(each.q); !slices.Equal(got, each.want) {
						t.Errorf("%s gives %q, expected %q", each.name, got, each.want)
					}
					if !each.q.ShuttingDown() {
						each.q.ShutDown()
					}
				}
			})
		})
	}
}
