package workqueue

import "github.com/informant-go/informant/internal/keytable"

// A queue has one entry for each key that waits, is being processed, is delayed or
// has failed; see package keytable. Entry.Place is the place of the pending delay in
// Queue.delays, 0 if there is none. The list that an entry is in goes by its state:
// a lane of its group while it is waiting, Queue.busy while it is processing or
// dirty, if there are metrics.
type (
	table[T comparable] = keytable.Table[T, record, extra]
	entry[T comparable] = keytable.Entry[T, record]
)

// state says where an item is. Besides, it can have a pending delay.
type state uint8

const (
	idle       state = iota // it neither waits nor is being processed
	waiting                 // it waits for a worker, in a lane or in the Storage
	processing              // a worker has it
	dirty                   // a worker has it, and it was added again since
)

// waits reports whether the item will go out without being added again.
func (s state) waits() bool { return s == waiting || s == dirty }

// cause says what a pending delay is for.
type cause uint8

const (
	asked    cause = iota // AddAfter or AddWith
	failed                // a failure: the item needs a token to run, if there are Tokens
	promised              // a failure that found no token, and waits for one
)

// record is what a queue knows of each key.
type record struct {
	state   state
	cause   cause // of the pending delay
	failing bool  // the entry is in Queue.failures
}

// Busy reports whether the entry must stay although it has no delay.
func (r record) Busy() bool { return r.state != idle || r.failing }

// extra is what a queue knows of each key besides if it has groups, metrics or a
// Backoff, or once a priority was used: its table is wide then.
type extra struct {
	age      uint32 // orders waiting entries by when they became ready
	priority int32  // while waiting or dirty
	later    int32  // the priority of the pending delay

	failures     int32  // that the Backoff has counted
	older, newer uint32 // the neighbours in Queue.failures
	failedAt     int64  // when the last failure was

	added   int64  // when it became waiting or dirty; with metrics only
	started int64  // when it was handed out; with metrics only
	group   *group // while not idle or delayed, in a queue with groups
}

// groupOf is the group of e: that of all entries in a queue without groups.
func (q *Queue[T]) groupOf(e *entry[T]) *group {
	if x := q.table.Extra(e); x != nil && x.group != nil {
		return x.group
	}
	return &q.order.all
}
