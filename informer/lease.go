package informer

import (
	"context"
	"fmt"
	"maps"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/callsite"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Lease is a share in the informer of a query. Whoever has asked for it releases it
// when the informer is of no more use to him.
//
// Handlers that were added to the informer stay with it as long as it runs, whoever
// added them: who shares it removes his own, see Registration.Remove. Its Run and Stop
// are the Group's to call.
//
// All methods may be called by any goroutine, callbacks included.
type Lease[T any] struct {
	g        *Group
	shared   *shared
	leased   *leased
	informer *SharedIndexInformer[T]

	// reach is nil unless the lease can change its query.
	reach *reach[T]
}

var _ Syncer = (*Lease[any])(nil)

// Get returns a lease for the informer of the query, of API objects. If g has none it
// is made, and started if g runs; otherwise Run starts it. It corresponds to InformerFor
// of client-go's SharedInformerFactory.
//
// The error wraps ErrQuery for a query that cannot be used and for two that are equal
// but for their transforms, which is a *TransformError; it is ErrNoGroup for a nil g and
// ErrShutdown for one that was shut down, and otherwise says why the informer cannot be
// made.
func Get[T metav1.Object](g *Group, q Query[T]) (*Lease[T], error) {
	return GetWithAccess(object.Meta[T](), g, q)
}

// GetWithAccess is Get for objects of any type. Of equal queries the access of whoever
// asks first counts.
func GetWithAccess[T any](access object.Access[T], g *Group, q Query[T]) (*Lease[T], error) {
	if g == nil {
		return nil, ErrNoGroup
	}
	w, err := newWant(access, q, asker())
	if err != nil {
		return nil, err
	}
	l, err := lease(g, w)
	if err != nil {
		return nil, err
	}
	if err := l.index(w); err != nil {
		_ = l.Release() // it is new
		return nil, err
	}
	return l, nil
}

// asker is where a lease is asked for.
func asker() string {
	const module = "github.com/informant-go/informant/"
	return callsite.Outside(module + "informer")
}

// lease returns a lease for the informer of w, which is made if there is none.
func lease[T any](g *Group, w *want[T]) (*Lease[T], error) {
	s, l, err := g.lease(w.key(), w.Transform.Name, w.by, w.Private)
	switch {
	case err != nil:
		return nil, err
	case s != nil:
		return newLease[T](g, s, l, nil), nil
	}
	s, r, err := produce(g, w)
	if err != nil {
		return nil, err
	}
	s, l, err = g.admit(s, w.by)
	if err != nil {
		return nil, err
	}
	return newLease(g, s, l, r), nil
}

func newLease[T any](g *Group, s *shared, l *leased, r *reach[T]) *Lease[T] {
	if !s.private {
		r = nil
	}
	return &Lease[T]{g: g, shared: s, leased: l, informer: s.informer.(*SharedIndexInformer[T]), reach: r}
}

// lease returns a lease for the informer that is there, nil if there is none that can
// be shared.
func (g *Group) lease(key queryKey, transform, by string, private bool) (*shared, *leased, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return nil, nil, ErrShutdown
	}
	s := g.byKey[key]
	if s == nil || private {
		return nil, nil, nil
	}
	return g.share(s, transform, by)
}

