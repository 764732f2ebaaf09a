// Package watchdog cuts a request that is silent for too long.
package watchdog

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Watchdog cuts a request that is silent for too long, by the end of the
// request's context. The goroutine that reads says when it has got something and
// when it waits for more; while it is busy with what it has got, nothing is cut.
//
// Between two calls of the reader the Watchdog costs nothing but a timer.
// Got and Waits are called in turn by one goroutine, the other methods by any.
type Watchdog struct {
	cancel context.CancelCauseFunc

	// pulse moves with each sign of life. Its bit busy is set while the reader is.
	pulse atomic.Uint64

	mu      sync.Mutex
	limit   *time.Timer   // guarded by mu; nil, or ends the request whatever comes
	timer   *time.Timer   // guarded by mu
	silence time.Duration // guarded by mu
	why     error         // guarded by mu: what a cut for silence says
	seen    uint64        // guarded by mu: pulse at the last look
	idle    int           // guarded by mu: looks in a row that found pulse unmoved
	round   int           // guarded by mu: a timer of an earlier round is void
}

const (
	// busy is the bit of pulse that is set while the reader is.
	busy = 1

	// looks is how often a Watchdog looks in the time that a request may
	// be silent: it is cut after that time or up to a quarter more.
	looks = 4
)

// cut is the cause of a context that a Watchdog ended.
type cut struct{ why error }

func (c *cut) Error() string { return c.why.Error() }
func (c *cut) Unwrap() error { return c.why }

// New returns a context for a request and its Watchdog, which cuts the request
// because of why when after a first grace nothing comes for silence. Stop ends
// both.
func New(ctx context.Context, grace, silence time.Duration, why error) (context.Context, *Watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &Watchdog{cancel: cancel}
	d.Set(grace, silence, why)
	return ctx, d
}

// Set starts anew with another grace and silence.
func (d *Watchdog) Set(grace, silence time.Duration, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.endLimit()
	d.round++
	d.silence, d.why, d.idle = silence, why, 0
	d.seen = busy // a first look always finds a sign of life
	if grace <= 0 {
		d.seen, grace = d.pulse.Load(), silence/looks
	}
	d.lookIn(grace)
}

// Within bounds the whole request: it is cut after total because of why, unless
// Set comes before.
func (d *Watchdog) Within(total time.Duration, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = time.AfterFunc(total, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.limit != nil {
			d.cancel(&cut{why})
		}
	})
}

// endLimit takes back what Within said; mu is held.
func (d *Watchdog) endLimit() {
	if d.limit != nil {
		d.limit.Stop()
		d.limit = nil
	}
}

// CutIn cuts the request because of why, after a time that no sign of life
// extends. Set takes it back.
func (d *Watchdog) CutIn(after time.Duration, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer.Stop()
	d.round++
	round := d.round
	d.timer = time.AfterFunc(after, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.round == round {
			d.cancel(&cut{why})
		}
	})
}

// lookIn arms the timer; mu is held.
func (d *Watchdog) lookIn(after time.Duration) {
	round := d.round
	d.timer = time.AfterFunc(after, func() { d.look(round) })
}

// look cuts the request if there was no sign of life at the last looks.
func (d *Watchdog) look(round int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.round != round {
		return
	}
	now := d.pulse.Load()
	if now != d.seen || now&busy != 0 {
		d.seen, d.idle = now, 0
	} else if d.idle++; d.idle == looks {
		d.cancel(&cut{d.why})
		return
	}
	d.lookIn(d.silence / looks)
}

// Got says that something came and that the reader is busy with it.
func (d *Watchdog) Got() { d.pulse.Add(1) }

// Waits says that the reader waits for more.
func (d *Watchdog) Waits() { d.pulse.Add(1) }

// Stop ends the Watchdog and its context.
func (d *Watchdog) Stop() {
	d.mu.Lock()
	d.endLimit()
	d.round++
	d.timer.Stop()
	d.mu.Unlock()
	d.cancel(nil)
}

// Cut returns why a Watchdog ended ctx, nil if none did. ctx may be a child of
// the Watchdog's context.
func Cut(ctx context.Context) error {
	if c, ok := context.Cause(ctx).(*cut); ok {
		return c.why
	}
	return nil
}
