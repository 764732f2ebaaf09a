package cache_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	upstream "k8s.io/client-go/tools/cache"
	"pgregory.net/rapid"
)

var errNoName = errors.New("a pod without a name")

// podKey fails for pods without a name.
func podKey(obj any) (string, error) {
	if pod, ok := obj.(*corev1.Pod); ok && pod.Name != "" {
		return pod.Namespace + "/" + pod.Name, nil
	}
	return "", errNoName
}

func byNode(obj any) ([]string, error) {
	pod := obj.(*corev1.Pod)
	return strings.FieldsFunc(pod.Spec.NodeName, func(r rune) bool { return r == ',' }), nil
}

func versioned(pod *corev1.Pod, version int) *corev1.Pod {
	pod = pod.DeepCopy()
	pod.ResourceVersion = fmt.Sprint(version)
	return pod
}

// view is everything that can be asked of an Indexer, in one order.
func view(t failer, s upstream.Indexer) map[string]any {
	v := map[string]any{
		"list": contents(s), "keys": sorted(s.ListKeys()), "version": s.LastStoreSyncResourceVersion(),
		"values": sorted(s.ListIndexFuncValues("node")), "no such index": s.ListIndexFuncValues("nothing"),
		"indexers": len(s.GetIndexers()),
	}
	for _, node := range []string{"n1", "n2", "n3"} {
		keys, err := s.IndexKeys("node", node)
		if err != nil {
			t.Fatalf("IndexKeys: %v", err)
		}
		objs, err := s.ByIndex("node", node)
		if err != nil {
			t.Fatalf("ByIndex: %v", err)
		}
		v["keys of "+node], v["objects of "+node] = keys, described(objs) // keys come sorted
		v["none for "+node] = []bool{keys == nil, objs == nil}
	}
	shared, err := s.Index("node", newPod("", "any", "n1,n2"))
	if err != nil {
		t.Fatalf("Index: %v", err)
	}
	v["index"] = described(shared)
	v["none"] = []bool{shared == nil, s.List() == nil, s.ListKeys() == nil, s.ListIndexFuncValues("node") == nil, s.ListIndexFuncValues("nothing") == nil}
	_, err = s.Index("nothing", newPod("", "any", "n1"))
	v["unknown index"] = err != nil
	return v
}

func sorted(s []string) []string {
	s = append([]string{}, s...)
	slices.Sort(s)
	return s
}

func described(objs []any) []string {
	all := []string{}
	for _, obj := range objs {
		all = append(all, describe(obj))
	}
	return sorted(all)
}

// S1, S3: whatever is written, both engines hold the same and find the same.
func TestStoresHoldWhatClientGoHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		indexers := func() upstream.Indexers { return upstream.Indexers{"node": byNode} }
		stores := []upstream.Indexer{upstream.NewIndexer(podKey, indexers()), cache.NewIndexer(podKey, indexers())}
		version := 0
		pod := func(label string) *corev1.Pod {
			version++
			return versioned(newPod("ns",
				rapid.SampledFrom([]string{"p", "q", "r", "s", ""}).Draw(rt, label),
				rapid.SampledFrom([]string{"", "n1", "n2", "n1,n2", "n1,n1"}).Draw(rt, "node")), version)
		}
		both := func(do func(s upstream.Indexer) any) {
			a, b := do(stores[0]), do(stores[1])
			if diff := cmp.Diff(a, b); diff != "" {
				rt.Fatalf("answers differ (-client-go +informant):\n%s", diff)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) { p := pod("add"); both(func(s upstream.Indexer) any { return outcome(s.Add(p)) }) },
			"update": func(rt *rapid.T) {
				p := pod("update")
				both(func(s upstream.Indexer) any { return outcome(s.Update(p)) })
			},
			"delete": func(rt *rapid.T) {
				p := pod("delete")
				both(func(s upstream.Indexer) any { return outcome(s.Delete(p)) })
			},
			"get": func(rt *rapid.T) {
				p := pod("get")
				both(func(s upstream.Indexer) any {
					obj, exists, err := s.Get(p)
					return []any{describe(obj), exists, outcome(err)}
				})
			},
			"replace": func(rt *rapid.T) {
				var list []any
				for range rapid.IntRange(0, 4).Draw(rt, "items") {
					list = append(list, pod("item"))
				}
				version++
				rv := fmt.Sprint(version)
				both(func(s upstream.Indexer) any { return outcome(s.Replace(slices.Clone(list), rv)) })
			},
			"bookmark": func(rt *rapid.T) {
				version++
				rv := fmt.Sprint(version)
				both(func(s upstream.Indexer) any { s.Bookmark(rv); return nil })
			},
			"transaction": func(rt *rapid.T) {
				var txns []upstream.Transaction
				for range rapid.IntRange(0, 4).Draw(rt, "writes") {
					txns = append(txns, upstream.Transaction{Object: pod("write"), Type: rapid.SampledFrom([]upstream.TransactionType{
						upstream.TransactionTypeAdd, upstream.TransactionTypeUpdate, upstream.TransactionTypeDelete,
					}).Draw(rt, "type")})
				}
				both(func(s upstream.Indexer) any {
					err := s.(upstream.TransactionStore).Transaction(txns...)
					if err == nil {
						return nil
					}
					return []any{err.SuccessfulIndices, err.TotalTransactions, len(err.Errors), outcome(err.Errors[0])}
				})
			},
			"": func(rt *rapid.T) { both(func(s upstream.Indexer) any { return view(rt, s) }) },
		})
	})
}

