package informer

import (
	"context"
	"iter"
	"maps"
	"math"
	"time"

	"github.com/informant-go/informant/indexer"
	"k8s.io/klog/v2"
)

// minimumResyncPeriod is the shortest time between two resyncs of a handler,
// as in client-go.
const minimumResyncPeriod = time.Second

// resyncPlan knows which handlers want to be told of everything again, and
// when. Its rules are client-go's, but for the first handler that asks an
// informer without a ResyncPeriod for resyncs: it gets them. The processor's
// lock guards it.
type resyncPlan[T any] struct {
	// check is the time between two looks at who is due; 0 while nobody
	// wants resyncs. Whoever asks for less lowers it, unless it is fixed:
	// while the informer runs.
	check time.Duration
	fixed bool

	// changed gets a token when check has become another.
	changed chan struct{}

	// round are the handlers that were due at the last tick, nil before.
	round *round[T]

	// served is the number of rounds that the queue has answered to.
	served uint64
}

// round is one resync: the handlers that were due at one tick.
type round[T any] struct {
	// targets has the handlers, each with the snapshot that it repeats at
	// the round's mark; nil where the queue resyncs key by key. It is
	// written before the round is in the log, and not after.
	targets map[*Registration[T]]indexer.Snapshot[T]

	// served is true once the queue has answered to the tick. It is guarded
	// by the processor's lock.
	served bool
}

func (r *round[T]) includes(reg *Registration[T]) bool {
	_, ok := r.targets[reg]
	return ok
}

// admit returns the period that a handler gets that asks for one: 0 for none.
func (p *resyncPlan[T]) admit(asked time.Duration) time.Duration {
	if asked <= 0 {
		return 0
	}
	asked = max(asked, minimumResyncPeriod)
	switch {
	case p.fixed && p.check > 0:
		return max(asked, p.check)
	case p.check == 0 || asked < p.check:
		p.check = asked
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
	return asked
}

// effective is how often a handler with that period is resynced: at ticks.
func (p *resyncPlan[T]) effective(period time.Duration) time.Duration {
	if p.check <= 0 {
		return period
	}
	toTick := (p.check - period%p.check) % p.check
	return period + min(toTick, math.MaxInt64-period)
}

// lessOften is a handler that is resynced less often than it asked for.
type lessOften struct {
	logger            klog.Logger
	handler           string
	asked, resyncedIn time.Duration
}

// lessOften returns those of regs that are. The caller holds mu.
func (p *processor[T]) lessOften(ctx context.Context, regs iter.Seq[*Registration[T]]) (found []lessOften) {
	for r := range regs {
		if gets := p.resync.effective(r.period); r.period > 0 && gets != r.asked {
			found = append(found, lessOften{klog.FromContext(r.context(ctx)), r.name, r.asked, gets})
		}
	}
	return found
}

// say logs it. No lock is held.
func (l lessOften) say() {
	l.logger.Info("A handler is resynced less often than it asked for: its period is rounded up to a multiple of the informer's shortest, and to a second",
		"handler", l.handler, "asked", l.asked, "period", l.resyncedIn)
}

// plan sets the period of the informer.
func (p *processor[T]) plan(period time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resync.admit(period)
}

// checkPeriod is the time between two ticks, 0 for none. It implements consumer.
func (p *processor[T]) checkPeriod() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resync.check
}

// periodChanged has a token when checkPeriod became another. It implements
// consumer.
func (p *processor[T]) periodChanged() <-chan struct{} { return p.resync.changed }

// tick begins a round with the handlers that are due, and reports whether
// there are any. It implements consumer.
func (p *processor[T]) tick(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resync.due(now, p.handlers)
}

// resyncRound returns the round that a Sync is for, nil when there was no tick.
func (p *processor[T]) resyncRound() *round[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resync.take()
}

// resyncMark returns the mark at which the handlers of the round repeat the
// state of the store as it is: atomically, and for one entry however many
// objects there are. The goroutine that writes the store calls it.
func (p *processor[T]) resyncMark() []entry[T] {
	p.mu.Lock()
	served := p.resync.round == nil || p.resync.round.served
	round := p.resync.take()
	p.resync.round = nil // the snapshots are the log's alone
	if !served {
		maps.DeleteFunc(round.targets, func(r *Registration[T], _ indexer.Snapshot[T]) bool {
			return !r.joined // it joins behind the mark
		})
	}
	p.mu.Unlock()
	if served {
		return nil
	}
	for r := range round.targets {
		round.targets[r] = p.base.store.Snapshot()
		r.owesResync.Store(true)
	}
	return []entry[T]{{round: round, at: p.base.applier.at}}
}

// due begins a round with those handlers whose time has come. One that has not
// reached the mark of an earlier resync yet needs no other: a handler that stands
// still holds up one snapshot, however long it does.
func (p *resyncPlan[T]) due(now time.Time, handlers map[*Registration[T]]struct{}) bool {
	targets := make(map[*Registration[T]]indexer.Snapshot[T])
	if p.round != nil && !p.round.served {
		// The queue has not come to the last tick yet.
		for r := range p.round.targets {
			targets[r] = nil
		}
	}
	paced := false
	for r := range handlers {
		switch {
		case !r.isDue(now):
		case r.resyncRate > 0:
			r.oweResync()
			paced = true
		default:
			targets[r] = nil
		}
	}
	p.round = &round[T]{targets: targets}
	if paced && len(targets) == 0 {
		p.served++ // the queue is not asked
	}
	return len(targets) > 0
}

// isDue reports whether r is to be resynced now. The caller holds p.mu.
func (r *Registration[T]) isDue(now time.Time) bool {
	if r.period <= 0 || now.Sub(r.resynced) < r.period {
		return false
	}
	r.resynced = now
	return !r.owesResync.Load() && !r.leaving
}

// oweResync has a handler with a ResyncRate begin a resync. The caller holds p.mu.
func (r *Registration[T]) oweResync() {
	r.owesResync.Store(true)
	if r.joined {
		r.interrupt()
	}
}

// take returns the round that the queue has come to, nil if there was none.
func (p *resyncPlan[T]) take() *round[T] {
	if p.round != nil && !p.round.served {
		p.round.served = true
		p.served++
	}
	return p.round
}

// forget drops a handler that is gone from a round that is not in the log.
func (p *resyncPlan[T]) forget(r *Registration[T]) {
	if p.round != nil && !p.round.served {
		delete(p.round.targets, r)
	}
}
