package informer

import (
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/internal/eventlog"
	"k8s.io/klog/v2"
)

// The values of Registration.halt. From haltRemoved nothing leads away.
const (
	haltNot     uint32 = iota
	haltStopped        // the informer is not running, or ending
	haltRemoved        // for good
)

// Registration is a handler's place in an informer. It corresponds to
// client-go's ResourceEventHandlerRegistration. Any goroutine may call its
// methods, the handler's callbacks included.
type Registration[T any] struct {
	p      *processor[T]
	id     uint64
	name   string
	logger klog.Logger // of its options

	// selection is what the handler wants to be told of, nil for everything.
	selection *selection[T]

	// inbox is what waits for a handler with a Backlog, which has no reader.
	inbox *inbox[T]

	synced, done latch

	// halt tells the handler's goroutine to end, after the callback that it
	// is in. It is written under p.mu, and read before each callback.
	halt atomic.Uint32

	// caller has the handler. The goroutine of the handler uses it.
	caller caller[T]

	// active is true while the handler has a goroutine, joined once its place
	// among the events is fixed, and leaving after Drain. failure is why it was
	// removed, nil if nothing went wrong. asked is how often it asked for a resync,
	// period how often it is due, 0 for never, and resynced when it was due last.
	// They are guarded by p.mu.
	active, joined, leaving bool
	failure                 error
	asked, period           time.Duration
	resynced                time.Time

	// owesResync is true while there is a resync mark that the handler has yet
	// to reach, or with a ResyncRate, while not all of a resync was told.
	owesResync atomic.Bool

	// resyncRate is the ResyncRate, and paced the resync that is under way with it,
	// nil without one: the handler's goroutine's, while there is one.
	resyncRate int
	paced      *pacedResync

	// reader is written once, under p.mu, when a handler without an inbox
	// joins. backlog and awaitsMark are written when the handler joins and are
	// then those of the handler's goroutine, while there is one. awaitsMark is
	// true when the end of the first list is yet to be read.
	reader     *eventlog.Reader[entry[T]]
	backlog    *backlog[T]
	awaitsMark bool

	// last is 0, or after Drain one more than the number of entries of the log
	// up to the last one that a handler with a reader is told of.
	last atomic.Uint64

	// waits are the calls of Quiesce that wait for the handler, nil for none. It is
	// written under p.mu.
	waits atomic.Pointer[[]*wait[T]]

	// owed is the number of objects of the backlog that are to be told of.
	owed atomic.Int64

	meter meter
}

// Name is the name of the handler, unique in its informer.
func (r *Registration[T]) Name() string { return r.name }

// HasSynced reports whether the handler has been called for its whole initial
// list, of which the informer's first list is part (I6). It never turns back.
func (r *Registration[T]) HasSynced() bool { return r.synced.isSet() }

// Synced is closed when HasSynced turns true. A handler that was removed before
// never syncs.
func (r *Registration[T]) Synced() <-chan struct{} { return r.synced.done() }

// Remove ends the handler's events. It never waits: a callback that runs, in
// which Remove may have been called, is the last one (I5). What was not
// delivered is dropped. It may be called more than once, and after Drain.
//
// It corresponds to client-go's RemoveEventHandler, and with a wait for Done to
// ShutDownEventHandler.
func (r *Registration[T]) Remove() { r.p.remove(r, nil) }

// Drain is Remove once the handler has been told of everything that is in the
// store now. It never waits either (I5); Done is closed in the end. While the
// informer does not run, what is left waits for the next Run, or for Remove.
func (r *Registration[T]) Drain() { r.p.drain(r) }

// Done is closed after Remove, when no callback runs any more and none will.
func (r *Registration[T]) Done() <-chan struct{} { return r.done.done() }

// Err is why the handler was removed without a Remove: a *BacklogError where
// BacklogFail has done it, a *PanicError where PanicRemove has. It is nil before and
// otherwise, and does not change once Done is closed.
func (r *Registration[T]) Err() error {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return r.failure
}

// fail removes r because of err.
func (r *Registration[T]) fail(err error) { r.p.remove(r, err) }
