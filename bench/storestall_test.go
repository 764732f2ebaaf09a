package bench

import (
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// readStall measures keyed reads while the content is replaced again and again.
func readStall(n int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s, i := engine.filled(b, n), 0
		lists := [][]*corev1.Pod{s.later(), s.pods}
		runtime.GC()
		reads := startReads(s)
		for b.Loop() {
			if err := s.replace(lists[i%2], strconv.Itoa((i+1)*n)); err != nil {
				b.Fatal(err)
			}
			i++
		}
		took := reads.end()
		b.ReportMetric(float64(took[len(took)*9999/10000]), "p99.99-ns")
		b.ReportMetric(float64(took[len(took)-1]), "longest-ns")
		s.check(b)
	}
}

// reads is a goroutine that reads one key after the other and notes how long
// each took.
type reads struct {
	stop    atomic.Bool
	running sync.WaitGroup
	began   chan struct{}
	took    []time.Duration
}

func startReads(s *stocked) *reads {
	r := &reads{began: make(chan struct{}), took: make([]time.Duration, 0, 1<<22)}
	r.running.Go(func() {
		for i := 0; !r.stop.Load(); i++ {
			if i == 1 {
				close(r.began)
			}
			start := time.Now()
			if !s.get(s.keys[i%s.n]) {
				panic("a key is missing")
			}
			r.note(i, time.Since(start))
		}
	})
	<-r.began
	return r
}

// note keeps the longer one of two reads where there is no more room.
func (r *reads) note(i int, d time.Duration) {
	if len(r.took) < cap(r.took) {
		r.took = append(r.took, d)
	} else {
		r.took[i%cap(r.took)] = max(r.took[i%cap(r.took)], d)
	}
}

// end stops the reads and returns their times, the shortest first.
func (r *reads) end() []time.Duration {
	r.stop.Store(true)
	r.running.Wait()
	slices.Sort(r.took)
	return r.took
}

// turn is how long the scheduler lets one goroutine run that others wait for.
const turn = 10 * time.Millisecond

// stretch is how long readers and the writer run against each other: long enough
// that each gets its turn ten times on two processors.
func stretch(readers int) time.Duration {
	if testing.Short() {
		return turn
	}
	return time.Duration(max(20, 5*(readers+1))) * turn
}

// writesWithReaders measures updates while readers list all the time. Memory is
// counted for all of them.
func writesWithReaders(n, readers int) func(*testing.B, *stock) {
	return func(b *testing.B, engine *stock) {
		s := engine.filled(b, n)
		s.reset(b)
		halves := s.states.both(n)
		size := len(halves[0])
		var stop atomic.Bool
		var reading sync.WaitGroup
		for range readers {
			reading.Go(func() {
				for !stop.Load() {
					if got := s.list(); got != n {
						b.Errorf("%d objects, want %d", got, n)
						return
					}
				}
			})
		}
		writes, least := 0, stretch(readers)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for b.Loop() {
			for start := time.Now(); time.Since(start) < least; {
				for range 8 {
					if err := s.update(halves[writes/size%2][writes%size]); err != nil {
						b.Fatal(err)
					}
					writes++
				}
			}
		}
		runtime.ReadMemStats(&after)
		stop.Store(true)
		reading.Wait()
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(writes), "B/op")
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(writes), "allocs/op")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(writes), "ns/op")
		b.ReportMetric(float64(writes)/b.Elapsed().Seconds(), "writes/s")
		s.reset(b)
		s.check(b)
	}
}
