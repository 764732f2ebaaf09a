package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	upstream "k8s.io/client-go/tools/cache"
)

// F4: a queue has synced, as client-go's, when the first event was refused, or
// came after Close.
func TestAFirstEventThatIsRefusedCounts(t *testing.T) {
	panics := func(any) (any, error) { panic("transform") }
	for name, c := range map[string]struct {
		transform upstream.TransformFunc
		first     func(q upstream.Queue) error
	}{
		"Add nil":                   {nil, func(q upstream.Queue) error { return q.Add(nil) }},
		"Add without a key":         {nil, func(q upstream.Queue) error { return q.Add(42) }},
		"Update without a key":      {nil, func(q upstream.Queue) error { return q.Update(42) }},
		"Delete without a key":      {nil, func(q upstream.Queue) error { return q.Delete(42) }},
		"Add refused":               {refuse, func(q upstream.Queue) error { return q.Add(newPod("ns", "p", "")) }},
		"Update refused":            {refuse, func(q upstream.Queue) error { return q.Update(newPod("ns", "p", "")) }},
		"Delete refused":            {refuse, func(q upstream.Queue) error { return q.Delete(newPod("ns", "known", "")) }},
		"Delete of what is unknown": {refuse, func(q upstream.Queue) error { return q.Delete(newPod("ns", "p", "")) }},
		"Add, a panic":              {panics, func(q upstream.Queue) error { return q.Add(newPod("ns", "p", "")) }},
		"Update, a panic":           {panics, func(q upstream.Queue) error { return q.Update(newPod("ns", "p", "")) }},
		"Delete, a panic":           {panics, func(q upstream.Queue) error { return q.Delete(newPod("ns", "known", "")) }},
		"Delete, no panic":          {panics, func(q upstream.Queue) error { return q.Delete(newPod("ns", "p", "")) }},
		"Replace refused":           {refuse, func(q upstream.Queue) error { return q.Replace([]any{newPod("ns", "p", "")}, "1") }},
		"Replace without a key":     {nil, func(q upstream.Queue) error { return q.Replace([]any{42}, "1") }},
		"Resync":                    {nil, func(q upstream.Queue) error { return q.Resync() }},
		"Add after Close":           {nil, func(q upstream.Queue) error { q.Close(); return q.Add(newPod("ns", "p", "")) }},
	} {
		for kind, make := range map[string]func(m makers, known upstream.Store) upstream.Queue{
			"DeltaFIFO": func(m makers, known upstream.Store) upstream.Queue {
				return m.deltas(upstream.DeltaFIFOOptions{KeyFunction: podKeyOrError, KnownObjects: known, Transformer: c.transform})
			},
			"RealFIFO": func(m makers, known upstream.Store) upstream.Queue {
				return m.real(upstream.RealFIFOOptions{KeyFunction: podKeyOrError, KnownObjects: known, Transformer: c.transform})
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				var got [2]string
				for i, m := range both {
					known := upstream.NewStore(podKey)
					must(known.Add(newPod("ns", "known", "")))
					q := make(m, known)
					said := says(func() error { return c.first(q) })
					got[i] = fmt.Sprint(said == "", q.HasSynced(), upstream.IsDone(q.HasSyncedChecker()))
				}
				if got[0] != got[1] {
					t.Errorf("no error, synced, done: client-go %s, informant %s", got[0], got[1])
				}
			})
		}
	}
}

func podKeyOrError(obj any) (string, error) {
	if _, ok := obj.(*corev1.Pod); !ok {
		return "", errNoName
	}
	return podKey(obj)
}

// What is processed after a first event that was refused is no initial list.
func TestAListAfterARefusedEventIsNotInitial(t *testing.T) {
	for _, m := range both {
		q := m.deltas(upstream.DeltaFIFOOptions{KeyFunction: podKeyOrError})
		if q.Add(42) == nil {
			t.Fatal("an object without a key was taken")
		}
		must(q.Replace([]any{newPod("ns", "p", "")}, "1"))
		_, err := q.Pop(func(_ any, initial bool) error {
			if initial {
				t.Errorf("%s: initial", m.name)
			}
			return nil
		})
		must(err)
	}
}

