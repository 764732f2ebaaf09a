package workqueue_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/informant-go/informant/workqueue"
)

// vanishing is small enough for every run of the tests; ten million keys take
// about 3 GB and some minutes:
//
//	go test ./workqueue -run TestKeysThatVanish -v -workqueue.keys 10000000
var vanishing = flag.Int("workqueue.keys", 100_000, "how many keys fail once and vanish")

// movable is a queue whose time the test moves.
type movable struct {
	*workqueue.RateLimitingQueue[string]
	clock *clocktesting.FakeClock // nil is the virtual time of the bubble
}

func newMovable(o workqueue.Options[string], injected bool) movable {
	if !injected {
		return movable{workqueue.NewRateLimiting(o), nil}
	}
	c := clocktesting.NewFakeClock(epoch)
	o.Clock = c
	return movable{workqueue.NewRateLimiting(o), c}
}

// pass lets time pass, and waits for what the queue does about it.
func (m movable) pass(d time.Duration) {
	synctest.Wait() // a goroutine on an injected clock must have its timer
	if m.clock != nil {
		m.clock.Step(d)
	} else {
		<-time.After(d)
	}
	synctest.Wait()
}

// fail works on n keys that fail, and that nobody hears of again once they
// have been tried a second time.
func (m movable) fail(t *testing.T, from, n int) {
	for i := from; i < from+n; i++ {
		m.Add(fmt.Sprintf("namespace-%d/pod-%d", i%100, i))
		key, _ := m.Get()
		m.AddRateLimited(key)
		m.Done(key)
	}
	m.pass(time.Millisecond)
	for range n {
		key, ok := m.TryGet()
		if !ok {
			t.Fatal("a key that failed is not tried again")
		}
		m.Done(key)
	}
}

// With failures that expire, keys that fail once and vanish leave no memory
// behind, although nothing is called any more: not when they all fail at once,
// and not when some fail all the time.
func TestKeysThatVanishLeaveNoMemory(t *testing.T) {
	const expire = time.Minute
	for _, test := range []struct {
		name     string
		injected bool // clock
		idle     int
		part     int // of the keys
		waves    int
		atMost   int64 // bytes that are left
	}{
		{"all at once, injected clock", true, -1, 1, 1, 1 << 20},
		{"all at once, with idle entries", false, 1000, 4, 1, 1 << 20},
		{"all the time", false, -1, 2, 100, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := heap()
				q := newMovable(workqueue.Options[string]{
					Backoff:     workqueue.Backoff{Base: time.Millisecond, Max: time.Second, Expire: expire},
					IdleEntries: test.idle,
				}, test.injected)
				defer q.ShutDown()
				size, most := *vanishing/test.part/test.waves, 0
				for wave := range test.waves {
					q.fail(t, wave*size, size)
					kept, _ := q.Entries()
					most = max(most, kept)
					if wave < test.waves-1 {
						q.pass(expire / 10)
					}
				}
				peak := heap() - began
				if most < size {
					t.Errorf("at most %d failures were remembered of %d at a time", most, size)
				}
				// A tenth of the waves are remembered, and one more for the
				// steps in which failures are forgotten.
				if bound := size * (test.waves/5 + 1); most > bound {
					t.Errorf("%d failures were remembered, expected at most %d", most, bound)
				}
				q.pass(2 * expire)
				left := heap() - began
				if kept, _ := q.Entries(); kept > max(test.idle, 0) {
					t.Errorf("%d entries are kept", kept)
				}
				t.Logf("%d keys: %d remembered at most, %d bytes at the end of the failures, %d when they had expired",
					size*test.waves, most, peak, left)
				if left > test.atMost {
					t.Errorf("%d bytes are left, expected at most %d", left, test.atMost)
				}
			})
		})
	}
}

// heap is the number of bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalizes
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
