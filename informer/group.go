package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// GroupOptions are the settings of a Group. The zero value is the sensible default.
type GroupOptions struct {
	// MaxLists is how many lists may be in flight at once, streamed ones
	// included; 0 sets no limit. Lists wait for their turn in the order in which
	// they were asked for, first lists in that of the leases.
	MaxLists int

	// Reflector are the settings of every reflector whose query has none of its
	// own. Name is the informer's, Logger that of these options unless set. Turn is
	// waited for after the Group's own turn, if there are MaxLists; one for all
	// Groups and Reflectors of a process is a limit to the lists of the process.
	// Shard must be nil: each query has its own.
	Reflector reflector.Options

	// Logger is that of every informer; the zero value is the logger of Run's
	// context.
	Logger klog.Logger
}

// Group has one informer for each query that somebody holds a Lease for. Get gives
// leases; the last Release of a query stops its informer (G1). It corresponds to
// client-go's SharedInformerFactory, for any types of objects in one Group.
//
// All methods may be called by any goroutine, callbacks included; Shutdown, inside a
// callback, ends with its context, and Run and WaitForSync are not for callbacks.
type Group struct {
	opts  GroupOptions
	lists *turns

	// wg has the informers that run. It is added to under mu, while over is
	// false. gone is closed when Run has returned.
	wg   sync.WaitGroup
	gone chan struct{}

	mu sync.Mutex // guards what follows; held shortly, never over user code

	// ctx is that of Run, nil before; over is true when it is ending, or Shutdown
	// was called.
	ctx    context.Context
	cancel context.CancelFunc
	over   bool

	// byKey has the informer that further leases of a query are for. all has every
	// informer that is held or has not ended, in the order of the first leases.
	byKey map[queryKey]*shared
	all   []*shared
}

// NewGroup returns a Group without informers; Run starts those that are asked for. The
// error says which of the options cannot be used.
func NewGroup(opts GroupOptions) (*Group, error) {
	if opts.MaxLists < 0 {
		return nil, fmt.Errorf("informer: GroupOptions.MaxLists is %d: give the number of lists that may be in flight, or 0 for no limit", opts.MaxLists)
	}
	if opts.Reflector.Shard != nil {
		return nil, errors.New("informer: GroupOptions.Reflector has a Shard, by which queries are not compared: set Query.Shard instead")
	}
	return &Group{
		opts:  opts,
		lists: newTurns(opts.MaxLists),
		gone:  make(chan struct{}),
		byKey: make(map[queryKey]*shared),
	}, nil
}

// Run starts the informers of all queries that were asked for, in this order, and of
// those that are from now on, until ctx ends or Shutdown is called. It returns when
// none of them runs any more, callbacks included. A Group runs once: the error is nil
// then, ErrRunning while it runs already, and ErrShutdown after it has.
//
// An informer that ends by itself ends nothing else: see Lease.Err.
func (g *Group) Run(ctx context.Context) error {
	if err := g.begin(ctx); err != nil {
		return err
	}
	defer close(g.gone)
	<-g.ctx.Done()
	g.close()
	g.wg.Wait()
	return nil
}

// begin starts what was asked for.
func (g *Group) begin(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.over:
		return ErrShutdown
	case g.ctx != nil:
		return about("the group", ErrRunning)
	}
	g.ctx, g.cancel = context.WithCancel(ctx)
	for _, s := range g.all {
		g.start(s)
	}
	return nil
}

// close ends the run.
func (g *Group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	g.cancel()
}

// Shutdown ends Run and waits until nothing of the Group is left. When ctx ends first,
// the error is a *StopError that names what is inside the user's code, of which
// informer, and who asked for that; it ends as soon as it returns. From then on Get and
// Run return ErrShutdown, and leases end with it. It may be called more than once, and
// without a Run.
func (g *Group) Shutdown(ctx context.Context) error {
	if !g.shut() {
		return nil
	}
	select {
	case <-g.gone:
		return nil
	case <-ctx.Done():
	}
	left := g.left()
	if isClosed(g.gone) {
		return nil
	}
	return &StopError{Informer: "the group", Running: left, Err: ctx.Err()}
}

// shut begins the end, and reports whether there is something to wait for.
func (g *Group) shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	if g.cancel != nil {
		g.cancel()
		return true
	}
	for _, s := range slices.Clone(g.all) {
		g.end(s, ErrShutdown)
	}
	return false
}