// outcome is an error as callers of client-go look at it.
func outcome(err error) string {
	var keyErr upstream.KeyError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &keyErr):
		return fmt.Sprintf("KeyError of %s, because of the pod's name: %v", describe(keyErr.Obj), errors.Is(err, errNoName))
	}
	return err.Error()
}

func TestThreadSafeStoresHoldWhatClientGoHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		indexers := func() upstream.Indexers { return upstream.Indexers{"node": byNode} }
		stores := []upstream.ThreadSafeStore{
			upstream.NewThreadSafeStore(indexers(), upstream.Indices{}),
			cache.NewThreadSafeStore(indexers(), upstream.Indices{}),
		}
		version := 0
		draw := func(rt *rapid.T) (string, *corev1.Pod) {
			version++
			key := rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "key")
			return key, versioned(newPod("ns", key, rapid.SampledFrom([]string{"n1", "n2", "n1,n2"}).Draw(rt, "node")), version)
		}
		each := func(do func(s upstream.ThreadSafeStore)) {
			for _, s := range stores {
				do(s)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add":    func(rt *rapid.T) { k, p := draw(rt); each(func(s upstream.ThreadSafeStore) { s.Add(k, p) }) },
			"update": func(rt *rapid.T) { k, p := draw(rt); each(func(s upstream.ThreadSafeStore) { s.Update(k, p) }) },
			"delete": func(rt *rapid.T) { k, _ := draw(rt); each(func(s upstream.ThreadSafeStore) { s.Delete(k) }) },
			"delete with object": func(rt *rapid.T) {
				k, p := draw(rt)
				each(func(s upstream.ThreadSafeStore) { s.DeleteWithObject(k, p) })
			},
			"replace": func(rt *rapid.T) {
				a, p := draw(rt)
				b, q := draw(rt)
				rv := fmt.Sprint(version)
				each(func(s upstream.ThreadSafeStore) { s.Replace(map[string]any{a: p, b: q}, rv) })
			},
			"transaction": func(rt *rapid.T) {
				var txns []upstream.ThreadSafeStoreTransaction
				for range rapid.IntRange(0, 4).Draw(rt, "writes") {
					k, p := draw(rt)
					kind := rapid.SampledFrom([]upstream.TransactionType{
						upstream.TransactionTypeAdd, upstream.TransactionTypeUpdate, upstream.TransactionTypeDelete,
					}).Draw(rt, "type")
					txns = append(txns, upstream.ThreadSafeStoreTransaction{Transaction: upstream.Transaction{Object: p, Type: kind}, Key: k})
				}
				each(func(s upstream.ThreadSafeStore) { s.(upstream.ThreadSafeStoreWithTransaction).Transaction(txns...) })
			},
			"bookmark": func(*rapid.T) {
				version++
				each(func(s upstream.ThreadSafeStore) { s.Bookmark(fmt.Sprint(version)) })
			},
			"add an index": func(rt *rapid.T) {
				name := rapid.SampledFrom([]string{"letters", "node"}).Draw(rt, "index")
				var errs []bool
				each(func(s upstream.ThreadSafeStore) {
					err := s.AddIndexers(upstream.Indexers{name: byLetter, "beside " + name: byLetter})
					if errs = append(errs, err != nil); err != nil && !strings.Contains(err.Error(), name) {
						rt.Fatalf("%v: %q is not named", err, name)
					}
				})
				if errs[0] != errs[1] {
					rt.Fatalf("AddIndexers fails with client-go %v, here %v", errs[0], errs[1])
				}
			},
			"": func(rt *rapid.T) {
				var views []map[string]any
				each(func(s upstream.ThreadSafeStore) {
					objs, err := s.ByIndex("node", "n1")
					got, exists := s.Get("p")
					views = append(views, map[string]any{
						"list": described(s.List()), "keys": sorted(s.ListKeys()), "n1": described(objs), "err": err,
						"get": describe(got), "exists": exists, "version": s.LastStoreSyncResourceVersion(),
						"values": sorted(s.ListIndexFuncValues("node")), "letters": sorted(s.ListIndexFuncValues("letters")),
						"indexers": indexNames(s), "resync": s.Resync(), "asked": asked(s),
					})
				})
				if diff := cmp.Diff(views[0], views[1]); diff != "" {
					rt.Fatalf("stores differ (-client-go +informant):\n%s", diff)
				}
			},
		})
	})
}

