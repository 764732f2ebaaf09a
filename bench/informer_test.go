package bench

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	dropincache "github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

var informerEngines = []Engine[sharedInformer]{
	{Name: Informant, New: func(testing.TB) sharedInformer { return &ourInformer{} }},
	{Name: dropIn, New: func(testing.TB) sharedInformer {
		return &clientInformer{make: dropincache.NewSharedIndexInformerWithOptions}
	}},
	{Name: ClientGo, New: func(testing.TB) sharedInformer {
		return &clientInformer{make: cache.NewSharedIndexInformerWithOptions}
	}},
	{Name: floor, New: newFloorInformer},
}

// BenchmarkInformer measures what an event costs from the watch to the
// handlers and how long it is on its way, what handlers cost that join or do
// nothing, and what writes and reads do to one another.
func BenchmarkInformer(b *testing.B) {
	var cases []Case[sharedInformer]
	for _, n := range []int{1, 4, 16} {
		cases = append(cases,
			Case[sharedInformer]{Name: fmt.Sprintf("events/handlers=%d", n), Run: events(n)},
			Case[sharedInformer]{Name: fmt.Sprintf("events-indexed/handlers=%d", n), Run: events(n, "namespace", "node", "app"), Skip: noEvent},
		)
	}
	cases = append(cases,
		Case[sharedInformer]{Name: "latency/idle", Run: latency(1)},
		Case[sharedInformer]{Name: "latency/events=10000", Run: latency(10)},
		Case[sharedInformer]{Name: "late-join", Run: lateJoin, Skip: noEvent},
		Case[sharedInformer]{Name: "listener", Run: listener, Skip: noEvent},
		Case[sharedInformer]{Name: "idle-handler", Run: idleHandler, Skip: noEvent},
		Case[sharedInformer]{Name: "stalled", Run: stalled, Skip: noEvent},
		Case[sharedInformer]{Name: "batched", Run: batched, Skip: noEvent},
		Case[sharedInformer]{Name: "parallel", Run: inLanes, Skip: noEvent},
	)
	Run(b, informerEngines, append(cases, gridCases()...))
}

const (
	// eventPods is the number of pods that change, in turn.
	eventPods = 10_000
	// joinPods is the number of pods of which a late handler is told.
	joinPods = 50_000
)

// counter is a handler that counts what it is told, and says so when that is
// enough.
type counter struct {
	want int
	sum  int
	done chan string
}

func (c *counter) told(pod *corev1.Pod) {
	c.sum++
	if c.sum == c.want {
		c.done <- pod.ResourceVersion
	}
}

// await makes sure that exactly want was told, ending with version.
func (c *counter) await(b *testing.B, version string) {
	if got := <-c.done; got != version {
		b.Fatalf("the last of %d events brings version %s, want %s", c.want, got, version)
	}
}

// newState is a later state of pod. Labels and spec are shared.
func newState(pod *corev1.Pod, version int) *corev1.Pod {
	state := *pod
	state.ResourceVersion = strconv.Itoa(version)
	return &state
}

// events sends b.N changes of pods and waits until all handlers were told of
// all of them. The objects are made beforehand.
func events(handlers int, indexes ...string) func(*testing.B, sharedInformer) {
	return func(b *testing.B, in sharedInformer) {
		pods := Pods(eventPods, 1)
		f := newFeed(pods)
		in.start(b, f, indexes...)
		counters := make([]*counter, handlers)
		for i := range counters {
			counters[i] = &counter{want: eventPods, done: make(chan string, 1)}
			in.handle(b, counters[i].told)
		}
		for _, c := range counters {
			<-c.done // the initial list
		}
		send(b, f, pods, counters)
	}
}