// share adds a lease for s. The caller holds mu.
func (g *Group) share(s *shared, transform, by string) (*shared, *leased, error) {
	if s.transform != transform {
		err := &TransformError{Query: s.name, First: s.leases[0].by, FirstTransform: s.transform, Second: by, SecondTransform: transform}
		return nil, nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	l := newLeased(by)
	s.leases = append(s.leases, l)
	return s, l, nil
}

// admit takes in an informer that was made, or drops it for one that somebody else has
// made meanwhile, and returns a lease for it.
func (g *Group) admit(s *shared, by string) (*shared, *leased, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over || g.byKey[s.key] != nil && !s.private {
		if s.wide != nil {
			g.release(s.wide, s.wideLease)
		}
		if g.over {
			return nil, nil, ErrShutdown
		}
		return g.share(g.byKey[s.key], s.transform, by)
	}
	l := newLeased(by)
	s.leases = append(s.leases, l)
	g.all = append(g.all, s)
	if !s.private {
		g.byKey[s.key] = s
	}
	if g.ctx != nil {
		g.start(s)
	}
	return s, l, nil
}

// index adds those indexes of w to the store that it has not.
func (l *Lease[T]) index(w *want[T]) error {
	for {
		missing := maps.Clone(w.Indexers)
		there := l.informer.Indexer().GetIndexers()
		maps.DeleteFunc(missing, func(name string, _ indexer.IndexFunc[T]) bool {
			_, found := there[name]
			return found
		})
		if len(missing) == 0 {
			return nil
		}
		err := l.informer.AddIndexers(missing)
		if err == nil {
			return nil
		}
		if len(l.informer.Indexer().GetIndexers()) == len(there) {
			return err // and not because somebody else has added one of them
		}
	}
}

// Informer is the informer of the query. Several leases have the same.
func (l *Lease[T]) Informer() *SharedIndexInformer[T] { return l.informer }

// Release gives the lease back; the last one of an informer ends it. It never waits,
// and so may be called by a handler of the informer: see Done. It is an error,
// ErrReleased, to release a lease twice, and has no effect on those of others.
func (l *Lease[T]) Release() error {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	if !l.g.release(l.shared, l.leased) {
		return fmt.Errorf("%w (%s)", ErrReleased, l.Name())
	}
	return nil
}

// Done is closed when the lease is over: after Release, and if it was the last lease
// of the informer, once nothing of that is left, callbacks included; or when the
// informer has ended by itself, for which see Err.
func (l *Lease[T]) Done() <-chan struct{} { return l.leased.done }

// Err is why the lease is over although it was not released: what has ended the
// informer's source, such as a *reflector.VanishedError, or ErrShutdown. It is nil before
// and otherwise. Such a lease is to be released as well; the next Get of the query starts
// a new informer.
func (l *Lease[T]) Err() error {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	return l.leased.err
}

// Name is that of the informer, with who asked for the lease. It implements Syncer.
func (l *Lease[T]) Name() string { return l.shared.name + ", asked for by " + l.leased.by }

// Synced is that of the informer, see SharedIndexInformer.Synced.
func (l *Lease[T]) Synced() <-chan struct{} { return l.informer.Synced() }

// HasSynced is that of the informer, see SharedIndexInformer.HasSynced.
func (l *Lease[T]) HasSynced() bool { return l.informer.HasSynced() }

// Unsynced is why the informer has not synced, nil once it has.
func (l *Lease[T]) Unsynced() error {
	switch reason, missing := l.g.whyUnsynced(l.shared); {
	case l.HasSynced():
		return nil
	case missing && reason != nil:
		return reason
	}
	return l.informer.Unsynced()
}

// SetNamespaces changes the namespaces of the query of a Private lease, as
// Query.Namespaces has them, but that no namespace at all stands for none; "" among them
// is all. What no longer belongs to the query is taken from the store, and handlers hear
// of its deletion; nothing else is disturbed. It does not wait for what is new: WaitFor
// of the store does.
//
// The error is ErrNotPrivate for a lease of which the query was not Private, since others
// could share its informer and would be told of deletions that are none: Get another
// lease, and release this one. It is ErrReleased for one that is over, and otherwise that
// of Get.
func (l *Lease[T]) SetNamespaces(namespaces ...string) error {
	if namespaces == nil {
		namespaces = []string{}
	}
	return l.change(func(q *Query[T]) { q.Namespaces = namespaces })
}

// SetSelectors changes the selectors of the query of a Private lease, as SetNamespaces
// does the namespaces; none select all. A view cannot select by Fields.
func (l *Lease[T]) SetSelectors(selectors ...Selector) error {
	return l.change(func(q *Query[T]) { q.Selectors = selectors })
}

func (l *Lease[T]) change(f func(*Query[T])) error {
	if l.reach == nil {
		return fmt.Errorf("%w (%s)", ErrNotPrivate, l.Name())
	}
	if isClosed(l.leased.done) || l.isReleased() {
		return fmt.Errorf("%w (%s)", ErrReleased, l.Name())
	}
	return l.reach.change(f)
}

func (l *Lease[T]) isReleased() bool {
	l.g.mu.Lock()
	defer l.g.mu.Unlock()
	return l.leased.released
}

// turnOf returns the Options.Turn of the reflectors of s.
func (g *Group) turnOf(s *shared) func(context.Context) (func(), error) {
	if g.lists == nil {
		return nil
	}
	return func(ctx context.Context) (func(), error) {
		u := s.place.Swap(nil)
		if u == nil {
			u = g.lists.ask()
		}
		return u.end, u.wait(ctx)
	}
}
