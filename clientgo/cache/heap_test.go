package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	"pgregory.net/rapid"
)

// clientGoHeap are the methods of client-go's Heap.
type clientGoHeap interface {
	Add(obj any) error
	BulkAdd(list []any) error
	AddIfNotPresent(obj any) error
	Update(obj any) error
	Delete(obj any) error
	Pop() (any, error)
	List() []any
	ListKeys() []string
	Get(obj any) (any, bool, error)
	GetByKey(key string) (any, bool, error)
	IsClosed() bool
	Close()
}

// byVersion orders pods; no two of a test have the same version.
func byVersion(a, b any) bool {
	return len(a.(*corev1.Pod).ResourceVersion) < len(b.(*corev1.Pod).ResourceVersion) ||
		len(a.(*corev1.Pod).ResourceVersion) == len(b.(*corev1.Pod).ResourceVersion) &&
			a.(*corev1.Pod).ResourceVersion < b.(*corev1.Pod).ResourceVersion
}

// heapOutcome is an error as the caller of a Heap can look at it: a KeyError, or
// some other.
func heapOutcome(err error) string {
	if keyErr := (upstream.KeyError{}); errors.As(err, &keyErr) {
		return outcome(err)
	}
	if err != nil {
		return "an error"
	}
	return "ok"
}

// Whatever is done to them, both heaps hold the same and give it out in the
// same order.
func TestHeapsGiveOutWhatClientGosDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		heaps := []clientGoHeap{upstream.NewHeap(podKey, byVersion), cache.NewHeap(podKey, byVersion)}
		versions := rapid.Permutation(func() (all []int) {
			for v := range 400 {
				all = append(all, v)
			}
			return all
		}()).Draw(rt, "versions")
		pod := func(rt *rapid.T) any {
			v := versions[0]
			versions = versions[1:]
			name := rapid.SampledFrom([]string{"p", "q", "r", "s", "t", ""}).Draw(rt, "name")
			return versioned(newPod("ns", name, ""), v)
		}
		both := func(do func(h clientGoHeap) any) {
			if diff := cmp.Diff(do(heaps[0]), do(heaps[1])); diff != "" {
				rt.Fatalf("answers differ (-client-go +informant):\n%s", diff)
			}
		}
		one := func(call func(h clientGoHeap, obj any) error) func(*rapid.T) {
			return func(rt *rapid.T) {
				if len(versions) < 10 {
					return
				}
				p := pod(rt)
				both(func(h clientGoHeap) any { return heapOutcome(call(h, p)) })
			}
		}
		closed := false
		rt.Repeat(map[string]func(*rapid.T){
			"add":              one(clientGoHeap.Add),
			"update":           one(clientGoHeap.Update),
			"add if not there": one(clientGoHeap.AddIfNotPresent),
			"delete":           one(clientGoHeap.Delete),
			"bulk add": func(rt *rapid.T) {
				var list []any
				for range min(rapid.IntRange(0, 4).Draw(rt, "objects"), len(versions)) {
					list = append(list, pod(rt))
				}
				both(func(h clientGoHeap) any { return heapOutcome(h.BulkAdd(list)) })
			},
			"pop": func(rt *rapid.T) {
				if len(heaps[0].ListKeys()) == 0 && !closed {
					return // it would wait
				}
				both(func(h clientGoHeap) any {
					obj, err := h.Pop()
					return []any{obj == nil, fmt.Sprint(obj), heapOutcome(err)}
				})
			},
			"get": one(func(h clientGoHeap, obj any) error {
				_, _, err := h.Get(obj)
				return err
			}),
			"close": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
					closed = true
					both(func(h clientGoHeap) any { h.Close(); return nil })
				}
			},
			"": func(rt *rapid.T) {
				both(func(h clientGoHeap) any {
					p, exists, err := h.GetByKey("ns/p")
					keys := h.ListKeys()
					slices.Sort(keys)
					return []any{described(h.List()), keys, describe(p), exists, err, h.IsClosed()}
				})
			},
		})
	})
}

func TestAHeapWakesWhoPops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cache.NewHeap(podKey, byVersion)
		popped := make(chan any)
		pop := func() {
			obj, err := h.Pop()
			if err != nil {
				popped <- err
				return
			}
			popped <- obj
		}
		p := versioned(newPod("ns", "p", ""), 1)
		go pop()
		synctest.Wait() // it waits for an object
		if err := h.Add(p); err != nil {
			t.Fatal(err)
		}
		if got := <-popped; got != any(p) {
			t.Errorf("popped %v", got)
		}
		go pop()
		synctest.Wait()
		h.Close()
		if _, ended := (<-popped).(error); !ended {
			t.Error("a closed heap gave out an object")
		}
	})
}
