package workqueue

import (
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/informant-go/informant/internal/alarm"
	"github.com/informant-go/informant/internal/keytable"
)

// Queue hands each item that is added to one worker at a time. It corresponds
// to client-go's Typed, whose TypedInterface it satisfies.
//
// The zero value is ready for use. All methods may be called by any goroutine;
// a Queue must not be copied. No user code runs under the lock of a queue, a
// Storage excepted.
type Queue[T comparable] struct {
	// These are set at construction and never changed.
	misuses  misuses
	clock    clock.WithTicker // nil is the real clock
	base     time.Time        // origin of the readings of clock
	grouping func(T) string   // Options.Group; nil with a Storage
	storage  Storage[T]       // nil: order is that of the items
	meter    *meter           // nil without metrics
	tolerant bool
	merge    bool    // Options.AddTakesDelay
	sink     func(T) // gets the items whose delay has ended; nil: they wait here

	// mu guards the fields below. Nothing waits under it. The layers above,
	// DelayingQueue and RateLimitingQueue, use the same entries under the same
	// lock.
	mu         sync.Mutex
	table      table[T]
	last       *entry[T] // the entry handed out last, until it is done: Done need not search it
	order      order     // the entries that are waiting
	waiters    waiters   // the goroutines that wait for one
	processing int       // how many entries are processing or dirty
	busy       keytable.List
	delays     delays
	failures   failures
	tokens     tokens
	dropped    int

	down   bool
	drain  chan struct{} // closed to end the wait of ShutDownWithDrain; nil if nobody waits
	ticker *alarm.Ticker // reports unfinished work; nil without a meter and after shutdown

	ripe   []T  // the items that wait to be given to sink
	giving bool // somebody gives them, one after the other, so that they keep their order
}

// New returns a queue. It corresponds to client-go's NewTypedWithConfig. With
// metrics, ShutDown must be called to end their goroutine.
func New[T comparable](o Options[T]) *Queue[T] {
	q := new(Queue[T])
	q.setup(&o)
	q.misuses.options("New", o.unused(partOrder))
	return q
}

func (q *Queue[T]) setup(o *Options[T]) {
	q.misuses = misusesOf(o)
	q.storage, q.tolerant, q.order.aging = o.Storage, o.Tolerant, o.Aging
	if o.Storage == nil {
		q.grouping = o.Group
	}
	if o.Clock != nil {
		q.clock, q.base = o.Clock, o.Clock.Now()
	}
	q.table.Remember(o.IdleEntries)
	q.meter = newMeter(o.Name, o.Metrics, o.PriorityDepth)
	if q.meter != nil || q.grouping != nil {
		q.table.Widen()
	}
	if q.meter != nil {
		q.ticker = alarm.Every(o.Clock, unfinishedPeriod, q.reportUnfinished)
	}
}

// start is the origin of the real clock's readings, which are kept as
// nanoseconds: a third of a time.Time, and cheaper to make.
var start = time.Now()

// now reads the clock, in nanoseconds since some origin. An injected clock is user
// code, and must not be read under the lock.
func (q *Queue[T]) now() int64 {
	if q.clock == nil {
		return int64(time.Since(start))
	}
	return int64(q.clock.Since(q.base))
}

// nowForMeter reads the clock if there are metrics.
func (q *Queue[T]) nowForMeter() int64 {
	if q.meter == nil {
		return 0
	}
	return q.now()
}

// nameOf is the name of the group of item.
func (q *Queue[T]) nameOf(item T) string {
	if q.grouping == nil {
		return ""
	}
	return q.grouping(item)
}

// after is what a call has to do once it has released the lock: to wake a worker,
// and to tell the metrics what it came to.
type after struct {
	wake     bool
	event    event
	priority int32 // of the item that was added or handed out
	from     int32 // its priority before, if it rose
	took     int64 // how long it waited or was processed
}

// event is what a call came to.
type event uint8

const (
	nothing event = iota
	added         // the item waits now, or will after Done
	rose          // it waits already, with a lower priority
	got           // it was handed out
	done          // it was given back
)

func (q *Queue[T]) finish(a *after) {
	if a.wake {
		q.waiters.wake <- struct{}{}
	}
	if q.meter != nil {
		q.meter.tell(a)
	}
}

