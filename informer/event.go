package informer

// Reason says why an event was sent.
type Reason uint8

// The reasons of an Event.
const (
	// ReasonInitial: the object was there when the handler joined, or is in
	// the first list of the server.
	ReasonInitial Reason = iota + 1
	// ReasonWatch: a watch of the server reported the change.
	ReasonWatch
	// ReasonRelist: a later list shows a change that no watch had reported.
	ReasonRelist
	// ReasonResync: nothing changed; the handler asked to be told of every
	// object again.
	ReasonResync
)

// String returns the name of the constant without its first word: "Watch".
func (r Reason) String() string {
	switch r {
	case ReasonInitial:
		return "Initial"
	case ReasonWatch:
		return "Watch"
	case ReasonRelist:
		return "Relist"
	case ReasonResync:
		return "Resync"
	}
	return "Reason(invalid)"
}

// EventType says what happened to a key, as one handler sees it (I1).
type EventType uint8

// The types of an Event.
const (
	// EventAdd: the handler did not know the key.
	EventAdd EventType = iota + 1
	// EventUpdate: the object of the key has another state, or, with
	// ReasonResync, the same.
	EventUpdate
	// EventDelete: the key has no object any more.
	EventDelete
)

// String returns the name of the constant without its first word: "Add".
func (t EventType) String() string {
	switch t {
	case EventAdd:
		return "Add"
	case EventUpdate:
		return "Update"
	case EventDelete:
		return "Delete"
	}
	return "EventType(invalid)"
}

// Event is one change, as one handler sees it.
type Event[T any] struct {
	// Key is the key of the object in the store.
	Key string

	// Old is the state that this handler was last given: set for EventUpdate
	// and EventDelete. Over a store that keeps bytes, as package compact does, the
	// Old of an EventDelete is nil if it cannot be decoded.
	Old T

	// Object is the new state. For EventDelete it is the last known state,
	// newer than Old when the deletion brought one.
	Object T

	// Type says what happened to the key, Reason how the informer learned of
	// it.
	Type   EventType
	Reason Reason

	// FinalStateUnknown marks an EventDelete that no watch reported: a list
	// lacks the object, or has another one in its place. Object is then the
	// last state that the store held, and may be stale. It is what client-go
	// has tombstones for (DeletedFinalStateUnknown).
	FinalStateUnknown bool
}
