package workqueue_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/informant-go/informant/workqueue"
)

// take gets an item and gives it back.
func take(t *testing.T, q *workqueue.Queue[string]) (string, int) {
	t.Helper()
	item, priority, shutdown := q.GetPriority()
	if shutdown {
		t.Fatal("the queue is shut down")
	}
	q.Done(item)
	return item, priority
}

// The higher priority goes out first, and Q3 holds within a priority.
func TestQ3HigherPrioritiesGoFirst(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{Aging: -1})
	q.AddPriority("low", -1)
	q.Add("one")
	q.Add("two")
	q.AddPriority("high", 1)
	q.AddPriority("low", 0) // rises behind those of its new priority
	q.AddPriority("one", -5)
	want := []struct {
		item     string
		priority int
	}{{"high", 1}, {"one", 0}, {"two", 0}, {"low", 0}}
	for _, w := range want {
		if item, priority := take(t, q); item != w.item || priority != w.priority {
			t.Errorf("got %s of priority %d, expected %+v", item, priority, w)
		}
	}
	// The priority does not outlive the work.
	q.Add("high")
	if _, priority := take(t, q); priority != 0 {
		t.Errorf("an item is handed out with the priority %d that it had before", priority)
	}
}

// Priorities beyond 32 bits count as the greatest, and the two ends are ordered
// where an int has no more than 32 bits.
func TestPrioritiesAreClamped(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{})
	q.AddPriority("a", math.MaxInt)
	q.AddPriority("b", math.MinInt)
	if item, priority := take(t, q); item != "a" || priority != 1<<31-1 {
		t.Errorf("got %s, %d", item, priority)
	}
	if item, priority := take(t, q); item != "b" || priority != -1<<31 {
		t.Errorf("got %s, %d", item, priority)
	}
}

// Q6: under a saturating stream of high priority, an item before which m items
// of its group wait goes out within Aging·(m+1) items.
func TestQ6AgingBoundsTheWait(t *testing.T) {
	for _, aging := range []int{0, 1, 2, 7} {
		t.Run(fmt.Sprint("Aging=", aging), func(t *testing.T) {
			q := workqueue.New(workqueue.Options[string]{Aging: aging})
			bound := aging
			if bound == 0 {
				bound = workqueue.DefaultAging
			}
			const before = 5
			for i := range before {
				q.AddPriority(fmt.Sprint("older ", i), i%3)
			}
			q.AddPriority("low", -10)
			for n := 1; ; n++ {
				if n > bound*(before+1) {
					t.Fatalf("the item still waits after %d others", n-1)
				}
				q.AddPriority(fmt.Sprint("high ", n), 100)
				if item, _ := take(t, q); item == "low" {
					return
				}
			}
		})
	}
}

// Without aging the same stream starves the item: the bound above is aging's
// doing.
func TestStrictPrioritiesStarve(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{Aging: -1})
	q.AddPriority("low", -10)
	for n := range 1000 {
		q.AddPriority(fmt.Sprint("high ", n), 100)
		if item, _ := take(t, q); item == "low" {
			t.Fatal("strictly by priority is not what it says")
		}
	}
}

// Aging costs the high priority its share and no more.
func TestAgingTakesItsShareOnly(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{Aging: 10})
	for i := range 1000 {
		q.AddPriority(fmt.Sprint("low ", i), -1)
	}
	low := 0
	for i := range 1000 {
		q.AddPriority(fmt.Sprint("high ", i), 1)
		if _, priority := take(t, q); priority < 0 {
			low++
		}
	}
	if low != 100 {
		t.Errorf("%d of 1000 items were of low priority, expected 100", low)
	}
}
