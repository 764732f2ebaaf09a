package cache_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// plain is a plain informer of either engine with what it tells.
type plain struct {
	source     *fcache.FakeControllerSource
	store      upstream.Store
	controller upstream.Controller
	told       *recorder
}

func newPlain(make func(upstream.InformerOptions) (upstream.Store, upstream.Controller), resync time.Duration) *plain {
	p := &plain{source: fcache.NewFakeControllerSource(), told: &recorder{byKey: map[string][]string{}}}
	p.store, p.controller = make(upstream.InformerOptions{
		ListerWatcher: fakeSource{p.source}, ObjectType: &corev1.Pod{}, Handler: p.told, ResyncPeriod: resync,
		Indexers: upstream.Indexers{"node": byNode}, Transform: tag,
	})
	return p
}

func TestPlainInformersTellWhatClientGoTells(t *testing.T) {
	bubble(t, func(t *testing.T) {
		theirs := newPlain(upstream.NewInformerWithOptions, 50*time.Second)
		ours := newPlain(cache.NewInformerWithOptions, 50*time.Second)
		t.Cleanup(theirs.source.Shutdown)
		t.Cleanup(ours.source.Shutdown)
		both := func(do func(p *plain)) {
			do(theirs)
			do(ours)
			settle()
			if diff := cmp.Diff(theirs.told.events(), ours.told.events()); diff != "" {
				t.Fatalf("handlers were told different things (-client-go +informant):\n%s", diff)
			}
			if diff := cmp.Diff(contents(theirs.store), contents(ours.store)); diff != "" {
				t.Fatalf("stores differ (-client-go +informant):\n%s", diff)
			}
			for what, of := range map[string]func(p *plain) any{
				"HasSynced":               func(p *plain) any { return p.controller.HasSynced() },
				"HasSyncedChecker":        func(p *plain) any { return upstream.IsDone(p.controller.HasSyncedChecker()) },
				"LastSyncResourceVersion": func(p *plain) any { return p.controller.LastSyncResourceVersion() },
				"Indexer":                 func(p *plain) any { _, ok := p.store.(upstream.Indexer); return ok },
			} {
				if a, b := of(theirs), of(ours); a != b {
					t.Errorf("%s: client-go %v, informant %v", what, a, b)
				}
			}
		}
		both(func(p *plain) { p.source.Add(newPod("ns", "old", "n1")); p.source.Add(newPod("ns", "kept", "n1")) })
		both(func(p *plain) { run(t, p.controller.RunWithContext) })
		both(func(p *plain) { p.source.Add(newPod("ns", "new", "n1")) })
		both(func(p *plain) { p.source.Modify(newPod("ns", "new", "n2")) })
		both(func(p *plain) { p.source.Delete(newPod("ns", "new", "n2")) })
		both(func(p *plain) { p.source.DeleteDropWatch(newPod("ns", "old", "n1")) })
		pass(30 * time.Second)
		both(func(p *plain) {})
		both(func(p *plain) { p.source.ResetWatch() })
		pass(10 * time.Second)
		both(func(p *plain) {})
		pass(45 * time.Second)
		both(func(p *plain) {})
	})
}

