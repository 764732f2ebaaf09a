package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// R1: a streamed list whose end does not come is given up for pages: on an idle
// collection for its silence, on a busy one soon after the first sign that the
// initial part is over. The next lists are in pages at once, for a while (kind
// E).
func TestAStreamedListWithoutAnEndGivesWayToPages(t *testing.T) {
	for _, c := range []struct {
		name   string
		busy   func(r *run)
		within time.Duration
	}{
		{"idle", func(*run) {}, 80 * time.Second},
		{"busy with changes", func(r *run) { r.write("a", false, false) }, 20 * time.Second},
		{"busy with deletions", func(r *run) { r.write("a", false, false); r.write("a", false, true) }, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBent()
			b.write("a", false, false)
			b.next = func(st *simStream) (Event[*thing], error) {
				for {
					e, err := st.Next()
					if err != nil || !e.InitialEventsEnd {
						return e, err
					}
				}
			}
			runBent(t, b, Options{}, func(r *run) {
				began := time.Now()
				for r.Stats().Synced == 0 {
					<-time.After(time.Second)
					c.busy(r)
					if took := time.Since(began); took > c.within {
						t.Fatalf("there is no list after %v: %+v", took, r.Stats())
					}
				}
				expire := func() { // so that a list is due
					b.tick()
					b.compact()
					r.cutStreams()
				}
				for range 3 {
					r.pass(30*time.Second, true)
					expire()
				}
				if _, streams, _ := b.counts(); streams != 1 {
					t.Errorf("a streamed list was asked for %d times", streams)
				}
				b.straight.Store(true)
				for range 30 {
					r.pass(time.Minute, true)
					expire()
				}
				r.pass(5*time.Minute, true) // the pauses have grown
				if _, streams, _ := b.counts(); streams < 2 {
					t.Error("a streamed list is never asked for again")
				}
				r.follows(5 * time.Second)
			})
		})
	}
}

// R1: a streamed list that brings new objects now and then and does not end is
// given up when its watch should have ended.
func TestAStreamedListOfNewObjectsWithoutAnEndIsGivenUp(t *testing.T) {
	for _, ends := range []bool{false, true} {
		b := newBent()
		b.write("a", false, false)
		n := 0
		b.next = func(st *simStream) (Event[*thing], error) {
			if !b.streaming {
				return st.Next()
			}
			if ends && time.Now().After(st.ends) {
				return Event[*thing]{}, io.EOF
			}
			select {
			case <-time.After(20 * time.Second):
			case <-st.ctx.Done():
				return Event[*thing]{}, st.ctx.Err()
			}
			n++
			return added(fmt.Sprintf("n%d@%d", n, 2000+n)), nil
		}
		runBent(t, b, Options{}, func(r *run) {
			r.pass(11*time.Minute, false)
			if s := r.Stats(); s.Synced == 0 {
				t.Errorf("there is no list: %+v", s)
			}
		})
	}
}

