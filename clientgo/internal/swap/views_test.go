package swap

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// view is a handler that rebuilds the collection from what it is told. Each key goes to
// the queue, if there is one.
type view struct {
	queue workqueue.TypedRateLimitingInterface[string]
	lost  string // a key of which it is told in vain, "" for none

	mu       sync.Mutex
	versions map[string]string // by key
	broken   []string          // promises that were
}

var _ upstream.ResourceEventHandler = (*view)(nil)

func newView(queue workqueue.TypedRateLimitingInterface[string], lost string) *view {
	return &view{queue: queue, lost: lost, versions: map[string]string{}}
}

// OnAdd implements client-go's ResourceEventHandler: the key was not there.
func (v *view) OnAdd(obj any, _ bool) {
	pod := obj.(*corev1.Pod)
	v.event(keyOf(pod), func(key string) {
		if had, knew := v.versions[key]; knew {
			v.breach("an Add of %s, which was there at %s", key, had)
		}
		v.versions[key] = pod.ResourceVersion
	})
}

// OnUpdate implements client-go's ResourceEventHandler: old is what was told last.
func (v *view) OnUpdate(old, obj any) {
	pod := obj.(*corev1.Pod)
	v.event(keyOf(pod), func(key string) {
		if had, before := v.versions[key], old.(*corev1.Pod).ResourceVersion; had != before {
			v.breach("an Update of %s from %s, which was told last at %q", key, before, had)
		}
		v.versions[key] = pod.ResourceVersion
	})
}

// OnDelete implements client-go's ResourceEventHandler. client-go also tells of a deletion
// that a server repeats.
func (v *view) OnDelete(obj any) {
	key, err := upstream.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		v.event("", func(string) { v.breach("a Delete of %T: %v", obj, err) })
		return
	}
	v.event(key, func(key string) { delete(v.versions, key) })
}

// event takes note of an event, and queues its key then.
func (v *view) event(key string, note func(key string)) {
	if key == v.lost && key != "" {
		return
	}
	v.mu.Lock()
	note(key)
	v.mu.Unlock()
	if v.queue != nil {
		v.queue.Add(key)
	}
}

func (v *view) breach(format string, args ...any) {
	v.broken = append(v.broken, fmt.Sprintf(format, args...))
}

// typed is the view as a handler of our informer.
func (v *view) typed() informer.Handler[*corev1.Pod] {
	return informer.HandlerFuncs[*corev1.Pod]{
		OnAdd:    func(pod *corev1.Pod, initial bool) { v.OnAdd(pod, initial) },
		OnUpdate: func(old, pod *corev1.Pod) { v.OnUpdate(old, pod) },
		OnDelete: func(d object.Deleted[*corev1.Pod]) {
			v.OnDelete(upstream.DeletedFinalStateUnknown{Key: d.Key, Obj: d.Object})
		},
	}
}

// shown is what the view has, and what was broken.
func (v *view) shown() (versions map[string]string, broken []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return copied(v.versions), slices.Clone(v.broken)
}

// crew are workers that note which state of each key they saw last. Now and then their
// work fails, and the key comes back.
type crew struct {
	queue workqueue.TypedRateLimitingInterface[string]
	store reader
	group sync.WaitGroup

	mu     sync.Mutex
	tries  int
	failed int
	held   map[string]bool   // by key: a worker has it
	seen   map[string]string // versions by key
	broken []string
}

func startCrew(queue workqueue.TypedRateLimitingInterface[string], store reader) *crew {
	c := &crew{queue: queue, store: store, held: map[string]bool{}, seen: map[string]string{}}
	for range 3 {
		c.group.Go(c.run)
	}
	return c
}

func (c *crew) run() {
	for {
		key, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if err := c.work(key); err != nil {
			c.queue.AddRateLimited(key)
		} else {
			c.queue.Forget(key)
		}
		c.queue.Done(key)
	}
}

var errWork = errors.New("the work failed, as every seventh does")

func (c *crew) work(key string) error {
	if err := c.take(key); err != nil {
		return err
	}
	pod, exists := c.store.get(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, key)
	delete(c.seen, key)
	if exists {
		c.seen[key] = pod.ResourceVersion
	}
	return nil
}

// take begins the work on a key (Q1).
func (c *crew) take(key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[key] {
		c.broken = append(c.broken, "two workers have "+key)
	}
	if c.tries++; c.tries%7 == 0 {
		c.failed++
		return errWork
	}
	c.held[key] = true
	return nil
}

func (c *crew) shown() (seen map[string]string, broken []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	broken = slices.Clone(c.broken)
	if c.failed == 0 {
		broken = append(broken, "no work failed, so that no key came back")
	}
	return copied(c.seen), broken
}
