package deltafifo_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A list comes out as one delta, events as a batch with one delta a key.
func Example() {
	ctx := context.Background()
	q, err := deltafifo.NewInOrder(deltafifo.Options[*metav1.ObjectMeta]{Name: "things"})
	if err != nil {
		fmt.Println(err)
		return
	}

	thing := func(name, version string) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{Name: name, ResourceVersion: version}
	}
	_ = q.Begin(ctx)
	_ = q.Page(ctx, []*metav1.ObjectMeta{thing("a", "1"), thing("b", "2")})
	_ = q.Commit(ctx, "2")
	_ = q.Update(ctx, thing("b", "3"))
	_ = q.Delete(ctx, thing("a", "4"))
	_ = q.Bookmark(ctx, "9")
	q.Close()

	for {
		err := q.Pop(ctx, func(b deltafifo.Batch[*metav1.ObjectMeta]) error {
			for _, d := range b.Deltas {
				switch d.Type {
				case deltafifo.DeltaReplacedAll:
					fmt.Println("now there are", d.List.Keys, "at version", d.List.ResourceVersion)
				case deltafifo.DeltaBookmark:
					fmt.Println("up to date with version", d.ResourceVersion)
				default:
					fmt.Println(d.Type, d.Key, "at version", d.Object.ResourceVersion)
				}
			}
			return nil
		})
		if errors.Is(err, deltafifo.ErrClosed) {
			break
		}
	}
	fmt.Println("synced:", q.HasSynced())
	// Output:
	// now there are [a b] at version 2
	// Updated b at version 3
	// Deleted a at version 4
	// up to date with version 9
	// synced: true
}

// things are what the consumer of ExampleDeltaFIFO holds.
type things map[string]string

func (t things) ListKeys() []string { return slices.Sorted(maps.Keys(t)) }

func (t things) GetByKey(key string) (string, bool, error) {
	obj, exists := t[key]
	return obj, exists, nil
}

// A DeltaFIFO gathers what happens to a key, and tells what a list shows to be
// gone from the objects that the consumer holds.
func ExampleDeltaFIFO() {
	ctx := context.Background()
	store := things{"old": "old at 1"}
	q, err := deltafifo.NewDeltaFIFOWithAccess(
		object.Keyed(func(s string) (key string, err error) {
			_, err = fmt.Sscanf(s, "%s", &key)
			return key, err
		}, object.Fields[string]{}),
		deltafifo.Options[string]{KnownObjects: store},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = q.Begin(ctx)
	_ = q.Page(ctx, []string{"new at 2"})
	_ = q.Commit(ctx, "2")
	_ = q.Update(ctx, "new at 3")
	for q.Len() > 0 {
		_ = q.Pop(ctx, func(b deltafifo.Batch[string]) error {
			for _, d := range b.Deltas {
				if d.Type == deltafifo.DeltaBookmark {
					fmt.Println("Bookmark", d.ResourceVersion)
				} else {
					fmt.Printf("%v %s: %s\n", d.Type, d.Key, d.Object)
				}
			}
			return nil
		})
	}
	// Output:
	// Deleted old: old at 1
	// Replaced new: new at 2
	// Updated new: new at 3
	// Bookmark 2
}

// With a bound a producer waits for room, no longer than its context.
func ExampleOptions_bound() {
	q, err := deltafifo.NewInOrder(deltafifo.Options[*metav1.ObjectMeta]{Bound: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	fmt.Println(q.Add(ctx, &metav1.ObjectMeta{Name: "a"}))
	cancel()
	fmt.Println(q.Add(ctx, &metav1.ObjectMeta{Name: "b"}))
	// Output:
	// <nil>
	// context canceled
}
