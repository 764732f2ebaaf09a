package workqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	clocktesting "k8s.io/utils/clock/testing"
	"pgregory.net/rapid"
)

// machine drives a queue and its model with the same random calls, in virtual
// time, and compares them after each.
type machine struct {
	m *model
	q *RateLimitingQueue[string]

	workers  []*worker // blocked in Get, in any order
	drains   []chan struct{}
	misuses  []error
	failures map[string]int
	failedAt map[string]time.Duration
	expire   time.Duration // 0: the failures are in a limiter, for ever
	own      bool          // failures are delayed by options of the queue's own

	clock  *clocktesting.FakeClock // nil is the virtual time of the bubble
	counts *counts                 // nil without metrics
}

// worker is a goroutine in Get, GetPriority, GetContext or GetBatch.
type worker struct {
	kind     string
	ctx      context.Context
	cancel   context.CancelFunc
	items    []string
	err      error
	returned chan struct{}
}

// last is a Storage that gives out the last item first.
type last []string

func (l *last) Touch(string)     {}
func (l *last) Push(item string) { *l = append(*l, item) }
func (l *last) Len() int         { return len(*l) }
func (l *last) Pop() string {
	end := len(*l) - 1
	item := (*l)[end]
	*l = (*l)[:end]
	return item
}

var machineKeys = []string{"a0", "a1", "a2", "b0", "b1", "c0", "c1", "d0"}

func drawKey(t *rapid.T) string { return rapid.SampledFrom(machineKeys).Draw(t, "key") }

func drawDelay(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(-1, 5).Draw(t, "seconds")) * time.Second
}

func drawPriority(t *rapid.T) int { return rapid.IntRange(-2, 2).Draw(t, "priority") }

func drawPending(t *rapid.T) Pending {
	return Pending(rapid.IntRange(0, 2).Draw(t, "pending"))
}

// backoff is the delay of the n-th failure of a key.
func backoff(n int) time.Duration { return exponential(time.Second, 4*time.Second, n) }

func newMachine(t *rapid.T) *machine {
	s := &machine{m: newModel(), failures: map[string]int{}, failedAt: map[string]time.Duration{}}
	m := s.m
	m.aging = rapid.SampledFrom([]int{-1, 1, 2, 3}).Draw(t, "aging")
	m.merge = rapid.Bool().Draw(t, "merge")
	m.tolerant = rapid.IntRange(0, 3).Draw(t, "tolerant") == 0
	o := Options[string]{
		Name:          "machine",
		OnMisuse:      func(err *MisuseError) { s.misuses = append(s.misuses, err) },
		Aging:         m.aging,
		IdleEntries:   rapid.SampledFrom([]int{-1, 1, 3, 100}).Draw(t, "idle entries"),
		AddTakesDelay: m.merge,
		Tolerant:      m.tolerant,
	}
	if rapid.Bool().Draw(t, "injected clock") {
		s.clock = clocktesting.NewFakeClock(modelEpoch)
		o.Clock = s.clock
	}
	switch rapid.SampledFrom([]string{"one group", "groups", "storage"}).Draw(t, "order") {
	case "groups":
		m.grouped = true
		o.Group = m.groupOf
	case "storage":
		m.last = true
		o.Storage = new(last)
	}
	s.limit(t, &o)
	switch rapid.SampledFrom([]string{"none", "metrics", "depth by priority"}).Draw(t, "metrics") {
	case "metrics":
		s.counts = &counts{}
		o.Metrics = s.counts
	case "depth by priority":
		s.counts = &counts{byPriority: map[int]int{}}
		o.PriorityDepth = s.counts
	}
	s.q = NewRateLimiting(o)
	return s
}

// limit draws what delays failed items.
func (s *machine) limit(t *rapid.T, o *Options[string]) {
	if rapid.Bool().Draw(t, "backoff") {
		s.expire = 8 * time.Second // twice the longest delay
		o.Backoff = Backoff{Base: time.Second, Max: 4 * time.Second}
	} else {
		o.Limiter = NewExponentialLimiter[string](time.Second, 4*time.Second)
	}
	if rapid.Bool().Draw(t, "tokens") {
		bucket := func() *rate.Limiter { return rate.NewLimiter(rate.Every(tokenPeriod), 2) }
		s.m.bucket, o.Tokens = bucket(), bucket()
	}
	s.own = s.expire > 0 || s.m.bucket != nil
}

