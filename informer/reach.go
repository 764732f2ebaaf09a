package informer

import (
	"errors"
	"fmt"
	"sync"

	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/union"
)

// reach is how far the informer of a Private lease reaches: its query, which can be
// changed.
type reach[T any] struct {
	// prepare runs the user's code that a query needs, and returns what makes the
	// informer follow the query. Several goroutines may call both.
	prepare func(*want[T]) (set func() error, err error)

	mu sync.Mutex // guards what follows

	// want is the present query, and changes the number of changes of it.
	want    *want[T]
	changes int
}

// change changes the query by f. Changes that are made at once come one after the
// other, and the informer follows the last.
func (r *reach[T]) change(f func(*Query[T])) error {
	for {
		before, changes := r.now()
		q := before.Query
		f(&q)
		w, err := newWant(before.access, q, before.by)
		if err != nil {
			return err
		}
		set, err := r.prepare(w)
		if err != nil {
			return err
		}
		if r.commit(w, changes) {
			return r.follow(set, changes+1)
		}
	}
}

func (r *reach[T]) now() (*want[T], int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.want, r.changes
}

// commit makes w the present query, if there were no more than changes before.
func (r *reach[T]) commit(w *want[T], changes int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes != changes {
		return false
	}
	r.want, r.changes = w, changes+1
	return true
}

// follow makes the informer follow the query of that number, and a later one if set
// may have come after the set of that.
func (r *reach[T]) follow(set func() error, number int) error {
	for {
		if err := set(); err != nil {
			return fmt.Errorf("informer: the query cannot be changed: %w", err)
		}
		latest, n := r.now()
		if n == number {
			return nil
		}
		var err error
		if set, err = r.prepare(latest); err != nil {
			return err
		}
		number = n
	}
}

// produce makes an informer for w, which nobody holds yet. r is nil for one of which
// the query cannot change.
func produce[T any](g *Group, w *want[T]) (s *shared, r *reach[T], err error) {
	wide, err := wideOf(g, w)
	if err != nil {
		return nil, nil, err
	}
	s = &shared{key: w.key(), name: w.informerName(), by: w.by, transform: w.Transform.Name, private: w.Private, done: make(chan struct{})}
	r = &reach[T]{want: w}
	s.query = func() string {
		w, _ := r.now()
		return w.name()
	}
	s.lists = func() int {
		if wide != nil {
			return 0
		}
		w, _ := r.now()
		return len(w.scope.namespaces) * len(w.scope.selectors)
	}
	var in *SharedIndexInformer[T]
	switch {
	case wide != nil:
		in, err = produceView(g, w, wide, s, r)
	case w.single():
		in, err = produceSingle(g, w, s)
	default:
		in, err = produceUnion(g, w, s, r)
	}
	if err != nil {
		return nil, nil, err
	}
	s.informer = in
	return s, r, nil
}

// wideOf returns a lease for the informer that one of w is to be a view of, nil if it
// is to be none.
func wideOf[T any](g *Group, w *want[T]) (*Lease[T], error) {
	everything := w.scope.everything()
	switch {
	case w.Wide && (w.Private || !everything):
		return lease(g, w.wide())
	case everything, w.Private, w.scope.byFields():
		return nil, nil
	}
	s, l, err := g.lease(w.wide().key(), w.Transform.Name, w.by, false)
	var other *TransformError
	switch {
	case errors.As(err, &other): // objects as w does not want them
		return nil, nil
	case err != nil, s == nil:
		return nil, err
	}
	return newLease[T](g, s, l, nil), nil
}

// options are those of an informer for w.
func (w *want[T]) options(g *Group) Options[T] {
	o := Options[T]{
		Name:      w.informerName(),
		Indexers:  w.Indexers,
		Transform: w.Transform.Func,
		Reflector: g.opts.Reflector,
		Logger:    g.opts.Logger,
	}
	if w.Reflector != nil {
		o.Reflector = *w.Reflector
	}
	o.Reflector.Name, o.Reflector.Shard = o.Name, w.scope.shard
	if o.Reflector.Logger.GetSink() == nil {
		o.Reflector.Logger = g.opts.Logger
	}
	return o
}