// send sends b.N changes of pods in rounds, and waits after each until all counters
// have been told of all of them.
func send(b *testing.B, f *feed, pods []*corev1.Pod, counters []*counter) {
	version := len(pods)
	b.ResetTimer()
	for sent := 0; sent < b.N; {
		b.StopTimer()
		round := min(len(pods), b.N-sent)
		states := make([]watch.Event, round)
		for i := range states {
			version++
			states[i] = watch.Event{Type: watch.Modified, Object: newState(pods[i], version)}
		}
		for _, c := range counters {
			c.want += round
		}
		b.StartTimer()
		for _, e := range states {
			f.events <- e
		}
		for _, c := range counters {
			c.await(b, strconv.Itoa(version))
		}
		sent += round
	}
}

// lateJoin adds a handler to a running informer and removes it, before it was
// told of everything. That it would have been is seen to first.
func lateJoin(b *testing.B, in sharedInformer) {
	in.start(b, newFeed(Pods(joinPods, 1)))
	all := &counter{want: joinPods, done: make(chan string, 1)}
	first := in.handle(b, all.told)
	<-all.done
	first.remove()
	if all.sum != joinPods {
		b.Fatalf("a late handler was told of %d pods, want %d", all.sum, joinPods)
	}
	for b.Loop() {
		in.handle(b, func(*corev1.Pod) {}).remove()
	}
}

// listener adds a handler to a running informer, waits until it was told of all
// pods, and removes it: what it costs to tell one handler of an object, with
// nothing else to do.
func listener(b *testing.B, in sharedInformer) {
	in.start(b, newFeed(Pods(eventPods, 1)))
	for b.Loop() {
		c := &counter{want: eventPods, done: make(chan string, 1)}
		h := in.handle(b, c.told)
		<-c.done
		h.remove()
		if c.sum != eventPods {
			b.Fatalf("a handler was told of %d pods, want %d", c.sum, eventPods)
		}
	}
	perObject(b, eventPods)
}

// idleHandler adds handlers that have nothing to do and reports what each
// costs, its goroutines' stacks not included.
func idleHandler(b *testing.B, in sharedInformer) {
	const handlers = 1000
	in.start(b, newFeed(nil))
	in.handle(b, func(*corev1.Pod) {})
	for b.Loop() {
		bytes, goroutines := heap(), runtime.NumGoroutine()
		added := make([]handler, handlers)
		for i := range added {
			added[i] = in.handle(b, func(*corev1.Pod) { b.Error("an idle handler was called") })
		}
		for _, h := range added {
			for !h.HasSynced() {
				runtime.Gosched()
			}
		}
		b.ReportMetric((float64(heap())-float64(bytes))/handlers, "B/handler")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/handlers, "goroutines/handler")
		for _, h := range added {
			h.remove()
		}
	}
}

// stalledLimit is the heap at which stalled ends, whatever b.N.
const stalledLimit = 1 << 30

// stalled sends b.N changes of pods past a handler that has not returned from its
// first call, and reports what that keeps: the growth of the heap, in which the
// pods themselves do not count, and the number of events until stalledLimit.
func stalled(b *testing.B, in sharedInformer) {
	pods := Pods(eventPods, 1)
	f := newFeed(pods)
	in.start(b, f)
	quick := &counter{want: eventPods, done: make(chan string, 1)}
	in.handle(b, quick.told)
	<-quick.done
	version := eventPods
	change := func(n int) {
		quick.want += n
		for i := range n {
			version++
			f.events <- watch.Event{Type: watch.Modified, Object: newState(pods[i], version)}
		}
		quick.await(b, strconv.Itoa(version))
	}
	change(eventPods) // the store has a copy of each pod
	entered, leave := make(chan struct{}), make(chan struct{})
	calls := 0
	slow := in.handleSlow(b, func(*corev1.Pod) {
		if calls++; calls == 1 {
			close(entered)
			<-leave
		}
	})
	<-entered
	before, sent := heap(), 0
	b.ResetTimer()
	for sent < b.N {
		n := min(eventPods, b.N-sent)
		change(n)
		if sent += n; sent%(50*eventPods) == 0 && heap() > before+stalledLimit {
			break
		}
	}
	b.StopTimer()
	b.ReportMetric((float64(heap())-float64(before))/(1<<20), "MiB")
	b.ReportMetric(float64(sent), "events")
	close(leave)
	slow.remove()
}
