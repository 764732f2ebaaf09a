package queuetest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// Factory makes the queues to test, new ones at each call, on the real clock.
// A nil function leaves out the checks of its layer.
type Factory struct {
	Queue        func() workqueue.Interface[string]
	Delaying     func() workqueue.DelayingInterface[string]
	RateLimiting func(workqueue.RateLimiter[string]) workqueue.RateLimitingInterface[string]
}

// Known names the checks that an implementation does not pass, by the name of
// their subtest. Such a check must fail: the list cannot go stale.
type Known []string

// check is one claim about a queue. It runs in a synctest bubble, and leaves
// no goroutine behind even if it fails, short of a call that never returns.
type check struct {
	name string
	run  func(Factory) error
}

// Run checks the queues of f, one subtest for each check.
func Run(t *testing.T, f Factory, known Known) {
	checks := all(f)
	for _, name := range known {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == name }) {
			t.Errorf("Known names %q, which is no check", name)
		}
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.try(t, f)
			switch fails := slices.Contains(known, c.name); {
			case fails && err == nil:
				t.Errorf("passes, and must be taken out of Known")
			case !fails && err != nil:
				t.Error(err)
			}
		})
	}
}

// windingDown is how much virtual time a queue has, after a check, to end what
// it began: a queue that fails may do so late.
const windingDown = 24 * time.Hour

func (c check) try(t *testing.T, f Factory) (err error) {
	defer func() {
		if r := recover(); r != nil { // synctest's, when nothing moves any more
			err = fmt.Errorf("a call waits for ever: %v", r)
		}
	}()
	synctest.Test(t, func(*testing.T) {
		defer func() { <-time.After(windingDown) }()
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		err = c.run(f)
	})
	return err
}

func all(f Factory) []check {
	var checks []check
	if f.Queue != nil {
		checks = append(checks, queueChecks...)
		checks = append(checks, shutdownChecks...)
	}
	if f.Delaying != nil {
		checks = append(checks, delayingChecks...)
	}
	if f.RateLimiting != nil {
		checks = append(checks, rateLimitingChecks...)
	}
	return checks
}
