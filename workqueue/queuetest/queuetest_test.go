package queuetest

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/workqueue"
	"github.com/informant-go/informant/workqueue/internal/broken"
)

// The goroutines of a call that never returns cannot be ended by anybody, see
// TestACallThatNeverReturnsFails.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/informant-go/informant/workqueue/queuetest.stuck.Len"),
		goleak.IgnoreTopFunction("testing/synctest.testingSynctestTest"))
}

// with makes queues of one fault.
func with(fault broken.Fault) Factory {
	return Factory{
		Queue:    func() workqueue.Interface[string] { return broken.New(fault, nil) },
		Delaying: func() workqueue.DelayingInterface[string] { return broken.New(fault, nil) },
		RateLimiting: func(l workqueue.RateLimiter[string]) workqueue.RateLimitingInterface[string] {
			return broken.New(fault, l)
		},
	}
}

// finds has, for each check, a fault that it must find.
var finds = map[string]broken.Fault{
	"Q1 an item that is being processed is handed to nobody else":       broken.HandsOutTwice,
	"Q1 a Done without a Get does not double an item":                   broken.DoneDoubles,
	"Q1 many workers get everything once":                               broken.LosesItems,
	"Q2 additions of a waiting item are merged":                         broken.MergesNothing,
	"Q2 an item added while processing goes back once after Done":       broken.GoesBackTwice,
	"Q2 an item that was not added while processing does not come back": broken.AlwaysGoesBack,
	"Q3 items go out in the order in which they became ready":           broken.LastFirst,
	"Q6 an item goes out after those that were ready before it":         broken.GoesBackFirst,
	"Q7 nothing but Get waits":                                          broken.ShutDownWaits,

	"Q5 new items are ignored after ShutDown":                       broken.AddsWhenDown,
	"Q5 workers get what is queued":                                 broken.DropsWhatWaits,
	"Q5 an item added while processing before ShutDown goes back":   broken.LosesDirtyWhenDown,
	"Q5 ShutDown wakes every worker":                                broken.WakesOneWorker,
	"Q5 ShutDownWithDrain waits for items that are being processed": broken.DrainsNothing,
	"Q5 every ShutDownWithDrain ends with the last Done":            broken.DoneEndsOneDrain,
	"Q5 ShutDownWithDrain waits for what is queued":                 broken.DrainsWhatIsProcessed,
	"Q5 ShutDownWithDrain waits for an item that goes back":         broken.DrainsWhatIsProcessed,
	"Q5 ShutDown ends ShutDownWithDrain":                            broken.DrainGoesOn,
	"Q5 both may be called again, in any order":                     broken.ShutDownOnlyOnce,

	"Q4 a delay never ends early":                                           broken.EndsEarly,
	"Q4 no delay is none":                                                   broken.NoDelayIsLost,
	"Q4 the earliest delay counts":                                          broken.LatestCounts,
	"Q4 an Add during the delay runs now and leaves the delay":              broken.AddTakesDelay,
	"Q4 a delay that ends while processing brings the item back after Done": broken.DelayWaitsForNone,
	"Q4 a delay of centuries does not end at once":                          broken.DelayOverflows,
	"Q3 delays end in the order of their ends":                              broken.DelaysInWholeDays,
	"Q3 delays that end together keep the order of the calls":               broken.TogetherReversed,
	"Q5 delays are dropped by ShutDown":                                     broken.KeepsDelays,
	"Q5 delays are dropped by ShutDownWithDrain":                            broken.KeepsDelays,
	"Q5 a second ShutDown ends ShutDownWithDrain too":                       broken.SecondIsIgnored,
	"Q7 no worker waits while items do":                                     broken.SleepsOn,
	"Q7 no worker waits while delays have ended":                            broken.SleepsOn,
	"Q7 AddAfter does not wait":                                             broken.AddAfterWaits,
	"Q4 AddRateLimited waits for as long as the limiter says":               broken.IgnoresLimiter,
}

// alsoFinds are faults that checks find which have another one above.
var alsoFinds = map[broken.Fault]string{
	broken.LosesDirty:          "Q2 an item added while processing goes back once after Done",
	broken.DelaysAddUp:         "Q4 the earliest delay counts",
	broken.NeverForgets:        "Q4 AddRateLimited waits for as long as the limiter says",
	broken.SaysShutDownTooSoon: "Q5 workers get what is queued",
}

// Each check of Q1 to Q7 fails for a queue that breaks what it is about.
func TestEachCheckFindsItsFault(t *testing.T) {
	for _, c := range all(with(broken.None)) {
		fault, ok := finds[c.name]
		if !ok {
			t.Errorf("no fault is known to make %q fail", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) { mustFail(t, c, fault) })
	}
	for fault, name := range alsoFinds {
		at := slices.IndexFunc(all(with(fault)), func(c check) bool { return c.name == name })
		if at < 0 {
			t.Errorf("no check has the name %q", name)
			continue
		}
		t.Run(string(fault), func(t *testing.T) { mustFail(t, all(with(fault))[at], fault) })
	}
}

func mustFail(t *testing.T, c check, fault broken.Fault) {
	err := c.try(t, with(fault))
	if err == nil {
		t.Errorf("passes, although %s", fault)
	}
	t.Logf("%s: %v", fault, err)
}

// Without a fault the same queue passes: it is the fault that is found.
func TestASoundQueuePasses(t *testing.T) { Run(t, with(broken.None), nil) }

// A layer that is left out has no checks.
func TestALayerCanBeLeftOut(t *testing.T) {
	for _, c := range all(Factory{Delaying: with(broken.None).Delaying}) {
		if strings.Contains(c.name, "RateLimited") || slices.ContainsFunc(queueChecks, func(q check) bool { return q.name == c.name }) {
			t.Errorf("%q is checked without its layer", c.name)
		}
	}
}

// stuck is a queue whose Len never returns.
type stuck struct{ workqueue.Interface[string] }

func (stuck) Len() int { <-(chan int)(nil); return 0 }

// A call that never returns fails its check, and not the whole run.
func TestACallThatNeverReturnsFails(t *testing.T) {
	f := Factory{Queue: func() workqueue.Interface[string] { return stuck{with(broken.None).Queue()} }}
	err := queueChecks[2].try(t, f)
	if err == nil || !strings.Contains(err.Error(), "waits for ever") {
		t.Errorf("the check says %v", err)
	}
}
