package informer

import "fmt"

// BacklogPolicy says what becomes of events that come faster than a handler
// takes them.
type BacklogPolicy uint8

// The policies of a Backlog.
const (
	// BacklogUnbounded keeps every event until the handler has been called with
	// it, as client-go does. All handlers with this policy share what is kept;
	// one of them that never returns keeps everything that follows.
	BacklogUnbounded BacklogPolicy = iota
	// BacklogCoalesce keeps the latest state of each key, with the Old that the
	// handler was last given. An object that was added and is deleted before the
	// handler was told of it vanishes. A Delete and the Add of the same key that
	// follows stay two events. Keys come in the order in which they began to
	// wait; what happened to different keys may come in another order than it
	// happened in.
	BacklogCoalesce
	// BacklogBackpressure makes the informer wait while Bound events wait for
	// the handler: the store, and so every other handler, gets nothing new
	// until this one has taken enough. Once Bound deltas wait in the queue as
	// well, the source waits too, so that a Reflector reads no further from its
	// server. HandlerStatus.HoldsUp says who holds an informer up, and after 30 s
	// the log does.
	//
	// A callback of such a handler must not wait for the informer, such as for
	// the store to have what the callback wrote: both would wait for ever.
	BacklogBackpressure
	// BacklogFail removes the handler when more than Bound events wait for it,
	// which it gets none of. Registration.Err then is a *BacklogError, and the
	// log has it.
	BacklogFail
)

// String returns the name of the constant without its first word: "Coalesce".
func (p BacklogPolicy) String() string {
	switch p {
	case BacklogUnbounded:
		return "Unbounded"
	case BacklogCoalesce:
		return "Coalesce"
	case BacklogBackpressure:
		return "Backpressure"
	case BacklogFail:
		return "Fail"
	}
	return "BacklogPolicy(invalid)"
}

// MarshalText returns the same, for a Status as JSON. There is no error.
func (p BacklogPolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Backlog says how much may wait for a handler, and what happens when it would
// be more (I7). The zero value is client-go's way: there is no bound.
type Backlog struct {
	Policy BacklogPolicy

	// Bound is the number of events that may wait; the one that the handler is
	// called with does not. BacklogBackpressure and BacklogFail need a positive
	// one; the others have none, and it must be 0. What a handler begins with
	// does not count, be it a snapshot or the first list of the server; nor
	// does a resync, which is one mark, unless the queue is a DeltaFIFO.
	Bound int
}

// String returns the policy, and the bound where there is one: "Fail(1000)".
func (b Backlog) String() string {
	if b.bounded() {
		return fmt.Sprintf("%s(%d)", b.Policy, b.Bound)
	}
	return b.Policy.String()
}

func (b Backlog) bounded() bool {
	return b.Policy == BacklogBackpressure || b.Policy == BacklogFail
}

// check returns what is wrong with b, nil if nothing is.
func (b Backlog) check() error {
	switch {
	case b.Policy > BacklogFail:
		return fmt.Errorf("the Backlog has the policy %d: give one of the BacklogPolicy constants", b.Policy)
	case b.bounded() && b.Bound <= 0:
		return fmt.Errorf("the Backlog has the policy %s and the bound %d: give the number of events that may wait", b.Policy, b.Bound)
	case !b.bounded() && b.Bound != 0:
		return fmt.Errorf("the Backlog has the policy %s and the bound %d: leave the bound out, or set the policy to BacklogBackpressure or BacklogFail", b.Policy, b.Bound)
	}
	return nil
}