// listing are options of an informer that lists by itself.
func (w *want[T]) listing(g *Group, s *shared) Options[T] {
	o := w.options(g)
	o.Reflector.Turn = inTurn(g.turnOf(s), o.Reflector.Turn)
	return o
}

// produceView makes a view of the wide informer, which it holds as long as it runs.
func produceView[T any](g *Group, w *want[T], wide *Lease[T], s *shared, r *reach[T]) (*SharedIndexInformer[T], error) {
	v := newView(wide.informer, passes(w.scope, w.access))
	r.prepare = func(w *want[T]) (func() error, error) {
		return func() error {
			v.set(passes(w.scope, w.access))
			return nil
		}, nil
	}
	o := w.options(g)
	o.Transform = nil // the objects have gone through it
	if wide.informer.base.status != nil {
		o.SourceStatus = wide.informer.base.status
	}
	in, err := NewFromRunner(w.access, v, o)
	if err != nil {
		_ = wide.Release() // it is ours
		return nil, err
	}
	s.wide, s.wideLease = wide.shared, wide.leased
	g.tell(s.wide, s.wideLease, v.lose)
	return in, nil
}

// produceSingle makes an informer of one list.
func produceSingle[T any](g *Group, w *want[T], s *shared) (*SharedIndexInformer[T], error) {
	source, err := w.source(w.scope.namespaces[0], w.scope.selectors[0])
	if err != nil {
		return nil, err
	}
	return NewWithAccess(w.access, source, w.listing(g, s))
}

// produceUnion makes an informer of several lists, or of some that can change.
func produceUnion[T any](g *Group, w *want[T], s *shared, r *reach[T]) (*SharedIndexInformer[T], error) {
	queries, err := w.queries()
	if err != nil {
		return nil, err
	}
	o := w.listing(g, s)
	u, err := union.NewWithAccess(w.access, union.Options{Name: o.Name, Reflector: o.Reflector}, queries...)
	if err != nil {
		return nil, fmt.Errorf("informer: the source of %s cannot be made: %w", o.Name, err)
	}
	r.prepare = func(w *want[T]) (func() error, error) {
		queries, err := w.queries()
		return func() error {
			err := u.Set(queries...)
			if err == nil && len(queries) == 0 {
				s.place.Swap(nil).end() // nobody takes it now
			}
			return err
		}, err
	}
	o.SourceStatus, o.VersionsByBookmark = u.Status, true
	return NewFromRunner(w.access, u, o)
}

// queries are the lists that w needs: one for each namespace and selector.
func (w *want[T]) queries() (queries []union.Query[T], err error) {
	for _, namespace := range w.scope.namespaces {
		for _, selector := range w.scope.selectors {
			source, err := w.source(namespace, selector)
			if err != nil {
				return nil, err
			}
			queries = append(queries, union.Query[T]{Name: listName(namespace, selector), Source: source})
		}
	}
	return queries, nil
}

// source makes one source.
func (w *want[T]) source(namespace string, selector Selector) (reflector.ListerWatcher[T], error) {
	source, err := w.Source(namespace, selector)
	if err == nil && nils.Is(source) {
		err = ErrNoSource
	}
	if err != nil {
		return nil, fmt.Errorf("informer: the Source of %s fails for %s: %w", w.name(), listName(namespace, selector), err)
	}
	return source, nil
}

// listName tells one list of a query from others.
func listName(namespace string, selector Selector) string {
	name := "namespace " + namespace
	if namespace == "" {
		name = "all namespaces"
	}
	if selector != (Selector{}) {
		name += " where " + selector.String()
	}
	return name
}

// single reports whether one list is enough, now and later.
func (w *want[T]) single() bool {
	return !w.Private && len(w.scope.namespaces) == 1 && len(w.scope.selectors) == 1
}
