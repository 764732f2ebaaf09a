package informer

import (
	"context"
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/informant-go/informant/reflector"
)

var stalledEvents = flag.Int("informer.events", 200_000, "events past a handler that never returns")

// I7: any number of events over 10,000 objects, past a handler that never returns,
// leave at most 5 MiB besides the objects with BacklogCoalesce, and nothing that
// grows.
func TestEventsPastAStalledHandler(t *testing.T) {
	const objects, mebibyte = 10_000, 1 << 20
	in, source := scripted(t, Options[item]{})
	reached := make(chan struct{})
	last := strconv.Itoa(objects + *stalledEvents)
	add(t, in, HandlerFunc[item](func(_ context.Context, e Event[item]) {
		if e.Object.ResourceVersion == last {
			close(reached)
		}
	}))
	running(t, in)

	all := make([]item, objects)
	for i := range all {
		all[i] = newItem("object-"+strconv.Itoa(i), i+1)
	}
	step := func(do func(ctx context.Context, sink reflector.Sink[item]) error) {
		done := make(chan error)
		source.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
			err := do(ctx, sink)
			done <- err
			return nil
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	step(func(ctx context.Context, sink reflector.Sink[item]) error {
		return firstError(sink.Begin(ctx), sink.Page(ctx, all), sink.Commit(ctx, strconv.Itoa(objects)))
	})
	before := liveHeap()
	entered, leave := make(chan struct{}), make(chan struct{})
	told := 0
	r := addWith(t, in, HandlerFunc[item](func(context.Context, Event[item]) {
		if told++; told == 1 {
			close(entered)
			<-leave
		}
	}), HandlerOptions{Backlog: coalesce})
	<-entered
	step(func(ctx context.Context, sink reflector.Sink[item]) error {
		for i := range *stalledEvents {
			obj := *all[i%objects]
			obj.ResourceVersion = strconv.Itoa(objects + i + 1)
			if err := sink.Update(ctx, &obj); err != nil {
				return err
			}
			if i%objects == 0 { // so that the queue holds little
				if err := in.Indexer().WaitFor(ctx, obj.ResourceVersion); err != nil {
					return err
				}
			}
		}
		return nil
	})
	<-reached
	grown := float64(liveHeap()) - float64(before)
	// The first states are there still; the store has others.
	objectBytes := float64(objects) * bytesOf(func() any { obj := *all[0]; obj.ResourceVersion = strconv.Itoa(123456789); return &obj })
	s := r.Status()
	t.Logf("%d events: %.2f MiB more than before, of which %.2f MiB are new states; %d wait", *stalledEvents, grown/mebibyte, objectBytes/mebibyte, s.Depth)
	if s.Depth > objects || (grown-objectBytes)/mebibyte > 5 {
		t.Errorf("%d events wait, in %.2f MiB besides the objects", s.Depth, (grown-objectBytes)/mebibyte)
	}
	runtime.KeepAlive(all)
	close(leave)
	r.Drain()
	<-r.Done()
	if told != objects+1 {
		t.Errorf("told %d times, want once for each object, and twice for the first", told)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bytesOf is how much of the heap what construct returns takes.
func bytesOf(construct func() any) float64 {
	const n = 1000
	before := liveHeap()
	all := make([]any, n)
	for i := range all {
		all[i] = construct()
	}
	after := liveHeap()
	runtime.KeepAlive(all)
	return float64(after-before)/n - 16
}
