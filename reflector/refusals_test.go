package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"pgregory.net/rapid"
)

// refusedBySink is an error of a sink that says which object it is about.
func refusedBySink(key string) error {
	return fmt.Errorf("a sink: %w", &object.RefusedError{By: "a sink", Op: "Add", Type: "thing", Key: key, Err: errors.New("no")})
}

// sifter is a Sink that refuses objects by name, one by one, in lists too.
type sifter struct {
	*mutexTape
	refused func(name string) bool
}

func (s *sifter) Page(ctx context.Context, items []*thing) error {
	var kept []*thing
	var errs []error
	for _, o := range items {
		if s.refused(o.Name) {
			errs = append(errs, refusedBySink(o.Name))
			continue
		}
		kept = append(kept, o)
	}
	if len(kept) > 0 {
		errs = append(errs, s.mutexTape.Page(ctx, kept))
	}
	return errors.Join(errs...)
}

func (s *sifter) Add(ctx context.Context, o *thing) error { return s.event(ctx, o, s.mutexTape.Add) }
func (s *sifter) Update(ctx context.Context, o *thing) error {
	return s.event(ctx, o, s.mutexTape.Update)
}
func (s *sifter) Delete(ctx context.Context, o *thing) error {
	return s.event(ctx, o, s.mutexTape.Delete)
}

func (s *sifter) event(ctx context.Context, o *thing, f func(context.Context, *thing) error) error {
	if s.refused(o.Name) {
		return refusedBySink(o.Name)
	}
	return f(ctx, o)
}

// R1b: an object that can never be taken, for whatever reason, costs one list,
// and no other object waits for it; when it is deleted and comes again it costs
// none.
func TestAnObjectThatIsAlwaysRefusedCostsOneListAndNoOtherItsFreshness(t *testing.T) {
	for _, c := range []struct {
		name string
		why  RelistReason
	}{{"by the sink", RelistNotStored}, {"not decodable", RelistUndecodable}} {
		for _, paged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/paged=%v", c.name, paged), func(t *testing.T) {
				b := newBent()
				b.write("good", false, false)
				opts := Options{DisableStreaming: paged}
				bySink := c.why == RelistNotStored
				sink := newMutexTape()
				refused := func(name string) bool { return bySink && name == "bad" }
				runBentInto(t, b, opts, sink, &sifter{sink, refused}, func(r *run) {
					r.pass(time.Minute, false)
					for range 30 {
						b.write("bad", !bySink, false)
						b.write("good", false, false)
						r.pass(10*time.Second, false)
						if got := sink.state["good"]; got != r.want()["good"] {
							t.Fatalf("the other object is at %s, on the server at %s", got, r.want()["good"])
						}
					}
					if s := r.Stats(); s.RelistCount() != 1 || s.Relists[c.why] != 1 || s.Refused < 30 {
						t.Errorf("30 changes of one object: %d lists, %v, %d refused", s.RelistCount(), s.Relists, s.Refused)
					}
					if s := r.Status(); s.InStep || s.Refused != 1 || s.Cause == nil {
						t.Errorf("an object is refused, and the status is %+v", s)
					}
					b.write("bad", !bySink, true)
					b.write("bad", !bySink, false)
					r.pass(time.Hour, true)
					if s := r.Stats(); s.RelistCount() != 1 {
						t.Errorf("it was deleted and came again: %v", s.Relists)
					}
					b.write("bad", !bySink, true)
					r.pass(time.Minute, true)
					if s := r.Status(); !s.InStep || s.Refused != 0 || s.Cause != nil {
						t.Errorf("it is deleted, and the status is %+v", s)
					}
				})
			})
		}
	}
}

