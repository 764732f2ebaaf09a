package cache_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
)

// own is what a user's queue does besides the queue that it embeds: it leaves
// out secret pods and notes what it is asked for.
type own struct {
	upstream.Queue
	notes *inOrder
}

func (q own) Replace(list []any, version string) error {
	var kept []any
	for _, obj := range list {
		if obj.(*corev1.Pod).Name != "secret" {
			kept = append(kept, obj)
		}
	}
	q.notes.note("Replace %d of %d at %s", len(kept), len(list), version)
	return q.Queue.Replace(kept, version)
}

func (q own) Add(obj any) error { q.notes.note("Add %s", describe(obj)); return q.Queue.Add(obj) }
func (q own) Update(obj any) error {
	q.notes.note("Update %s", describe(obj))
	return q.Queue.Update(obj)
}
func (q own) Delete(obj any) error {
	q.notes.note("Delete %s", describe(obj))
	return q.Queue.Delete(obj)
}

// The four queues that one can embed, with every method promoted but those of
// own.
type (
	theirDeltas struct {
		*upstream.DeltaFIFO
		own own
	}
	ourDeltas struct {
		*cache.DeltaFIFO
		own own
	}
	theirReal struct {
		*upstream.RealFIFO
		own own
	}
	ourReal struct {
		*cache.RealFIFO
		own own
	}
	// ourRealTwice embeds what embeds one.
	ourRealTwice struct{ ourReal }
)

func (q theirDeltas) Replace(list []any, version string) error { return q.own.Replace(list, version) }
func (q theirDeltas) Add(obj any) error                        { return q.own.Add(obj) }
func (q theirDeltas) Update(obj any) error                     { return q.own.Update(obj) }
func (q theirDeltas) Delete(obj any) error                     { return q.own.Delete(obj) }

func (q ourDeltas) Replace(list []any, version string) error { return q.own.Replace(list, version) }
func (q ourDeltas) Add(obj any) error                        { return q.own.Add(obj) }
func (q ourDeltas) Update(obj any) error                     { return q.own.Update(obj) }
func (q ourDeltas) Delete(obj any) error                     { return q.own.Delete(obj) }

func (q theirReal) Replace(list []any, version string) error { return q.own.Replace(list, version) }
func (q theirReal) Add(obj any) error                        { return q.own.Add(obj) }
func (q theirReal) Update(obj any) error                     { return q.own.Update(obj) }
func (q theirReal) Delete(obj any) error                     { return q.own.Delete(obj) }

func (q ourReal) Replace(list []any, version string) error { return q.own.Replace(list, version) }
func (q ourReal) Add(obj any) error                        { return q.own.Add(obj) }
func (q ourReal) Update(obj any) error                     { return q.own.Update(obj) }
func (q ourReal) Delete(obj any) error                     { return q.own.Delete(obj) }

// controllers are the two packages' New.
var controllers = map[string]func(*upstream.Config) upstream.Controller{"client-go": upstream.New, "informant": cache.New}

// A queue that embeds one of this package is called itself, once for each list
// and each event.
func TestAQueueThatEmbedsOneIsCalledItself(t *testing.T) {
	deltas := upstream.DeltaFIFOOptions{KeyFunction: podKey, EmitDeltaTypeReplaced: true}
	real := upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true}
	for name, queues := range map[string][2]func(*inOrder) upstream.Queue{
		"DeltaFIFO": {
			func(n *inOrder) upstream.Queue {
				q := upstream.NewDeltaFIFOWithOptions(deltas)
				return theirDeltas{q, own{q, n}}
			},
			func(n *inOrder) upstream.Queue {
				q := cache.NewDeltaFIFOWithOptions(deltas)
				return ourDeltas{q, own{q, n}}
			},
		},
		"RealFIFO": {
			func(n *inOrder) upstream.Queue {
				q := upstream.NewRealFIFOWithOptions(real)
				return theirReal{q, own{q, n}}
			},
			func(n *inOrder) upstream.Queue {
				q := cache.NewRealFIFOWithOptions(real)
				return ourReal{q, own{q, n}}
			},
		},
		"RealFIFO, embedded twice, by pointer": {
			func(n *inOrder) upstream.Queue {
				q := upstream.NewRealFIFOWithOptions(real)
				return &theirReal{q, own{q, n}}
			},
			func(n *inOrder) upstream.Queue {
				q := cache.NewRealFIFOWithOptions(real)
				return &ourRealTwice{ourReal{q, own{q, n}}}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told [2][]string
			for i, m := range both {
				bubble(t, func(t *testing.T) { told[i] = embedded(t, controllers[m.name], queues[i]) })
			}
			if diff := cmp.Diff(told[0], told[1]); diff != "" {
				t.Errorf("called and handed out (-client-go +informant):\n%s", diff)
			}
		})
	}
}

// embedded is what the queue is called with, and what comes out of it.
func embedded(t *testing.T, newController func(*upstream.Config) upstream.Controller, queue func(*inOrder) upstream.Queue) []string {
	calls, out := new(inOrder), new(inOrder)
	a, secret := versioned(newPod("ns", "a", "n1"), 1), versioned(newPod("ns", "secret", "n1"), 2)
	lw := newTurns(podList(a, secret), podList(a, versioned(newPod("ns", "c", "n1"), 3), secret))
	run(t, newController(&upstream.Config{
		Queue: queue(calls), ListerWatcher: lw, ObjectType: &corev1.Pod{},
		Process: func(popped any, _ bool) error {
			for _, d := range popped.(upstream.Deltas) {
				what := d.Object
				if list, ok := what.(upstream.ReplacedAllInfo); ok {
					what = fmt.Sprint(len(list.Objects), " objects")
				} else {
					what = describe(what)
				}
				out.note("%s %v", d.Type, what)
			}
			return nil
		},
	}).RunWithContext)
	b := newPod("ns", "b", "n1")
	for i, event := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
		lw.event(watch.Event{Type: event, Object: versioned(b, 10+i)})
		settle()
	}
	expire(lw)
	return append(calls.told(), out.told()...)
}
