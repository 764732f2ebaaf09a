package deltafifo

import (
	"errors"
	"fmt"
	"reflect"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// DefaultMaxBatch is the largest number of deltas that an InOrder hands out at
// once if Options.MaxBatch is 0. It is client-go's.
const DefaultMaxBatch = 1000

// Options are the options of both queues. The zero value is a queue without
// transform, known objects, bound or metrics. The last fields are for one kind of
// queue only; the constructor of the other refuses them.
type Options[T any] struct {
	// Name stands in errors and in the log, best the name of the informer;
	// "" is the type of the objects.
	Name string

	// Transform, if not nil, is applied to every object that comes with a
	// page or an event, before it is queued. It runs on the producer's
	// goroutine, under no lock, and may change the object or return another
	// one. Its error refuses the object. It corresponds to client-go's
	// TransformFunc.
	//
	// It is not called for objects that the queue takes from KnownObjects:
	// they have been transformed before.
	Transform func(obj T) (T, error)

	// KnownObjects, if not nil, is the store of the consumer, which may lag
	// the queue. If an item of a list has the version and UID of the known
	// object, both queues drop the item and keep the known object in its
	// place, without Transform: so a list of objects that have not changed
	// keeps no second copy of them.
	//
	// A DeltaFIFO finds in it, besides, what a list shows to be gone, whether
	// a Delete is of an object that somebody knows, and what a Resync
	// repeats. Without it a DeltaFIFO queues every Delete, a list deletes
	// only keys that are queued or being processed, and Resync does nothing.
	KnownObjects KnownObjects[T]

	// Renew takes every item of a list, also one whose version and UID are
	// those of the known object, as client-go's queues do.
	Renew bool

	// KeepRepeats keeps every item of a list, also one whose key comes
	// again, as client-go's queues do. Without it the later of two items
	// counts, in the place of the first, so that the keys of a List are all
	// different, as an Indexer's ReplaceAll asks for.
	KeepRepeats bool

	// Bound is the number of deltas that may wait; 0 is any number, and a
	// number below 0 is refused. While Bound deltas or more wait, Add,
	// Update, Delete, Bookmark and Commit wait. Deltas are counted as Len
	// counts them: each one that was not handed out yet, a DeltaReplacedAll
	// as one. What is being processed does not count, nor do the pages of a
	// list that is not committed. A DeltaFIFO queues a list, and a Resync,
	// as a whole, and may exceed the bound by it.
	Bound int

	// Metrics, if not nil, is called for each batch.
	Metrics Metrics

	// Clock gives the time for Metrics and Age. If it is nil, the real clock
	// does if Metrics is set, and otherwise no clock is read.
	Clock clock.PassiveClock

	// Logger gets what cannot be returned; the zero value is
	// klog.Background().
	Logger klog.Logger

	// MaxBatch, for an InOrder, is the number of deltas of a Batch at most;
	// 0 is DefaultMaxBatch.
	MaxBatch int

	// DeletionsLast, for a DeltaFIFO, queues the deletions that follow from
	// a list behind its items, as client-go's DeltaFIFO does. Without it
	// deletions come first, as from client-go's RealFIFO.
	DeletionsLast bool

	// RefusedSync, for a DeltaFIFO, lets HasSynced turn true with the first
	// event even if that event is refused, or comes after Close, as
	// client-go's DeltaFIFO does. A Delete of an object without a key does
	// not count there either.
	RefusedSync bool

	// NoBookmarks, for a DeltaFIFO, queues neither bookmarks nor the versions
	// of lists, as client-go's DeltaFIFO does.
	NoBookmarks bool
}

// name returns Name, or the type of the objects.
func (o *Options[T]) name() string {
	if o.Name != "" {
		return o.Name
	}
	return reflect.TypeFor[T]().String()
}

// The kinds of queues, as messages name them.
const (
	kindInOrder   = "InOrder"
	kindDeltaFIFO = "DeltaFIFO"
)

// check returns what is wrong with the options of a queue of this kind.
func (o *Options[T]) check(kind string) error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Bound < 0 {
		refuse("Options.Bound is %d: give the number of deltas that may wait, or 0 for any number", o.Bound)
	}
	if o.MaxBatch < 0 {
		refuse("Options.MaxBatch is %d: give the number of deltas of a batch, or 0 for %d", o.MaxBatch, DefaultMaxBatch)
	}
	for _, field := range []struct {
		name, kind string
		set        bool
	}{
		{"MaxBatch", kindInOrder, o.MaxBatch > 0},
		{"DeletionsLast", kindDeltaFIFO, o.DeletionsLast},
		{"RefusedSync", kindDeltaFIFO, o.RefusedSync},
		{"NoBookmarks", kindDeltaFIFO, o.NoBookmarks},
	} {
		if field.set && field.kind != kind {
			refuse("Options.%s means nothing to the queue %s: leave it out, or make the queue %s", field.name, kind, field.kind)
		}
	}
	for _, field := range []struct {
		name  string
		value any
	}{{"KnownObjects", o.KnownObjects}, {"Metrics", o.Metrics}, {"Clock", o.Clock}} {
		if isNilPointer(field.value) {
			refuse("Options.%s is a nil %T: leave it out, or give one that is not nil", field.name, field.value)
		}
	}
	return errors.Join(errs...)
}

// isNilPointer reports whether an interface holds a nil pointer.
func isNilPointer(value any) bool {
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
