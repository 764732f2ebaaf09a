package informer

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// shared is one informer of a Group, and who holds it.
type shared struct {
	key       queryKey
	name, by  string // by is who asked first
	transform string
	private   bool

	// informer is a *SharedIndexInformer of key.objects.
	informer groupInformer

	// query is how the query is shown, as it is now, and lists how many lists it
	// needs.
	query func() string
	lists func() int

	// wide is the informer that this one is a view of, and wideLease what holds
	// it; nil for others.
	wide      *shared
	wideLease *leased

	// place is that of the first list, until the list takes it.
	place atomic.Pointer[turn]

	// done is closed when the informer has ended or nobody holds it any more.
	done chan struct{}

	// What follows is guarded by the mu of the Group. leases are in the order in
	// which they were asked for; last is the one that was released last, while the
	// informer has not ended.
	leases []*leased
	last   *leased

	// cancel ends the informer, nil before it was started; ended is true once
	// nothing of it runs any more, or will, and err is why, if nobody released it.
	cancel context.CancelFunc
	ended  bool
	err    error
}

// groupInformer is a SharedIndexInformer, of any type of objects.
type groupInformer interface {
	Syncer
	Run(ctx context.Context) error
	Status() Status

	// left names what has not ended of the present run.
	left() []string
}

func (in *SharedIndexInformer[T]) left() []string { return in.base.lifecycle.left() }

var _ groupInformer = (*SharedIndexInformer[any])(nil)

// leased is what the Group knows of a Lease. What is not set at once is guarded by the
// mu of the Group.
type leased struct {
	by    string
	since time.Time

	// done is closed when the lease is over; err is why, if it was not released.
	done     chan struct{}
	err      error
	released bool

	// onEnd, if not nil, is told when the informer ends by itself. It is ours, and
	// never waits.
	onEnd func(error)
}

func newLeased(by string) *leased {
	return &leased{by: by, since: time.Now(), done: make(chan struct{})}
}

// over ends the lease, once.
func (l *leased) over(err error) {
	if isClosed(l.done) {
		return
	}
	l.err = err
	close(l.done)
	if l.onEnd != nil && err != nil {
		l.onEnd(err)
	}
}

// runs reports whether something of the informer may run. The caller holds g.mu.
func (s *shared) runs() bool { return s.cancel != nil && !s.ended }

// status is the present state, with what the Group knows.
func (s *shared) status(leases []LeaseStatus) Status {
	status := s.informer.Status()
	status.Leases, status.Query = leases, s.query()
	if s.wide != nil {
		status.ViewOf = s.wide.name
	}
	return status
}

// errStopped is why an informer has ended that somebody stopped by its own method.
var errStopped = errors.New("informer: it was stopped with its own Stop: release the lease instead")

// start starts s. The caller holds mu, and the Group runs.
func (g *Group) start(s *shared) {
	ctx, cancel := context.WithCancel(g.ctx)
	s.cancel = cancel
	if s.lists() > 0 { // else nobody would take the place
		s.place.Store(g.lists.ask())
		if s.lists() == 0 { // the query has changed before the place was there
			s.place.Swap(nil).end()
		}
	}
	g.wg.Go(func() {
		defer cancel()
		g.ran(s, s.informer.Run(ctx))
	})
}

// ran notes that the informer has run, and with which result.
func (g *Group) ran(s *shared, err error) {
	s.place.Swap(nil).end()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.over || g.ctx.Err() != nil:
		err = ErrShutdown
	case err == nil:
		err = errStopped
	}
	g.end(s, err)
}

// end notes that nothing of s runs any more. err is why, if somebody holds it. The
// caller holds mu.
func (g *Group) end(s *shared, err error) {
	if s.ended {
		return
	}
	s.ended = true
	g.forget(s)
	if s.last != nil { // it was released
		s.last.over(nil)
		g.drop(s)
		return
	}
	s.err = err
	for _, l := range s.leases {
		l.over(err)
	}
	if s.wide != nil {
		g.release(s.wide, s.wideLease)
	}
}

// forget sees to it that no further lease is for s. The caller holds mu.
func (g *Group) forget(s *shared) {
	if g.byKey[s.key] == s {
		delete(g.byKey, s.key)
	}
	if !isClosed(s.done) {
		close(s.done)
	}
}

// drop lets go of s, which has ended and is held by nobody. The caller holds mu.
func (g *Group) drop(s *shared) {
	g.all = slices.DeleteFunc(g.all, func(other *shared) bool { return other == s })
	if s.wide != nil {
		g.release(s.wide, s.wideLease)
	}
}

// tell has lose told when s ends by itself before l is released.
func (g *Group) tell(s *shared, l *leased, lose func(error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.onEnd = lose; s.err != nil {
		lose(s.err)
	}
}

// release takes a lease back and stops the informer if it was the last. It reports
// whether the lease had not been released. It never waits. The caller holds mu.
func (g *Group) release(s *shared, l *leased) bool {
	if l.released {
		return false
	}
	l.released = true
	s.leases = slices.DeleteFunc(s.leases, func(other *leased) bool { return other == l })
	if len(s.leases) > 0 {
		l.over(nil)
		return true
	}
	switch {
	case s.ended: // by itself
		g.drop(s)
	case s.cancel == nil: // it never ran
		s.last, s.ended = l, true
		g.forget(s)
		l.over(nil)
		g.drop(s)
	default:
		s.last = l
		g.forget(s)
		s.cancel()
	}
	return true
}
