package reflector

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"

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
	err       error // what keeps it from ever running

	running atomic.Bool
	record  record
	health  health
	behind  bool // the machine's, from one Run to the next
}

var _ Runner[any] = (*Reflector[any])(nil)

// New returns a Reflector for API objects. It corresponds to client-go's
// NewReflectorWithOptions. lw must not be nil: Check and Run tell.
func New[T metav1.Object](lw ListerWatcher[T], opts Options) *Reflector[T] {
	return NewWithAccess(lw, object.Meta[T](), opts)
}

// NewWithAccess is New for objects of any type. Of access the key function is
// used, to name objects in errors.
func NewWithAccess[T any](lw ListerWatcher[T], access object.Access[T], opts Options) *Reflector[T] {
	r := &Reflector[T]{name: opts.Name, typ: opts.TypeDescription, lw: lw, opts: opts.complete()}
	if r.name == "" {
		r.name = callSite()
	}
	if r.typ == "" {
		r.typ = describe[T](opts)
	}
	r.access, r.err = access, access.Check()
	if r.err == nil {
		r.check, r.err = checker[T](opts.GVK)
	}
	if isNil(lw) {
		r.err = ErrNoListerWatcher
	} else if named, ok := lw.(fmt.Stringer); ok && r.opts.Source == "" {
		r.opts.Source = named.String()
	}
	r.health.limit, r.health.names = r.opts.OutOfStepAfter, r.names()
	if r.err != nil {
		r.err = r.wrap("set up", "", r.err)
	}
	return r
}

func describe[T any](opts Options) string {
	if !opts.GVK.Empty() {
		return opts.GVK.String()
	}
	return reflect.TypeFor[T]().String()
}

// isNil tells a nil ListerWatcher, also one that is a nil pointer inside.
func isNil[T any](lw ListerWatcher[T]) bool {
	if lw == nil {
		return true
	}
	v := reflect.ValueOf(lw)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// Name is the name of the Reflector in errors and logs.
func (r *Reflector[T]) Name() string { return r.name }

// TypeDescription is the name of the objects in errors and logs.
func (r *Reflector[T]) TypeDescription() string { return r.typ }

// Check reports what keeps the Reflector from ever running, such as
// ErrNoListerWatcher, or nil. Run returns the same error.
func (r *Reflector[T]) Check() error { return r.err }

// LastSyncResourceVersion is the version of what the sink has taken last, ""
// before the first list.
func (r *Reflector[T]) LastSyncResourceVersion() string { return r.record.lastVersion() }

// Stats returns the counts so far.
func (r *Reflector[T]) Stats() Stats { return r.record.snapshot() }

// Run keeps sink in step until ctx ends and then returns ctx.Err(). It returns
// another error, at once, for a nil sink, for what Check reports, and
// when the Reflector runs already.
//
// A Run that follows another one lists first, from the version that the last
// one had reached.
func (r *Reflector[T]) Run(ctx context.Context, sink Sink[T]) error {
	if r.err != nil {
		return r.err
	}
	if sink == nil {
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
	}
	return ctx.Err()
}

// names are what log lines say of the Reflector (R5).
func (r *Reflector[T]) names() []any {
	names := []any{"reflector", r.name, "type", r.typ}
	if r.opts.Source != "" {
		names = append(names, "source", r.opts.Source)
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