// R1b: many objects that are refused, one after the other, cost a list in ten
// minutes, in twenty, in forty, and so on up to one in a day; what they have left
// behind shows in the last of them.
func TestManyRefusedObjectsCostFewerAndFewerLists(t *testing.T) {
	b := newBent()
	b.write("good", false, false)
	var lists []time.Time
	var mu sync.Mutex
	b.listing = func() error {
		mu.Lock()
		defer mu.Unlock()
		lists = append(lists, time.Now())
		return nil
	}
	began := time.Now()
	runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
		began = time.Now()
		mu.Lock()
		lists = nil
		mu.Unlock()
		for i := range 3 * 24 * 60 {
			b.write(fmt.Sprint("bad-", i), true, false)
			r.pass(time.Minute, false)
			b.compact() // keep it small
			r.follows(5 * time.Second)
		}
		if n := r.Stats().Relists[RelistUndecodable]; n < 5 || n > 10 {
			t.Errorf("%d lists in three days because of refused objects", n)
		}
	})
	rest := firstRest
	for i := 1; i < len(lists); i++ {
		if gap := lists[i].Sub(lists[i-1]); gap < rest {
			t.Errorf("list %d came %v after the one before, due were %v (%v after the beginning)", i, gap, rest, lists[i].Sub(began))
		}
		rest = min(2*rest, maxRest)
	}
}

// R1: an event that cannot be decoded though its object can is made up for by a
// list, later if the reason rests.
func TestWhatAnEventHasLeftOutAListBrings(t *testing.T) {
	b := newBent()
	b.write("a", false, false)
	var spoil atomic.Bool
	b.next = func(st *simStream) (Event[*thing], error) {
		e, err := st.Next()
		if spoil.Load() && err == nil && e.Type != watch.Bookmark && e.Object.Name != "clock" {
			return e, &DecodeError{Key: e.Object.Name, ResourceVersion: e.ResourceVersion, Event: e.Type, Err: io.ErrNoProgress}
		}
		return e, err
	}
	runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
		r.pass(time.Minute, true)
		spoil.Store(true)
		for _, name := range []string{"b", "c", "d"} {
			b.write(name, false, false)
			r.pass(30*time.Second, true)
		}
		r.pass(21*time.Minute, true)
		if behind := r.behind(); behind != "" {
			t.Errorf("the sink is behind: %s\n%+v", behind, r.Stats())
		}
		if n := r.Stats().Relists[RelistUndecodable]; n != 2 {
			t.Errorf("%d lists, want one at once and one for the rest", n)
		}
	})
}

// R1b: events and bookmarks with versions lower than the last are handed on at
// once and cost one list, which tells that the order means nothing.
func TestVersionsInAnyOrderCostOneList(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(last int, e Event[*thing]) []Event[*thing]
	}{
		{"deletions with the version of the last change", func(_ int, e Event[*thing]) []Event[*thing] {
			if e.Type == watch.Deleted {
				e.ResourceVersion = "1001"
			}
			return []Event[*thing]{e}
		}},
		{"the last events are repeated", func(last int, e Event[*thing]) []Event[*thing] {
			if e.Type == watch.Bookmark {
				return []Event[*thing]{e}
			}
			return []Event[*thing]{modified("old@1001"), e}
		}},
		{"bookmarks that are behind", func(last int, e Event[*thing]) []Event[*thing] {
			return []Event[*thing]{e, bookmark("1001")}
		}},
		{"ADDED of what is known", func(last int, e Event[*thing]) []Event[*thing] {
			return []Event[*thing]{e, added("old@1001")}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBent()
			b.write("old", false, false)
			for i := range 20 {
				b.write(fmt.Sprint("o", i), false, false)
			}
			pending := map[*simStream][]Event[*thing]{}
			b.next = func(st *simStream) (Event[*thing], error) {
				if len(pending[st]) == 0 {
					e, err := st.Next()
					if err != nil || len(st.initial) > 0 || e.InitialEventsEnd || st.at < 1022 {
						return e, err
					}
					pending[st] = c.bend(st.at, e)
				}
				e := pending[st][0]
				pending[st] = pending[st][1:]
				return e, nil
			}
			runBent(t, b, Options{}, func(r *run) {
				r.pass(time.Minute, false)
				for i := range 20 {
					b.write("o20", false, false)
					b.write(fmt.Sprint("o", i), false, true)
					r.follows(2 * time.Second)
					r.pass(10*time.Second, false)
				}
				for range 20 {
					r.follows(2 * time.Second)
					r.pass(10*time.Minute, true)
				}
				if s := r.Stats(); s.RelistCount() != 1 || s.Relists[RelistBackwards] != 1 {
					t.Errorf("lists: %v", s.Relists)
				}
			})
		})
	}
}

