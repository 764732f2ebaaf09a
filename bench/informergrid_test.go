package bench

import (
	"flag"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
)

var wholeGrid = flag.Bool("bench.grid", false, "run all cells of the grid of pods and readers; the largest take gigabytes and minutes")

// gridCases are a grid of pods and readers that client-go has for its informer
// too: one writer, and readers that list what the informer holds.
func gridCases() []Case[sharedInformer] {
	sizes, readers := []int{10_000, 40_000}, []int{0, 1, 10}
	switch {
	case testing.Short():
		sizes, readers = []int{1_000}, []int{0, 1}
	case *wholeGrid:
		sizes, readers = []int{10_000, 20_000, 40_000, 80_000, 160_000}, []int{0, 1, 10, 20, 40, 80}
	}
	var cases []Case[sharedInformer]
	for _, n := range sizes {
		for _, r := range readers {
			c := Case[sharedInformer]{Name: fmt.Sprintf("grid/pods=%d/readers=%d", n, r), Run: grid(n, r)}
			if r > 0 {
				c.Skip = skipped{floor: "nobody reads the floor"}
			}
			cases = append(cases, c)
		}
	}
	return cases
}

const (
	gridNamespace = "grid"
	// ahead of the handler are so many events of the grid at most.
	gridAhead = 10
)

// grid sends events, at most a few ahead of the handler, while readers list the
// one namespace in which all pods are. States are made on the clock: they cost
// all engines the same.
func grid(n, readers int) func(*testing.B, sharedInformer) {
	return func(b *testing.B, in sharedInformer) {
		listed := pods(n, 1)
		for _, pod := range listed {
			pod.Namespace = gridNamespace
		}
		f := newFeed(listed)
		in.start(b, f, "namespace")
		h := newGridHandler(n)
		in.handle(b, h.told)
		<-h.listed
		reads := startGridReaders(b, in, n, readers)
		numbers, sent := order(n), 0
		send := func() {
			state := newState(listed[numbers[sent%n]], n+1+sent)
			h.credit <- struct{}{}
			f.events <- watch.Event{Type: watch.Modified, Object: state}
			sent++
		}
		for range gridAhead {
			send() // these cost the writer nothing
		}
		var read, written int64
		for b.Loop() {
			if sent == gridAhead { // the clock begins here
				read, written = reads.sum.Load(), h.written.Load()
			}
			send()
		}
		read, written = reads.sum.Load()-read, h.written.Load()-written
		b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "reads/s")
		b.ReportMetric(float64(written)/b.Elapsed().Seconds(), "writes/s")
		reads.end()
		h.check(b, n, sent)
	}
}

// gridHandler counts events and lets the writer send one more for each.
type gridHandler struct {
	listed  chan struct{}
	credit  chan struct{}
	left    int // pods of the list that it was not yet told of
	last    string
	written atomic.Int64
}

func newGridHandler(n int) *gridHandler {
	return &gridHandler{listed: make(chan struct{}), credit: make(chan struct{}, gridAhead), left: n}
}

func (h *gridHandler) told(pod *corev1.Pod) {
	if h.left > 0 {
		if h.left--; h.left == 0 {
			close(h.listed)
		}
		return
	}
	h.last = pod.ResourceVersion
	h.written.Add(1)
	<-h.credit
}

// check waits until the handler was told of all that was sent.
func (h *gridHandler) check(b *testing.B, n, sent int) {
	b.Helper()
	for range gridAhead {
		h.credit <- struct{}{}
	}
	if got := int(h.written.Load()); got != sent || h.last != strconv.Itoa(n+sent) {
		b.Fatalf("the handler was told of %d of %d events, the last one with version %s, want %d", got, sent, h.last, n+sent)
	}
}

// gridReaders list until they are ended.
type gridReaders struct {
	sum     atomic.Int64
	stop    atomic.Bool
	running sync.WaitGroup
}

func startGridReaders(b *testing.B, in sharedInformer, n, readers int) *gridReaders {
	r := &gridReaders{}
	for range readers {
		r.running.Go(func() {
			for !r.stop.Load() {
				if got := in.inNamespace(b, gridNamespace); got != n {
					b.Errorf("a list of the namespace has %d pods, want %d", got, n)
					return
				}
				r.sum.Add(1)
			}
		})
	}
	return r
}

func (r *gridReaders) end() {
	r.stop.Store(true)
	r.running.Wait()
}
