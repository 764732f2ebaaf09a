package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
)

const (
	// calm is the time between two faults.
	calm = time.Second

	// silence is how long the watch brings nothing before its connection ends.
	silence = 3 * time.Second

	// failing is how many writes of the workers the server refuses.
	failing = 25

	// look is the time between two looks at what nobody tells of.
	look = 5 * time.Millisecond

	// tolerance is how late a change may reach the cache with nothing wrong.
	tolerance = 50 * time.Millisecond
)

// fault is a trouble that the server has.
type fault struct {
	what string

	// begin brings it about. After lasts end, if not nil, changes the trouble
	// into one that the client can notice.
	begin func()
	lasts time.Duration
	end   func()

	// effect waits until the library has dealt with it and says how.
	effect func(ctx context.Context, before reflector.Stats) (string, error)
}

// faults are the troubles, in the order in which they come.
func (w *world) faults() []fault {
	everything := apitest.Match{}
	return []fault{{
		what:   fmt.Sprintf("The server refuses %d writes of the workers (503).", failing),
		begin:  w.refuseWrites,
		effect: w.rewritten,
	}, {
		what:   "The connection of the watch is cut in the middle of an event.",
		begin:  func() { w.server.Cut(everything, apitest.MidFrame) },
		effect: w.followed,
	}, {
		what: fmt.Sprintf("The watch falls silent: its connection stands, but nothing comes. After %.0f s "+
			"it breaks. (The library itself ends a silence when the watch should have ended 30 s ago, which is after "+
			"5 to 10 minutes by default; this program changes no default.)", silence.Seconds()),
		begin:  func() { w.server.Stall(everything) },
		lasts:  silence,
		end:    func() { w.server.Cut(everything, apitest.Abruptly) },
		effect: w.followed,
	}, {
		what: "The server closes the watch and forgets its history: who wants to go on from where " +
			"the watch was is answered 410, Gone.",
		begin: func() {
			w.server.Stall(everything)
			w.server.Expire()
			w.server.Cut(everything, apitest.Cleanly)
		},
		effect: w.followed,
	}}
}

// disturb lets the parcels move while one fault comes after the other.
func (w *world) disturb(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop(nil)
	group.Go(func() { stop(w.move(ctx)) })

	if err := w.settle(ctx); err != nil {
		return err
	}
	out, faults := w.pipeline.screen, w.faults()
	for i, f := range faults {
		if err := sleep(ctx, calm); err != nil {
			return err
		}
		label := fmt.Sprintf("Fault %d of %d: ", i+1, len(faults))
		out.print("\n")
		out.say(label, "%s", f.what)
		text, err := w.endure(ctx, f)
		if err != nil {
			return fmt.Errorf("%s%w", label, err)
		}
		out.say("  effect: ", "%s", text)
		out.print("\n")
	}
	return sleep(ctx, calm)
}

// settle waits until the workers have written back what the first list brought,
// on a slow machine not for all of it.
func (w *world) settle(ctx context.Context) error {
	for limit := time.Now().Add(patience); w.pipeline.queue.Len() > 0 && time.Now().Before(limit); {
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
	return nil
}

// endure brings a fault about and says what came of it. For how long the cache
// was behind is what a change right after the beginning needs to get there.
func (w *world) endure(ctx context.Context, f fault) (string, error) {
	before := w.pipeline.reflector.Stats()
	f.begin()
	changed := time.Now()
	version, err := w.mark()
	if err != nil {
		return "", err
	}
	if f.end != nil {
		if err := sleep(ctx, f.lasts); err != nil {
			return "", err
		}
		f.end()
	}
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := w.pipeline.informer.Indexer().WaitFor(patient, version); err != nil {
		return "", fmt.Errorf("the cache is still behind after %v: %w", patience, err)
	}
	behind := time.Since(changed)
	text, err := f.effect(patient, before)
	return text + " " + lag(behind), err
}

func lag(behind time.Duration) string {
	if behind < tolerance {
		return fmt.Sprintf("The cache was not behind: a change was there within %d ms.", behind.Milliseconds()+1)
	}
	return fmt.Sprintf("The cache was behind for %.1f s.", behind.Seconds())
}

// followed says what the reflector did since before.
func (w *world) followed(_ context.Context, before reflector.Stats) (string, error) {
	after := w.pipeline.reflector.Stats()
	var text strings.Builder
	if n := after.Restarts - before.Restarts; n > 0 {
		text.WriteString("The library asked for a watch from the version that the cache had")
	} else {
		text.WriteString("The library needed no new watch")
	}
	why := reasons(before, after)
	if len(why) == 0 {
		text.WriteString("; no list was needed.")
	} else {
		fmt.Fprintf(&text, ", and then listed all again (why: %s).", strings.Join(why, ", "))
	}
	if n := after.Retries - before.Retries; n > 0 {
		fmt.Fprintf(&text, " It paused %s.", times(n))
	}
	return text.String(), nil
}

// reasons are those of the lists between before and after.
func reasons(before, after reflector.Stats) []string {
	var why []string
	for reason, n := range after.Relists {
		if n > before.Relists[reason] {
			why = append(why, string(reason))
		}
	}
	slices.Sort(why)
	return why
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (w *world) refuseWrites() {
	w.refused = w.server.Inject(apitest.Fault{
		Match: apitest.Match{Verb: apitest.VerbUpdate, Resource: resource},
		Times: failing,
		Do:    apitest.Fail(http.StatusServiceUnavailable),
	})
}

// rewritten waits until the workers have done what the server had refused.
func (w *world) rewritten(ctx context.Context, _ reflector.Stats) (string, error) {
	began := time.Now()
	failures := &w.pipeline.failures
	for w.refused.Hits() < failing || failures.pending() > 0 {
		if err := sleep(ctx, look); err != nil {
			return "", fmt.Errorf("%d keys still fail: %w; the last error: %v", failures.pending(), err, failures.lastError())
		}
	}
	return fmt.Sprintf("The work queue brought each key back after a pause of its own; the workers were done "+
		"with all of them %.2f s later. (The last error: %v.)", time.Since(began).Seconds(), failures.lastError()), nil
}

// sleep waits for d, or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
