package informer

import (
	"context"
	"sync"

	"github.com/informant-go/informant/internal/nils"
)

// laneDepth is how many events wait for each lane, or are in it, at most. All others
// stay where they wait for every handler.
const laneDepth = 32

// Parallel returns handler as a Handler for AddHandler that is called by n goroutines
// at once, its lanes. The calls for one key are sequential and in order, so that I1
// and I2 hold; those for different keys are in no order. handler must be fit to be
// called by several goroutines.
//
// A lane that is free takes the next key that has something to tell, so that a slow
// call holds up its key and one lane. HasSynced turns true when all calls for the
// initial list have returned, and Done of a registration is closed when all calls
// have: a handler that removes itself is called no more, but for the calls that are
// under way (I5). Stop keeps what the lanes have not come to for the next Run (I9).
//
// Whoever calls the Handler itself, a FilteringHandler or a Controller, calls
// handler. The errors are ErrNoHandler for a nil handler and ErrNoLanes for an n that
// is not positive.
func Parallel[T any](n int, handler Handler[T]) (Handler[T], error) {
	switch {
	case nils.Is(handler):
		return nil, ErrNoHandler
	case n <= 0:
		return nil, ErrNoLanes
	}
	return &parallel[T]{handler, n}, nil
}

// parallel is what Parallel returns.
type parallel[T any] struct {
	handler Handler[T]
	n       int
}

// OnEvent is for who is no registration.
func (p *parallel[T]) OnEvent(ctx context.Context, event Event[T]) { p.handler.OnEvent(ctx, event) }

// lanes are the goroutines of a Parallel handler in one run. The goroutine of the
// handler gives them events, and ends them.
type lanes[T any] struct {
	c       *caller[T]
	working sync.WaitGroup

	// resting is for lanes that rest after a panic; wake ends it when the lanes are to
	// end.
	resting context.Context
	wake    context.CancelFunc

	mu      sync.Mutex // guards what follows; not held over user code
	changed sync.Cond  // of mu
	chains  map[string]*chain[T]
	ready   []*chain[T] // those of chains that no lane has, in the order in which they became so
	pending int         // the number of events in chains
	over    bool
}

// chain is the events of one key that are yet to be told. While a lane has it, the
// first of them is being told.
type chain[T any] struct {
	key    string
	events []Event[T]

	// told is the number of events that were told, marks who waits for some of them,
	// in ascending order.
	told  int
	marks []mark
}

// mark says that somebody waits until a number of events of a chain were told.
type mark struct {
	told int
	wait *laneWait
}

// laneWait is somebody who waits for the events that several chains have.
type laneWait struct {
	left int // the number of its marks
	over func()
}

// startLanes begins with what the last run has left.
func (c *caller[T]) startLanes() {
	l := &lanes[T]{c: c, chains: make(map[string]*chain[T])}
	l.changed.L = &l.mu
	l.resting, l.wake = context.WithCancel(c.context())
	c.lanes = l
	for range c.spread.n {
		l.working.Go(l.work)
	}
	held := c.held
	c.held = nil
	for _, event := range held {
		l.dispatch(event)
	}
}

// dispatch gives the lanes an event, once there is room. An event that comes when the
// handler is halted is left over.
func (l *lanes[T]) dispatch(event Event[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.pending >= laneDepth*l.c.spread.n && !l.c.owner.halted() {
		l.changed.Wait()
	}
	l.pending++
	if c := l.chains[event.Key]; c != nil {
		c.events = append(c.events, event)
		return
	}
	c := &chain[T]{key: event.Key, events: []Event[T]{event}}
	l.chains[event.Key] = c
	l.ready = append(l.ready, c)
	l.changed.Broadcast()
}

// settled waits until nothing is pending, and reports whether the handler was not
// halted meanwhile.
func (l *lanes[T]) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.pending > 0 && !l.c.owner.halted() {
		l.changed.Wait()
	}
	return !l.c.owner.halted()
}

// whenTold has over called once everything that was dispatched so far has been told,
// by whoever tells the last of it, under the lock.
func (l *lanes[T]) whenTold(over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := &laneWait{left: len(l.chains), over: over}
	for _, c := range l.chains {
		c.marks = append(c.marks, mark{c.told + len(c.events), wait})
	}
	if wait.left == 0 {
		over()
	}
}

// end ends the lanes, and returns what they have not come to.
func (l *lanes[T]) end() (left []Event[T]) {
	l.mu.Lock()
	l.over = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.wake()
	l.working.Wait()
	for _, c := range l.chains {
		left = append(left, c.events...)
	}
	return left
}

// work is a lane. A handler that ends its goroutine is removed, as one without lanes
// is.
func (l *lanes[T]) work() {
	ended := true
	defer func() {
		if ended {
			l.c.owner.Remove()
			l.halted()
		}
	}()
	crash := l.c.crash
	for c, event := l.take(); c != nil; c, event = l.take() {
		if !l.tell(&crash, c, event) {
			pause(l.resting, crashPause)
		}
	}
	ended = false
}

// halted has those who wait for a lane see that the handler was halted.
func (l *lanes[T]) halted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.Broadcast()
}

// take waits for a chain, and returns it with its first event, or nil when the lane
// must end.
func (l *lanes[T]) take() (c *chain[T], first Event[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.ready) == 0 && !l.over && !l.c.owner.halted() {
		l.changed.Wait()
	}
	if l.over || l.c.owner.halted() {
		l.changed.Broadcast() // for who waits for room
		return nil, first
	}
	c, l.ready = l.ready[0], l.ready[1:]
	return c, c.events[0]
}

// tell makes the callback for event, the first one of c, and puts c back. It reports
// what caller.call does.
func (l *lanes[T]) tell(crash *crashContext, c *chain[T], event Event[T]) (calm bool) {
	l.c.count.Add(2)
	l.c.running.Add(1)
	defer func() { // also when the handler ends its goroutine
		l.c.running.Add(-1)
		l.giveBack(c)
	}()
	crash.key = c.key
	return l.c.guard(crash, func() { l.c.spread.handler.OnEvent(l.c.context(), event) })
}

// giveBack puts c, whose first event was told, behind those that are ready.
func (l *lanes[T]) giveBack(c *chain[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
	clear(c.events[:1])
	c.told++
	c.tellMarks()
	if c.events = c.events[1:]; len(c.events) > 0 {
		l.ready = append(l.ready, c)
	} else {
		delete(l.chains, c.key)
	}
	l.changed.Broadcast()
}

// tellMarks tells who waits for what has been told. The caller holds the lock of the
// lanes.
func (c *chain[T]) tellMarks() {
	for len(c.marks) > 0 && c.marks[0].told <= c.told {
		wait := c.marks[0].wait
		c.marks = c.marks[1:]
		if wait.left--; wait.left == 0 {
			wait.over()
		}
	}
}
