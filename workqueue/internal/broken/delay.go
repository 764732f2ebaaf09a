package broken

import (
	"slices"
	"time"
)

// delay is an item that is added at a time.
type delay struct {
	item string
	at   time.Time
}

// manyDelays is how many delays AddAfterWaits takes without waiting.
const manyDelays = 1000

// AddAfter is the method of workqueue.DelayingInterface.
func (q *Queue) AddAfter(item string, after time.Duration) {
	if after <= 0 {
		if q.fault != NoDelayIsLost {
			q.Add(item)
		}
		return
	}
	q.await(func() bool { return q.fault != AddAfterWaits || len(q.delays) < manyDelays })
	defer q.mu.Unlock()
	if q.down {
		return
	}
	switch {
	case q.fault == EndsEarly:
		after--
	case q.fault == DelaysInWholeDays:
		after = 24 * time.Hour
	case q.fault == DelayOverflows && after > 1<<61:
		after = 0
	}
	q.insert(delay{item, time.Now().Add(after)})
	q.arm()
}

// insert joins a delay with the one that the item has, and keeps the order.
func (q *Queue) insert(d delay) {
	at := slices.IndexFunc(q.delays, func(other delay) bool { return other.item == d.item })
	if at >= 0 && q.fault != DelaysAddUp {
		if d.at.Before(q.delays[at].at) == (q.fault == LatestCounts) {
			return
		}
		q.delays = slices.Delete(q.delays, at, at+1)
	}
	at = slices.IndexFunc(q.delays, func(other delay) bool {
		return other.at.After(d.at) || q.fault == TogetherReversed && other.at.Equal(d.at)
	})
	if at < 0 {
		at = len(q.delays)
	}
	q.delays = slices.Insert(q.delays, at, d)
}

func (q *Queue) arm() {
	if q.timer != nil {
		q.timer.Stop()
	}
	if len(q.delays) > 0 {
		q.timer = time.AfterFunc(time.Until(q.delays[0].at), q.fire)
	}
}

func (q *Queue) fire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.delays) > 0 && !q.delays[0].at.After(time.Now()) {
		item := q.delays[0].item
		q.delays = q.delays[1:]
		if _, held := q.held[item]; !held || q.fault != DelayWaitsForNone {
			q.admit(item)
		}
	}
	q.change()
	q.arm()
}

// AddRateLimited is the method of workqueue.RateLimitingInterface.
func (q *Queue) AddRateLimited(item string) {
	after := q.limiter.When(item)
	if q.fault == IgnoresLimiter {
		after = 0
	}
	q.AddAfter(item, after)
}

// Forget is the method of workqueue.RateLimitingInterface.
func (q *Queue) Forget(item string) {
	if q.fault != NeverForgets {
		q.limiter.Forget(item)
	}
}

// NumRequeues is the method of workqueue.RateLimitingInterface.
func (q *Queue) NumRequeues(item string) int { return q.limiter.NumRequeues(item) }
