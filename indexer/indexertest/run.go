package indexertest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/indexer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is what the suite stores. Its key has to be namespace/name, its
// version that of its metadata.
type Object = metav1.PartialObjectMetadata

// Indexer is what the suite tests.
type Indexer = indexer.Indexer[*Object]

// Config is how a subtest wants its store.
type Config struct {
	// Indexers are the indexes that the store has from the start.
	Indexers indexer.Indexers[*Object]
}

// Factory makes an empty store.
type Factory func(Config) (Indexer, error)

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

// Run tests the stores that factory makes, each subtest with new ones.
func Run(t *testing.T, factory Factory, known Known) {
	tests := allTests()
	names := make(map[string]bool, len(tests))
	for _, test := range tests {
		names[test.name] = true
		t.Run(test.name, func(t *testing.T) {
			wrong, asKnown := test.verdict(factory, known)
			for _, failure := range wrong {
				t.Error(failure)
			}
			if asKnown != "" {
				t.Log(asKnown)
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

func allTests() []test {
	return slices.Concat(contentTests, indexTests, stateTests, waitTests, versionTests, watchTests)
}

// verdict runs a subtest and returns what is wrong, or what failed as known.
func (test test) verdict(factory Factory, known Known) (wrong []string, asKnown string) {
	reason, isKnown := known[test.name]
	failures := run(test.body, factory, isKnown)
	switch {
	case isKnown && len(failures) == 0:
		return []string{fmt.Sprintf("passes, although it is known to fail (%s): take it off the list", reason)}, ""
	case isKnown:
		return nil, fmt.Sprintf("fails as known (%s): %v", reason, failures)
	}
	return failures, ""
}

// run runs body to its end and returns what it found wrong.
func run(body func(*suite), factory Factory, known bool) []string {
	s := &suite{factory: factory, patience: patience}
	if known {
		s.patience = knownPatience
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.running.Wait()
		defer func() {
			for _, undo := range slices.Backward(s.undo) {
				undo()
			}
		}()
		defer s.recover()
		body(s)
	}()
	<-done
	return s.failures
}

// suite is what a subtest works with, in place of a *testing.T that cannot be
// expected to fail.
type suite struct {
	factory  Factory
	patience time.Duration
	running  sync.WaitGroup
	undo     []func()

	mu       sync.Mutex
	failures []string
}

// finally has f called when the subtest ends, before its goroutines are waited
// for.
func (s *suite) finally(f func()) { s.undo = append(s.undo, f) }

func (s *suite) recover() {
	if r := recover(); r != nil {
		s.errorf("panic: %v", r)
	}
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

// must ends the subtest when something failed that has nothing to fail for.
func (s *suite) must(err error) {
	if err != nil {
		s.fatalf("unexpected error: %v", err)
	}
}

// store makes a store with indexes.
func (s *suite) store(indexers indexer.Indexers[*Object]) Indexer {
	store, err := s.factory(Config{Indexers: indexers})
	s.must(err)
	return store
}

// start runs f in a goroutine; the channel is closed when f has returned.
func (s *suite) start(f func()) <-chan struct{} {
	done := make(chan struct{})
	s.running.Go(func() {
		defer close(done)
		defer s.recover()
		f()
	})
	return done
}

// soon ends the subtest when f does not return within the suite's patience.
func (s *suite) soon(what string, f func()) { s.await(what, s.start(f)) }

func (s *suite) await(what string, done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(s.patience):
		s.fatalf("%s does not come to an end", what)
	}
}

// context ends with the subtest.
func (s *suite) context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	s.finally(cancel)
	return ctx
}

// object makes an object of namespace/name with a version and colors.
func object(namespace, name, version string, colors ...string) *Object {
	o := &Object{}
	o.Namespace, o.Name, o.ResourceVersion = namespace, name, version
	o.Finalizers = colors
	return o
}

// byColor is the index function of the suite.
func byColor(o *Object) ([]string, error) { return o.Finalizers, nil }

var colors = indexer.Indexers[*Object]{"color": byColor}

// keys returns the sorted keys of objects.
func keys(objects []*Object) []string {
	all := make([]string, 0, len(objects))
	for _, o := range objects {
		all = append(all, o.Namespace+"/"+o.Name)
	}
	slices.Sort(all)
	return all
}

// equal compares two lists of strings without regard to order.
func (s *suite) equal(what string, got []string, want ...string) {
	got = slices.Sorted(slices.Values(got))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.errorf("%s: %q, want %q", what, got, want)
	}
}

// by returns the keys that the color index gives, by all ways of asking.
func (s *suite) by(store Indexer, color string) []string {
	objects, err := store.ByIndex("color", color)
	s.must(err)
	names, err := store.IndexKeys("color", color)
	s.must(err)
	s.equal("IndexKeys of "+color, names, keys(objects)...)
	return keys(objects)
}
