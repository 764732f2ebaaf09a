package deltafifo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/informant-go/informant/object"
)

// core is what the two queues have in common: the way in, the open list, and
// how the two sides wait for each other. No user code runs under mu.
type core[T any] struct {
	in    intake[T]
	bound int
	watch stopwatch
	list  openList[T]

	// wake has room for one token, which ends the consumer's sleep. A token
	// that is left over from a sleep that a context ended makes a later sleep
	// end early, which does no harm.
	wake chan struct{}

	mu     sync.Mutex
	closed bool
	first  first

	// now is when the producer came that has locked mu last, zero when nobody asked
	// for the time. It is guarded by mu.
	now time.Time

	// parked is true from the moment when the consumer decides to sleep until
	// somebody has decided to wake it: so each sleep gets one token.
	parked bool

	// room, if not nil, is a channel on which producers wait; it is closed
	// when there may be room again.
	room chan struct{}
}

// init makes c ready for a queue of this kind, unless access or opts are refused.
func (c *core[T]) init(kind string, access object.Access[T], opts Options[T]) error {
	name := opts.name()
	if err := errors.Join(access.Check(), opts.check(kind)); err != nil {
		return fmt.Errorf("deltafifo: the queue %s cannot be made: %w", name, err)
	}
	c.bound = opts.Bound
	c.list.repeats = opts.KeepRepeats
	c.watch = newStopwatch(opts.Metrics, opts.Clock)
	c.wake = make(chan struct{}, 1)
	c.first.done = make(chan struct{})
	c.in.init(name, access, opts)
	return nil
}

// begin is Begin of both queues.
func (c *core[T]) begin() error {
	if c.isClosed() {
		return ErrClosed
	}
	c.list.begin()
	return nil
}

// page is Page of both queues.
func (c *core[T]) page(items []T) error {
	if c.isClosed() {
		return ErrClosed
	}
	p := c.list.current()
	if p == nil {
		return ErrNoList
	}
	whole := false
	defer func() {
		if !whole {
			c.list.drop(p)
		}
	}()
	keys, objs, err := c.accept(items)
	whole = true
	if !c.list.add(p, keys, objs) {
		return ErrNoList
	}
	return err
}

func (c *core[T]) accept(items []T) (keys []string, objs []T, err error) {
	keys, objs = make([]string, 0, len(items)), make([]T, 0, len(items))
	var refused []error
	for _, item := range items {
		key, obj, err := c.in.listed(item)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		keys, objs = append(keys, key), append(objs, obj)
	}
	return keys, objs, errors.Join(refused...)
}

// commit ends the open list and returns it. The error is ErrNoList.
func (c *core[T]) commit() (*pages[T], error) {
	p := c.list.take()
	if p == nil {
		return nil, ErrNoList
	}
	if p.repeated > 0 {
		c.in.logger.V(2).Info("A list had keys more than once, the last object of each was kept", "repeated", p.repeated, "keys", len(p.keys))
	}
	return p, nil
}

// close is Close of both queues.
func (c *core[T]) close() {
	c.list.take()
	c.mu.Lock()
	c.closed = true
	c.makeRoom()
	c.unlockAndWake()
}

func (c *core[T]) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// lock locks mu for a producer that is about to queue something. The clock, which is
// user code, is read before that.
func (c *core[T]) lock() {
	now := c.watch.now()
	c.mu.Lock()
	c.now = now
}

// unlockAndWake unlocks mu and wakes the consumer if it sleeps.
func (c *core[T]) unlockAndWake() {
	wake := c.parked
	c.parked = false
	c.mu.Unlock()
	if wake {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// park sleeps until something may have happened. The error is ErrClosed, or
// ctx.Err() when ctx has ended. mu is held on entry and return.
func (c *core[T]) park(ctx context.Context) error {
	if c.closed {
		return ErrClosed
	}
	c.parked = true
	c.mu.Unlock()
	var err error
	select {
	case <-c.wake:
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	c.parked = false
	return err
}

// awaitRoom waits for makeRoom; the error is ctx.Err(). mu is held on entry and
// return.
func (c *core[T]) awaitRoom(ctx context.Context) error {
	if c.room == nil {
		c.room = make(chan struct{})
	}
	room := c.room
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// makeRoom wakes the producers that wait; mu is held.
func (c *core[T]) makeRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// first knows when the queue has synced (F4). It is guarded by mu, but done may
// be received from by any goroutine.
type first struct {
	// done is closed when started is true and left is 0.
	done chan struct{}

	// started is true once an event or a list came; left is the number of
	// pieces of the first list that are not processed yet, 0 when an event
	// came first.
	started bool
	left    int
}

// event notes that an event was queued.
func (f *first) event() {
	if !f.started {
		f.list(0)
	}
}

// list notes that a list of n pieces was queued. A piece is what one Pop hands
// out.
func (f *first) list(n int) {
	if f.started {
		return
	}
	f.started, f.left = true, n
	if n == 0 {
		close(f.done)
	}
}

// processed notes that a piece of the first list was processed.
func (f *first) processed() {
	if f.left == 0 {
		return
	}
	f.left--
	if f.left == 0 {
		close(f.done)
	}
}

// synced is hasSynced, for a caller that holds mu.
func (f *first) synced() bool { return f.started && f.left == 0 }

func (f *first) hasSynced() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
