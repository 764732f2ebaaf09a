package workqueue_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/informant-go/informant/workqueue"
)

// Misuse is reported with the name of the queue, the call, the item and the
// reason, under no lock: the hook may use the queue.
func TestMisuseIsNamed(t *testing.T) {
	var got []*workqueue.MisuseError
	var q *workqueue.DelayingQueue[string]
	q = workqueue.NewDelaying(workqueue.Options[string]{
		Name: "pods",
		OnMisuse: func(err *workqueue.MisuseError) {
			q.Len()
			got = append(got, err)
		},
	})
	q.Add("waits")
	q.Done("waits")
	q.Done("unknown")
	q.AddAfter("late", -time.Second)
	q.AddWith(workqueue.AddOptions{RateLimited: true}, "limited")
	limited := workqueue.NewRateLimiting(workqueue.Options[string]{
		Name: "pods", OnMisuse: func(err *workqueue.MisuseError) { got = append(got, err) },
		Limiter: workqueue.NewExponentialLimiter[string](-time.Second, time.Second),
	})
	limited.AddRateLimited("late")
	q.ShutDown()
	limited.ShutDown()
	q.Add("dead")
	q.AddPriority("dead", 1)
	q.AddAfter("dead", time.Second)
	q.AddWith(workqueue.AddOptions{}, "dead")
	limited.AddRateLimited("dead")
	want := []struct {
		call, item string
		reason     error
	}{
		{"Done", "waits", workqueue.ErrNotProcessing},
		{"Done", "unknown", workqueue.ErrNotProcessing},
		{"AddAfter", "late", workqueue.ErrNegativeDelay},
		{"AddWith", "limited", workqueue.ErrNoLimiter},
		{"AddRateLimited", "late", workqueue.ErrNegativeDelay},
		{"Add", "dead", workqueue.ErrShutDown},
		{"AddPriority", "dead", workqueue.ErrShutDown},
		{"AddAfter", "dead", workqueue.ErrShutDown},
		{"AddWith", "dead", workqueue.ErrShutDown},
		{"AddRateLimited", "dead", workqueue.ErrNegativeDelay},
		{"AddRateLimited", "dead", workqueue.ErrShutDown},
	}
	if len(got) != len(want) {
		t.Fatalf("%d misuses were reported, expected %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if e := got[i]; e.Queue != "pods" || e.Call != w.call || e.Item != w.item || !errors.Is(e, w.reason) {
			t.Errorf("misuse %d is %v, expected %+v", i, e, w)
		}
		if text := got[i].Error(); !strings.Contains(text, "pods") || !strings.Contains(text, w.item) {
			t.Errorf("%q does not name queue and item", text)
		}
	}
	if q.Len() != 3 {
		t.Errorf("Len is %d: a misuse changed the queue", q.Len())
	}
}

// So is that of a layer over a foreign queue.
func TestMisuseOfALayerIsNamed(t *testing.T) {
	var got []string
	below := new(workqueue.Queue[string])
	q := workqueue.NewDelayingOver[string](below, workqueue.Options[string]{
		Name:     "pods",
		OnMisuse: func(err *workqueue.MisuseError) { got = append(got, err.Error()) },
	})
	limited := workqueue.NewRateLimitingOver[string](q, workqueue.NewExponentialLimiter[string](-1, 1))
	q.AddAfter("a", -time.Second)
	q.Reschedule("b", -time.Second, workqueue.PendingReplace)
	limited.AddRateLimited("c")
	q.ShutDown()
	q.AddAfter("d", time.Second)
	if len(got) != 4 || below.Len() != 2 {
		t.Fatalf("%d items are ready, reported was %q", below.Len(), got)
	}
	for i, want := range []struct {
		call, item string
		reason     error
	}{
		{"AddAfter", "a", workqueue.ErrNegativeDelay},
		{"Reschedule", "b", workqueue.ErrNegativeDelay},
		{"AddAfter", "c", workqueue.ErrNegativeDelay},
		{"AddAfter", "d", workqueue.ErrShutDown},
	} {
		err := workqueue.MisuseError{Queue: "pods", Call: want.call, Item: want.item, Err: want.reason}
		if got[i] != err.Error() {
			t.Errorf("misuse %d is %s, expected %s", i, got[i], err.Error())
		}
	}
}

