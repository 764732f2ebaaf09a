package workqueue_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/informant-go/informant/workqueue"
)

func namespace(item string) string {
	ns, _, _ := strings.Cut(item, "/")
	return ns
}

func groupQueue() *workqueue.Queue[string] {
	return workqueue.New(workqueue.Options[string]{Group: namespace})
}

// Q6: with one worker, busy groups take turns, however unequal they are.
func TestQ6GroupsTakeTurns(t *testing.T) {
	q := groupQueue()
	for i := range 1000 {
		q.Add(fmt.Sprintf("big/%d", i))
	}
	for i := range 10 {
		q.Add(fmt.Sprintf("small/%d", i))
		q.AddPriority(fmt.Sprintf("tiny/%d", i), -5)
	}
	count := map[string]int{}
	for i := range 30 {
		item, _ := take(t, q)
		count[namespace(item)]++
		for name, n := range count {
			if n > i/3+1 {
				t.Fatalf("group %s had %d of %d turns", name, n, i+1)
			}
		}
	}
	if item, _ := take(t, q); namespace(item) != "big" {
		t.Errorf("got %s when the other groups were done", item)
	}
}

// Q6: k busy groups hold the workers within one item of equal, once every
// worker has asked as often as it takes.
func TestQ6GroupsShareTheWorkers(t *testing.T) {
	q := groupQueue()
	const groups, workers = 4, 10
	for g := range groups {
		for i := range 1000 {
			q.Add(fmt.Sprintf("g%d/%d", g, i))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var held []string
	for range 2000 {
		for len(held) < workers {
			item, ok := q.TryGet()
			if !ok {
				t.Fatal("the queue is empty")
			}
			held = append(held, item)
			// A group was given this one only if none had fewer.
			count := map[string]int{}
			for _, item := range held {
				count[namespace(item)]++
			}
			for g := range groups {
				if name := fmt.Sprint("g", g); count[name] < count[namespace(item)]-1 {
					t.Fatalf("%s was handed out while groups hold %v", item, count)
				}
			}
		}
		i := random.IntN(workers)
		q.Done(held[i])
		q.Add(held[i])
		held = append(held[:i], held[i+1:]...)
	}
}

// A group that comes and goes does not overtake those that stay.
func TestQ6AComingAndGoingGroupStarvesNobody(t *testing.T) {
	q := groupQueue()
	q.Add("stays/1")
	q.Add("stays/2")
	for range 4 {
		q.Add("hot/1")
		if item, _ := take(t, q); item == "stays/2" {
			return
		}
	}
	t.Error("a hot group keeps another one waiting")
}

// Groups leave nothing behind.
func TestGroupsAreForgotten(t *testing.T) {
	q := groupQueue()
	for i := range 10_000 {
		q.Add(fmt.Sprintf("g%d/x", i))
		take(t, q)
	}
	if q.Groups() != 0 {
		t.Errorf("%d groups are kept for no items", q.Groups())
	}
}