// R1, R1b: a server that did go back, as after the restore of a backup, is
// noticed each time, whatever its events have been like before.
func TestAServerThatGoesBackIsNoticedEachTime(t *testing.T) {
	b := newBent()
	for i := range 100 {
		b.write("a", false, false)
		b.write(fmt.Sprint("b", i), false, false)
	}
	runBent(t, b, Options{}, func(r *run) {
		for range 4 {
			r.pass(time.Minute, true)
			b.simServer.mu.Lock()
			b.now += 1000
			b.simServer.mu.Unlock()
			r.pass(time.Minute, true)
			b.restore()
			r.pass(20*time.Second, false)
			r.follows(10 * time.Minute)
			if behind := r.behind(); behind != "" {
				t.Fatalf("after the restore the sink is behind: %s", behind)
			}
		}
	})
}

// R2: a source without versions is listed when its watch ends, since what was
// deleted before the next one is in no watch.
func TestWithoutVersionsDeletionsBetweenWatchesAreFound(t *testing.T) {
	for _, version := range []string{"", "0"} {
		t.Run("version "+version, func(t *testing.T) {
			objects := map[string]bool{"a": true, "b": true}
			var mu sync.Mutex
			var end chan struct{}
			lw := &ListWatch[*thing]{NoStreamedLists: true}
			lw.ListFunc = func(context.Context, metav1.ListOptions) (List[*thing], error) {
				mu.Lock()
				defer mu.Unlock()
				var l List[*thing]
				for name := range objects {
					l.Items = append(l.Items, at(name+"@"))
				}
				l.ResourceVersion = version
				return l, nil
			}
			lw.WatchFunc = func(ctx context.Context, _ metav1.ListOptions) (Stream[*thing], error) {
				mu.Lock()
				defer mu.Unlock()
				end = make(chan struct{})
				return &endsWith{ctx, end}, nil
			}
			synctest.Test(t, func(t *testing.T) {
				sink := newMutexTape()
				r := must(New[*thing](lw, Options{OnError: func(context.Context, error) {}}))
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- r.Run(ctx, sink) }()
				<-time.After(time.Minute)
				mu.Lock()
				delete(objects, "b")
				close(end)
				mu.Unlock()
				<-time.After(5 * time.Second)
				sink.mu.Lock()
				if got := sink.holds(); got != "a@" {
					t.Errorf("the sink holds %q", got)
				}
				sink.mu.Unlock()
				if n := r.Stats().Relists[RelistUnversioned]; n != 1 {
					t.Errorf("lists: %v", r.Stats().Relists)
				}
				cancel()
				<-done
			})
		})
	}
}

// R1b, R5: objects that are refused with every try of a list, and events whose
// object cannot be told, are logged as errors once.
func TestWhatIsRefusedAgainAndAgainIsLoggedAsAnErrorOnce(t *testing.T) {
	t.Run("a list that fails", func(t *testing.T) {
		b := newBent()
		for i := range 30 {
			b.write(fmt.Sprint("bad-", i), true, false)
		}
		lines := runLogged(t, b, Options{}, func(r *run) { r.pass(time.Hour, false) })
		if n := strings.Count(lines, "decode a list of"); n > 31 {
			t.Errorf("%d lines about 30 objects", n)
		}
	})
	t.Run("events without a key", func(t *testing.T) {
		b := newBent()
		b.write("a", false, false)
		b.next = func(st *simStream) (Event[*thing], error) {
			<-time.After(10 * time.Second)
			return Event[*thing]{}, &DecodeError{Err: errors.New("garbage")}
		}
		lines := runLogged(t, b, Options{DisableStreaming: true}, func(r *run) { r.pass(3*time.Hour, false) })
		if n := strings.Count(lines, "decode an event of"); n < 1 || n > 30 {
			t.Errorf("%d lines about events without a key", n)
		}
	})
}

// R1b: events of another counter than that of the lists are in no order, which
// one list tells.
func TestEventsOfAnotherCounterCostOneList(t *testing.T) {
	lists, n := 10, 0
	versions := []int{500, 300, 700, 650, 900}
	stats := runFor(t, 3*time.Hour, &ListWatch[*thing]{
		NoStreamedLists: true,
		ListFunc: func(context.Context, metav1.ListOptions) (List[*thing], error) {
			lists++
			var l List[*thing]
			l.ResourceVersion = fmt.Sprint(lists)
			return l, nil
		},
		WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (Stream[*thing], error) {
			return streamFunc(func() (Event[*thing], error) {
				select {
				case <-time.After(10 * time.Second):
				case <-ctx.Done():
					return Event[*thing]{}, ctx.Err()
				}
				n++
				return modified(fmt.Sprint("a@", versions[n%len(versions)])), nil
			}), nil
		},
	})
	if c := stats.RelistCount(); c > 2 {
		t.Errorf("lists: %v", stats.Relists)
	}
}

