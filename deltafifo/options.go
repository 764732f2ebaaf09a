package deltafifo

import (
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
	// It does not see what the queue takes from Known: that has been through
	// it already.
	Transform func(obj T) (T, error)

	// Known gives the object that the consumer holds under key. With it, an
	// item of a list whose version and UID are those of the known object is
	// dropped and the known one kept in its place, without Transform: a list
	// that finds nothing changed holds no second copy of the world. Known may
	// be nil, may lag the queue, and may be called by the goroutine that
	// calls Page at any time.
	//
	// A DeltaFIFO uses DeltaOptions.KnownObjects.Get for this when Known is
	// nil.
	Known func(key string) (obj T, exists bool)

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
}

// DeltaOptions are the options of a DeltaFIFO.
type DeltaOptions[T any] struct {
	Options[T]

	// KnownObjects is what the consumer holds. With it a list tells what is
	// gone, a Delete of what nobody knows is dropped, and a Resync has
	// something to repeat. Without it every Delete is queued, a list tells
	// of the keys that are queued or being processed only, and Resync does
	// nothing.
	KnownObjects KnownObjects[T]

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