// Without a hook a wrong Done is logged as an error, and what programs do at
// their end is not.
func TestMisuseIsLogged(t *testing.T) {
	var out bytes.Buffer
	logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
	q := workqueue.New(workqueue.Options[string]{Name: "pods", Logger: logger})
	q.Done("unknown")
	if text := out.String(); !strings.Contains(text, "pods") || !strings.Contains(text, "unknown") {
		t.Errorf("the log says %q", text)
	}
	out.Reset()
	q.ShutDown()
	q.Add("dead")
	if out.Len() != 0 {
		t.Errorf("an addition after ShutDown is logged: %s", out.String())
	}
}

// A tolerant queue reports nothing that client-go allows.
func TestTolerantQueueReportsNothing(t *testing.T) {
	q := workqueue.NewDelaying(workqueue.Options[string]{
		Tolerant: true,
		OnMisuse: func(err *workqueue.MisuseError) { t.Error(err) },
	})
	q.Done("unknown")
	q.AddAfter("a", -time.Second)
	if q.Len() != 1 {
		t.Errorf("Len is %d", q.Len())
	}
	q.Reschedule("a", -time.Second, workqueue.PendingReplace)
}

// A nil where something is needed is a panic that says where and what to do.
func TestNilIsRefusedWhereItIsGiven(t *testing.T) {
	for name, f := range map[string]func(){
		"NewMaxOfLimiter":     func() { workqueue.NewMaxOfLimiter[string](nil) },
		"NewMaxWaitLimiter":   func() { workqueue.NewMaxWaitLimiter[string](nil, time.Second) },
		"NewDelayingOver":     func() { workqueue.NewDelayingOver[string](nil, workqueue.Options[string]{}) },
		"NewRateLimitingOver": func() { workqueue.NewRateLimitingOver[string](nil, nil) },
		"NewBucketLimiter":    func() { new(workqueue.BucketLimiter[string]).When("a") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, name) {
					t.Errorf("the panic says %q, which does not name %s", text, name)
				}
			}()
			f()
		})
	}
}

// A queue without a limiter, the zero value and a layer included, has the
// default one.
func TestANilLimiterIsTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, q := range map[string]workqueue.RateLimitingInterface[string]{
			"queue":      workqueue.NewRateLimiting(workqueue.Options[string]{}),
			"zero value": new(workqueue.RateLimitingQueue[string]),
			"layer":      workqueue.NewRateLimitingOver[string](new(workqueue.DelayingQueue[string]), nil),
		} {
			begin := time.Now()
			q.AddRateLimited("a")
			q.AddRateLimited("a")
			if item, _ := q.Get(); item != "a" || time.Since(begin) != 5*time.Millisecond || q.NumRequeues("a") != 2 {
				t.Errorf("%s: got %q after %v and %d failures", name, item, time.Since(begin), q.NumRequeues("a"))
			}
			q.Forget("a")
			if n := q.NumRequeues("a"); n != 0 {
				t.Errorf("%s: %d failures after Forget", name, n)
			}
			q.ShutDown()
		}
		q := new(workqueue.RateLimitingQueue[string])
		q.AddWith(workqueue.AddOptions{RateLimited: true}, "a")
		if at, ok := q.WhenReady("a"); !ok || time.Until(at) != 5*time.Millisecond {
			t.Errorf("AddWith delays for %v, %v", time.Until(at), ok)
		}
		q.ShutDown()
	})
}

// noDepth is a PriorityGauge.
type noDepth struct{}

func (noDepth) Inc(int) {}
func (noDepth) Dec(int) {}

