package reflector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/klog/v2"
)

// The errors that a Reflector reports inside an Error, besides those of its
// source and its sink.
var (
	// ErrNoListerWatcher: New was given a nil ListerWatcher.
	ErrNoListerWatcher = errors.New("it has no ListerWatcher: pass a source of objects to New, such as an *httpsource.Source or a *ListWatch")

	// ErrNoSink: Run was given a nil Sink.
	ErrNoSink = errors.New("it has no Sink: pass what shall take the objects to Run, such as a deltafifo queue")

	// ErrRunning: Run was called while another Run of the same Reflector
	// was going on.
	ErrRunning = errors.New("it is running already: wait for the other Run to return, or make a Reflector of its own")

	// ErrVeryShortWatch: a watch ended within a second and brought nothing.
	// It corresponds to client-go's VeryShortWatchError.
	ErrVeryShortWatch = errors.New("the watch ended within a second and brought nothing")

	// ErrSilent: a stream was cut because nothing came for too long.
	ErrSilent = errors.New("the stream was silent for too long and was cut")

	// ErrVersionBackwards: the server gave a resource version older than one
	// that it gave before.
	ErrVersionBackwards = errors.New("the resource version went backwards")

	// ErrNoStreamedList: the source cannot send a list as a stream. A
	// ListerWatcher may return it from Watch when SendInitialEvents is set;
	// the Reflector then lists in pages and does not ask again in this Run.
	ErrNoStreamedList = errors.New("the source does not send lists as streams")

	// ErrContinueLoop: the continue tokens of a list lead in a circle, on and on
	// without an object, or on without an end.
	ErrContinueLoop = errors.New("the continue tokens of the list lead in a circle, or on and on without an end")

	// ErrNothingUsable: a list has objects, and none of them could be used. It
	// is not taken for the state of the server: what is not in it would be
	// deleted.
	ErrNothingUsable = errors.New("none of the objects of the list can be used: check that their kind is the one that is asked for (httpsource.Config.Kind, Options.GVK) and the Go type one that holds it")
)

// unusableListError is ErrNothingUsable with the number of objects and what is
// wrong with one of them.
type unusableListError struct {
	n   int
	err error
}

func (e *unusableListError) Error() string {
	return fmt.Sprintf("%v; there are %d, one of them: %v", ErrNothingUsable, e.n, e.err)
}

func (e *unusableListError) Unwrap() []error { return []error{ErrNothingUsable, e.err} }

func isUnusable(err error) bool { return errors.Is(err, ErrNothingUsable) }

// Error is what a Reflector reports: an error with the names of those
// concerned.
type Error struct {
	// Reflector and Type are the Reflector's names for itself and its
	// objects.
	Reflector, Type string

	// Key is the key of the object that the error is about, "" when it is
	// about none or the key is not known.
	Key string

	// Op says what was being done, such as "list".
	Op string

	Err error
}

// Error names reflector, type, key and reason.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("reflector ")
	b.WriteString(e.Reflector)
	if e.Op != "" {
		b.WriteString(": ")
		b.WriteString(e.Op)
		b.WriteString(" ")
	} else {
		b.WriteString(" of ")
	}
	b.WriteString(e.Type)
	if e.Key != "" {
		b.WriteString(" ")
		b.WriteString(e.Key)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// silentFor is ErrSilent with how long the stream was silent.
func silentFor(silence time.Duration) error { return fmt.Errorf("%w (%v)", ErrSilent, silence) }

// The parts of an Error's Op that decide how it is logged.
const (
	opWatch  = "watch"
	opList   = "list"
	opStream = "list, as a stream,"
)

// report reports an error to the record, to health and to OnError or the log.
func (m *machine[T]) report(ctx context.Context, op, key string, err error) {
	m.reportAt(ctx, logLevel(op, err), op, key, err)
}

// reportAt is report for an error that is logged at level, unless OnError is
// told of it.
func (m *machine[T]) reportAt(ctx context.Context, level int, op, key string, err error) {
	r := m.r
	e := r.wrap(op, key, err)
	r.record.failed(e)
	r.health.failed(e)
	if r.opts.OnError != nil {
		r.opts.OnError(ctx, e)
		return
	}
	logger := m.logger(ctx)
	if level > 0 {
		logger.V(level).Info("Will try again", "err", e)
		return
	}
	logger.Error(e, "The reflector met an error")
}

func (m *machine[T]) logger(ctx context.Context) klog.Logger { return m.r.logger(ctx) }

func (r *Reflector[T]) logger(ctx context.Context) klog.Logger {
	if r.opts.Logger.GetSink() != nil {
		return r.opts.Logger
	}
	return klog.FromContext(ctx)
}

// logLevel is the verbosity that an error is for, 0 when everybody should see
// it. A watch that breaks and goes on is everyday life, and when it does not go on
// health and detour say so; a streamed list that fails is followed by pages.
// Versions that go backwards are neither: the server may have been restored from
// a backup.
func logLevel(op string, err error) int {
	if op != opWatch && op != opStream || isDecodeError(err) || errors.Is(err, ErrVersionBackwards) {
		return 0
	}
	if judge(err) == expired {
		return 4
	}
	return 2
}
