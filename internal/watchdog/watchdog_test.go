package watchdog

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errSilent = errors.New("silent")
	errLate   = errors.New("late")
)

// R2: a request is cut when it is silent for longer than it may be, and for the
// reason that it was given.
func TestASilentRequestIsCut(t *testing.T) {
	for name, c := range map[string]struct {
		grace time.Duration
		then  func(d *Watchdog)
		want  error
		least time.Duration
		most  time.Duration
	}{
		"at once":       {0, func(*Watchdog) {}, errSilent, time.Minute, 75 * time.Second},
		"after a grace": {time.Hour, func(*Watchdog) {}, errSilent, time.Hour, time.Hour + 75*time.Second},
		"cut in":        {0, func(d *Watchdog) { d.CutIn(time.Second, errLate) }, errLate, time.Second, time.Second},
		"within":        {0, func(d *Watchdog) { d.Within(time.Second, errLate) }, errLate, time.Second, time.Second},
		"set anew": {0, func(d *Watchdog) {
			d.Within(time.Second, errLate)
			d.Set(0, time.Hour, errSilent)
		}, errSilent, time.Hour, 75 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, d := New(context.Background(), c.grace, time.Minute, errSilent)
				defer d.Stop()
				c.then(d)
				<-ctx.Done()
				if took := time.Since(began); took < c.least || took > c.most {
					t.Errorf("cut after %v, want %v to %v", took, c.least, c.most)
				}
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				if got := Cut(child); got != c.want {
					t.Errorf("cut because of %v, want %v", got, c.want)
				}
			})
		})
	}
}

// A reader that is busy with what it got is no silence, nor is one that gets
// something now and then.
func TestABusyReaderIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, d := New(context.Background(), 0, time.Minute, errSilent)
		for range 10 {
			d.Got()
			<-time.After(time.Hour)
			d.Waits()
			<-time.After(50 * time.Second)
		}
		if err := ctx.Err(); err != nil {
			t.Errorf("cut: %v", Cut(ctx))
		}
		d.Stop()
		if ctx.Err() == nil || Cut(ctx) != nil {
			t.Errorf("after Stop: %v, cut because of %v", ctx.Err(), Cut(ctx))
		}
	})
}