// full has every field of Options set.
func full() workqueue.Options[string] {
	return workqueue.Options[string]{
		Name: "pods", Metrics: silent{}, Clock: clock.RealClock{}, Logger: klog.Background(),
		OnMisuse: quiet, IdleEntries: 1, Tolerant: true,
		PriorityDepth: noDepth{}, Storage: new(fifo), Group: func(string) string { return "" }, Aging: 1,
		AddTakesDelay: true,
		Limiter:       workqueue.DefaultItemLimiter[string](), Backoff: workqueue.Backoff{Base: 1}, Jitter: 0.1,
		Tokens: rate.NewLimiter(1, 1),
	}
}

// constructors make a queue of each layer and shut it down, and name the fields
// that they do not use.
var constructors = []struct {
	name   string
	make   func(workqueue.Options[string])
	unused []string
}{
	{
		"New",
		func(o workqueue.Options[string]) { workqueue.New(o).ShutDown() },
		[]string{"AddTakesDelay", "Limiter", "Backoff", "Jitter", "Tokens"},
	},
	{
		"NewDelaying",
		func(o workqueue.Options[string]) { workqueue.NewDelaying(o).ShutDown() },
		[]string{"Limiter", "Backoff", "Jitter", "Tokens"},
	},
	{
		"NewRateLimiting",
		func(o workqueue.Options[string]) { workqueue.NewRateLimiting(o).ShutDown() },
		nil,
	},
	{
		"NewDelayingOver",
		func(o workqueue.Options[string]) {
			workqueue.NewDelayingOver(new(workqueue.Queue[string]), o).ShutDown()
		},
		[]string{
			"PriorityDepth", "Storage", "Group", "Aging", "AddTakesDelay", "Limiter", "Backoff", "Jitter", "Tokens",
		},
	},
}

// A constructor reports each option that it does not use, once, by the name of
// the field; also a tolerant one.
func TestAnUnusedOptionIsAMisuse(t *testing.T) {
	for _, c := range constructors {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			o := full()
			o.OnMisuse = func(err *workqueue.MisuseError) {
				if !errors.Is(err, workqueue.ErrUnusedOption) || err.Queue != "pods" || err.Call != c.name || err.Item != "" {
					t.Errorf("the misuse is %+v", err)
				}
				if !strings.Contains(err.Error(), c.name) || !strings.Contains(err.Error(), "Options."+err.Option+":") {
					t.Errorf("%q does not name the constructor and the field", err)
				}
				got = append(got, err.Option)
			}
			c.make(o)
			if !slices.Equal(got, c.unused) {
				t.Errorf("reported are %q, expected %q", got, c.unused)
			}
			c.make(workqueue.Options[string]{OnMisuse: func(err *workqueue.MisuseError) { t.Error(err) }})
		})
	}
}

// No field of Options is left out above.
func TestFullOptionsAreFull(t *testing.T) {
	o := reflect.ValueOf(full())
	for i := range o.NumField() {
		if o.Field(i).IsZero() {
			t.Errorf("%s is not set", o.Type().Field(i).Name)
		}
	}
}

// Without a hook an unused option is logged as an error, with queue,
// constructor and field.
func TestAnUnusedOptionIsLogged(t *testing.T) {
	var out bytes.Buffer
	logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&out)))
	workqueue.New(workqueue.Options[string]{Name: "pods", Logger: logger, Jitter: 0.1, AddTakesDelay: true})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines are logged, expected one for each of two options: %s", len(lines), out.String())
	}
	for i, field := range []string{"AddTakesDelay", "Jitter"} {
		if !strings.HasPrefix(lines[i], "E") || !strings.Contains(lines[i], `queue="pods" call="New" option="`+field+`"`) {
			t.Errorf("the line is %s", lines[i])
		}
	}
}