// Add asks that item is handed to a worker. An item that already waits is merged
// with it; one that is being processed is queued once more after Done (Q2).
func (q *Queue[T]) Add(item T) { q.add("Add", item, 0) }

// AddPriority is Add with a priority: the higher goes out first, within the
// bound of Options.Aging. An item that waits keeps the higher of the two, and
// goes behind those of its new priority when it rises.
func (q *Queue[T]) AddPriority(item T, priority int) {
	q.add("AddPriority", item, clamp(priority))
}

// add is Add and its kin. It reports whether the queue takes items.
func (q *Queue[T]) add(call string, item T, priority int32) bool {
	name, now, hash := q.nameOf(item), q.nowForMeter(), keytable.Sum(item)
	var a after
	q.mu.Lock()
	if q.down {
		q.mu.Unlock()
		q.misuses.call(call, item, ErrShutDown)
		return false
	}
	e := q.table.Ensure(hash, item)
	if q.grouping != nil {
		q.join(e, name)
	}
	if q.merge && e.Place != 0 {
		priority = max(priority, q.later(e))
		q.endDelay(e)
	}
	q.admit(e, priority, now, &a)
	q.mu.Unlock()
	q.finish(&a)
	return true
}

// admit makes e wait, or wait once more after Done (Q2). What waits in a Storage
// that is empty is lost there, since its Pop has panicked: it does not wait.
func (q *Queue[T]) admit(e *entry[T], priority int32, now int64, a *after) {
	if e.Data.state == waiting && q.order.n == 0 {
		e.Data.state = idle
	}
	if e.Data.state.waits() {
		q.mergeWith(e, priority, a)
		return
	}
	if priority != 0 {
		q.rank()
	}
	if x := q.table.Extra(e); x != nil {
		x.priority, x.added = priority, now
	}
	if e.Data.state == processing {
		e.Data.state = dirty
	} else {
		q.wait(e, a)
	}
	a.event, a.priority = added, priority
}

// mergeWith merges an addition with e, which is waiting or dirty.
func (q *Queue[T]) mergeWith(e *entry[T], priority int32, a *after) {
	waits := e.Data.state == waiting
	if waits && q.storage != nil {
		q.user(nil, func() { q.storage.Touch(e.Key) })
	}
	from := int32(0)
	if x := q.table.Extra(e); x != nil {
		from = x.priority
	}
	if priority <= from {
		return
	}
	q.rank()
	if waits && q.storage == nil {
		q.rise(e, priority)
	} else {
		q.table.Extra(e).priority = priority
	}
	a.event, a.priority, a.from = rose, priority, from
}

// user calls user code under the lock. If it panics, e is released unless it is in
// use, nil being none, and the lock with it.
func (q *Queue[T]) user(e *entry[T], call func()) {
	returned := false
	defer func() {
		if !returned {
			if e != nil {
				q.settle(e)
			}
			q.quit()
		}
	}()
	call()
	returned = true
}

// quit releases the lock for a caller who panics. What others wait for may have been
// his to do: he may be the one who was woken for an item, or who had the last one.
func (q *Queue[T]) quit() {
	if q.wakesNext() {
		q.waiters.wake <- struct{}{} // there is room, so that this does not wait
	}
	q.checkDrain()
	q.mu.Unlock()
}

// Done says that the work on item, which Get, GetPriority, GetContext, TryGet or
// GetBatch gave to the caller, is over. An item that was added meanwhile goes back
// into the queue. Done with an item that no worker is processing changes nothing,
// and is a misuse (ErrNotProcessing) unless Options.Tolerant is set.
func (q *Queue[T]) Done(item T) {
	now := q.nowForMeter()
	var a after
	q.mu.Lock()
	e := q.last
	if e == nil || e.Key != item {
		e = q.find(item)
	}
	if e == nil || e.Data.state < processing {
		q.mu.Unlock()
		if !q.tolerant {
			q.misuses.call("Done", item, ErrNotProcessing)
		}
		return
	}
	if e == q.last {
		q.last = nil
	}
	q.processing--
	if q.table.Wide() {
		q.back(e, now, &a)
	}
	again := e.Data.state == dirty
	e.Data.state = idle
	if again {
		q.wait(e, &a)
	} else {
		q.settle(e)
	}
	q.checkDrain()
	q.mu.Unlock()
	q.finish(&a)
}