// actions are the calls that the machine makes.
func (s *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			key := drawKey(t)
			s.q.Add(key)
			s.m.add(key, 0)
			s.wantMisuse(t, s.m.down, ErrShutDown)
		},
		"add with priority": func(t *rapid.T) {
			key, priority := drawKey(t), drawPriority(t)
			s.q.AddPriority(key, priority)
			s.m.add(key, priority)
			s.wantMisuse(t, s.m.down, ErrShutDown)
		},
		"add after": func(t *rapid.T) {
			key, d := drawKey(t), drawDelay(t)
			s.q.AddAfter(key, d)
			s.retry()
			s.m.delay(key, d, 0, PendingEarliest, false)
			s.wantMisuse(t, d < 0 && !s.m.tolerant, ErrNegativeDelay)
			s.wantMisuse(t, s.m.down, ErrShutDown)
		},
		"add rate limited": func(t *rapid.T) {
			key := drawKey(t)
			s.q.AddRateLimited(key)
			s.retry()
			s.m.delay(key, s.fail(key), 0, PendingEarliest, s.own)
			s.wantMisuse(t, s.m.down, ErrShutDown)
		},
		"add with":   s.addWith,
		"get":        s.get,
		"get once":   s.getEnded,
		"try get":    s.tryGet,
		"get batch":  s.getBatch,
		"give up":    s.giveUp,
		"done":       s.done,
		"reschedule": s.reschedule,
		"forget": func(t *rapid.T) {
			key := drawKey(t)
			s.q.Forget(key)
			delete(s.failures, key)
		},
		"cancel": func(t *rapid.T) {
			key := drawKey(t)
			if got, want := s.q.Cancel(key), s.m.cancel(key); got != want {
				t.Fatalf("Cancel(%s) is %v, expected %v", key, got, want)
			}
		},
		"pass": func(t *rapid.T) {
			// A timer fires for each second: what becomes ready at
			// different times must not be one batch in the model.
			for range rapid.IntRange(1, 4).Draw(t, "seconds") {
				if s.clock != nil {
					s.clock.Step(time.Second)
				} else {
					<-time.After(time.Second)
				}
				synctest.Wait()
				s.m.pass(time.Second)
				s.settle(t)
			}
		},
		"shut down": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
				t.Skip()
			}
			s.q.ShutDown()
			s.m.shutDown()
			for _, drain := range s.drains {
				<-drain // ShutDown ends them all (Q5)
			}
			s.drains = nil
		},
		"drain": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
				t.Skip()
			}
			drain := make(chan struct{})
			go func() { s.q.ShutDownWithDrain(); close(drain) }()
			s.m.shutDown()
			s.drains = append(s.drains, drain)
		},
		"": s.check,
	}
}

func (s *machine) fail(key string) time.Duration {
	if s.expire > 0 && s.m.down {
		return 0 // the queue counts what it adds
	}
	s.failures[key] = s.remembered(key) + 1
	s.failedAt[key] = s.m.clock
	return backoff(s.failures[key] - 1)
}

// remembered is the number of failures of key that have not expired.
func (s *machine) remembered(key string) int {
	if s.expire > 0 && s.m.clock-s.failedAt[key] >= s.expire {
		return 0
	}
	return s.failures[key]
}

// retry counts a delayed addition as the metrics do.
func (s *machine) retry() {
	if !s.m.down {
		s.m.retries++
	}
}

func (s *machine) addWith(t *rapid.T) {
	o := AddOptions{
		After: drawDelay(t), Priority: drawPriority(t), Pending: drawPending(t),
		RateLimited: rapid.Bool().Draw(t, "rate limited"),
	}
	keys := []string{drawKey(t)}
	if len(s.workers) == 0 { // nobody takes the first before the second is there
		keys = append(keys, rapid.SliceOfN(rapid.SampledFrom(machineKeys), 0, 2).Draw(t, "more keys")...)
	}
	s.q.AddWith(o, keys...)
	for _, key := range keys {
		each, own := o, false
		if o.RateLimited {
			own = s.own
			limit := s.fail(key)
			if o.After <= 0 || limit < o.After {
				each.After = limit
			}
		}
		if each.After > 0 || own {
			s.retry()
		}
		s.m.delay(key, each.After, o.Priority, o.Pending, own)
		s.wantMisuse(t, o.After < 0 && !s.m.tolerant, ErrNegativeDelay)
		s.wantMisuse(t, s.m.down, ErrShutDown)
	}
}

