package sim

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
)

// keptHistory is how much of what it was told of a key an oracle remembers.
const keptHistory = 12

// oracle is a handler that checks everything. It rebuilds the collection from
// its events and notes each one that cannot follow those before.
type oracle struct {
	name  string
	store indexer.Indexer[*Job]
	book  *ledger

	// slow is how long each call takes; filtered is true behind a filter,
	// for which a Delete does not mean that the object is gone.
	slow     time.Duration
	filtered bool

	// refused reports whether lists held a key in a form that was refused: the
	// object goes then, and may come again in the same state.
	refused func(key string) bool

	// wentBack reports whether the source may have told something again, or
	// older states: versions may fall then.
	wentBack func() bool

	// leaveAt is the event in which leave is called, 0 for none.
	leaveAt int
	leave   func()

	// batch is how many events a call may have, 0 for one.
	batch int

	// lanes is true where calls for different keys may go on at once.
	lanes bool

	mu      sync.Mutex
	calling map[string]bool // a call for these keys is going on: there must be no other (I3)
	left    bool            // the last call has returned: there must be no other (I5)
	told    int
	table   map[string]*Job
	past    map[string][]string // what was told of a key
}

func (w *world) newOracle(name string) *oracle {
	return &oracle{
		name: name, store: w.informer.Indexer(), book: w.book, refused: w.wasRefused, wentBack: w.wentBack,
		table: make(map[string]*Job), past: make(map[string][]string), calling: make(map[string]bool),
	}
}

func (o *oracle) OnEvent(ctx context.Context, e informer.Event[*Job]) {
	o.OnEvents(ctx, []informer.Event[*Job]{e})
}

// OnEvents makes the oracle a BatchHandler.
func (o *oracle) OnEvents(ctx context.Context, events []informer.Event[*Job]) {
	call := events[0]
	o.enter(call)
	defer o.exit(call)
	leave := false
	for _, e := range events {
		stored, exists, _ := o.store.GetByKey(e.Key)
		leave = o.take(e, stored, exists) || leave
	}
	if leave {
		o.leave()
	}
	if o.slow > 0 {
		sleep(ctx, o.slow)
	}
}

func (o *oracle) enter(e informer.Event[*Job]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calling[e.Key] || !o.lanes && len(o.calling) > 0 {
		o.fault(e, "I3: it came during another call")
	}
	if o.left {
		o.fault(e, "I5: it came after the last one")
	}
	o.calling[e.Key] = true
}

func (o *oracle) exit(e informer.Event[*Job]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.calling, e.Key)
}

// take looks at an event, and reports whether it is the one to leave at.
func (o *oracle) take(e informer.Event[*Job], stored *Job, exists bool) (leave bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.checkOrder(e)
	if exists {
		o.checkStore(e, stored)
	}
	past := append(o.past[e.Key], describe(e))
	o.past[e.Key] = past[max(0, len(past)-keptHistory):]
	if e.Type == informer.EventDelete {
		delete(o.table, e.Key)
	} else {
		o.table[e.Key] = e.Object
	}
	o.told++
	return o.told == o.leaveAt
}

// checkOrder is I1: Add, Update…, Delete, with old as it was last given, and
// versions that do not fall.
func (o *oracle) checkOrder(e informer.Event[*Job]) {
	known, present := o.table[e.Key]
	switch {
	case present != (e.Type != informer.EventAdd):
		o.fault(e, "I1: the key was present before: %v", present)
		return
	case !present:
		return
	case e.Old == nil || !sameState(e.Old, known):
		o.fault(e, "I1: old is %s, last given was %s", version(e.Old), version(known))
	}
	if e.Type == informer.EventUpdate && e.Object.UID != known.UID {
		o.fault(e, "I1: an update replaces an object by another of its name")
	}
	if c := compare(e.Object, known); c < 0 && !o.wentBack() {
		o.fault(e, "I1: the version was %s before", version(known))
	}
	if e.Reason == informer.ReasonResync && !sameState(e.Object, known) {
		o.fault(e, "I1: a resync brings another state than %s", version(known))
	}
}

// checkStore is I2: the store holds the event's state or a later one. That it
// has lost the key is no fault; a Delete has to follow.
func (o *oracle) checkStore(e informer.Event[*Job], stored *Job) {
	if o.wentBack() {
		return
	}
	c := compare(stored, e.Object)
	gone := e.Type == informer.EventDelete && !o.filtered && c <= 0 && !o.refused(e.Key)
	if c < 0 || gone {
		o.fault(e, "I2: the store holds %s", version(stored))
	}
}

// fault notes what is wrong with an event; mu is held.
func (o *oracle) fault(e informer.Event[*Job], format string, args ...any) {
	o.book.fault("handler "+o.name, "%s of %s: %s; before that it was told %v",
		describe(e), e.Key, fmt.Sprintf(format, args...), o.past[e.Key])
}

// leaves notes that no call may follow.
func (o *oracle) leaves() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.calling) > 0 {
		o.book.fault("handler "+o.name, "I5: Done was closed during a call")
	}
	o.left = true
}

// rebuilt is the collection as the events tell it.
func (o *oracle) rebuilt() map[string]*Job {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.table)
}

func describe(e informer.Event[*Job]) string {
	return fmt.Sprintf("%v(%v) %s", e.Type, e.Reason, version(e.Object))
}

// version is how a state is written in reports.
func version(j *Job) string {
	if j == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s of %.4s", j.ResourceVersion, j.UID)
}

func sameState(a, b *Job) bool {
	return a.ResourceVersion == b.ResourceVersion && a.UID == b.UID
}

// compare orders two states by their versions, which all come from one
// counter.
func compare(a, b *Job) int {
	c, err := object.CompareVersions(a.ResourceVersion, b.ResourceVersion)
	if err != nil {
		return -1
	}
	return c
}

// sleep lets d pass, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
