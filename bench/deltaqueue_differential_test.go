package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/deltafifo/fifotest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

// twoQueues drives a queue of this library and client-go's with the same calls.
type twoQueues struct {
	names   []string
	queues  []fifotest.Queue
	stores  []map[string]*fifotest.Object
	version int
}

// held is the store of a queue's consumer as the queue reads it.
type held struct {
	of *twoQueues
	i  int
}

// ListKeys gives the keys in order, so that both engines see them in the same.
func (h held) ListKeys() []string { return slices.Sorted(maps.Keys(h.of.stores[h.i])) }

func (h held) GetByKey(key string) (*fifotest.Object, bool, error) {
	obj, ok := h.of.stores[h.i][key]
	return obj, ok, nil
}

// both calls f with each queue.
func (q *twoQueues) both(t *rapid.T, f func(fifotest.Queue) error) {
	for i, queue := range q.queues {
		if err := f(queue); err != nil {
			t.Fatalf("%s: %v", q.names[i], err)
		}
	}
}

func (q *twoQueues) draw(t *rapid.T) *fifotest.Object {
	q.version++
	return &fifotest.Object{ObjectMeta: metav1.ObjectMeta{
		Namespace:       "ns",
		Name:            rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name"),
		ResourceVersion: strconv.Itoa(q.version),
	}}
}

// producers are the calls that both engines know. A list has each key once:
// client-go hands on a second one.
func (q *twoQueues) producers() map[string]func(*rapid.T) {
	ctx := context.Background()
	event := func(call func(fifotest.Queue, *fifotest.Object) error) func(*rapid.T) {
		return func(t *rapid.T) {
			obj := q.draw(t)
			q.both(t, func(queue fifotest.Queue) error { return call(queue, obj) })
		}
	}
	return map[string]func(*rapid.T){
		"Add":    event(func(queue fifotest.Queue, obj *fifotest.Object) error { return queue.Add(ctx, obj) }),
		"Update": event(func(queue fifotest.Queue, obj *fifotest.Object) error { return queue.Update(ctx, obj) }),
		"Delete": event(func(queue fifotest.Queue, obj *fifotest.Object) error { return queue.Delete(ctx, obj) }),
		"Resync": func(t *rapid.T) { q.both(t, fifotest.Queue.Resync) },
		"Replace": func(t *rapid.T) {
			var items []*fifotest.Object
			for range rapid.IntRange(0, 4).Draw(t, "items") {
				obj := q.draw(t)
				if !slices.ContainsFunc(items, func(o *fifotest.Object) bool { return o.Name == obj.Name }) {
					items = append(items, obj)
				}
			}
			q.both(t, func(queue fifotest.Queue) error {
				for _, err := range []error{queue.Begin(ctx), queue.Page(ctx, items), queue.Commit(ctx, strconv.Itoa(q.version))} {
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// pop pops once, brings the batch into the store, and writes it out.
func (q *twoQueues) pop(t *rapid.T, i int) string {
	var out string
	err := q.queues[i].Pop(context.Background(), func(b deltafifo.Batch[*fifotest.Object]) error {
		for _, d := range b.Deltas {
			switch d.Type {
			case deltafifo.DeltaDeleted:
				delete(q.stores[i], d.Key)
			case deltafifo.DeltaAdded, deltafifo.DeltaUpdated, deltafifo.DeltaReplaced, deltafifo.DeltaSync:
				q.stores[i][d.Key] = d.Object
			}
		}
		out = write(b)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: Pop: %v", q.names[i], err)
	}
	return out
}

func write(b deltafifo.Batch[*fifotest.Object]) string {
	parts := []string{fmt.Sprint("initial=", b.Initial)}
	for _, d := range b.Deltas {
		part := fmt.Sprintf("%v %s %s unknown=%v", d.Type, d.Key, d.ResourceVersion, d.FinalStateUnknown)
		if d.Object != nil {
			part += " " + d.Object.ResourceVersion
		}
		if d.List != nil {
			part += fmt.Sprint(d.List.ResourceVersion, d.List.Keys)
			for _, obj := range d.List.Objects {
				part += " " + obj.ResourceVersion
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func (q *twoQueues) compareSynced(t *rapid.T) {
	if ours, theirs := q.queues[0].HasSynced(), q.queues[1].HasSynced(); ours != theirs {
		t.Fatalf("HasSynced: ours %v, client-go's %v", ours, theirs)
	}
}

func newTwoQueues() *twoQueues {
	return &twoQueues{
		names:  []string{Informant, ClientGo},
		stores: []map[string]*fifotest.Object{{}, {}},
	}
}

// TestDeltaQueueDifferentialByKey gives DeltaFIFO and client-go's the same
// calls, and compares what each Pop hands out (F1, F2, F4, F5).
func TestDeltaQueueDifferentialByKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newTwoQueues()
		ours, err := deltafifo.NewDeltaFIFO(deltafifo.Options[*fifotest.Object]{
			KnownObjects:  held{q, 0},
			NoBookmarks:   true,
			DeletionsLast: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		q.queues = []fifotest.Queue{ours, newForeignDeltaFIFO(fifotest.Config{KnownObjects: held{q, 1}})}
		actions := q.producers()
		actions["Pop"] = func(t *rapid.T) {
			if ours.Len() == 0 {
				return
			}
			if a, b := q.pop(t, 0), q.pop(t, 1); a != b {
				t.Fatalf("ours        %s\nclient-go's %s", a, b)
			}
		}
		actions[""] = q.compareSynced
		t.Repeat(actions)
	})
}

// TestDeltaQueueDifferentialInOrder gives InOrder and client-go's RealFIFO the
// same calls, and compares batch by batch what they hand out when they are
// emptied (F1, F2, F4, F5). One thing differs: InOrder has one SyncAll waiting
// at most, so that a Resync is left out while one waits.
func TestDeltaQueueDifferentialInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newTwoQueues()
		ours, err := deltafifo.NewInOrder(deltafifo.Options[*fifotest.Object]{})
		if err != nil {
			t.Fatal(err)
		}
		q.queues = []fifotest.Queue{ours, newForeignRealFIFO(fifotest.Config{})}
		actions := q.producers()
		resync, syncing := actions["Resync"], false
		actions["Resync"] = func(t *rapid.T) {
			if !syncing {
				resync(t)
			}
			syncing = true
		}
		actions["Bookmark"] = func(t *rapid.T) {
			q.version++
			q.both(t, func(queue fifotest.Queue) error {
				return queue.Bookmark(context.Background(), strconv.Itoa(q.version))
			})
		}
		actions["Empty"] = func(t *rapid.T) {
			for ours.Len() > 0 {
				if a, b := q.pop(t, 0), q.pop(t, 1); a != b {
					t.Fatalf("ours        %s\nclient-go's %s", a, b)
				}
			}
			syncing = false
			q.compareSynced(t)
		}
		t.Repeat(actions)
	})
}