func (s *machine) reschedule(t *rapid.T) {
	key, d, how := drawKey(t), drawDelay(t), drawPending(t)
	got, want := s.q.Reschedule(key, d, how), s.m.reschedule(key, d, how)
	if got != want {
		t.Fatalf("Reschedule(%s) is %v, expected %v", key, got, want)
	}
	s.wantMisuse(t, d < 0 && !s.m.tolerant, ErrNegativeDelay)
}

// get lets a worker wait for an item, or for several.
func (s *machine) get(t *rapid.T) {
	if len(s.workers) == 4 {
		t.Skip()
	}
	w := &worker{returned: make(chan struct{})}
	w.kind = rapid.SampledFrom([]string{"Get", "GetPriority", "GetContext", "GetBatch"}).Draw(t, "kind")
	w.ctx, w.cancel = context.WithCancel(context.Background())
	s.workers = append(s.workers, w)
	go func() {
		defer close(w.returned)
		w.items, w.err = s.wait(w)
	}()
}

func (s *machine) wait(w *worker) ([]string, error) {
	item, shutdown := "", false
	switch w.kind {
	case "Get":
		item, shutdown = s.q.Get()
	case "GetPriority":
		item, _, shutdown = s.q.GetPriority()
	case "GetContext":
		item, err := s.q.GetContext(w.ctx)
		return []string{item}, err
	default:
		batch := make([]string, 3)
		n, err := s.q.GetBatch(w.ctx, batch)
		return batch[:n], err
	}
	if shutdown {
		return nil, ErrShutDown
	}
	return []string{item}, nil
}

// getEnded asks for an item with a context that has ended.
func (s *machine) getEnded(t *rapid.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	item, err := s.q.GetContext(ctx)
	want, _, ok := s.m.get()
	switch {
	case ok && (err != nil || item != want):
		t.Fatalf("GetContext gave %q, %v, expected %q", item, err, want)
	case !ok && s.m.down && !errors.Is(err, ErrShutDown), !ok && !s.m.down && !errors.Is(err, context.Canceled):
		t.Fatalf("GetContext gave %q, %v although nothing waits", item, err)
	}
}

func (s *machine) tryGet(t *rapid.T) {
	item, ok := s.q.TryGet()
	want, _, wantOK := s.m.get()
	if item != want || ok != wantOK {
		t.Fatalf("TryGet is %q, %v; expected %q, %v", item, ok, want, wantOK)
	}
}

func (s *machine) getBatch(t *rapid.T) {
	n := len(s.m.waiting())
	if len(s.workers) > 0 || n == 0 {
		t.Skip()
	}
	dst := make([]string, rapid.IntRange(1, 5).Draw(t, "size"))
	got, err := s.q.GetBatch(context.Background(), dst)
	if err != nil || got != min(n, len(dst)) {
		t.Fatalf("GetBatch is %d, %v; %d wait", got, err, n)
	}
	for _, item := range dst[:got] {
		if want, _, _ := s.m.get(); item != want {
			t.Fatalf("GetBatch gave %q, expected %q", item, want)
		}
	}
}

// giveUp ends the context of a worker that waits.
func (s *machine) giveUp(t *rapid.T) {
	if len(s.workers) == 0 {
		t.Skip()
	}
	i := rapid.IntRange(0, len(s.workers)-1).Draw(t, "worker")
	w := s.workers[i]
	if w.kind == "Get" || w.kind == "GetPriority" {
		t.Skip() // nothing ends them but an item or the end of the queue
	}
	w.cancel()
	<-w.returned
	if !errors.Is(w.err, context.Canceled) {
		t.Fatalf("%s gave %q, %v after the end of its context", w.kind, w.items, w.err)
	}
	s.workers = slices.Delete(s.workers, i, i+1)
}

func (s *machine) done(t *rapid.T) {
	key := drawKey(t)
	if held := s.m.processing(); len(held) > 0 && rapid.IntRange(0, 9).Draw(t, "held") > 0 {
		key = rapid.SampledFrom(held).Draw(t, "held key")
	}
	s.q.Done(key)
	s.wantMisuse(t, !s.m.done(key) && !s.m.tolerant, ErrNotProcessing)
}

