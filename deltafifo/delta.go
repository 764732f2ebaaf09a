package deltafifo

// DeltaType says what a Delta does. The words and meanings are those of
// client-go's DeltaType.
type DeltaType uint8

// The types of a Delta. The first five are about one key; the last three come
// alone in their batch and are about the whole collection.
const (
	// DeltaAdded has a new object, as a watch reported it.
	DeltaAdded DeltaType = iota + 1
	// DeltaUpdated has a new state of an object.
	DeltaUpdated
	// DeltaDeleted has the last known state of an object that is gone.
	DeltaDeleted
	// DeltaReplaced has an object of a list; it may be new, changed or the
	// same. A DeltaFIFO hands it out.
	DeltaReplaced
	// DeltaSync repeats the state of an object. A DeltaFIFO hands it out.
	DeltaSync
	// DeltaReplacedAll is a whole list, which Delta.List holds. An InOrder hands it
	// out.
	DeltaReplacedAll
	// DeltaSyncAll asks the consumer to repeat the state of every object that
	// it holds. An InOrder hands it out.
	DeltaSyncAll
	// DeltaBookmark raises the resource version that the consumer's state
	// includes to Delta.ResourceVersion.
	DeltaBookmark
)

// String returns the word of the constant, "Added" for DeltaAdded, which is
// client-go's value of the same DeltaType.
func (t DeltaType) String() string {
	switch t {
	case DeltaAdded:
		return "Added"
	case DeltaUpdated:
		return "Updated"
	case DeltaDeleted:
		return "Deleted"
	case DeltaReplaced:
		return "Replaced"
	case DeltaSync:
		return "Sync"
	case DeltaReplacedAll:
		return "ReplacedAll"
	case DeltaSyncAll:
		return "SyncAll"
	case DeltaBookmark:
		return "Bookmark"
	}
	return "DeltaType(invalid)"
}

// Delta is one change. It corresponds to client-go's Delta, and has the key
// besides, which the queue had to make.
type Delta[T any] struct {
	// Key is the object's key; "" for DeltaReplacedAll, DeltaSyncAll and
	// DeltaBookmark.
	Key string

	// Object is the state after the change; for DeltaDeleted the last known
	// one.
	Object T

	// List is set for DeltaReplacedAll only.
	List *List[T]

	// ResourceVersion is set for DeltaBookmark only.
	ResourceVersion string

	Type DeltaType

	// FinalStateUnknown marks a DeltaDeleted that a list made known, after
	// the deletion itself was missed: Object may be stale, or the zero T where
	// NoObject is set. client-go hands out a tombstone,
	// DeletedFinalStateUnknown, in its place.
	FinalStateUnknown bool

	// NoObject marks a DeltaDeleted of which no state is known.
	NoObject bool
}

// List is a committed list: Keys[i] is the key of Objects[i]. Each key occurs
// once, unless Options.KeepRepeats is set. The slices are the consumer's once it
// has the Delta.
type List[T any] struct {
	Keys    []string
	Objects []T

	// ResourceVersion is the version of the state that the list shows; "" if
	// the producer does not know it yet, and a DeltaBookmark follows.
	ResourceVersion string
}

// Batch is what Pop hands out at once.
type Batch[T any] struct {
	// Deltas is valid only while it is being processed; the queue uses the
	// slice again. The consumer may change it and append to it meanwhile.
	// DeltaAdded, DeltaUpdated, DeltaDeleted, DeltaReplaced and DeltaSync have
	// each another key or, from a DeltaFIFO, all the same key; the other types
	// come alone.
	Deltas []Delta[T]

	// Initial is true while the queue's first list has not been processed.
	Initial bool
}
