package workqueue

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// alarm calls its owner's fire function at the earliest time that is set, or
// a little later. It may call it for nothing.
type alarm interface {
	// set asks for a call at a time; now is what the clock says. The owner
	// holds its lock.
	set(at, now int64)

	// clear says that no call is wanted. The owner holds its lock.
	clear()

	// stop ends the alarm for good. The owner does not hold its lock.
	stop()
}

// newAlarm returns the alarm of an owner with that lock. A nil clock is the
// real one; base is the origin of the owner's readings of another.
func newAlarm(mu *sync.Mutex, c clock.Clock, base time.Time, fire func()) alarm {
	if c == nil {
		return &timerAlarm{fire: fire}
	}
	return newClockAlarm(mu, c, base, fire)
}

// timerAlarm runs on the real clock. It has no goroutine.
type timerAlarm struct {
	fire  func()
	timer *time.Timer
}

func (a *timerAlarm) set(at, now int64) {
	d := until(at, now)
	if a.timer == nil {
		a.timer = time.AfterFunc(d, a.fire)
	} else {
		a.timer.Reset(d)
	}
}

func (a *timerAlarm) clear() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// stop has nothing to wait for: a call of fire that has begun ends by itself,
// and does nothing to an owner that is shut down.
func (a *timerAlarm) stop() { a.clear() }

// clockAlarm runs on a foreign clock, of which it asks only timers: the
// AfterFunc of a fake clock calls back under that clock's lock. Its goroutine
// lives from set to clear.
type clockAlarm struct {
	fire  func()
	clock clock.Clock
	base  time.Time
	kick  chan struct{} // of capacity 1: at has changed
	end   chan struct{}
	wg    sync.WaitGroup
	once  sync.Once

	mu      *sync.Mutex // the owner's
	at      int64
	wanted  bool
	running bool
	ended   bool
}

func newClockAlarm(mu *sync.Mutex, c clock.Clock, base time.Time, fire func()) *clockAlarm {
	return &clockAlarm{
		fire: fire, clock: c, base: base, mu: mu,
		kick: make(chan struct{}, 1), end: make(chan struct{}),
	}
}

func (a *clockAlarm) set(at, _ int64) {
	if a.ended {
		return
	}
	a.at, a.wanted = at, true
	if !a.running {
		a.running = true
		a.wg.Go(a.run)
		return
	}
	a.changed()
}

func (a *clockAlarm) clear() {
	a.wanted = false
	if a.running {
		a.changed()
	}
}

func (a *clockAlarm) changed() {
	select {
	case a.kick <- struct{}{}:
	default: // the goroutine has yet to look
	}
}

func (a *clockAlarm) stop() {
	a.once.Do(func() {
		a.mu.Lock()
		a.ended, a.wanted = true, false
		a.mu.Unlock()
		close(a.end)
	})
	a.wg.Wait()
}

func (a *clockAlarm) run() {
	for {
		at, wanted := a.next()
		if !wanted {
			return
		}
		if a.sleep(at) {
			a.rang()
			a.fire()
		}
	}
}

// rang forgets the call that is about to be made: fire sets the next.
func (a *clockAlarm) rang() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wanted = false
}

// next tells what to wait for. When there is nothing, the goroutine must end,
// and set will start another.
func (a *clockAlarm) next() (at int64, wanted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running = a.wanted
	return a.at, a.wanted
}

// sleep waits until at, and tells whether it came to that.
func (a *clockAlarm) sleep(at int64) bool {
	timer := a.clock.NewTimer(until(at, int64(a.clock.Since(a.base))))
	defer timer.Stop()
	// A fake clock may have been moved between the reading and the timer.
	if int64(a.clock.Since(a.base)) >= at {
		return true
	}
	select {
	case <-timer.C():
		return true
	case <-a.kick:
		return false
	case <-a.end:
		return false
	}
}