// The transform is asked about a deletion only if that is queued.
func TestADeletionThatAddsNothingIsNotTransformed(t *testing.T) {
	for name, withKnown := range map[string]bool{"known objects": true, "no known objects": false} {
		t.Run(name, func(t *testing.T) {
			var calls [2][]string
			for i, m := range both {
				opts := upstream.DeltaFIFOOptions{KeyFunction: podKey, Transformer: func(obj any) (any, error) {
					calls[i] = append(calls[i], describe(obj))
					return obj, nil
				}}
				if withKnown {
					known := upstream.NewStore(podKey)
					must(known.Add(newPod("ns", "known", "")))
					opts.KnownObjects = known
				}
				q := m.deltas(opts)
				must(q.Delete(newPod("ns", "unknown", "")))
				must(q.Delete(newPod("ns", "known", "")))
				must(q.Add(newPod("ns", "queued", "")))
				must(q.Delete(newPod("ns", "queued", "")))
				must(q.Delete(upstream.DeletedFinalStateUnknown{Key: "ns/queued"}))
				q.Close()
				for {
					popped, err := q.Pop(func(any, bool) error { return nil })
					if errors.Is(err, upstream.ErrFIFOClosed) {
						break
					}
					must(err)
					for _, d := range popped.(upstream.Deltas) {
						calls[i] = append(calls[i], fmt.Sprintf("%s %s", d.Type, describe(d.Object)))
					}
				}
			}
			if diff := cmp.Diff(calls[0], calls[1]); diff != "" {
				t.Errorf("transformed and handed out (-client-go +informant):\n%s", diff)
			}
		})
	}
}

// A list is nil in its delta if it was for Replace, and was not transformed.
func TestAnAtomicListIsNilAsInClientGo(t *testing.T) {
	same := func(obj any) (any, error) { return obj, nil }
	for name, list := range map[string][]any{"nil": nil, "empty": {}, "one": {newPod("ns", "p", "")}} {
		for _, transform := range []upstream.TransformFunc{nil, same} {
			t.Run(fmt.Sprintf("%s/transform %v", name, transform != nil), func(t *testing.T) {
				var got [2]upstream.ReplacedAllInfo
				for i, m := range both {
					q := m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, Transformer: transform})
					must(q.Replace(list, "1"))
					popped, err := q.Pop(func(any, bool) error { return nil })
					must(err)
					got[i] = popped.(upstream.Deltas)[0].Object.(upstream.ReplacedAllInfo)
				}
				if diff := cmp.Diff(got[0], got[1]); diff != "" {
					t.Errorf("handed out (-client-go +informant):\n%s", diff)
				}
			})
		}
	}
}

// An empty list of a source is not nil.
func TestAnEmptyListOfASourceIsNotNil(t *testing.T) {
	for name, newController := range controllers {
		for _, m := range both {
			t.Run(name+"/queue of "+m.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					told := new(inOrder)
					run(t, newController(&upstream.Config{
						Queue: m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true}), ListerWatcher: newTurns(podList()), ObjectType: &corev1.Pod{},
						Process: func(popped any, _ bool) error {
							info := popped.(upstream.Deltas)[0].Object.(upstream.ReplacedAllInfo)
							told.note("%d nil=%v", len(info.Objects), info.Objects == nil)
							return nil
						},
					}).RunWithContext)
					if diff := cmp.Diff([]string{"0 nil=false"}, told.told()); diff != "" {
						t.Errorf("handed out (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// An object that is left out of a list is reported with its key (R4).
func TestAnObjectThatIsNotTakenIsNamed(t *testing.T) {
	defer func(before []utilruntime.ErrorHandler) { utilruntime.ErrorHandlers = before }(utilruntime.ErrorHandlers)
	for kind, make := range map[string]func(upstream.TransformFunc) upstream.Queue{
		"DeltaFIFO": func(f upstream.TransformFunc) upstream.Queue {
			return both[1].deltas(upstream.DeltaFIFOOptions{KeyFunction: podKey, Transformer: f})
		},
		"RealFIFO": func(f upstream.TransformFunc) upstream.Queue {
			return both[1].real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, Transformer: f})
		},
	} {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				told := new(inOrder)
				utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{func(_ context.Context, err error, msg string, args ...any) {
					for i := 0; i+1 < len(args); i += 2 {
						if args[i] == "key" {
							told.note("%s: %v", msg, args[i+1])
						}
					}
				}}
				run(t, controllers["informant"](&upstream.Config{
					Queue: make(func(obj any) (any, error) {
						if obj.(*corev1.Pod).Name == "bad" {
							return nil, errNoName
						}
						return obj, nil
					}),
					ListerWatcher: newTurns(podList(newPod("ns", "bad", ""), newPod("ns", "good", ""))), ObjectType: &corev1.Pod{},
					Process: func(any, bool) error { return nil },
				}).RunWithContext)
				if diff := cmp.Diff([]string{"Object not taken: ns/bad"}, told.told()); diff != "" {
					t.Errorf("reported (-want +got):\n%s", diff)
				}
			})
		})
	}
}