// Each error is a sentence of this package that says what to do, and MisuseError
// says it once.
func TestErrorsSayWhatToDo(t *testing.T) {
	for _, err := range []error{
		workqueue.ErrShutDown, workqueue.ErrNotProcessing, workqueue.ErrNegativeDelay, workqueue.ErrNoLimiter,
		workqueue.ErrUnusedOption,
	} {
		text, ours := strings.CutPrefix(err.Error(), "workqueue: ")
		if _, advice, found := strings.Cut(text, ": "); !ours || !found || advice == "" {
			t.Errorf("%q is not of this package or gives no advice", err)
		}
		for _, misuse := range []*workqueue.MisuseError{
			{Queue: "pods", Call: "Done", Item: "a", Err: err}, {Queue: "pods", Call: "New", Option: "Group", Err: err},
		} {
			got := misuse.Error()
			if strings.Count(got, "workqueue: ") != 1 || !strings.HasPrefix(got, "workqueue: ") || !strings.HasSuffix(got, ": "+text) {
				t.Errorf("a misuse says %q", got)
			}
		}
	}
}

// An item that cannot be hashed panics in the caller and leaves the queue as
// it was.
func TestAnItemThatCannotBeHashedHarmsNobody(t *testing.T) {
	q := workqueue.New(workqueue.Options[any]{})
	q.Add("good")
	for _, call := range []func(any){q.Add, q.Done} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call([]int{1})
		}()
	}
	if item, ok := q.TryGet(); !ok || item != "good" {
		t.Errorf("TryGet is %v, %v", item, ok)
	}
	q.Done("good")
}

// liar is a Storage that gives out what it was not given.
type liar struct{ fifo }

func (l *liar) Pop() string {
	if item := l.fifo.Pop(); item != "b" {
		return item
	}
	return "a"
}

// Q1: a Storage cannot make the queue hand out an item twice.
func TestStorageIsNotBelieved(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{Storage: &liar{}})
	q.Add("a")
	q.Add("b")
	if item, ok := q.TryGet(); !ok || item != "a" {
		t.Fatalf("TryGet is %v, %v", item, ok)
	}
	if item, ok := q.TryGet(); ok {
		t.Errorf("%q was handed out while being processed", item)
	}
}

// brittle is a clock that panics when it is told to.
type brittle struct {
	clock.WithTicker
	broken atomic.Bool
	once   atomic.Bool // it is in order after a panic
}

func (b *brittle) Since(t time.Time) time.Duration {
	if b.broken.Load() {
		b.broken.Store(!b.once.Load())
		panic("the clock is broken")
	}
	return b.WithTicker.Since(t)
}

// A clock that panics does so in the caller, and leaves no lock and no waiter
// behind: the others go on.
func TestAClockThatPanicsHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &brittle{WithTicker: clocktesting.NewFakeClock(time.Now())}
		q := workqueue.NewDelaying(workqueue.Options[string]{Name: "q", Metrics: silent{}, Clock: c})
		defer q.ShutDown()
		calls := func() (panics int) {
			for _, call := range []func(){
				func() { q.Add("a") }, func() { q.AddAfter("a", time.Second) }, func() { q.TryGet() },
				func() { q.Done("a") }, func() { q.Cancel("a") }, func() { q.WhenReady("a") },
			} {
				func() {
					defer func() {
						if recover() != nil {
							panics++
						}
					}()
					call()
				}()
			}
			return panics
		}
		got := make(chan string, 2)
		for range 2 {
			go func() {
				defer func() {
					if recover() != nil {
						got <- "panic"
					}
				}()
				item, _ := q.Get()
				got <- item
			}()
		}
		synctest.Wait()
		c.broken.Store(true)
		if n := calls(); n != 6 {
			t.Errorf("%d of 6 calls panicked", n)
		}
		c.broken.Store(false)
		q.Add("b")
		c.once.Store(true)   // the other one is woken then, and looks at it too
		c.broken.Store(true) // before the waiter that is woken looks at it
		synctest.Wait()
		c.broken.Store(false)
		all := []string{<-got}
		q.Add("c")
		all = append(all, <-got)
		slices.Sort(all) // who panics may say so after the other has b
		if all[0] != "b" || all[1] != "panic" && all[1] != "c" {
			t.Errorf("the waiters got %q", all)
		}
	})
}
