package informertest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// Known has the names of the subtests that an implementation fails, with the
// reason. Such a subtest must fail, and its name must exist: so the list
// cannot go stale. A reason that begins with ByChance is that of a subtest
// which an implementation fails in some runs only; it may pass.
type Known map[string]string

// ByChance begins the reason for a subtest whose outcome the implementation
// leaves to the scheduler.
const ByChance = "by chance: "

// test is one subtest. Its body runs in a goroutine of its own, in virtual
// time.
type test struct {
	name string
	body func(*suite)
}

// Run tests the informers that factory makes, each subtest with new ones.
func Run(t *testing.T, factory Factory, known Known) {
	tests := slices.Concat(eventTests, orderTests, joinTests, removeTests, syncTests, resyncTests, crashTests, runTests)
	names := make(map[string]bool, len(tests))
	for _, test := range tests {
		names[test.name] = true
		t.Run(test.name, func(t *testing.T) {
			failures := run(t, test.body, factory)
			reason, isKnown := known[test.name]
			switch {
			case isKnown && len(failures) == 0 && !strings.HasPrefix(reason, ByChance):
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

// run runs body to its end and returns what it found wrong. What the informer
// leaves behind makes synctest fail: no Known covers a leak.
func run(t *testing.T, body func(*suite), factory Factory) (failures []string) {
	synctest.Test(t, func(*testing.T) {
		s := &suite{factory: factory, server: newServer()}
		s.within("the subtest", func() {
			defer s.finish()
			defer func() {
				if r := recover(); r != nil {
					s.errorf("panic: %v", r)
				}
			}()
			body(s)
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		failures = s.failures
	})
	return failures
}
