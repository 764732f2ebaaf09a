package workqueue_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/informant-go/informant/workqueue"
)

// waiter is an item that waits, as the bound of Q6 sees it.
type waiter struct {
	priority int
	before   int // items of its group that waited when it became ready
	served   int // items of its group that had gone out by then
}

// bounds checks Q6 for each item that goes out of a queue.
type bounds struct {
	q       *workqueue.Queue[string]
	aging   int
	waiting map[string]waiter
	served  map[string]int            // by group
	since   map[string]map[string]int // by group, what went out while it had an item that waits and none being processed
	held    []string
}

func (b *bounds) waits(group string) (n int) {
	for item := range b.waiting {
		if namespace(item) == group {
			n++
		}
	}
	return n
}

func (b *bounds) processing(group string) (n int) {
	for _, item := range b.held {
		if namespace(item) == group {
			n++
		}
	}
	return n
}

func (b *bounds) add(item string, priority int) {
	b.q.AddPriority(item, priority)
	if slices.Contains(b.held, item) {
		return // it becomes ready with Done, with a priority that is not looked at here
	}
	w, waits := b.waiting[item]
	if waits && w.priority >= priority {
		return
	}
	delete(b.waiting, item)
	group := namespace(item)
	b.waiting[item] = waiter{priority, b.waits(group), b.served[group]}
	b.look()
}

// get takes an item and checks what had to be done before.
func (b *bounds) get(t *rapid.T) {
	item, ok := b.q.TryGet()
	if !ok {
		t.Skip()
	}
	group := namespace(item)
	for other, seen := range b.since {
		if seen[group]++; other != group && seen[group] > 1 {
			t.Fatalf("group %s went out %d times while %s waited with none being processed", group, seen[group], other)
		}
	}
	w := b.waiting[item]
	delete(b.waiting, item)
	b.served[group]++
	if n, most := b.served[group]-w.served, b.aging*(w.before+1); n > most {
		t.Fatalf("%s went out as number %d of its group, %d waited before it: the bound is %d", item, n, w.before, most)
	}
	b.held = append(b.held, item)
	b.look()
}

func (b *bounds) done(t *rapid.T) {
	if len(b.held) == 0 {
		t.Skip()
	}
	i := rapid.IntRange(0, len(b.held)-1).Draw(t, "held")
	b.q.Done(b.held[i])
	b.held = slices.Delete(b.held, i, i+1)
	b.look()
}

// look records the groups of which an item waits and none is being processed.
func (b *bounds) look() {
	for _, group := range []string{"a", "b", "c", "d"} {
		switch starved := b.waits(group) > 0 && b.processing(group) == 0; {
		case !starved:
			delete(b.since, group)
		case b.since[group] == nil:
			b.since[group] = map[string]int{}
		}
	}
}

// Q6: the bound holds for each item, whatever is added, in which groups, with
// which priorities: a stream of new items of higher priority included.
func TestQ6NoItemWaitsLongerThanTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &bounds{
			aging:   rapid.IntRange(1, 5).Draw(t, "aging"),
			waiting: map[string]waiter{}, served: map[string]int{}, since: map[string]map[string]int{},
		}
		b.q = workqueue.New(workqueue.Options[string]{Aging: b.aging, Group: namespace})
		groups := rapid.IntRange(1, 4).Draw(t, "groups")
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				group := string(rune('a' + rapid.IntRange(0, groups-1).Draw(t, "group")))
				item := fmt.Sprint(group, "/", rapid.IntRange(0, 9).Draw(t, "item"))
				if slices.Contains(b.held, item) {
					t.Skip() // would go back with Done, unseen
				}
				b.add(item, rapid.IntRange(-3, 3).Draw(t, "priority"))
			},
			"stream": func(t *rapid.T) { // saturates: as many as go out
				group := string(rune('a' + rapid.IntRange(0, groups-1).Draw(t, "group")))
				for range rapid.IntRange(1, 10).Draw(t, "items") {
					n++
					b.add(fmt.Sprint(group, "/new ", n), 10)
					b.get(t)
					b.done(t)
				}
			},
			"get":  b.get,
			"done": b.done,
		})
	})
}

// Q6: while k groups are busy, the workers are shared among them within one
// item of equal at every moment, however long each item takes, and however
// many more items one of the groups has.
func TestQ6BusyGroupsShareTheWorkersWithinOneItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 5).Draw(t, "groups")
		workers := rapid.IntRange(1, 12).Draw(t, "workers")
		q := groupQueue()
		for g := range k {
			for i := range workers + rapid.SampledFrom([]int{1, 50}).Draw(t, "more") {
				q.Add(fmt.Sprintf("g%d/%d", g, i))
			}
		}
		var held []string
		for range 100 {
			for len(held) < workers {
				item, _ := q.Get()
				held = append(held, item)
			}
			count := make([]int, k)
			for _, item := range held {
				count[item[1]-'0']++
			}
			if slices.Max(count)-slices.Min(count) > 1 {
				t.Fatalf("%d workers are with the groups as %v", workers, count)
			}
			i := rapid.IntRange(0, workers-1).Draw(t, "ends")
			q.Add(held[i]) // the group stays busy
			q.Done(held[i])
			held = slices.Delete(held, i, i+1)
		}
	})
}

// Q6: a group with much to do takes no more than its share of the time of
// several workers, and a newcomer does not wait for its backlog.
func TestQ6ANewcomerDoesNotWaitForTheBacklogOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := groupQueue()
		done := map[string]time.Duration{}
		took := make(chan string)
		for range 3 {
			go func() {
				for {
					item, shutdown := q.Get()
					if shutdown {
						return
					}
					<-time.After(time.Second) // the work
					q.Done(item)
					took <- item
				}
			}()
		}
		for i := range 1000 {
			q.Add(fmt.Sprint("big/", i))
		}
		begin := time.Now()
		for range 30 {
			done[<-took] = time.Since(begin)
		}
		q.Add("small/1")
		added := time.Since(begin)
		for done["small/1"] == 0 {
			done[<-took] = time.Since(begin)
		}
		// The item that the worker is processing, and then its own.
		if waited := done["small/1"] - added; waited > 2*time.Second {
			t.Errorf("the newcomer was done after %v", waited)
		}
		go func() {
			for range took { // the workers must not wait for the test
			}
		}()
		for {
			item, ok := q.TryGet()
			if !ok {
				break
			}
			q.Done(item)
		}
		q.ShutDownWithDrain()
		synctest.Wait()
		close(took)
	})
}