// find returns the entry of item, or nil. An item that cannot be hashed panics.
func (q *Queue[T]) find(item T) *entry[T] {
	hashed := false
	defer func() {
		if !hashed {
			q.quit()
		}
	}()
	hash := keytable.Sum(item)
	hashed = true
	return q.table.Find(hash, item)
}

// settle releases e if there is nothing to do for its key: it neither waits, nor
// is being processed, nor has a delay. With failures it stays in the table.
func (q *Queue[T]) settle(e *entry[T]) {
	if e.Data.state != idle || e.Place != 0 {
		return
	}
	if q.grouping != nil {
		q.part(e)
	}
	if !e.Data.failing {
		q.table.Release(e)
	}
}

// Len is the number of items that wait for a worker. Items that are being
// processed and items whose delay has not ended are not counted.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	n := q.len()
	q.mu.Unlock()
	return n
}

func (q *Queue[T]) len() (n int) {
	if q.storage == nil {
		return q.order.n
	}
	q.user(nil, func() { n = q.storage.Len() })
	return n
}

// Stats are the numbers of items in a queue at one moment.
type Stats struct {
	Waiting    int // for a worker
	Processing int // with a worker; from Get to Done
	Delayed    int // with a delay that has not ended; they can wait or be processed besides
	Dropped    int // delays that were dropped by a shutdown (Q5)
}

// Stats counts the items of the queue.
func (q *Queue[T]) Stats() Stats {
	q.mu.Lock()
	s := Stats{Waiting: q.len(), Processing: q.processing, Delayed: q.delays.heap.Len(), Dropped: q.dropped}
	q.mu.Unlock()
	return s
}

// ShutDown makes the queue ignore new items, and drops and counts pending delays.
// Workers still get what waits; after that Get returns shutdown. ShutDown ends the
// wait of every ShutDownWithDrain. It may be called many times (Q5).
func (q *Queue[T]) ShutDown() { q.shutDown(false) }

// ShutDownWithDrain is ShutDown and then waits until no item waits and none is
// being processed; with Options.Tolerant, until none is being processed. It must
// not be called by someone who is processing an item, and needs workers that go on
// until Get returns shutdown.
func (q *Queue[T]) ShutDownWithDrain() {
	if drain := q.shutDown(true); drain != nil {
		<-drain
	}
}

// shutDown wakes the workers, and waits for the goroutines of the queue, which end
// at once. It returns what its caller must wait for, if that is to wait at all.
func (q *Queue[T]) shutDown(wait bool) (drain chan struct{}) {
	var a after
	var ticker *alarm.Ticker
	var ring alarm.Alarm
	q.mu.Lock()
	if !q.down {
		q.down = true
		q.dropDelays()
		a.wake = q.waiters.next() // who wakes the next one
		ticker, ring = q.ticker, q.delays.alarm
		q.ticker = nil
	}
	if !wait && q.drain != nil {
		q.endDrain()
	}
	if wait && !q.drained() {
		if q.drain == nil {
			q.drain = make(chan struct{})
		}
		drain = q.drain
	}
	q.mu.Unlock()
	q.finish(&a)
	if ticker != nil {
		ticker.Stop()
	}
	if ring != nil {
		ring.Stop()
	}
	return drain
}

// drained reports whether ShutDownWithDrain need not wait.
func (q *Queue[T]) drained() bool {
	return q.processing == 0 && (q.tolerant || q.order.n == 0)
}

// checkDrain ends the wait of every ShutDownWithDrain if nothing is left to wait for.
func (q *Queue[T]) checkDrain() {
	if q.drain != nil && q.drained() {
		q.endDrain()
	}
}

// endDrain ends the wait of every ShutDownWithDrain.
func (q *Queue[T]) endDrain() {
	close(q.drain)
	q.drain = nil
}

// ShuttingDown reports whether the queue was shut down.
func (q *Queue[T]) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.down
}

// clamp brings a priority into the range that an entry can hold.
func clamp(priority int) int32 {
	return int32(min(max(priority, math.MinInt32), math.MaxInt32))
}
