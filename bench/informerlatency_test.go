package bench

import (
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// tick is the time between two bursts. A shorter one is not kept: timers
	// of a process that is idle are exact to a millisecond.
	tick = time.Millisecond
	// onTheWay is how many events may be on their way to a handler, and how
	// many times are kept without another allocation: two minutes of them.
	onTheWay = 1 << 20
	// burstRoom is how many events a burst may have before the handler has to
	// wait for the sender.
	burstRoom = 64
)

// latency measures how long an event takes from the watch, where it is given to
// the engine, to a handler: every millisecond there are as many as burst says,
// so that with one the engine is idle before each.
//
// The sender sleeps only when the burst has come. It would else set its timer on
// the processor on which the engine is about to run, and where Go's scheduler has
// to wake another thread for that, which on a virtual machine takes several times
// what either engine does, the benchmark would measure its own timer.
func latency(burst int) func(*testing.B, sharedInformer) {
	return func(b *testing.B, in sharedInformer) {
		pods := Pods(eventPods, 1)
		f := newFeed(pods)
		in.start(b, f)
		w := newStopwatch(pods[len(pods)-1].Name)
		in.handle(b, w.told)
		<-w.listed
		states := make([]*corev1.Pod, burst)
		var due time.Time
		sent := 0
		for b.Loop() {
			if sent == 0 {
				due = time.Now().Add(tick) // the clock begins here, and nothing is late
			}
			for i := range states {
				states[i] = newState(pods[(sent+i)%(eventPods-1)], eventPods+1+sent+i)
			}
			time.Sleep(time.Until(due))
			due = due.Add(tick)
			for _, pod := range states {
				w.sends(sent)
				f.events <- watch.Event{Type: watch.Modified, Object: pod}
				sent++
			}
			for range states {
				<-w.came
			}
		}
		took := b.Elapsed()
		f.events <- watch.Event{Type: watch.Modified, Object: newState(pods[len(pods)-1], eventPods+1+sent)}
		<-w.ended
		w.report(b, sent, took)
	}
}

// stopwatch is a handler that notes how long each event was on its way. Of the
// pods of the list the last one changes when the measurement is over.
type stopwatch struct {
	last   string
	begin  time.Time
	sentAt []time.Duration // of the event with that number, in turn
	took   []time.Duration
	known  int // pods of the list that it was told of
	wrong  string
	listed chan struct{}
	came   chan struct{} // an element for each event
	ended  chan struct{}
}

func newStopwatch(last string) *stopwatch {
	return &stopwatch{
		last: last, begin: time.Now(),
		sentAt: make([]time.Duration, onTheWay), took: make([]time.Duration, 0, onTheWay),
		listed: make(chan struct{}), came: make(chan struct{}, burstRoom), ended: make(chan struct{}),
	}
}

// sends notes that the event with the number is about to be sent.
func (w *stopwatch) sends(number int) { w.sentAt[number%onTheWay] = time.Since(w.begin) }

func (w *stopwatch) told(pod *corev1.Pod) {
	now, number := time.Since(w.begin), len(w.took)
	switch {
	case w.known < eventPods:
		if w.known++; w.known == eventPods {
			close(w.listed)
		}
	case pod.Name == w.last:
		close(w.ended)
	default:
		if want := strconv.Itoa(eventPods + 1 + number); pod.ResourceVersion != want && w.wrong == "" {
			w.wrong = "version " + pod.ResourceVersion + " came in the place of " + want
		}
		w.took = append(w.took, now-w.sentAt[number%onTheWay])
		w.came <- struct{}{}
	}
}

// report is called when the handler was told of the last event.
func (w *stopwatch) report(b *testing.B, sent int, in time.Duration) {
	b.Helper()
	if len(w.took) != sent || w.wrong != "" {
		b.Fatalf("%d of %d events came; %s", len(w.took), sent, w.wrong)
	}
	slices.Sort(w.took)
	b.ReportMetric(float64(w.took[sent/2]), "p50-ns")
	b.ReportMetric(float64(w.took[sent*99/100]), "p99-ns")
	b.ReportMetric(float64(sent)/in.Seconds(), "events/s")
	b.ReportMetric(0, "ns/op") // it is the time of a tick
}
