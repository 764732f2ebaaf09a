package informer

// Reason says why an event was sent.
type Reason uint8

// The reasons of an Event.
const (
	// Initial: the object was there when the handler's list was made.
	Initial Reason = iota + 1
	// Watch: the server told of a change.
	Watch
	// Relist: a later list showed a change that no watch had told of.
	Relist
	// Resync: nothing changed, the handler asked to see everything again.
	Resync
)

// String returns the name of the constant.
func (r Reason) String() string {
	switch r {
	case Initial:
		return "Initial"
	case Watch:
		return "Watch"
	case Relist:
		return "Relist"
	case Resync:
		return "Resync"
	}
	return "Reason(invalid)"
}

// EventType says what happened to a key, as one handler sees it (I1).
type EventType uint8

// The types of an Event.
const (
	Add EventType = iota + 1
	Update
	Delete
)

// String returns the name of the constant.
func (t EventType) String() string {
	switch t {
	case Add:
		return "Add"
	case Update:
		return "Update"
	case Delete:
		return "Delete"
	}
	return "EventType(invalid)"
}

// Event is one change as a handler is told of it.
type Event[T any] struct {
	// Key is the key of the object in the store.
	Key string

	// Old is the state that this handler was last given: set for Update, and
	// for Delete.
	Old T

	// Object is the new state: set for Add and Update. For Delete it is the
	// last known state, newer than Old when the deletion brought one.
	Object T

	Type   EventType
	Reason Reason

	// FinalStateUnknown marks a Delete that was missed and noticed by a
	// list; Object may be stale. With NoObject there is none.
	FinalStateUnknown bool
	NoObject          bool
}
