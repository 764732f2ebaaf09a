package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/workqueue"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// laggingServer is a server whose watch tells of a change a while after it was made.
type laggingServer struct {
	*feed
	changes chan lateChange

	mu      sync.Mutex // guards what follows
	version int
	there   []*corev1.Pod
	created int
}

type lateChange struct {
	event watch.Event
	at    time.Time
}

// newLaggingServer returns a server with a pod in another namespace, until the end of
// the test.
func newLaggingServer(tb testing.TB, lag time.Duration) *laggingServer {
	other := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "other", ResourceVersion: "1"}}
	s := &laggingServer{feed: newFeed([]*corev1.Pod{other}), changes: make(chan lateChange, 1000), version: 1}
	startRun(tb, func(ctx context.Context) {
		for {
			select {
			case c := <-s.changes:
				<-time.After(time.Until(c.at.Add(lag)))
				s.events <- c.event
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

func (s *laggingServer) tell(t watch.EventType, pod *corev1.Pod) *corev1.Pod {
	s.version++
	pod = pod.DeepCopy()
	pod.ResourceVersion = strconv.Itoa(s.version)
	s.changes <- lateChange{watch.Event{Type: t, Object: pod}, time.Now()}
	return pod
}

func (s *laggingServer) create(namespace string) *corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created++
	pod := s.tell(watch.Added, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprint("pod-", s.created)}})
	s.there = append(s.there, pod)
	return pod
}

// deleteOne deletes a pod that was created.
func (s *laggingServer) deleteOne() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(watch.Deleted, s.there[0])
	s.there = s.there[1:]
}

// counts returns how many pods were created and how many are left.
func (s *laggingServer) counts() (created, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.created, len(s.there)
}

// setController sees to it that a set has its pods, as ReplicaSet's does: it counts
// those in the cache and creates what lacks.
type setController struct {
	server *laggingServer
	count  func() int
	ready  func(ctx context.Context, key string) error // nil for none
	wrote  func(key string, pod *corev1.Pod)           // nil for none
}

const replicas = 3

func (c *setController) sync(ctx context.Context, key string) error {
	if c.ready != nil {
		if err := c.ready(ctx, key); err != nil {
			return workqueue.After(10*time.Millisecond, nil)
		}
	}
	for n := c.count(); n < replicas; n++ {
		pod := c.server.create("web")
		if c.wrote != nil {
			c.wrote(key, pod)
		}
	}
	return nil
}

// I12: where the watch lags, a controller that counts what its informer has creates too
// many pods (kubernetes/kubernetes#129795), with client-go's informer and with this one,
// and exactly enough with Writes, whether it comes again later or waits.
func TestI12NoMorePodsThanASetHas(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		informer sharedInformer
		writes   bool
		wait     bool
	}{
		"client-go":                        {informer: &clientInformer{make: cache.NewSharedIndexInformerWithOptions}},
		"ours":                             {informer: new(ourInformer)},
		"ours, Writes that are asked":      {informer: new(ourInformer), writes: true},
		"ours, Writes that are waited for": {informer: new(ourInformer), writes: true, wait: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLaggingServer(t, 100*time.Millisecond)
				c.informer.start(t, server.feed)
				controller := &setController{server: server, count: func() int { return c.informer.inNamespace(t, "web") }}
				if c.writes {
					store := c.informer.(*ourInformer).in.Indexer()
					writes, err := informer.NewWrites(map[schema.GroupResource]informer.VersionedStore{pods: store})
					if err != nil {
						t.Fatal(err)
					}
					controller.ready = func(_ context.Context, key string) error { return writes.EnsureReady(key) }
					if c.wait {
						controller.ready = writes.WaitReady
					}
					controller.wrote = func(key string, pod *corev1.Pod) {
						if err := writes.WroteAt(key, "uid", pods, pod.ResourceVersion); err != nil {
							t.Error(err)
						}
					}
				}
				created, left := runController(t, controller, c.informer)
				t.Logf("%d were created, %d are left", created, left)
				switch {
				case !c.writes && created <= replicas+1:
					t.Errorf("%d pods were created: the cache did not lag", created)
				case c.writes && (created != replicas+1 || left != replicas):
					t.Errorf("%d pods were created and %d are left, want %d and %d", created, left, replicas+1, replicas)
				}
			})
		})
	}
}

// runController runs a controller of one set, of which something changes all the time,
// and that loses one of its pods. It returns how many were created and how many are left.
func runController(t *testing.T, c *setController, in sharedInformer) (created, left int) {
	queue := workqueue.NewRateLimiting(workqueue.Options[string]{Name: "sets"})
	in.handle(t, func(pod *corev1.Pod) {
		if pod.Namespace == "web" {
			queue.Add("web/set")
		}
	})
	startRun(t, func(ctx context.Context) {
		if err := workqueue.Run(ctx, queue, 1, c.sync, workqueue.RunOptions[string]{}); err != nil {
			t.Error(err)
		}
	})
	touch := func() {
		for range 40 {
			queue.Add("web/set")
			<-time.After(25 * time.Millisecond)
		}
	}
	touch()
	c.server.deleteOne()
	touch()
	synctest.Wait() // all of it is dealt with
	queue.ShutDown()
	return c.server.counts()
}
