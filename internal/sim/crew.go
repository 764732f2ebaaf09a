package sim

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/workqueue"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	workers = 3

	// ownWrite is how long a worker waits to read its own write.
	ownWrite = 2 * time.Second

	// requestTimeout ends a write that is not answered.
	requestTimeout = time.Minute
)

// crew is the queue and the workers: they bring the status of each job up to
// its generation, over HTTP, and try again when that fails.
type crew struct {
	queue *workqueue.RateLimitingQueue[string]
	jobs  *httpsource.Client[*Job]
	store indexer.Indexer[*Job]
	book  *ledger
	busy  sync.WaitGroup

	journal *journal

	// inOrder reports whether the informer's queue keeps the order of keys. If
	// not, the store can reach a version before it has all that is older.
	inOrder bool

	// comparable reports whether the store's version says that it holds the
	// latest state of a key. It does not if that was refused (R4).
	comparable func(key string) bool

	mu     sync.Mutex
	inHand map[string]bool
	works  int
}

func (w *world) newCrew() *crew {
	c := &crew{
		jobs: w.newClient(), store: w.informer.Indexer(), book: w.book, journal: w.journal,
		inOrder: !w.script.setup.deltaFIFO, inHand: make(map[string]bool),
		comparable: func(key string) bool {
			return !w.script.setup.unversioned && !w.wentBack() && !w.wasRefused(key) && !w.wasRefused(unknown)
		},
	}
	c.queue = workqueue.NewRateLimiting(workqueue.Options[string]{
		Name: "jobs",
		Limiter: workqueue.NewMaxOfLimiter[string](
			workqueue.NewExponentialLimiter[string](5*time.Millisecond, 30*time.Second),
			workqueue.NewBucketLimiter[string](50, 100),
		),
		OnMisuse: func(err *workqueue.MisuseError) { c.book.fault("queue", "misuse: %v", err) },
	})
	for range workers {
		c.busy.Go(c.work)
	}
	return c
}

// newClient returns what the workers write with.
func (w *world) newClient() *httpsource.Client[*Job] {
	client, err := httpsource.NewClient(httpsource.Config[*Job]{
		Client: w.server.Client(), BaseURL: w.server.URL,
		Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
	})
	if err != nil {
		panic(err) // the script has no part in it
	}
	return client
}

// OnEvent queues the key of an event; it makes the crew a handler.
func (c *crew) OnEvent(_ context.Context, e informer.Event[*Job]) { c.queue.Add(e.Key) }

// work is what one worker does until the queue is shut down.
func (c *crew) work() {
	for {
		key, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		c.take(key)
		if err := c.sync(key); err != nil {
			c.journal.note("worker", "%s: %v", key, err)
			c.queue.AddRateLimited(key)
		} else {
			c.queue.Forget(key)
		}
		c.put(key)
	}
}

// take notes that a worker has key (Q1).
func (c *crew) take(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inHand[key] {
		c.book.fault("queue", "Q1: %s is with two workers", key)
	}
	c.inHand[key] = true
	c.works++
}

func (c *crew) put(key string) {
	c.mu.Lock()
	delete(c.inHand, key)
	c.mu.Unlock()
	c.queue.Done(key)
}

// sync does what there is to do for key.
func (c *crew) sync(key string) error {
	job, exists, err := c.store.GetByKey(key)
	if err != nil || !exists || job.done() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	written := *job
	written.Status.Observed = job.Generation
	answer, err := c.jobs.UpdateStatus(ctx, &written, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	c.journal.note("worker", "%s@%s is now @%s", key, job.ResourceVersion, answer.ResourceVersion)
	return c.readOwn(ctx, key, answer)
}

// readOwn checks S5 for a worker's own write: when the wait is over, the store
// holds that write, or a later one. During faults the wait may exceed the
// worker's timeout.
func (c *crew) readOwn(ctx context.Context, key string, answer *Job) error {
	if n, _ := strconv.Atoi(answer.ResourceVersion); n%4 != 0 {
		return nil // most workers do not wait for their own write
	}
	ctx, cancel := context.WithTimeout(ctx, ownWrite)
	defer cancel()
	if c.store.WaitFor(ctx, answer.ResourceVersion) != nil || !c.comparable(key) {
		return nil
	}
	stored, exists, err := c.store.GetByKey(key)
	if err == nil && exists && c.inOrder && compare(stored, answer) < 0 {
		c.book.fault("worker", "S5: after WaitFor(%s) the store holds %s of %s", answer.ResourceVersion, version(stored), key)
	}
	if last := c.store.LastStoreSyncResourceVersion(); object.NewerVersion(answer.ResourceVersion, last) {
		c.book.fault("worker", "S5: after WaitFor(%s) the store is at %s", answer.ResourceVersion, last)
	}
	return err
}

// idle reports whether there is nothing left to do.
func (c *crew) idle() bool {
	s := c.queue.Stats()
	return s.Waiting+s.Processing+s.Delayed == 0
}

// dismiss drains the queue and waits for the workers (Q5).
func (c *crew) dismiss() {
	c.queue.ShutDownWithDrain()
	c.busy.Wait()
	if s := c.queue.Stats(); s.Waiting+s.Processing+s.Delayed > 0 {
		c.book.fault("queue", "Q5: after the drain: %+v", s)
	}
}
