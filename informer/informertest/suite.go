package informertest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
)

// patience is how long the suite waits, in virtual time, for what should
// happen; longer than any backoff, shorter than a watch.
const patience = 3 * time.Minute

// suite is what a subtest works with, in place of a *testing.T that cannot be
// expected to fail.
type suite struct {
	factory Factory
	server  *server
	runs    []*running

	mu       sync.Mutex
	failures []string
}

// running is a Run that was started.
type running struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // after ended
}

func (s *suite) errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

// fatalf ends the goroutine that calls it.
func (s *suite) fatalf(format string, args ...any) {
	s.errorf(format, args...)
	runtime.Goexit()
}

// informer makes an informer of the server.
func (s *suite) informer(c Config) Informer {
	c.Source = s.server
	in, err := s.factory(c)
	if err != nil {
		s.fatalf("factory: %v", err)
	}
	return in
}

// start runs in until stop or the end of the subtest.
func (s *suite) start(in Informer) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, ended: make(chan struct{})}
	s.runs = append(s.runs, r)
	go func() {
		defer close(r.ended)
		r.err = in.Run(ctx)
	}()
	return r
}

// stop ends a run, which has to end in time and without an error.
func (s *suite) stop(r *running) {
	r.cancel()
	s.await("Run after its context has ended", r.ended)
	if r.err != nil {
		s.errorf("Run returned %v", r.err)
	}
}

// finish ends everything.
func (s *suite) finish() {
	s.server.open()
	for _, r := range s.runs {
		r.cancel()
	}
	for _, r := range s.runs {
		s.await("Run after its context has ended", r.ended)
	}
}

// add registers a handler.
func (s *suite) add(in Informer, h informer.Handler[*Object], o informer.HandlerOptions) Registration {
	r, err := in.AddHandler(h, o)
	if err != nil {
		s.fatalf("AddHandler: %v", err)
	}
	return r
}

// watcher registers an oracle without options.
func (s *suite) watcher(name string, in Informer) (*oracle, Registration) {
	o := s.oracle(name, in)
	return o, s.add(in, o, informer.HandlerOptions{Name: name})
}

// await waits for done and ends the subtest when that takes too long.
func (s *suite) await(what string, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(patience):
		s.fatalf("%s: nothing happens", what)
	}
}

// within is await for a function.
func (s *suite) within(what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(100 * patience):
		s.errorf("%s does not return", what)
	}
}

// rest lets everything happen that is about to, without time passing: all
// goroutines wait then.
func (s *suite) rest() { synctest.Wait() }

// settle lets time pass until the informer must have caught up with the
// server.
func (s *suite) settle() { s.pass(patience) }

// pass lets time pass.
func (s *suite) pass(d time.Duration) {
	<-time.After(d)
	s.rest()
}

// expect compares what a handler was told since the last time.
func (s *suite) expect(when string, o *oracle, want ...string) {
	if got := o.take(); !slices.Equal(got, want) {
		s.errorf("%s: %s was told %q, want %q", when, o.name, got, want)
	}
}

// expectSet is expect without order.
func (s *suite) expectSet(when string, o *oracle, want ...string) {
	got := o.take()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.errorf("%s: %s was told %q, want %q in any order", when, o.name, got, want)
	}
}
