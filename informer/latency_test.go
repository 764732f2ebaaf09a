package informer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector"
)

// The events that a handler was told of are counted by how long they waited, with
// and without a Backlog; what waits is told of by its depth and its age.
func TestStatusOfASlowHandler(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(100), failing(100)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				slow := newStuck()
				r := addWith(t, in, slow, HandlerOptions{Name: "slow", Backlog: backlog})
				running(t, in)
				source.list(t, 1)
				<-time.After(time.Hour)
				for i, name := range []string{"a", "b", "c"} {
					source.update(t, newItem(name, 2+i))
				}
				if s := r.Status(); s.Depth != 2 || s.Age != 0 || !s.Busy || s.Latency.Events() > 1 {
					t.Errorf("at once: %+v", s)
				}
				<-time.After(5 * time.Second)
				if s := r.Status(); s.Depth != 2 || s.Age != 5*time.Second {
					t.Errorf("after 5 s: %+v", s)
				}
				slow.next() // b has waited for 5 s
				<-time.After(15 * time.Second)
				slow.next() // c has waited for 20 s
				if s := r.Status(); s.Depth != 0 || s.Age != 20*time.Second || !s.Busy {
					t.Errorf("in the last callback: %+v", s)
				}
				slow.free()
				s := r.Status()
				want := HandlerStatus{Name: "slow", Synced: true, Backlog: backlog, Latency: Latency{Sum: 25 * time.Second, Buckets: [LatencyBuckets]uint64{0: 1, 5: 1, 6: 1}}}
				if s != want {
					t.Errorf("at rest: %+v, want %+v", s, want)
				}
				if got := in.Status().Handlers[0]; got != want {
					t.Errorf("the informer says %+v", got)
				}
			})
		})
	}
}

// A fast handler looks at the clock seldom, and all its events are counted.
func TestEveryEventIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := &recorder{}
		reg := add(t, in, r)
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		const many = 1000
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
			for i := range many {
				if err := sink.Update(ctx, newItem("a", 2+i)); err != nil {
					return err
				}
			}
			return nil
		})
		if n := reg.Status().Latency.Events(); n != many+1 || len(r.take()) != many+1 {
			t.Errorf("%d of %d events are counted", n, many+1)
		}
		var m meter
		looks := 0
		for range 1600 {
			if m.due() {
				looks++
				m.look(1, 2)
			}
		}
		if looks > 102 {
			t.Errorf("1,600 events of a fast handler took %d looks at the clock", looks)
		}
	})
}

// A Status counts resyncs.
func TestStatusCountsResyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
		add(t, in, &recorder{})
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		<-time.After(35 * time.Second)
		synctest.Wait() // the third resync is told
		if n := in.Status().Resyncs; n != 3 {
			t.Errorf("%d resyncs", n)
		}
	})
}

// The bounds of the buckets grow tenfold, and there is a bucket more than bounds.
func TestLatencyBounds(t *testing.T) {
	bounds := LatencyBounds()
	for i := 1; i < len(bounds); i++ {
		if bounds[i] != 10*bounds[i-1] {
			t.Errorf("bound %d is %v, behind %v", i, bounds[i], bounds[i-1])
		}
	}
	for waited, bucket := range map[time.Duration]int{0: 0, bounds[0]: 0, bounds[0] + 1: 1, bounds[6]: 6, bounds[6] + 1: 7, 24 * time.Hour: 7} {
		var m meter
		m.look(1, 1+int64(waited))
		m.flush()
		if l := m.latency(); l.Buckets[bucket] != 1 || l.Events() != 1 || l.Sum != waited {
			t.Errorf("%v: %+v", waited, l)
		}
	}
}
