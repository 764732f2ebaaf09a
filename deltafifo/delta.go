package deltafifo

// DeltaType says what a Delta tells of its object. The names and meanings are those
// of client-go's DeltaType.
type DeltaType uint8

// The types of a Delta. The first five speak of one key; the last three stand
// alone in their batch and speak of the whole collection.
const (
	DeltaAdded DeltaType = iota + 1
	DeltaUpdated
	// Deleted carries the last known object. With FinalStateUnknown it was
	// missed and noticed by a later list.
	DeltaDeleted
	// Replaced is an object of a list, from a queue that tells lists key by
	// key. It may be new, changed or the same.
	DeltaReplaced
	// Sync repeats the state of an object, from a queue that resyncs key by
	// key.
	DeltaSync
	// ReplacedAll is a whole list as one Delta: Delta.List holds it.
	DeltaReplacedAll
	// SyncAll asks the consumer to repeat the state of every object that it
	// holds.
	DeltaSyncAll
	// Bookmark brings the consumer's version to Delta.ResourceVersion.
	DeltaBookmark
)

// String returns the name of the constant.
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

// Delta is one change. It corresponds to client-go's Delta, with the key that
// the queue computed anyway.
type Delta[T any] struct {
	// Key is the object's key; "" for ReplacedAll, SyncAll and Bookmark.
	Key string

	// Object is the state after the change; for Deleted the last known one.
	Object T

	// List is set for ReplacedAll only.
	List *List[T]

	// ResourceVersion is set for Bookmark only.
	ResourceVersion string

	Type DeltaType

	// FinalStateUnknown marks a Deleted that a list made known; its Object
	// may be stale, or the zero T where NoObject is set.
	FinalStateUnknown bool

	// NoObject marks a Deleted of which no state is known.
	NoObject bool
}

// List is a committed list: Keys[i] is the key of Objects[i], each key occurs
// once, unless Options.KeepRepeats is set. Its slices are the consumer's once it has the Delta.
type List[T any] struct {
	Keys            []string
	Objects         []T
	ResourceVersion string
}

// Batch is what a consumer gets at once.
type Batch[T any] struct {
	// Deltas is valid only while it is being processed; the queue reuses it.
	// It may be changed and appended to, which harms nothing.
	// Added, Updated, Deleted, Replaced and Sync have one key each or, from
	// a DeltaFIFO, all the same key; the other types come alone.
	Deltas []Delta[T]

	// Initial is true while the queue's first list is not yet processed.
	Initial bool
}
