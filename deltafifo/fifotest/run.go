package fifotest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is what the suite queues. Its key has to be namespace/name.
type Object = metav1.PartialObjectMetadata

// Queue is what the suite tests.
type Queue = deltafifo.Queue[*Object]

// Config is how a subtest wants its queue. The zero value is a plain queue.
type Config struct {
	// KnownObjects is the store of the suite's consumer. It is always set;
	// a queue that needs none may ignore it.
	KnownObjects deltafifo.KnownObjects[*Object]

	// Transform and Bound are those of deltafifo.Options.
	Transform func(*Object) (*Object, error)
	Bound     int
}

// Factory makes an empty queue.
type Factory func(Config) (Queue, error)

// Known has the names of the subtests that an implementation fails, with the
// reason. Such a subtest must fail, and its name must exist: so the list
// cannot go stale.
type Known map[string]string

// How long the suite waits for what should happen at once. A subtest that is
// known to fail is given less, because it may well have to wait in vain.
const (
	patience      = 30 * time.Second
	knownPatience = 500 * time.Millisecond
)

// Run tests the queues that factory makes, each subtest with new ones.
func Run(t *testing.T, factory Factory, known Known) {
	tests := slices.Concat(orderTests, listTests, goneTests, flowTests, syncedTests, resyncTests, closeTests, popTests, transformTests)
	names := make(map[string]bool, len(tests))
	for _, test := range tests {
		names[test.name] = true
		t.Run(test.name, func(t *testing.T) {
			reason, isKnown := known[test.name]
			failures := run(t, test.body, factory, isKnown)
			switch {
			case isKnown && len(failures) == 0:
				t.Errorf("passes, although it is known to fail (%s): take it off the list", reason)
			case isKnown:
				t.Logf("fails as known (%s): %v", reason, failures)
			default:
				for _, failure := range failures {
					t.Error(failure)
				}
			}
		})
	}
	for name := range known {
		if !names[name] {
			t.Errorf("%q is known to fail and does not exist", name)
		}
	}
}

// test is one subtest. Its body runs in a goroutine of its own.
type test struct {
	name string
	body func(*suite)
}

// run runs body to its end and returns what it found wrong.
func run(t *testing.T, body func(*suite), factory Factory, known bool) []string {
	s := &suite{t: t, factory: factory, patience: patience}
	if known {
		s.patience = knownPatience
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				s.errorf("panic: %v", r)
			}
		}()
		body(s)
	}()
	select {
	case <-done:
	case <-time.After(2 * s.patience):
		s.errorf("the subtest hangs, maybe in a Pop that waits for nothing")
	}
	s.finish(done)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

// suite is what a subtest works with, in place of a *testing.T that cannot be
// expected to fail.
type suite struct {
	t        *testing.T // for bubble only
	factory  Factory
	patience time.Duration
	running  sync.WaitGroup

	mu       sync.Mutex
	queues   []Queue
	failures []string
}

// finish closes the queues, which ends whatever waits, and waits for the body
// and the goroutines of start.
func (s *suite) finish(done <-chan struct{}) {
	s.mu.Lock()
	queues := s.queues
	s.mu.Unlock()
	for _, q := range queues {
		q.Close()
	}
	ended := make(chan struct{})
	go func() { <-done; s.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(s.patience):
		s.errorf("a call did not return although its queue was closed")
	}
}

// bubble runs f in virtual time. The queues in it have to be made there.
func (s *suite) bubble(f func()) {
	synctest.Test(s.t, func(*testing.T) {
		f()
		for _, q := range s.queues {
			q.Close()
		}
		s.queues = nil // another goroutine must not touch them
	})
}

func (s *suite) errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

func (s *suite) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.failures) > 0
}

// fatalf ends the goroutine that calls it.
func (s *suite) fatalf(format string, args ...any) {
	s.errorf(format, args...)
	runtime.Goexit()
}

// must ends the subtest when something failed that has nothing to fail for.
func (s *suite) must(what string, err error) {
	if err != nil {
		s.fatalf("%s: %v", what, err)
	}
}

// start runs f in a goroutine, for which the subtest waits at its end.
func (s *suite) start(f func()) (done <-chan struct{}) {
	ended := make(chan struct{})
	s.running.Go(func() {
		defer close(ended)
		f()
	})
	return ended
}

// await waits for done and ends the subtest when that takes too long.
func (s *suite) await(what string, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(s.patience):
		s.fatalf("%s does not return", what)
	}
}

// within is start and await.
func (s *suite) within(what string, f func()) { s.await(what, s.start(f)) }