// left names what has not ended.
func (g *Group) left() (names []string) {
	g.mu.Lock()
	running := slices.DeleteFunc(slices.Clone(g.all), func(s *shared) bool { return !s.runs() })
	g.mu.Unlock()
	for _, s := range running {
		for _, name := range s.informer.left() {
			names = append(names, fmt.Sprintf("%s of %s (asked for by %s)", name, s.name, s.by))
		}
	}
	return names
}

// WaitForSync waits until every informer that is held now has its first list (see
// SharedIndexInformer.HasSynced), or was released. When ctx ends first, or one has ended
// by itself before, the error is a *SyncError that names those that have not, with who
// asked for them, and why; it is ErrShutdown for a Group that was shut down. For
// handlers see Registration and the function WaitForSync.
func (g *Group) WaitForSync(ctx context.Context) error {
	held := g.held()
	for _, s := range held {
		select {
		case <-s.informer.Synced():
			continue
		case <-s.done:
			if err := g.failure(s); err != nil {
				return g.unsynced(held, err)
			}
			continue
		case <-ctx.Done():
		}
		if err := g.unsynced(held, context.Cause(ctx)); err != nil {
			return err
		}
	}
	if err := g.usable(); err != nil {
		return err
	}
	return g.unsynced(held, nil)
}

// Ready returns nil while the Group runs and every informer that is held has synced
// and not ended by itself. It never waits, and so suits a health check; when ctx has
// ended the error is ctx.Err(). Otherwise it is ErrShutdown, ErrGroupStopped before Run,
// or a *SyncError as that of WaitForSync.
//
// An informer that is out of step with its server is ready: its store has what was last
// known, and a program that reports itself as not ready whenever the server is away makes
// an outage of it. Status and the log say so.
func (g *Group) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := g.usable(); err != nil {
		return err
	}
	g.mu.Lock()
	running := g.ctx != nil
	g.mu.Unlock()
	if !running {
		return ErrGroupStopped
	}
	return g.unsynced(g.held(), nil)
}

// usable is ErrShutdown for a Group that is shut down.
func (g *Group) usable() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return ErrShutdown
	}
	return nil
}

// unsynced is the *SyncError of those that have not synced, or have ended by
// themselves; nil if there are none. err is why nobody waits for them any more.
func (g *Group) unsynced(held []*shared, err error) error {
	e := &SyncError{Err: err}
	for _, s := range held {
		reason, missing := g.whyUnsynced(s)
		if missing {
			e.Unsynced, e.Reasons = append(e.Unsynced, g.title(s)), append(e.Reasons, reason)
		}
	}
	if len(e.Unsynced) == 0 {
		return nil
	}
	return e
}

// whyUnsynced is why s has not synced, if it has not.
func (g *Group) whyUnsynced(s *shared) (reason error, missing bool) {
	g.mu.Lock()
	held, ended, started, err := len(s.leases) > 0, s.ended, s.cancel != nil, s.err
	g.mu.Unlock()
	switch {
	case !held:
		return nil, false
	case ended:
		return err, err != nil
	case !started:
		return ErrGroupStopped, true
	}
	return s.informer.Unsynced(), !isClosed(s.informer.Synced())
}

// failure is why s has ended by itself, nil if it has not or nobody holds it.
func (g *Group) failure(s *shared) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(s.leases) == 0 {
		return nil
	}
	return s.err
}

// title is the name of s with those who asked for it.
func (g *Group) title(s *shared) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	by := ""
	for _, l := range s.leases {
		by += ", " + l.by
	}
	return s.name + ", asked for by" + by[min(1, len(by)):]
}

// held are the informers that somebody holds.
func (g *Group) held() []*shared {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.all), func(s *shared) bool { return len(s.leases) == 0 })
}

// Statuses returns the present state of every informer of the Group, with those who
// hold it, in the order in which they were asked for. One that was released is among
// them until nothing of it runs any more. It is what the debug page shows.
func (g *Group) Statuses() []Status {
	g.mu.Lock()
	all := slices.Clone(g.all)
	held := make([][]LeaseStatus, len(all))
	for i, s := range all {
		for _, l := range s.leases {
			held[i] = append(held[i], LeaseStatus{By: l.by, Since: l.since})
		}
	}
	g.mu.Unlock()
	statuses := make([]Status, len(all))
	for i, s := range all {
		statuses[i] = s.status(held[i])
	}
	return statuses
}
