package union

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Query is one list and watch of several: a namespace, a selector, or both.
type Query[T any] struct {
	// Name tells a query from the others of its Runner, best by what it asks for:
	// "namespace a, app=b". It stands in errors, in logs and in Status.
	Name string

	// Source answers the query. The sources of one Runner ask one server for
	// objects of one kind; two of them may be the same.
	Source reflector.ListerWatcher[T]
}

// Options configures a Runner. The zero value is the sensible default.
type Options struct {
	// Name stands in errors and in logs. "" is the type of the objects.
	Name string

	// Reflector are the options of each query's Reflector. Its Name is Name and that
	// of the query, whatever is set here. With UnorderedVersions nothing is held to
	// be older than anything (U4).
	Reflector reflector.Options
}

// The errors of this package, inside an Error.
var (
	// ErrNoSource: a Query has no Source.
	ErrNoSource = errors.New("it has no Source: give it what lists and watches, such as an *httpsource.Source or a *reflector.ListWatch")

	// ErrSameName: two queries have one Name.
	ErrSameName = errors.New("there is another query of that name: give each a Name of its own, such as the namespace and selectors that it asks for")

	// ErrNoDeleteKey: Run was given a Sink that takes no deletion by key.
	ErrNoDeleteKey = errors.New("its Sink is no reflector.KeyedSink: give Run one with a DeleteKey, such as a queue of package deltafifo; a wrapper has to pass that method on")
)

// Error is what New, Set and Run return: a reason with the names of those concerned.
type Error struct {
	// Runner is Options.Name, Query the name of the query, "" for an error that is
	// about none.
	Runner, Query string

	Err error
}

// Error names runner, query and reason.
func (e *Error) Error() string {
	if e.Query == "" {
		return "union: " + e.Runner + ": " + e.Err.Error()
	}
	return "union: " + e.Runner + ": query " + e.Query + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Runner feeds one sink with what several queries ask for: a reflector.Runner made of
// a Reflector for each. client-go has nothing like it; the multi-namespace cache of
// controller-runtime has an informer and a store for each namespace instead.
//
// All methods may be called by any goroutine, the sink's and the sources' included.
type Runner[T any] struct {
	access object.Access[T]
	opts   Options

	running atomic.Bool
	// wake has a token after Set.
	wake chan struct{}

	mu      sync.Mutex
	queries []*query[T] // those of the last Set, in its order; guarded by mu
	version string      // that the sink was told of last; guarded by mu
}

var _ reflector.Runner[any] = (*Runner[any])(nil)

// query is a Query with its Reflector.
type query[T any] struct {
	name      string
	reflector *reflector.Reflector[T]

	// objects is how many it holds.
	objects atomic.Int64

	// What follows belongs to who has the turn of the present session. listed says
	// that the first list is complete, version how far the query is, removed that
	// Set has taken it out.
	listed  bool
	version string
	removed bool
}

// New returns a Runner of the queries for API objects. None at all is allowed: the
// sink then gets an empty list. The error, an *Error, wraps ErrNoSource, ErrSameName,
// or what reflector.New has against the options.
func New[T metav1.Object](o Options, queries ...Query[T]) (*Runner[T], error) {
	return NewWithAccess(object.Meta[T](), o, queries...)
}

// NewWithAccess is New for objects of any type, with the access that the sink has as
// well. The zero Access gives object.ErrNoAccess.
func NewWithAccess[T any](access object.Access[T], o Options, queries ...Query[T]) (*Runner[T], error) {
	o.Name = cmp.Or(o.Name, reflect.TypeFor[T]().String())
	r := &Runner[T]{access: access, opts: o, wake: make(chan struct{}, 1)}
	if err := access.Check(); err != nil {
		return nil, r.about("", err)
	}
	if err := r.Set(queries...); err != nil {
		return nil, err
	}
	return r, nil
}

// Name is the name of the Runner in errors and logs.
func (r *Runner[T]) Name() string { return r.opts.Name }

// Set makes queries all that is asked for. One whose Name was there before goes on
// undisturbed, with the Source that it has. A new one starts, and what it asks for
// comes as changes; what only those held that are not there any more is deleted, as
// by DeleteKey (U5). Set returns before any of that, also while Run does not run. With
// an error, that of New, nothing changes.
func (r *Runner[T]) Set(queries ...Query[T]) error {
	r.mu.Lock()
	before := slices.Clone(r.queries)
	r.mu.Unlock()
	for {
		next, err := r.make(queries, before)
		if err != nil {
			return err
		}
		r.mu.Lock()
		if now := r.queries; !slices.Equal(now, before) { // by another Set
			before = slices.Clone(now)
			r.mu.Unlock()
			continue
		}
		r.queries = next
		r.mu.Unlock()
		signal(r.wake)
		return nil
	}
}

// make returns a query for each of queries: that of before with its name, or a new one.
func (r *Runner[T]) make(queries []Query[T], before []*query[T]) ([]*query[T], error) {
	known := make(map[string]*query[T], len(before))
	for _, q := range before {
		known[q.name] = q
	}
	names := make(map[string]bool, len(queries))
	next := make([]*query[T], 0, len(queries))
	for _, given := range queries {
		if nils.Is(given.Source) {
			return nil, r.about(given.Name, ErrNoSource)
		}
		if names[given.Name] {
			return nil, r.about(given.Name, ErrSameName)
		}
		names[given.Name] = true
		q := known[given.Name]
		if q == nil {
			var err error
			if q, err = r.newQuery(given); err != nil {
				return nil, err
			}
		}
		next = append(next, q)
	}
	return next, nil
}

func (r *Runner[T]) newQuery(given Query[T]) (*query[T], error) {
	o := r.opts.Reflector
	o.Name = r.opts.Name + ", " + given.Name
	refl, err := reflector.NewWithAccess(r.access, given.Source, o)
	if err != nil {
		return nil, r.about(given.Name, err)
	}
	return &query[T]{name: given.Name, reflector: refl}, nil
}

// present returns the queries of the last Set.
func (r *Runner[T]) present() []*query[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.queries)
}

func (r *Runner[T]) about(query string, err error) error {
	return &Error{Runner: r.opts.Name, Query: query, Err: err}
}

// Run lists and watches for all queries until ctx ends, and then returns ctx.Err().
// It returns an *Error, at once, with reflector.ErrNoSink for a nil sink, with
// ErrNoDeleteKey for one that is no reflector.KeyedSink, and with
// reflector.ErrRunning when the Runner runs already; and later, when the sink takes
// no list. A panic of a source or of the sink comes out of Run, once everything else
// has ended. No goroutine of a Run is left when it returns.
func (r *Runner[T]) Run(ctx context.Context, sink reflector.Sink[T]) error {
	if nils.Is(sink) {
		return r.about("", reflector.ErrNoSink)
	}
	keyed, ok := sink.(reflector.KeyedSink[T])
	if !ok {
		return r.about("", ErrNoDeleteKey)
	}
	if !r.running.CompareAndSwap(false, true) {
		return r.about("", reflector.ErrRunning)
	}
	defer r.running.Store(false)
	return r.sessions(ctx, keyed)
}

// signal puts a token into c, which has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
