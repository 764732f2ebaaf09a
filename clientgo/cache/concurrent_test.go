package cache_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// F3: producers, resyncs and consumers at the same time lose nothing.
func TestQueuesLoseNothingWhenEverybodyIsBusy(t *testing.T) {
	const producers, each = 4, 200
	for _, kind := range queueKinds {
		t.Run(kind.name, func(t *testing.T) {
			known := cache.NewStore(podKey)
			w := &queueWorld{queue: kind.ours(known), known: known, told: map[string][]string{}, batch: kind.batch}
			var wg sync.WaitGroup
			for p := range producers {
				wg.Go(func() {
					for i := range each {
						must(w.queue.Add(newPod(fmt.Sprint("ns", p), fmt.Sprint("pod", i), "")))
						if i%50 == 0 {
							must(w.queue.Resync())
						}
					}
				})
			}
			wg.Go(func() {
				for consumed := 0; consumed < producers*each; {
					must(w.pop(func(obj any, initial bool) error {
						w.consume(obj, initial)
						return nil
					}))
					delete(w.told, "all") // resyncs are no objects
					consumed = len(w.told)
				}
			})
			wg.Wait()
			if held := len(known.ListKeys()); held != producers*each {
				t.Errorf("%d objects came through, %d went in", held, producers*each)
			}
		})
	}
}

// I1, I4, I5: handlers that come and go while everything changes miss nothing
// between their coming and their going.
func TestHandlersComeAndGoWhileEverythingChanges(t *testing.T) {
	const objects, handlers = 200, 8
	source := fcache.NewFakeControllerSource()
	t.Cleanup(source.Shutdown)
	informer := cache.NewSharedIndexInformer(fakeSource{source}, &corev1.Pod{}, 0, cache.Indexers{"node": byNode})
	ctx := t.Context()
	over := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(over)
		informer.Run(stopped)
	}()
	if !upstream.WaitFor(ctx, "", informer.HasSyncedChecker()) {
		t.Fatal("not synced")
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range objects {
			pod := newPod("ns", fmt.Sprint("pod", i), "n1")
			source.Add(pod)
			source.Modify(newPod("ns", pod.Name, "n2"))
		}
	})
	for range handlers {
		wg.Go(func() {
			seen := map[string]bool{}
			all := make(chan struct{})
			reg, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
				AddFunc: func(obj any) {
					name := obj.(*corev1.Pod).Name
					if seen[name] {
						t.Errorf("%s was added twice", name)
					}
					if seen[name] = true; len(seen) == objects {
						close(all)
					}
				},
				UpdateFunc: func(_, obj any) {
					if !seen[obj.(*corev1.Pod).Name] {
						t.Errorf("%s was updated before it was added", obj.(*corev1.Pod).Name)
					}
				},
			})
			must(err)
			<-all
			must(upstream.ShutDownEventHandler(informer, reg))
		})
	}
	wg.Wait()
	close(stopped)
	<-over
	if keys, err := informer.GetIndexer().IndexKeys("node", "n2"); err != nil || len(keys) == 0 {
		t.Errorf("the index has %d keys, %v", len(keys), err)
	}
}
