package reflector

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// watchdog cuts a request that is silent for too long (R2). The goroutine that
// reads says when it has got something and when it waits for more; while it
// is busy with what it has got, nothing is cut.
//
// Between two calls of the reader the watchdog costs nothing but a timer.
type watchdog struct {
	cancel context.CancelCauseFunc

	// pulse moves with each sign of life. Its bit busy is set while the reader is.
	pulse atomic.Uint64

	mu      sync.Mutex
	limit   *time.Timer   // guarded by mu; nil, or ends the request whatever comes
	timer   *time.Timer   // guarded by mu
	silence time.Duration // guarded by mu
	seen    uint64        // guarded by mu: pulse at the last look
	idle    int           // guarded by mu: looks in a row that found pulse unmoved
	round   int           // guarded by mu: a timer of an earlier round is void
}

const (
	// busy is the bit of pulse that is set while the reader is.
	busy = 1

	// looks is how often the watchdog looks in the time that a request may
	// be silent: it is cut after that time or up to a quarter more.
	looks = 4
)

// newWatchdog returns a context that ends, with a silenceError as its cause,
// when after a first grace nothing comes for silence.
func newWatchdog(ctx context.Context, grace, silence time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &watchdog{cancel: cancel}
	d.set(grace, silence)
	return ctx, d
}

// set starts anew with another grace and silence.
func (d *watchdog) set(grace, silence time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.endLimit()
	d.round++
	d.silence, d.idle = silence, 0
	d.seen = busy // a first look always finds a sign of life
	if grace <= 0 {
		d.seen, grace = d.pulse.Load(), silence/looks
	}
	d.lookIn(grace)
}

// within bounds the whole request: it is cut after that time, with why as its
// cause, unless set comes before.
func (d *watchdog) within(total time.Duration, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = time.AfterFunc(total, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.limit != nil {
			d.cancel(why)
		}
	})
}

// endLimit takes back what within said; mu is held.
func (d *watchdog) endLimit() {
	if d.limit != nil {
		d.limit.Stop()
		d.limit = nil
	}
}

// cutIn cuts the request, with why as its cause, after a time that no sign of
// life extends; set takes it back.
func (d *watchdog) cutIn(after time.Duration, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer.Stop()
	d.round++
	round := d.round
	d.timer = time.AfterFunc(after, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.round == round {
			d.cancel(why)
		}
	})
}

// lookIn arms the timer; mu is held.
func (d *watchdog) lookIn(after time.Duration) {
	round := d.round
	d.timer = time.AfterFunc(after, func() { d.look(round) })
}

// look cuts the request if there was no sign of life at the last looks.
func (d *watchdog) look(round int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.round != round {
		return
	}
	now := d.pulse.Load()
	if now != d.seen || now&busy != 0 {
		d.seen, d.idle = now, 0
	} else if d.idle++; d.idle == looks {
		d.cancel(&silenceError{silence: d.silence})
		return
	}
	d.lookIn(d.silence / looks)
}

// got says that something came and the reader is busy with it; waits that it
// waits for more. They are called in turn, by one goroutine.
func (d *watchdog) got()   { d.pulse.Add(1) }
func (d *watchdog) waits() { d.pulse.Add(1) }

// stop ends the watchdog and its context.
func (d *watchdog) stop() {
	d.mu.Lock()
	d.endLimit()
	d.round++
	d.timer.Stop()
	d.mu.Unlock()
	d.cancel(nil)
}

// cutBy returns why a watchdog ended ctx, nil if none did.
func cutBy(ctx context.Context) error {
	cause := context.Cause(ctx)
	if _, silent := cause.(*silenceError); silent || cause == errNoListEnd {
		return cause
	}
	return nil
}