// A streamed list that is slow is waited for, also while it is changed: only
// what comes after its end is bound to come soon.
func TestASlowStreamedListIsWaitedForAndIsNoSilence(t *testing.T) {
	b := newBent()
	for i := range 9 {
		b.write(fmt.Sprint("o", i), false, false)
	}
	var slow atomic.Bool
	slow.Store(true)
	b.next = func(st *simStream) (Event[*thing], error) {
		if slow.Load() && len(st.initial) > 0 {
			<-time.After(30 * time.Second)
		}
		return st.Next()
	}
	opts := Options{MinWatchTimeout: 5 * time.Minute, MaxWatchTimeout: 5 * time.Minute}
	runBent(t, b, opts, func(r *run) {
		r.pass(310*time.Second, false)
		slow.Store(false)
		for range 10 {
			b.tick() // so that there are bookmarks
			r.pass(4*time.Minute, false)
		}
		if s := r.Stats(); s.Synced != 1 || s.Streamed != 1 || s.RelistCount() != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// R4: a list of which nothing could be used is no list, as a stream and in
// pages, and says what to set; once one object can be used it is.
func TestAListOfWhichNothingCanBeUsedIsNoList(t *testing.T) {
	for _, paged := range []bool{false, true} {
		t.Run(fmt.Sprintf("paged=%v", paged), func(t *testing.T) {
			b := newBent()
			for i := range 3 {
				b.write(fmt.Sprint("o", i), true, false)
			}
			runBent(t, b, Options{DisableStreaming: paged}, func(r *run) {
				r.pass(10*time.Minute, false)
				if s := r.Stats(); s.Synced != 0 || !errors.Is(s.LastError, ErrNothingUsable) {
					t.Errorf("synced %d times, the last error is %v", s.Synced, s.LastError)
				}
				if s := r.Status(); s.Synced {
					t.Errorf("the status is %+v", s)
				}
				b.write("good", false, false)
				r.pass(5*time.Minute, false)
				if s := r.Stats(); s.Synced == 0 || r.behind() != "" {
					t.Errorf("one object can be used: %+v, %s", s, r.behind())
				}
				// What was refused before is credible as all that is left.
				b.write("good", false, true)
				b.compact()
				r.cutStreams()
				r.follows(5 * time.Minute)
			})
		})
	}
}

// R1: a list does not go behind what the sink holds, in this Run and the next.
func TestAListDoesNotGoBehindWhatTheSinkHolds(t *testing.T) {
	sink := func() *tape {
		return &tape{state: map[string]string{}, fail: failOnce("update b@501", errors.New("refused"))()}
	}
	p := play(t, Options{}, sink(),
		streams(listEnd("10"), errGone),
		streams(added("a@499"), modified("b@501"), listEnd("502")),
		streams(added("a@499"), added("b@501"), listEnd("502")))
	if got := p.requests; got[1] != "0.8s stream rv=10" || got[2][len(got[2])-3:] != "rv=" {
		t.Errorf("the list after a change that was refused asks for less than the sink holds: %q", got)
	}
}

// R2: a collection that fits into a page is listed after each silent watch; the
// price of a larger one is bounded by longer and longer peace.
func TestSilentWatchesOfLargeCollectionsAreListedLessAndLess(t *testing.T) {
	for _, c := range []struct{ objects, least, most int }{{10, 80, 170}, {DefaultPageSize + 1, 10, 20}} {
		t.Run(fmt.Sprint(c.objects), func(t *testing.T) {
			b := newBent()
			for i := range c.objects {
				b.write(fmt.Sprintf("o%04d", i), false, false)
			}
			runBent(t, b, Options{}, func(r *run) {
				r.pass(14*time.Hour, false)
				if n := int(r.Stats().Relists[RelistSilent]); n < c.least || n > c.most {
					t.Errorf("%d lists in 14 silent hours, want %d to %d", n, c.least, c.most)
				}
				r.follows(2 * time.Second)
				r.pass(8*time.Hour, true)
				if s := r.Stats(); s.Relists[RelistSilent] > uint64(c.most)+1 {
					t.Errorf("lists while nothing was silent: %v", s.Relists)
				}
			})
		})
	}
}

// R6: whatever a server or source does, it is not asked without end at one
// moment .
func TestNoLoopIsWithoutAPause(t *testing.T) {
	page := func(next func(token string) string) func(o string) (List[*thing], error) {
		return func(token string) (List[*thing], error) {
			var l List[*thing]
			l.ResourceVersion, l.Continue = "10", next(token)
			return l, nil
		}
	}
	count := 0
	lists := map[string]func(token string) (List[*thing], error){
		"always expired": func(string) (List[*thing], error) { return List[*thing]{}, errGone },
		"expired half way": func(token string) (List[*thing], error) {
			if token != "" {
				return List[*thing]{}, errGone
			}
			return page(func(string) string { return "x" })(token)
		},
		"always too large":    func(string) (List[*thing], error) { return List[*thing]{}, tooLargeVersion() },
		"the same token":      page(func(string) string { return "a" }),
		"a circle of two":     page(func(token string) string { return map[string]string{"": "a", "a": "b", "b": "a"}[token] }),
		"a circle of a dozen": page(func(token string) string { count++; return fmt.Sprint(count % 12) }),
		"no end of tokens":    page(func(token string) string { count++; return fmt.Sprint(count) }),
		"no end of pages": func(string) (List[*thing], error) {
			count++
			l := List[*thing]{Items: ats("a@1")}
			l.ResourceVersion, l.Continue = "10", fmt.Sprint(count)
			return l, nil
		},
		"an older state": func(string) (List[*thing], error) {
			count++
			var l List[*thing]
			l.ResourceVersion = fmt.Sprint(1_000_000 - count)
			return l, nil
		},
	}
	for name, list := range lists {
		for _, watched := range []string{"ends", "repeats", "bookmarks", "news", "expired", "too large"} {
			t.Run(name+"/"+watched, func(t *testing.T) {
				src := &looping{list: list, watched: watched}
				src.play(t, 10*time.Minute)
				// Pauses of 0.8, 1.6 … 30 s leave 25 tries when chance adds nothing to them.
				if src.asked > 2500 && name != "no end of pages" || src.asked > 25*maxPages {
					t.Errorf("the source was asked %d times in ten minutes", src.asked)
				}
			})
		}
	}
}

// looping is a source that gives the same answer again and again.
type looping struct {
	list    func(token string) (List[*thing], error)
	watched string
	asked   int
	version int
}

func (l *looping) Watch() (Stream[*thing], error) {
	l.asked++
	l.version++
	version := fmt.Sprint(2_000_000 + l.version)
	switch l.watched {
	case "expired":
		return nil, errGone
	case "too large":
		return nil, tooLargeVersion()
	case "repeats":
		return &queued{events: []Event[*thing]{modified("a@10")}}, nil
	case "bookmarks":
		return &queued{events: []Event[*thing]{bookmark(version)}}, nil
	case "news":
		return &queued{events: []Event[*thing]{modified("a@" + version)}}, nil
	}
	return &queued{}, nil
}

// play runs a Reflector on l for d of virtual time.
func (l *looping) play(t *testing.T, d time.Duration) {
	runFor(t, d, &ListWatch[*thing]{
		NoStreamedLists: true,
		ListFunc: func(_ context.Context, o metav1.ListOptions) (List[*thing], error) {
			l.asked++
			return l.list(o.Continue)
		},
		WatchFunc: func(context.Context, metav1.ListOptions) (Stream[*thing], error) { return l.Watch() },
	})
}

// queued is a stream of a few events and its end.
type queued struct{ events []Event[*thing] }

func (q *queued) Next() (Event[*thing], error) {
	if len(q.events) == 0 {
		return Event[*thing]{}, io.EOF
	}
	e := q.events[0]
	q.events = q.events[1:]
	return e, nil
}

func (q *queued) Close() {}

// R3, R6: what a server asks for is honoured up to the bound, and reported as it
// was said .
func TestAWaitIsHonouredUpToItsBound(t *testing.T) {
	for _, c := range []struct {
		asked int
		opts  Options
		want  time.Duration
	}{
		{300, Options{}, 300 * time.Second},
		{1 << 30, Options{}, 10 * time.Minute},
		{300, Options{MaxPause: time.Minute}, time.Minute},
	} {
		opts := c.opts
		opts.DisableStreaming = true
		p := play(t, opts, &tape{state: map[string]string{}}, failing(answered(503, c.asked)), listA, streams())
		if want := fmt.Sprintf("%gs list rv= limit=500", c.want.Seconds()); p.requests[1] != want {
			t.Errorf("asked to wait %d s: %q, want %q", c.asked, p.requests[1], want)
		}
	}
}

// R3: a Retry-After is kept also where streamed lists have broken before.
func TestARetryAfterIsKeptWhereStreamsHaveBrokenBefore(t *testing.T) {
	busy := apierrors.NewTooManyRequests("later", 60)
	broken := errors.New("broken")
	p := play(t, Options{Backoff: Backoff{Delay: func(int) time.Duration { return time.Second }}}, &tape{},
		failing(broken), failing(broken), failing(broken), // streams
		failing(broken),                          // pages, at once
		failing(busy),                            // a stream: 429, Retry-After 60
		answer{items: ats("a@1"), version: "10"}, // has to come 60 s later
		streams())
	t.Log(strings.Join(p.requests, "\n"))
	var times []float64
	for _, r := range p.requests {
		var at float64
		fmt.Sscanf(r, "%gs", &at)
		times = append(times, at)
	}
	if gap := times[5] - times[4]; gap < 60 {
		t.Errorf("the request after a Retry-After of 60 s came after %g s", gap)
	}
}

// R2: a streamed list that has come whole is none without an end, however long the sink
// takes for it.
func TestAStreamedListThatHasEndedIsNotCutWhileTheSinkTakesIt(t *testing.T) {
	for _, slow := range []string{"page", "commit"} {
		sink := &tape{block: func(op string) {
			if strings.HasPrefix(op, slow) {
				<-time.After(time.Minute)
			}
		}}
		p := play(t, Options{}, sink, streams(added("a@1"), modified("a@11"), listEnd("12"), added("b@13"), 2*time.Minute, added("c@14")))
		for _, err := range p.errs {
			if errors.Is(err, errNoListEnd) {
				t.Errorf("slow %s: %v", slow, err)
			}
		}
		if p.Stats().Watches != 1 {
			t.Errorf("slow %s: %q", slow, p.requests)
		}
	}
}
