package reflector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// An action of a history that rapid invents.
type action struct {
	what  string // write, spoil, remove, compact, restore, fault, refuse, bar, unbar or pause
	name  string
	fault fault
	pause time.Duration
}

func (a action) String() string {
	return fmt.Sprint(a.what, " ", a.name, " ", a.fault, " ", a.pause)
}

func drawActions(t *rapid.T) []action {
	n := rapid.IntRange(1, 40).Draw(t, "actions")
	var all []action
	for range n {
		a := action{what: rapid.SampledFrom([]string{"write", "write", "write", "spoil", "remove", "compact", "fault", "fault", "refuse", "bar", "unbar", "pause"}).Draw(t, "what")}
		switch a.what {
		case "write", "spoil", "remove":
			a.name = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
		case "fault":
			a.fault.kind = rapid.SampledFrom(append(requestFaults, streamFaults...)).Draw(t, "fault")
			a.fault.after = rapid.IntRange(0, 6).Draw(t, "after")
		case "bar":
			a.fault.kind = rapid.SampledFrom([]string{"403", "500", "503", "422", "429", "refused", "eof", "stall"}).Draw(t, "bar")
		case "pause":
			a.pause = rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute, 10 * time.Minute, 3 * time.Hour}).Draw(t, "pause")
		}
		all = append(all, a)
	}
	if rapid.IntRange(0, 4).Draw(t, "restored") == 0 {
		all = append(all, action{what: "restore"}, action{what: "write", name: "a"})
	}
	return all
}

// mutexTape is a tape that others may look at while it is written, that refuses
// as many events as it is told to, and all objects of one name.
type mutexTape struct {
	mu       sync.Mutex
	refuse   int
	stubborn string
	tape
}

// takes returns an error for the object that is never taken.
func (m *mutexTape) takes(o *thing) error {
	if o.Name == m.stubborn {
		return refusedBySink(o.Name)
	}
	return nil
}

func (m *mutexTape) lock(op func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return op()
}

func (m *mutexTape) Begin(ctx context.Context) error {
	return m.lock(func() error {
		err := m.tape.Begin(ctx)
		if err != nil {
			m.list = nil // it did not begin
		}
		return err
	})
}

func (m *mutexTape) Page(ctx context.Context, items []*thing) error {
	return m.lock(func() error {
		var taken []*thing
		var errs []error
		for _, o := range items {
			if err := m.takes(o); err != nil {
				errs = append(errs, err)
				continue
			}
			taken = append(taken, o)
		}
		return errors.Join(append(errs, m.tape.Page(ctx, taken))...)
	})
}

func (m *mutexTape) Commit(ctx context.Context, v string) error {
	return m.lock(func() error { return m.tape.Commit(ctx, v) })
}

func (m *mutexTape) Add(ctx context.Context, o *thing) error {
	return m.event(o, func() error { return m.tape.Add(ctx, o) })
}

func (m *mutexTape) Update(ctx context.Context, o *thing) error {
	return m.event(o, func() error { return m.tape.Update(ctx, o) })
}

func (m *mutexTape) Delete(ctx context.Context, o *thing) error {
	return m.event(o, func() error { return m.tape.Delete(ctx, o) })
}

func (m *mutexTape) event(o *thing, op func() error) error {
	return m.lock(func() error {
		if err := m.takes(o); err != nil {
			return err
		}
		return op()
	})
}

// newMutexTape returns one whose state is empty, not unknown.
func newMutexTape() *mutexTape {
	m := &mutexTape{tape: tape{state: map[string]string{}}}
	m.fail = func(op string) error {
		if m.refuse == 0 || strings.HasPrefix(op, "page") || strings.HasPrefix(op, "bookmark") {
			return nil
		}
		m.refuse--
		return errors.New("refused")
	}
	return m
}

// simulate runs the actions against a Reflector and lets all faults and a
// day pass. It returns how the sink then differs from the server, and whether
// the counts of what was refused are believable.
func simulate(t *testing.T, opts Options, m manners, stubborn string, actions []action) (diff string) {
	synctest.Test(t, func(t *testing.T) {
		server, sink := newSimServer(), newMutexTape()
		server.manners, sink.stubborn = m, stubborn
		opts.Name, opts.OnError = "simulated", func(context.Context, error) {}
		opts.Logger = funcr.New(func(string, string) {}, funcr.Options{})
		r := must(New[*thing](server, opts))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx, sink) }()

		for _, a := range actions {
			apply(server, sink, a)
		}
		// A day is more than all pauses, silences and timeouts together. What
		// happens elsewhere on the server keeps bookmarks coming, so that no
		// silence makes the reflector list and hides what it has missed.
		for range 24 * 15 {
			<-time.After(4 * time.Minute)
			server.tick()
		}
		synctest.Wait() // the reflector has done all that it could by now
		sink.mu.Lock()
		want := server.want()
		if len(want) > 0 || len(server.objects) == 0 { // else nothing can be used, and lists are none (R4)
			delete(want, stubborn)
			diff = cmp.Diff(want, sink.state)
		}
		sink.mu.Unlock()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			diff += fmt.Sprint("Run returned ", err)
		}
	})
	return diff
}

func apply(server *simServer, sink *mutexTape, a action) {
	switch a.what {
	case "write", "spoil", "remove":
		server.write(a.name, a.what == "spoil", a.what == "remove")
	case "compact":
		server.compact()
	case "restore":
		server.restore()
	case "fault":
		server.mu.Lock()
		server.faults = append(server.faults, a.fault)
		server.mu.Unlock()
	case "refuse":
		sink.mu.Lock()
		sink.refuse++
		sink.mu.Unlock()
	case "bar", "unbar":
		server.mu.Lock()
		server.barred = a.fault.kind
		server.mu.Unlock()
	case "pause":
		<-time.After(a.pause)
	}
}

// R1: whatever goes wrong on the way, the sink ends in the server's state.
// It exercises R2's paths in combinations that nobody thought of; R4's
// objects, which cannot be decoded, must never be in the sink. Watches may fail
// up to the end (R1a), and no order of versions is promised (R1b).
func TestTheSinkEndsInTheServersStateWhateverGoesWrong(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		opts := Options{
			DisableStreaming: rapid.Bool().Draw(rt, "paged"),
			PageSize:         rapid.SampledFrom([]int64{0, 1, 2, -1}).Draw(rt, "page size"),
		}
		server := manners{
			oldDeletions: rapid.Bool().Draw(rt, "old deletions"),
			unversioned:  rapid.IntRange(0, 5).Draw(rt, "versions") == 0,
			endless:      rapid.IntRange(0, 3).Draw(rt, "end") == 0,
		}
		stubborn := rapid.SampledFrom([]string{"", "", "d"}).Draw(rt, "stubborn")
		actions := drawActions(rt)
		if diff := simulate(t, opts, server, stubborn, actions); diff != "" {
			rt.Fatalf("the sink differs from the server (-server +sink):\n%s", diff)
		}
	})
}