func byLetter(obj any) ([]string, error) { return strings.Split(obj.(*corev1.Pod).Name, ""), nil }

func indexNames(s upstream.ThreadSafeStore) []string {
	return slices.Sorted(maps.Keys(s.GetIndexers()))
}

// asked is what a store answers to questions about indexes, and whether an
// error names the index.
func asked(s upstream.ThreadSafeStore) map[string]any {
	answers := map[string]any{}
	for _, name := range []string{"node", "letters", "beside letters", "nothing"} {
		keys, err := s.IndexKeys(name, "n1")
		objs, byErr := s.ByIndex(name, "p")
		shared, indexErr := s.Index(name, newPod("ns", "pq", "n1"))
		for i, err := range []error{err, byErr, indexErr} {
			answers[fmt.Sprint(name, " error ", i)] = err != nil && strings.Contains(err.Error(), name)
		}
		answers[name] = []any{sorted(keys), described(objs), described(shared)}
	}
	return answers
}

func TestAnObjectIsReplacedThoughItsVersionIsTheSame(t *testing.T) {
	s := cache.NewStore(podKey)
	first, second := versioned(newPod("ns", "p", "n1"), 1), versioned(newPod("ns", "p", "n2"), 1)
	for _, replace := range []func(*corev1.Pod) error{
		func(p *corev1.Pod) error { return s.Replace([]any{p}, "1") },
		func(p *corev1.Pod) error { return s.Update(p) },
	} {
		for _, pod := range []*corev1.Pod{first, second} {
			if err := replace(pod); err != nil {
				t.Fatal(err)
			}
			if got, _, _ := s.GetByKey("ns/p"); got != any(pod) {
				t.Fatalf("the store holds %v, was given %v", describe(got), describe(pod))
			}
		}
	}
}

// S4 as client-go has it: an index function that fails makes the writer panic.
func TestAFailingIndexFunctionPanicsAsInClientGo(t *testing.T) {
	refused := errors.New("no index for this one")
	indexers := func() upstream.Indexers {
		return upstream.Indexers{"picky": func(any) ([]string, error) { return nil, refused }}
	}
	for name, s := range map[string]upstream.Store{
		"client-go": upstream.NewIndexer(podKey, indexers()), "informant": cache.NewIndexer(podKey, indexers()),
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), refused.Error()) {
					t.Errorf("%s: recovered %v", name, r)
				}
			}()
			_ = s.Add(newPod("ns", "p", "n1"))
		}()
		// The writer that survived that finds no lock held.
		if _, exists, err := s.GetByKey("ns/other"); exists || err != nil {
			t.Errorf("%s: %v, %v", name, exists, err)
		}
	}
}

