package workqueue

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/client-go/util/workqueue"
	"pgregory.net/rapid"
)

// noted is an order that writes down its calls, Len aside, which changes
// nothing.
type noted struct {
	lifo
	calls []string
}

func (n *noted) note(call, item string) { n.calls = append(n.calls, call+" "+item) }

func (n *noted) Touch(item string) { n.note("Touch", item) }
func (n *noted) Push(item string)  { n.note("Push", item); n.lifo.Push(item) }
func (n *noted) Pop() string {
	item := n.lifo.Pop()
	n.note("Pop", item)
	return item
}

// A storage of the user is called as client-go calls it, call by call.
func TestAStorageIsCalledAsByClientGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := &noted{}, &noted{}
		ours := NewTypedWithConfig(TypedQueueConfig[string]{Queue: one})
		theirs := workqueue.NewTypedWithConfig(TypedQueueConfig[string]{Queue: two})
		var held []string
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				item := drawItem(t)
				ours.Add(item)
				theirs.Add(item)
			},
			"get": func(t *rapid.T) {
				if ours.Len() == 0 {
					t.Skip()
				}
				a, _ := ours.Get()
				b, _ := theirs.Get()
				if a != b {
					t.Fatalf("got %s and %s", a, b)
				}
				held = append(held, a)
			},
			"done": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(held)-1).Draw(t, "held")
				ours.Done(held[i])
				theirs.Done(held[i])
				held = slices.Delete(held, i, i+1)
			},
			"shut down": func(t *rapid.T) {
				if rapid.IntRange(0, 19).Draw(t, "really") > 0 {
					t.Skip()
				}
				ours.ShutDown()
				theirs.ShutDown()
			},
			"": func(t *rapid.T) {
				if !slices.Equal(one.calls, two.calls) || ours.Len() != theirs.Len() {
					t.Fatalf("called were\n%v, by client-go\n%v", fmt.Sprint(one.calls), fmt.Sprint(two.calls))
				}
			},
		})
	})
}
