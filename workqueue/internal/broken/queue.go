package broken

import (
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// Patience is how long a call waits before it gives up. A queue without a fault
// does not let it wait so long, and a fault must not block a goroutine for ever.
const Patience = time.Hour

// GaveUp is the item that a Get returns which has waited for Patience.
const GaveUp = "gave up"

// Queue is a rate-limiting queue, as simple as can be: slices that are searched
// from end to end, and one channel that is closed at each change. It must be
// made by New.
type Queue struct {
	fault   Fault
	limiter workqueue.RateLimiter[string]

	mu      sync.Mutex
	changed chan struct{}
	waiting []string
	held    map[string]bool // what is being processed; true if added again
	adds    int
	down    bool
	forced  int  // how often ShutDown ended those who drain
	woke    bool // with a fault that wakes one waiter only: it was woken

	delays []delay // the first to end first
	timer  *time.Timer
}

// New returns a queue with a fault. A nil limiter limits nothing.
func New(fault Fault, limiter workqueue.RateLimiter[string]) *Queue {
	return &Queue{fault: fault, limiter: limiter, changed: make(chan struct{}), held: map[string]bool{}}
}

var _ workqueue.RateLimitingInterface[string] = (*Queue)(nil)

// change wakes everybody who waits.
func (q *Queue) change() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// await waits until ready, which it calls under the lock, and returns with the
// lock held. It is false when that took longer than Patience.
func (q *Queue) await(ready func() bool) bool {
	var late <-chan time.Time
	for {
		q.mu.Lock()
		if ready() {
			return true
		}
		changed := q.changed
		q.mu.Unlock()
		if late == nil {
			late = time.After(Patience)
		}
		select {
		case <-changed:
		case <-late:
			q.mu.Lock()
			return false
		}
	}
}

// Add is the method of workqueue.Interface.
func (q *Queue) Add(item string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down && q.fault != AddsWhenDown {
		return
	}
	if q.adds++; q.fault == LosesItems && q.adds%10 == 0 {
		return
	}
	if q.fault == AddTakesDelay {
		q.delays = slices.DeleteFunc(q.delays, func(d delay) bool { return d.item == item })
	}
	q.admit(item)
}

func (q *Queue) admit(item string) {
	_, held := q.held[item]
	switch {
	case held && q.fault == HandsOutTwice:
		q.push(item)
	case held && q.fault != LosesDirty:
		q.held[item] = true
	case held:
	case q.fault == MergesNothing || !slices.Contains(q.waiting, item):
		q.push(item)
	}
}

func (q *Queue) push(item string) {
	if q.fault == LastFirst {
		q.waiting = slices.Insert(q.waiting, 0, item)
	} else {
		q.waiting = append(q.waiting, item)
	}
	q.change()
}

// Len is the method of workqueue.Interface.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// Get is the method of workqueue.Interface.
func (q *Queue) Get() (item string, shutdown bool) {
	was := false
	ready := q.await(func() bool {
		if q.down && q.fault == WakesOneWorker && was {
			return q.wakesOne()
		}
		if was && q.fault == SleepsOn && len(q.waiting) > 0 && q.woke {
			return false
		}
		was = true
		return len(q.waiting) > 0 || q.down
	})
	q.woke = q.woke || q.fault == SleepsOn
	defer q.mu.Unlock()
	switch {
	case !ready:
		return GaveUp, false
	case len(q.waiting) == 0, q.down && q.fault == SaysShutDownTooSoon:
		return "", true
	}
	return q.take(), false
}

// wakesOne is true once.
func (q *Queue) wakesOne() bool {
	first := !q.woke
	q.woke = true
	return first
}

// TryGet is the method of workqueue.Queue.
func (q *Queue) TryGet() (item string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return "", false
	}
	return q.take(), true
}

func (q *Queue) take() string {
	item := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.held[item] = false
	return item
}

// Done is the method of workqueue.Interface.
func (q *Queue) Done(item string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	again, held := q.held[item]
	if !held {
		if q.fault == DoneDoubles && slices.Contains(q.waiting, item) {
			q.push(item)
		}
		return
	}
	delete(q.held, item)
	switch {
	case q.down && q.fault == LosesDirtyWhenDown:
	case again && q.fault == GoesBackFirst:
		q.waiting = slices.Insert(q.waiting, 0, item)
	case again && q.fault == GoesBackTwice:
		q.push(item)
		q.push(item)
	case again, q.fault == AlwaysGoesBack:
		q.push(item)
	}
	q.change()
}
