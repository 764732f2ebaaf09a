package reflector

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/informant-go/informant/internal/callsite"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reflector keeps a Sink in step with what a ListerWatcher lists and watches:
// the Runner of this package. It corresponds to client-go's Reflector; resync
// is the informer's.
//
// All methods may be called by any goroutine. Only Run calls the source and
// the sink.
type Reflector[T any] struct {
	name, typ string
	lw        ListerWatcher[T]
	access    object.Access[T]
	check     func(T) error // nil, or says what is wrong with an object (R4)
	opts      Options

	running atomic.Bool
	record  record
	health  health
	behind  bool // the machine's, from one Run to the next
}

var _ Runner[any] = (*Reflector[any])(nil)

// New returns a Reflector for API objects that feeds what lw lists and watches to
// the sink of Run. It corresponds to client-go's NewReflectorWithOptions.
//
// The error, an *Error, says what to give instead: ErrNoListerWatcher for a nil
// lw, errors for a ListWatch without one of its functions and for Options that
// cannot be met.
func New[T metav1.Object](lw ListerWatcher[T], opts Options) (*Reflector[T], error) {
	return NewWithAccess(object.Meta[T](), lw, opts)
}

// NewWithAccess is New for objects of any type. The Reflector uses access to
// name objects in errors; the zero Access gives object.ErrNoAccess.
func NewWithAccess[T any](access object.Access[T], lw ListerWatcher[T], opts Options) (*Reflector[T], error) {
	r := &Reflector[T]{name: opts.Name, typ: opts.TypeDescription, lw: lw, access: access}
	if r.name == "" {
		r.name = callSite()
	}
	if r.typ == "" {
		r.typ = describe[T](opts)
	}
	check, err := checker[T](opts.GVK)
	if err = cmp.Or(checkSource(lw), access.Check(), opts.check(), err); err != nil {
		return nil, r.wrap("set up", "", err)
	}
	r.check, r.opts = check, opts.complete()
	if named, ok := lw.(fmt.Stringer); ok && r.opts.Source == "" {
		r.opts.Source = named.String()
	}
	if counts, ok := lw.(interface{ Bytes() uint64 }); ok && r.opts.Bytes == nil {
		r.opts.Bytes = counts.Bytes
	}
	r.health.limit, r.health.names = r.opts.OutOfStepAfter, r.names()
	return r, nil
}

// checkSource returns why lw cannot be the source of a Reflector, or nil.
func checkSource[T any](lw ListerWatcher[T]) error {
	if nils.Is(lw) {
		return ErrNoListerWatcher
	}
	if functions, ok := lw.(*ListWatch[T]); ok {
		return functions.check()
	}
	return nil
}

func describe[T any](opts Options) string {
	if !opts.GVK.Empty() {
		return opts.GVK.String()
	}
	return reflect.TypeFor[T]().String()
}

// Name is the name of the Reflector in errors and logs.
func (r *Reflector[T]) Name() string { return r.name }

// TypeDescription is the name of the objects in errors and logs.
func (r *Reflector[T]) TypeDescription() string { return r.typ }

// LastSyncResourceVersion is the version of what the sink has taken last, ""
// before the first list.
func (r *Reflector[T]) LastSyncResourceVersion() string { return r.record.lastVersion() }

// Stats returns the counts so far.
func (r *Reflector[T]) Stats() Stats {
	s := r.record.snapshot()
	s.Bytes = r.bytes()
	return s
}

// bytes is how many bytes the source has read.
func (r *Reflector[T]) bytes() uint64 {
	if r.opts.Bytes == nil {
		return 0
	}
	return r.opts.Bytes()
}

// Run keeps sink in step until ctx ends and then returns ctx.Err(). It returns
// an *Error, at once, with ErrNoSink for a nil sink and with ErrRunning when the
// Reflector runs already; with a *VanishedError where Options.Vanish asks for that.
//
// A Run that follows another one lists first, from the version that the last
// one had reached.
func (r *Reflector[T]) Run(ctx context.Context, sink Sink[T]) error {
	if nils.Is(sink) {
		return r.wrap("run", "", ErrNoSink)
	}
	if !r.running.CompareAndSwap(false, true) {
		return r.wrap("run", "", ErrRunning)
	}
	defer r.running.Store(false)

	m := newMachine(r, sink)
	s := m.start()
	r.health.begin(r.logger(ctx))
	defer r.health.end()
	defer m.stop() // for a panic in the source or the sink
	for s.phase != ended {
		s = m.step(ctx, s)
		m.settleTurn(s)
	}
	if m.failure != nil {
		return m.failure
	}
	return ctx.Err()
}

// names are what log lines say of the Reflector (R5).
func (r *Reflector[T]) names() []any {
	names := []any{"reflector", r.name, "type", r.typ}
	if r.opts.Source != "" {
		names = append(names, "source", r.opts.Source)
	}
	if shard := r.opts.Shard.String(); shard != "" {
		names = append(names, "shard", shard)
	}
	return names
}

func (r *Reflector[T]) wrap(op, key string, err error) *Error {
	return &Error{Reflector: r.name, Type: r.typ, Key: key, Op: op, Err: err}
}

// key names obj as well as can be done.
func (r *Reflector[T]) key(obj T) string {
	key, err := r.access.Key(obj)
	if err != nil {
		return ""
	}
	return key
}

// callSite is where the nearest caller is outside the packages that call New for
// someone else: their lines would name all reflectors alike.
func callSite() string {
	const module = "github.com/informant-go/informant/"
	return callsite.Outside(module+"reflector", module+"reflector/union", module+"informer", module+"clientgo/cache")
}