// wantMisuse checks whether a misuse was reported, and takes it off the list.
func (s *machine) wantMisuse(t *rapid.T, want bool, reason error) {
	if !want {
		return
	}
	if len(s.misuses) == 0 || !errors.Is(s.misuses[0], reason) {
		t.Fatalf("misuse %q was not reported: %v", reason, s.misuses)
	}
	s.misuses = s.misuses[1:]
}

// settle lets the workers that wait have what there is.
func (s *machine) settle(t *rapid.T) {
	synctest.Wait()
	var got []string
	s.workers = slices.DeleteFunc(s.workers, func(w *worker) bool {
		select {
		case <-w.returned:
		default:
			return false
		}
		w.cancel()
		if w.err == nil {
			got = append(got, w.items...)
		} else if !errors.Is(w.err, ErrShutDown) || !s.m.down || len(s.m.waiting()) > 0 {
			t.Fatalf("%s failed: %v", w.kind, w.err)
		}
		return true
	})
	var want []string
	for range got {
		item, _, _ := s.m.get()
		want = append(want, item)
	}
	// Which of the workers has which item is left open.
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("workers have %q, expected %q", got, want)
	}
	if len(s.workers) > 0 && (len(s.m.waiting()) > 0 || s.m.down) {
		t.Fatalf("workers wait although %q do too (shut down: %v)", s.m.waiting(), s.m.down)
	}
}

// check compares the queue with the model.
func (s *machine) check(t *rapid.T) {
	s.settle(t)
	if err := s.q.validate(); err != nil {
		t.Fatal(err)
	}
	want := Stats{
		Waiting: len(s.m.waiting()), Processing: len(s.m.processing()),
		Delayed: s.m.delayedKeys(), Dropped: s.m.dropped,
	}
	if got := s.q.Stats(); got != want || s.q.Len() != want.Waiting || s.q.ShuttingDown() != s.m.down {
		t.Fatalf("Stats is %+v, expected %+v", got, want)
	}
	if len(s.misuses) > 0 {
		t.Fatalf("a misuse was reported that was none: %v", s.misuses)
	}
	for _, key := range machineKeys {
		if err := s.checkKey(key); err != nil {
			t.Fatal(err)
		}
	}
	s.checkDrains(t)
	if s.counts != nil {
		if err := s.counts.check(s.m); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *machine) checkKey(key string) error {
	if got := s.q.NumRequeues(key); got != s.remembered(key) {
		return fmt.Errorf("NumRequeues(%s) is %d, expected %d", key, got, s.remembered(key))
	}
	at, ok := s.q.WhenReady(key)
	k := s.m.keys[key]
	if want := k != nil && k.delayed; ok != want {
		return fmt.Errorf("WhenReady(%s) is %v, expected %v", key, ok, want)
	}
	now := time.Now()
	if s.clock != nil {
		now = s.clock.Now()
	}
	if ok && at.Sub(now) != k.at-s.m.clock {
		return fmt.Errorf("WhenReady(%s) is in %v, expected %v", key, at.Sub(now), k.at-s.m.clock)
	}
	return nil
}

func (s *machine) checkDrains(t *rapid.T) {
	for _, drain := range s.drains {
		select {
		case <-drain:
			if !s.m.drained() {
				t.Fatal("ShutDownWithDrain returned early")
			}
		default:
			if s.m.drained() {
				t.Fatal("ShutDownWithDrain waits for nothing")
			}
		}
	}
	if s.m.drained() {
		s.drains = nil
	}
}

// end lets everything end that the machine began.
func (s *machine) end() {
	s.q.ShutDown()
	for _, w := range s.workers {
		w.cancel()
		<-w.returned
	}
	for _, drain := range s.drains {
		<-drain
	}
}

// Q1, Q2, Q3, Q4, Q5, Q6 and Q7: the queue does what the model does, for the
// whole API, on every path that rapid can think of.
func TestQueueBehavesLikeTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 5 { // rapid's hundred runs take a few hundredths of a second
			rapid.Check(bubbled{t}, runMachine)
		}
	})
}

func runMachine(t *rapid.T) {
	s := newMachine(t)
	defer s.end()
	t.Repeat(s.actions())
}

// bubbled hides Deadline, which a synctest bubble forbids and rapid calls.
type bubbled struct{ testing.TB }
