package informer

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/deltafifo"
)

// progress knows how far what a source hands over has come to the store: for
// Quiesce, which waits for what is queued now, and for FreshAt. Between two batches
// nothing is in the hands of the consumer, which is when it looks: what waits then is
// in the queue, and as soon as as many deltas have been consumed, so has that.
type progress struct {
	// epoch is the beginning of the time that arrived and fresh tell, in
	// nanoseconds above 0.
	epoch time.Time

	// arrived is when the first of those messages of the source came that pending
	// does not speak of, 0 if there is none. It is written before a message is
	// queued.
	arrived atomic.Int64

	// fresh is a moment before which nothing came that is not stored; 0 before the
	// first.
	fresh atomic.Int64

	// weight is what the last batch has taken of what had waited, at least, and
	// pending the moment that becomes fresh once what waited then is stored. The
	// goroutine that consumes uses both.
	weight  int
	pending struct {
		at   int64
		left remainder
	}

	// pop is the context of the present Pop. The goroutine that consumes uses it.
	pop context.Context

	// asked is true while there are fences, or pop has ended.
	asked atomic.Bool

	mu sync.Mutex // guards what follows

	// nudge ends pop, so that the consumer looks at the fences. It is nil before
	// the first Pop.
	nudge  context.CancelFunc
	fences []*fence
}

// fence is somebody who waits until what the queue holds is consumed.
type fence struct {
	passed chan struct{} // closed then

	// seen is true once the consumer has counted what is left. Only it uses both.
	seen bool
	left remainder
}

// remainder is a number of deltas that are yet to be consumed.
type remainder int

// less takes off what a batch had, and reports whether nothing is left. depth is
// asked only where that may spare further waiting: in a DeltaFIFO a batch can have
// more of what had waited than its weight.
func (r *remainder) less(weight int, depth func() int) (none bool) {
	*r -= remainder(weight)
	return *r <= 0 || depth() == 0
}

// weigh notes the batch that is about to be consumed. Of a DeltaFIFO it has one key,
// for which more may have come since: one delta at least had waited.
func weigh[T any](p *progress, b deltafifo.Batch[T]) {
	p.weight = len(b.Deltas)
	if p.weight > 1 && b.Deltas[0].Key == b.Deltas[1].Key {
		p.weight = 1
	}
}

func (p *progress) now() int64 { return int64(time.Since(p.epoch)) + 1 }

// comes notes that a message of the source is about to be queued, which is of now, or
// of since if that is above 0.
//
// One that comes while the consumer looks may be missed: then fresh stays behind until
// the next one.
func (p *progress) comes(since int64) {
	if p.arrived.Load() != 0 {
		return
	}
	if since == 0 {
		since = p.now()
	}
	p.arrived.CompareAndSwap(0, since)
}

// freshAt is fresh as a time, zero before the first.
func (p *progress) freshAt() time.Time {
	fresh := p.fresh.Load()
	if fresh == 0 {
		return time.Time{}
	}
	return p.epoch.Add(time.Duration(fresh - 1))
}

// between is called before each Pop, when everything that was popped is stored and on
// its way to the handlers. ctx is that of the run; the Pop gets the one that between
// returns, which also ends when somebody asks. depth is the queue's.
func (p *progress) between(ctx context.Context, depth func() int) (pop context.Context) {
	weight := p.weight
	p.weight = 0
	p.freshen(weight, depth)
	if p.pop == nil || p.pop.Err() != nil || p.asked.Load() {
		p.serve(ctx, weight, depth)
	}
	return p.pop
}

// freshen moves fresh on, if it can.
func (p *progress) freshen(weight int, depth func() int) {
	if p.pending.at != 0 {
		if p.pending.left.less(weight, depth) {
			p.isFresh(p.pending.at)
			p.pending.at = 0
		}
		return
	}
	if p.arrived.Load() == 0 {
		return
	}
	at := p.arrived.Swap(0)
	if left := depth(); left > 0 {
		p.pending.at, p.pending.left = at, remainder(left)
		return
	}
	p.isFresh(at)
}

// isFresh moves fresh on to at, but never back.
func (p *progress) isFresh(at int64) { p.fresh.Store(max(p.fresh.Load(), at)) }

// serve closes the fences that have been passed, and makes the context of the next Pop.
func (p *progress) serve(ctx context.Context, weight int, depth func() int) {
	p.mu.Lock()
	if p.pop == nil || p.pop.Err() != nil {
		p.pop, p.nudge = context.WithCancel(ctx)
	}
	fences := slices.Clone(p.fences)
	p.mu.Unlock()
	for _, f := range fences {
		if f.isPassed(weight, depth) {
			close(f.passed)
			p.drop(f)
		}
	}
}

// isPassed reports whether what waited when f was first seen is consumed.
func (f *fence) isPassed(weight int, depth func() int) bool {
	if f.seen {
		return f.left.less(weight, depth)
	}
	f.seen, f.left = true, remainder(depth())
	return f.left == 0
}

// fence returns one that is passed once what the source has handed over is stored.
func (p *progress) fence() *fence {
	f := &fence{passed: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fences = append(p.fences, f)
	p.asked.Store(true)
	if p.nudge != nil {
		p.nudge()
	}
	return f
}

// drop forgets f.
func (p *progress) drop(f *fence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fences = slices.DeleteFunc(p.fences, func(other *fence) bool { return other == f })
	p.asked.Store(len(p.fences) > 0)
}

// end ends the context of the last Pop of a run. What is pending belongs to a queue
// that is gone.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nudge != nil {
		p.nudge()
	}
	p.pop, p.nudge = nil, nil
	p.pending.at, p.weight = 0, 0
	p.arrived.Store(0)
}

// FreshAt is a moment up to which the store is known to hold everything that the source
// had to say (I11): everything that it handed over before then is stored, and it was
// heard of then, by an object, a bookmark, or a list, which counts from when it was
// asked for. It is zero before the first, never goes back, and stays when a run ends.
// Its age, time.Since, is how old the store's state is at most, as far as the source
// sends what happens when it happens.
//
// It does not say that something has changed since. A source that has nothing to say is
// not heard of: API servers send a bookmark about once a minute, so that an age of a
// minute is usual where little happens, and one of several is a reason to look at
// Status.Source. Nor does it see how far the server that is watched lags its database,
// nor objects that were refused.
func (in *SharedIndexInformer[T]) FreshAt() time.Time { return in.base.pump.progress.freshAt() }