func TestEachPlainConstructorPassesOnItsArguments(t *testing.T) {
	upper := func(obj any) (any, error) {
		pod := obj.(*corev1.Pod)
		pod.Spec.NodeName = strings.ToUpper(pod.Spec.NodeName)
		return pod, nil
	}
	indexers := cache.Indexers{"node": byNode}
	type build = func(lw cache.ListerWatcher, h cache.ResourceEventHandler) (cache.Store, cache.Controller)
	for name, c := range map[string]struct {
		build     build
		transform bool
	}{
		"NewInformer": {build: func(lw cache.ListerWatcher, h cache.ResourceEventHandler) (cache.Store, cache.Controller) {
			return cache.NewInformer(lw, &corev1.Pod{}, 0, h)
		}},
		"NewIndexerInformer": {build: func(lw cache.ListerWatcher, h cache.ResourceEventHandler) (cache.Store, cache.Controller) {
			return cache.NewIndexerInformer(lw, &corev1.Pod{}, 0, h, indexers)
		}},
		"NewTransformingInformer": {transform: true, build: func(lw cache.ListerWatcher, h cache.ResourceEventHandler) (cache.Store, cache.Controller) {
			return cache.NewTransformingInformer(lw, &corev1.Pod{}, 0, h, upper)
		}},
		"NewTransformingIndexerInformer": {transform: true, build: func(lw cache.ListerWatcher, h cache.ResourceEventHandler) (cache.Store, cache.Controller) {
			return cache.NewTransformingIndexerInformer(lw, &corev1.Pod{}, 0, h, indexers, upper)
		}},
		"without a handler": {build: func(lw cache.ListerWatcher, _ cache.ResourceEventHandler) (cache.Store, cache.Controller) {
			return cache.NewInformer(lw, &corev1.Pod{}, 0, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				source := fcache.NewFakeControllerSource()
				t.Cleanup(source.Shutdown)
				source.Add(newPod("ns", "p", "n1"))
				r := &recorder{byKey: map[string][]string{}}
				store, controller := c.build(fakeSource{source}, r)
				stop := run(t, controller.RunWithContext)
				want := "ns/p@1[n1]"
				if c.transform {
					want = "ns/p@1[N1]"
				}
				if got := contents(store); !controller.HasSynced() || !slices.Equal(got, []string{want}) {
					t.Errorf("synced: %v, stored %v", controller.HasSynced(), got)
				}
				if events := r.events()["ns/p"]; name != "without a handler" && !slices.Equal(events, []string{"add " + want + " initial=true"}) {
					t.Errorf("told %v", events)
				}
				if _, err := store.(cache.Indexer).ByIndex("node", "n1"); strings.Contains(name, "Indexer") && err != nil {
					t.Error(err)
				}
				stop()
				controller.Run(nil) // does nothing: it has run
			})
		})
	}
}

// New works on any Queue of client-go's interface, ours and client-go's.
func TestAControllerFillsAnyQueue(t *testing.T) {
	atomicEvents := cache.RealFIFOOptions{AtomicEvents: true, UnlockWhileProcessing: true, EmitDeltaTypeBookmark: true}
	for name, makeQueue := range map[string]func(known cache.Store) cache.Queue{
		"client-go's DeltaFIFO": func(known cache.Store) cache.Queue {
			return upstream.NewDeltaFIFOWithOptions(upstream.DeltaFIFOOptions{KnownObjects: known, EmitDeltaTypeReplaced: true})
		},
		"our DeltaFIFO": func(known cache.Store) cache.Queue {
			return cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{KnownObjects: known, EmitDeltaTypeReplaced: true})
		},
		"client-go's RealFIFO": func(cache.Store) cache.Queue { return upstream.NewRealFIFOWithOptions(atomicEvents) },
		"our RealFIFO":         func(cache.Store) cache.Queue { return cache.NewRealFIFOWithOptions(atomicEvents) },
		"our RealFIFO with known objects": func(known cache.Store) cache.Queue {
			return cache.NewRealFIFO(cache.MetaNamespaceKeyFunc, known, nil)
		},
	} {
		for _, newController := range []func(*cache.Config) cache.Controller{upstream.New, cache.New} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					source := fcache.NewFakeControllerSource()
					t.Cleanup(source.Shutdown)
					source.Add(newPod("ns", "old", "n1"))
					known := cache.NewStore(cache.DeletionHandlingMetaNamespaceKeyFunc)
					w := &queueWorld{queue: makeQueue(known), known: known, told: map[string][]string{}}
					var mu sync.Mutex
					resyncs := 0
					process := func(obj any, initial bool) error {
						mu.Lock()
						defer mu.Unlock()
						w.consume(obj, initial)
						return nil
					}
					c := newController(&cache.Config{
						Queue: w.queue, ListerWatcher: fakeSource{source}, ObjectType: &corev1.Pod{},
						FullResyncPeriod: 40 * time.Second,
						ShouldResync:     func() bool { mu.Lock(); defer mu.Unlock(); resyncs++; return resyncs == 1 },
						Process:          process,
						ProcessBatch: func(deltas []upstream.Delta, initial bool) error {
							for _, d := range deltas {
								must(process(upstream.Deltas{d}, initial))
							}
							return nil
						},
					})
					stop := run(t, c.RunWithContext)
					source.Add(newPod("ns", "new", "n1"))
					source.Modify(newPod("ns", "new", "n2"))
					source.Delete(newPod("ns", "old", "n1"))
					settle()
					if got := contents(known); !c.HasSynced() || !upstream.IsDone(c.HasSyncedChecker()) || !slices.Equal(got, []string{"ns/new@3[n2]"}) {
						t.Errorf("synced: %v, known %v", c.HasSynced(), got)
					}
					if version := c.LastSyncResourceVersion(); version != "4" {
						t.Errorf("the controller is at %q", version)
					}
					mu.Lock()
					before := len(w.told["ns/new"]) + len(w.told["all"])
					mu.Unlock()
					pass(2 * time.Minute)
					mu.Lock()
					if after := len(w.told["ns/new"]) + len(w.told["all"]); resyncs < 2 || after != before+1 {
						t.Errorf("asked for %d resyncs, %d of them told: %v", resyncs, after-before, w.told)
					}
					mu.Unlock()
					stop()
				})
			})
		}
	}
}

