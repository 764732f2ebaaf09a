package cache_test

import (
	"slices"
	"testing"
	"time"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/features"
	featurestesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// refuseQ is a transform that refuses pods of the name q.
func refuseQ(obj any) (any, error) {
	if obj.(*corev1.Pod).Name == "q" {
		return nil, errNoName
	}
	return obj, nil
}

// R4: what the transform refuses is left out, and the rest of the list is not.
func TestWhatTheTransformRefusesIsLeftOut(t *testing.T) {
	pods := func(t *testing.T) *fcache.FakeControllerSource {
		source := fcache.NewFakeControllerSource()
		for _, name := range []string{"p", "q", "r"} {
			source.Add(newPod("ns", name, "n1"))
		}
		t.Cleanup(source.Shutdown)
		return source
	}
	t.Run("informer", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			informer := cache.NewSharedIndexInformer(fakeSource{pods(t)}, &corev1.Pod{}, 0, nil)
			if err := informer.SetTransform(refuseQ); err != nil {
				t.Fatal(err)
			}
			run(t, informer.RunWithContext)
			if keys := sorted(informer.GetStore().ListKeys()); !informer.HasSynced() || !slices.Equal(keys, []string{"ns/p", "ns/r"}) {
				t.Errorf("synced: %v, stored %v", informer.HasSynced(), keys)
			}
		})
	})
	t.Run("controller over a queue with a transform", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			known := cache.NewStore(cache.MetaNamespaceKeyFunc)
			w := &queueWorld{known: known, told: map[string][]string{}}
			w.queue = cache.NewRealFIFO(nil, known, refuseQ)
			run(t, cache.New(&cache.Config{
				Queue: w.queue, ListerWatcher: fakeSource{pods(t)}, ObjectType: &corev1.Pod{},
				Process: func(obj any, initial bool) error { w.consume(obj, initial); return nil },
			}).RunWithContext)
			if keys := sorted(known.ListKeys()); !slices.Equal(keys, []string{"ns/p", "ns/r"}) {
				t.Errorf("told of %v", keys)
			}
		})
	})
}

// A factory of client-go keeps informers that it is given, and hands them out
// to its listers.
func TestAnInformerFactoryOfClientGoTakesOurInformers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		client := fake.NewClientset(newPod("ns", "p", "n1"))
		factory := informers.NewSharedInformerFactory(client, 0)
		informer := factory.InformerFor(&corev1.Pod{}, func(c kubernetes.Interface, resync time.Duration) upstream.SharedIndexInformer {
			lw := cache.ToListWatcherWithWatchListSemantics(podsOf(c), c)
			return cache.NewSharedIndexInformer(lw, &corev1.Pod{}, resync, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
		})
		if factory.Core().V1().Pods().Informer().GetIndexer() != informer.GetIndexer() {
			t.Fatal("the factory has made one of its own")
		}
		factory.StartWithContext(t.Context())
		t.Cleanup(factory.Shutdown)
		result := factory.WaitForCacheSyncWithContext(t.Context())
		if err := result.AsError(); err != nil {
			t.Fatal(err)
		}
		pod, err := factory.Core().V1().Pods().Lister().Pods("ns").Get("p")
		if err != nil || pod.Spec.NodeName != "n1" {
			t.Errorf("the lister finds %v, %v", pod, err)
		}
	})
}

func TestTheWatchListFeatureGateIsHonoured(t *testing.T) {
	for _, enabled := range []bool{true, false} {
		featurestesting.SetFeatureDuringTest(t, features.WatchListClient, enabled)
		bubble(t, func(t *testing.T) {
			lw, asked := streamingSource()
			informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, nil)
			run(t, informer.RunWithContext)
			if streamed := slices.Contains(asked(), "watch streamed=true"); streamed != enabled || !informer.HasSynced() {
				t.Errorf("enabled: %v, asked for %v, synced: %v", enabled, asked(), informer.HasSynced())
			}
		})
	}
}