// R1: a server that goes back after its events were found to be in no order is
// noticed by watches that bring nothing but low versions.
func TestAServerThatGoesBackAfterDisorderIsNoticed(t *testing.T) {
	b := newBent()
	for i := range 30 {
		b.write(fmt.Sprint("o", i), false, false)
	}
	var low atomic.Bool
	b.next = func(st *simStream) (Event[*thing], error) {
		e, err := st.Next()
		if err == nil && low.Load() && len(st.initial) == 0 && e.Type == watch.Modified {
			e.ResourceVersion = "1001"
		}
		return e, err
	}
	runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
		r.pass(time.Minute, true)
		low.Store(true)
		r.pass(time.Minute, true) // the disorder is learnt
		low.Store(false)
		b.simServer.mu.Lock()
		b.now += 1000
		b.simServer.mu.Unlock()
		r.pass(5*time.Minute, true)
		b.restore()
		b.simServer.mu.Lock()
		for i := range 10 {
			delete(b.objects, fmt.Sprint("o", i))
		}
		b.simServer.mu.Unlock()
		r.pass(40*time.Minute, true)
		if behind := r.behind(); behind != "" {
			t.Errorf("the sink is behind: %s\n%v", behind, r.Stats().Relists)
		}
	})
}

// R4: a sink may refuse objects when the list is complete, too: the list has taken
// effect, and they count as refused like those of a page. Any other error fails it.
func TestACommitMayRefuseObjects(t *testing.T) {
	commits := 0
	sink := &tape{}
	sink.fail = func(op string) error {
		if op != "commit 10" {
			return nil
		}
		switch commits++; commits {
		case 1:
			return errors.Join(refusedBySink("a"), errors.New("no"))
		default:
			sink.list = nil
			return errors.Join(refusedBySink("a"), refusedBySink("b"))
		}
	}
	p := play(t, Options{DisableStreaming: true}, sink,
		answer{items: ats("a@1", "b@2"), version: "10"},
		answer{items: ats("a@1", "b@2"), version: "10"},
		streams())
	if commits != 2 || len(p.requests) != 3 {
		t.Errorf("%d commits, requests %q, want the list twice and a watch", commits, p.requests)
	}
	if n := p.Stats().Refused; n != 2 {
		t.Errorf("%d objects are refused, want 2", n)
	}
	if n := p.Status().Refused; n != 2 {
		t.Errorf("the status has %d refused objects, want 2", n)
	}
}

func undecodable(key, version string) error {
	return &DecodeError{Type: "thing", Key: key, ResourceVersion: version, Err: errors.New("broken")}
}

// R5: how many objects are refused is known without a walk through them, whatever is
// refused, stored, deleted and listed.
func TestTheNumberOfRefusedObjectsIsThatOfAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, now := newRefusals(), time.Now()
		keys := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
		t.Repeat(map[string]func(*rapid.T){
			"an event": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				f.calls(key, RelistUndecodable, undecodable(key, "1"), now)
			},
			"stored":  func(t *rapid.T) { f.stored(keys.Draw(t, "key")) },
			"deleted": func(t *rapid.T) { f.deleted(keys.Draw(t, "key")) },
			"begin":   func(*rapid.T) { f.begin(now) },
			"listed": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				f.refuse(key, RelistUndecodable, undecodable(key, "1"))
			},
			"commit": func(*rapid.T) { f.commit() },
			"anew":   func(*rapid.T) { f.anew() },
			"": func(t *rapid.T) {
				live := map[string]error{}
				for key, r := range f.objects {
					if !r.gone {
						live[key] = r.err
					}
				}
				n, err := f.sample()
				if n != len(live) || n > 0 && err != live[f.shown] || n == 0 && err != nil {
					t.Fatalf("%d are refused, %v; it is %v", n, err, live)
				}
			},
		})
	})
}
