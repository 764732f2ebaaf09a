package deltafifo

import (
	"errors"
	"fmt"
	"reflect"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// DefaultMaxBatch is the number of deltas that an InOrder hands over at most
// at once, when Options.MaxBatch does not say otherwise. It is client-go's.
const DefaultMaxBatch = 1000

// Options are what both queues have in common, and InOrder has no more. The
// zero value is a queue without transform, bound or metrics.
type Options[T any] struct {
	// Name stands in errors and in the log, best the name of the informer;
	// "" is the type of the objects.
	Name string

	// Transform, if not nil, is applied to every object that comes with a
	// page or an event before it is queued. It runs on the producer's
	// goroutine, under no lock, and may change the object or return another
	// with the same key. Its error refuses the object. It corresponds to
	// client-go's TransformFunc.
	//
	// It does not see what the queue takes from KnownObjects: that has been
	// through it already.
	Transform func(obj T) (T, error)

	// KnownObjects, if not nil, is what the consumer holds; it may lag the
	// queue. Both queues drop an item of a list whose version and UID are
	// those of the known object, and keep the known one in its place, without
	// Transform: so a list that finds nothing changed holds no second copy of
	// all objects.
	//
	// A DeltaFIFO tells from it what a list shows to be gone, drops a Delete
	// of what nobody knows, and has a Resync repeat it. Without it a
	// DeltaFIFO queues every Delete, a list tells of the keys that are queued
	// or being processed only, and Resync does nothing.
	KnownObjects KnownObjects[T]

	// Renew takes every item of a list, also one whose version and UID are
	// those of the known object, as client-go's queues do.
	Renew bool

	// KeepRepeats keeps every item of a list, also of a key that comes again,
	// as client-go's queues do. Without it the later item counts, in the
	// place of the first, so that the keys of a List are all different, as
	// an Indexer's ReplaceAll asks for.
	KeepRepeats bool

	// Bound is the number of deltas that may wait; 0 is any number. A
	// producer's Add, Update, Delete, Bookmark or Commit waits until fewer
	// wait. What counts is what Len counts: every delta that no Pop has
	// handed to its process yet, a ReplacedAll as one. What is being
	// processed does not count, nor do the pages of a list that is not
	// committed. A list that a DeltaFIFO takes, and a Resync, go in whole
	// and can exceed the bound.
	Bound int

	// MaxBatch is the number of deltas in a Batch at most; 0 is
	// DefaultMaxBatch. A DeltaFIFO does not use it.
	MaxBatch int

	// Metrics, if not nil, is told of each batch.
	Metrics Metrics

	// Clock tells the time for Metrics and for Age. Without either field no
	// clock is read; nil with Metrics set is the real clock.
	Clock clock.PassiveClock

	// Logger is used for what cannot be returned; the zero value is klog's
	// own.
	Logger klog.Logger

	// DeletionsLast queues what a list shows to be gone behind what it holds,
	// as client-go's DeltaFIFO does. Without it deletions come first, as from
	// client-go's RealFIFO.
	DeletionsLast bool

	// RefusedSync lets HasSynced turn true with the first event also when it is
	// refused, or comes after Close, as client-go's DeltaFIFO does. A Delete of
	// an object without a key does not count there either.
	RefusedSync bool

	// NoBookmarks leaves bookmarks and the versions of lists out, as
	// client-go's DeltaFIFO does.
	NoBookmarks bool
}

// name is Name, or what stands for it.
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

// isNilPointer reports whether a field is set, and to nothing.
func isNilPointer(value any) bool {
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