func TestIndexesCanBeAddedToAFilledStore(t *testing.T) {
	s := cache.NewIndexer(podKey, nil)
	for _, name := range []string{"p", "q"} {
		if err := s.Add(newPod("ns", name, "n1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddIndexers(cache.Indexers{"node": byNode}); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.IndexKeys("node", "n1"); err != nil || len(keys) != 2 {
		t.Errorf("IndexKeys: %v, %v", keys, err)
	}
	if err := s.AddIndexers(cache.Indexers{"node": byNode}); err == nil {
		t.Error("an index that exists was added again")
	}
}

// A StoreOption can only be client-go's, and so is the store then.
func TestOptionsThatOnlyClientGoCanReadAreHonoured(t *testing.T) {
	upper := cache.WithTransformer(func(obj any) (any, error) {
		pod := obj.(*corev1.Pod).DeepCopy()
		pod.Spec.NodeName = strings.ToUpper(pod.Spec.NodeName)
		return pod, nil
	})
	for name, s := range map[string]cache.Store{
		"NewStore": cache.NewStore(podKey, upper), "NewIndexer": cache.NewIndexer(podKey, cache.Indexers{}, upper),
	} {
		if err := s.Add(newPod("ns", "p", "n1")); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := s.GetByKey("ns/p"); got.(*corev1.Pod).Spec.NodeName != "N1" {
			t.Errorf("%s: the transform was not applied: %s", name, describe(got))
		}
	}
	filled := upstream.Indices{"node": {"n9": {"ghost": {}}}}
	s := cache.NewThreadSafeStore(cache.Indexers{"node": byNode}, filled)
	if keys, err := s.IndexKeys("node", "n9"); err != nil || len(keys) != 1 {
		t.Errorf("Indices that were handed over are lost: %v, %v", keys, err)
	}
}

func TestAnUndeltaStorePushesTheWholeState(t *testing.T) {
	var pushed []int
	u := cache.NewUndeltaStore(func(all []interface{}) { pushed = append(pushed, len(all)) }, podKey)
	for _, do := range []func() error{
		func() error { return u.Add(newPod("ns", "p", "")) },
		func() error { return u.Replace([]any{newPod("ns", "p", ""), newPod("ns", "q", "")}, "1") },
		func() error { return u.Delete(newPod("ns", "p", "")) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(pushed, []int{1, 2, 1}) {
		t.Errorf("pushed states of %v objects", pushed)
	}
}

func TestListersReadOurStores(t *testing.T) {
	s := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, pod := range []*corev1.Pod{newPod("a", "p", ""), newPod("a", "q", ""), newPod("b", "p", "")} {
		if err := s.Add(pod); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	err := cache.ListAllByNamespace(s, "a", labels.Everything(), func(obj any) { found = append(found, describe(obj)) })
	if err != nil || len(found) != 2 {
		t.Errorf("namespace a: %v, %v", found, err)
	}
}

// Unit tests fill the store of an informer that does not run.
func TestTheStoreOfAnInformerThatDoesNotRunCanBeFilled(t *testing.T) {
	informer := cache.NewSharedIndexInformer(&cache.ListWatch{}, &corev1.Pod{}, 0, cache.Indexers{"node": byNode})
	if err := informer.GetIndexer().Add(newPod("ns", "p", "n1")); err != nil {
		t.Fatal(err)
	}
	if keys, err := informer.GetIndexer().IndexKeys("node", "n1"); err != nil || !slices.Equal(keys, []string{"ns/p"}) {
		t.Errorf("IndexKeys: %v, %v", keys, err)
	}
	if obj, exists, err := informer.GetStore().GetByKey("ns/p"); err != nil || !exists || describe(obj) != "ns/p@[n1]" {
		t.Errorf("GetByKey: %v, %v, %v", obj, exists, err)
	}
}
