package controllerruntime

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is for a server that shares its processors with other tests.
const patience = 2 * time.Minute

// trial is one run of a test on one engine. It keeps the reason of a failure for
// the counts, and what the test has seen for the other engine's trial.
type trial struct {
	*testing.T
	engine engine
	name   string          // that of the test, on whichever engine
	ctx    context.Context // bounded by patience
	cancel context.CancelCauseFunc
	made   made

	mu     sync.Mutex
	reason string // of the first failure; guarded by mu
	seen   []seen // guarded by mu
}

// prove runs a test once on each engine that was asked for, and fails if two have
// not seen the same.
func prove(t *testing.T, test func(*trial)) {
	t.Helper()
	chosen := chosen(t)
	trials := make([]*trial, len(chosen))
	for i, e := range chosen {
		t.Run(e.name, func(t *testing.T) {
			trials[i] = newTrial(t, e)
			test(trials[i])
		})
	}
	compare(t, trials)
}

// proveAtOnce is prove for a test that does little but wait: both engines at the
// same time.
func proveAtOnce(t *testing.T, test func(*trial)) {
	t.Helper()
	chosen := chosen(t)
	trials := make([]*trial, len(chosen))
	t.Run("at once", func(t *testing.T) {
		for i, e := range chosen {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				trials[i] = newTrial(t, e)
				test(trials[i])
			})
		}
	})
	compare(t, trials)
}

// compare fails the test if two trials have not seen the same.
func compare(t *testing.T, trials []*trial) {
	t.Helper()
	if len(trials) != 2 || t.Failed() || trials[0] == nil || trials[1] == nil {
		return // one has failed by itself, or was not asked for by -run
	}
	if difference := diff(trials[0].seen, trials[1].seen); difference != "" {
		t.Errorf("the engines differ:\n%s", difference)
		counts.differ(trials[1].engine.name, trials[1].name, difference)
	}
}

func newTrial(t *testing.T, e engine) *trial {
	ctx, timeout := context.WithTimeoutCause(t.Context(), patience, fmt.Errorf("%v have passed", patience))
	ctx, cancel := context.WithCancelCause(ctx)
	x := &trial{T: t, engine: e, ctx: ctx, cancel: cancel, name: strings.TrimSuffix(t.Name(), "/"+e.name)}
	t.Cleanup(func() { // the last one to run
		timeout()
		x.made.check(x)
		counts.add(e.name, x.name, x.Failed(), x.firstReason())
	})
	return x
}

// seen is a result.
type seen struct {
	what, result string
	// begins is set if another engine's result may say more behind the same
	// beginning, as errors of clientgo/cache do.
	begins bool
}

// saw notes a result in which the engines have to agree.
func (x *trial) saw(what string, result any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = append(x.seen, seen{what: what, result: fmt.Sprint(result)})
}

// sawError is saw for the text of an error, which there must be. Ours may say more
// than stock's, behind it.
func (x *trial) sawError(what string, err error) {
	x.Helper()
	if err == nil {
		x.Errorf("%s: no error", what)
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = append(x.seen, seen{what: what, result: timeless(err.Error()), begins: true})
}

var varying = regexp.MustCompile(`0x[0-9a-f]+|127\.0\.0\.1:\d+|test-[a-z0-9]{5}\b|\b(stock|ours)\b|\S+/001/`)

// timeless replaces what differs from run to run: addresses, ports, namespaces,
// directories, names of engines.
func timeless(s string) string { return varying.ReplaceAllString(s, "…") }

// eventually asks until the answer is no error: a server has no channel to wait on.
func (x *trial) eventually(what string, try func() error) {
	x.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-x.ctx.Done():
			x.Fatalf("waiting for %s: %v (%v)", what, err, context.Cause(x.ctx))
		}
	}
}

// wait returns when the channel is closed.
func (x *trial) wait(what string, closed <-chan struct{}) {
	x.Helper()
	select {
	case <-closed:
	case <-x.ctx.Done():
		x.Fatalf("waiting for %s: %v", what, context.Cause(x.ctx))
	}
}

// must ends the trial with an error.
func (x *trial) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// The methods by which a trial fails keep the reason.

func (x *trial) Error(args ...any) {
	x.Helper()
	x.because(fmt.Sprintln(args...))
	x.T.Error(args...)
}

func (x *trial) Errorf(format string, args ...any) {
	x.Helper()
	x.because(fmt.Sprintf(format, args...))
	x.T.Errorf(format, args...)
}

func (x *trial) Fatal(args ...any) {
	x.Helper()
	x.because(fmt.Sprintln(args...))
	x.T.Fatal(args...)
}

func (x *trial) Fatalf(format string, args ...any) {
	x.Helper()
	x.because(fmt.Sprintf(format, args...))
	x.T.Fatalf(format, args...)
}

func (x *trial) because(reason string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.reason == "" {
		x.reason = strings.TrimSpace(reason)
	}
}

func (x *trial) firstReason() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.reason
}

// diff says where two lists of results differ, or nothing.
func diff(stock, ours []seen) string {
	for i := range min(len(stock), len(ours)) {
		s, o := stock[i], ours[i]
		if s.what != o.what || s.begins != o.begins || s.result != o.result && !(s.begins && strings.HasPrefix(o.result, s.result)) {
			return fmt.Sprintf("stock has seen %s: %s\nours  has seen %s: %s", s.what, s.result, o.what, o.result)
		}
	}
	if len(stock) != len(ours) {
		return fmt.Sprintf("stock has seen %d results, ours %d", len(stock), len(ours))
	}
	return ""
}