func TestAControllerReportsWatchErrors(t *testing.T) {
	for name, set := range map[string]func(c *cache.Config, told chan<- error){
		"WatchErrorHandler": func(c *cache.Config, told chan<- error) {
			c.WatchErrorHandler = func(_ *cache.Reflector, err error) { told <- err }
		},
		"WatchErrorHandlerWithContext": func(c *cache.Config, told chan<- error) {
			c.WatchErrorHandlerWithContext = func(_ context.Context, _ *cache.Reflector, err error) { told <- err }
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				source := fcache.NewFakeControllerSource()
				source.ListError = errNoName
				t.Cleanup(source.Shutdown)
				told := make(chan error, 100)
				config := &cache.Config{
					Queue:         cache.NewFIFO(cache.MetaNamespaceKeyFunc),
					ListerWatcher: fakeSource{source},
					Process:       func(any, bool) error { return nil },
				}
				set(config, told)
				run(t, cache.New(config).RunWithContext)
				if err := <-told; !strings.Contains(err.Error(), errNoName.Error()) {
					t.Errorf("told of %v", err)
				}
			})
		})
	}
}

// updater is a queue that wants to know the version, and refuses bookmarks.
type updater struct {
	*cache.FIFO
	mu       sync.Mutex
	versions []string
}

func (u *updater) UpdateResourceVersion(version string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.versions = append(u.versions, version)
}

func TestAQueueThatWantsToKnowTheVersionIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source := fcache.NewFakeControllerSource()
		t.Cleanup(source.Shutdown)
		source.Add(newPod("ns", "p", "n1"))
		u := &updater{FIFO: cache.NewFIFO(cache.MetaNamespaceKeyFunc)}
		run(t, cache.New(&cache.Config{
			Queue: u, ListerWatcher: fakeSource{source}, ObjectType: runtime.Object(&corev1.Pod{}),
			Process: func(any, bool) error { return nil },
		}).RunWithContext)
		source.Add(newPod("ns", "q", "n1"))
		source.Delete(newPod("ns", "p", "n1"))
		settle()
		u.mu.Lock()
		defer u.mu.Unlock()
		if !slices.Equal(u.versions, []string{"2", "3"}) {
			t.Errorf("told of versions %v", u.versions)
		}
	})
}

// Resyncs of a Controller whose Process is slow: client-go asks for them from the list on.
func TestResyncsBeforeTheFirstListIsProcessed(t *testing.T) {
	var got [2]int64
	for i, make := range []func(*upstream.Config) upstream.Controller{upstream.New, cache.New} {
		bubble(t, func(t *testing.T) {
			lw := scripted{&upstream.ListWatch{
				ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
					return podList(versioned(newPod("ns", "p", "n1"), 7), versioned(newPod("ns", "q", "n1"), 8)), nil
				},
				WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) { return watch.NewFake(), nil },
			}}
			var should atomic.Int64
			c := make(&upstream.Config{
				Queue:         upstream.NewRealFIFOWithOptions(upstream.RealFIFOOptions{AtomicEvents: true, UnlockWhileProcessing: true}),
				ListerWatcher: lw, ObjectType: &corev1.Pod{}, FullResyncPeriod: 10 * time.Second,
				ShouldResync: func() bool { should.Add(1); return true },
				Process:      func(any, bool) error { <-time.After(35 * time.Second); return nil },
			})
			run(t, c.RunWithContext)
			pass(34 * time.Second)
			got[i] = should.Load()
		})
	}
	if got[0] != got[1] {
		t.Errorf("asked whether to resync: client-go %d times, informant %d", got[0], got[1])
	}
}

type plainMaker struct {
	name string
	make func(upstream.InformerOptions) (upstream.Store, upstream.Controller)
}

var plains = []plainMaker{
	{"client-go", upstream.NewInformerWithOptions},
	{"informant", cache.NewInformerWithOptions},
}
