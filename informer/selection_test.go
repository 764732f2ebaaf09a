package informer

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector"
)

// painted is an object in a namespace with a color, by which the tests select.
func painted(name, namespace, color string, version int) item {
	obj := newItem(name, version)
	obj.Namespace, obj.Labels = namespace, map[string]string{"color": color}
	return obj
}

func byColor(obj item) ([]string, error) {
	switch color := obj.Labels["color"]; color {
	case "panic":
		panic("no color today")
	case "none":
		return nil, errors.New("no color today")
	default:
		return []string{color}, nil
	}
}

// I1: a handler that asked for some objects is told of these alone, as they come
// to be and cease to be what it asked for, whatever its policy; and it is not
// woken for others.
func TestSelections(t *testing.T) {
	isRed := func(obj item) bool {
		values, err := byColor(obj)
		return err == nil && values[0] == "red"
	}
	ways := map[string]struct {
		opts   HandlerOptions
		filter func(item) bool
	}{
		"LabelSelector": {opts: HandlerOptions{LabelSelector: "color=red"}},
		"Index":         {opts: HandlerOptions{Index: "color", IndexValue: "red"}},
		"Filter":        {filter: isRed},
		"Namespace":     {opts: HandlerOptions{Namespace: "red"}},
		"all of them":   {HandlerOptions{LabelSelector: "color in (red,pink)", Index: "color", IndexValue: "red"}, isRed},
	}
	for name, way := range ways {
		for _, backlog := range []Backlog{{}, coalesce, backpressure(3), failing(100)} {
			t.Run(name+"/"+backlog.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					way.opts.Backlog = backlog
					checkSelection(t, way.filter, way.opts)
				})
			})
		}
	}
}

func checkSelection(t *testing.T, filter func(item) bool, opts HandlerOptions) {
	surviving(t)
	in, source := scripted(t, Options[item]{Indexers: indexer.Indexers[item]{"color": byColor}})
	obj := func(name, color string, version int) item { return painted(name, "ns", color, version) }
	if opts.Namespace != "" {
		obj = func(name, color string, version int) item { return painted(name, color, "any", version) }
	}
	early, late := &recorder{}, &recorder{}
	join := func(r *recorder) *Registration[item] {
		reg, err := in.AddFilteredHandler(filter, r, opts)
		if err != nil {
			t.Fatal(err)
		}
		return reg
	}
	reg := join(early)
	running(t, in)
	source.list(t, 1, obj("a", "red", 1), obj("b", "blue", 1), obj("c", "panic", 1))
	told(t, early, "Add a ->1 Initial")
	join(late)
	synctest.Wait() // it has read its snapshot
	told(t, late, "Add a ->1 Initial")

	calls := reg.caller.count.Load()
	source.update(t, obj("b", "green", 2))
	source.update(t, obj("c", "none", 3))
	if reg.reader != nil && (!reg.reader.Parked() || reg.Status().Lag != 0) || reg.caller.count.Load() != calls {
		t.Error("the handler was woken for what does not concern it")
	}
	source.update(t, obj("a", "red", 4))
	if opts.Namespace == "" { // which no object leaves
		source.update(t, obj("b", "red", 5))
		source.update(t, obj("a", "blue", 6))
		source.update(t, obj("a", "green", 7))
		source.remove(t, obj("a", "green", 8))
		source.remove(t, obj("b", "green", 9))
		told(t, early, "Update a 1>4 Watch", "Add b ->5 Watch", "Delete a 4>4 Watch", "Delete b 5>9 Watch")
		told(t, late, "Update a 1>4 Watch", "Add b ->5 Watch", "Delete a 4>4 Watch", "Delete b 5>9 Watch")
	}
	if !reg.HasSynced() {
		t.Error("not synced")
	}
}

// A handler that wants no initial list gets what follows it, with the Old that was
// there; one that wants some reasons gets the events of these.
func TestReasonsAndNoInitialList(t *testing.T) {
	for name, c := range map[string]struct {
		opts        HandlerOptions
		early, late []string
	}{
		"no initial list": {HandlerOptions{NoInitialList: true}, []string{"Update a 1>2 Watch", "Add b ->3 Relist", "Update a 2>2 Resync", "Update b 3>3 Resync"}, nil},
		"watch":           {HandlerOptions{Reasons: []Reason{ReasonWatch}}, []string{"Update a 1>2 Watch"}, nil},
		"initial":         {HandlerOptions{Reasons: []Reason{ReasonInitial}}, []string{"Add a ->1 Initial"}, []string{"Add a ->2 Initial", "Add b ->3 Initial"}},
		"resync, relist": {HandlerOptions{Reasons: []Reason{ReasonRelist, ReasonResync}},
			[]string{"Add b ->3 Relist", "Update a 2>2 Resync", "Update b 3>3 Resync"}, []string{"Update a 2>2 Resync", "Update b 3>3 Resync"}},
	} {
		for _, backlog := range []Backlog{{}, coalesce, backpressure(5), failing(5)} {
			t.Run(name+"/"+backlog.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
					early, late := &recorder{}, &recorder{}
					c.opts.Backlog = backlog
					reg := addWith(t, in, early, c.opts)
					running(t, in)
					source.list(t, 1, newItem("a", 1))
					source.update(t, newItem("a", 2))
					source.list(t, 3, newItem("a", 2), newItem("b", 3))
					if name != "no initial list" {
						addWith(t, in, late, c.opts)
					}
					<-time.After(11 * time.Second)
					synctest.Wait() // the resync is told
					for _, r := range []struct {
						r    *recorder
						want []string
					}{{early, c.early}, {late, c.late}} {
						got := r.r.take()
						if n := len(got); n >= 2 {
							slices.Sort(got[n-2:]) // a snapshot has no order
						}
						if !slices.Equal(got, r.want) {
							t.Errorf("told %q, want %q", got, r.want)
						}
					}
					if !reg.HasSynced() {
						t.Error("not synced")
					}
				})
			})
		}
	}
}

// A handler that sleeps is not woken for what does not concern it: its goroutine
// does not so much as ask the filter.
func TestAFilterIsAskedBeforeTheHandlerIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		var woken, asked atomic.Int64
		r := &recorder{}
		if _, err := in.AddFilteredHandler(func(obj item) bool {
			asked.Add(1)
			if strings.Contains(string(debug.Stack()), ".readOn(") {
				woken.Add(1)
			}
			return obj.Name == "a"
		}, r, HandlerOptions{}); err != nil {
			t.Fatal(err)
		}
		running(t, in)
		source.list(t, 1)
		source.update(t, newItem("b", 2))
		source.update(t, newItem("c", 3))
		if woken.Load() != 0 || asked.Load() == 0 {
			t.Errorf("the filter was asked %d times, %d of them by the handler's goroutine", asked.Load(), woken.Load())
		}
		source.update(t, newItem("a", 4))
		if woken.Load() == 0 {
			t.Error("this test does not notice who asks the filter")
		}
		told(t, r, "Add a ->4 Watch")
	})
}

// A handler that wants no resync costs none, and one that coalesces without an
// initial list coalesces nevertheless.
func TestSelectionsAndOtherOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{ResyncPeriod: 10 * time.Second})
		slow := newStuck()
		r := addWith(t, in, slow, HandlerOptions{Reasons: []Reason{ReasonWatch}, ResyncPeriod: time.Minute, NoInitialList: true, Backlog: coalesce})
		running(t, in)
		source.list(t, 1)
		for version := 2; version < 6; version++ {
			source.update(t, newItem("a", version))
		}
		if s := r.Status(); s.Depth != 1 {
			t.Errorf("%+v", s)
		}
		<-time.After(time.Hour)
		slow.free()
		told(t, &slow.recorder, "Add a ->2 Watch", "Update a 2>5 Watch")
		if n := in.Status().Resyncs; n != 0 {
			t.Errorf("%d resyncs for nobody", n)
		}
	})
}

// A selection that cannot be is refused, with what to give instead.
func TestSelectionsRefuse(t *testing.T) {
	in, _ := scripted(t, Options[item]{Name: "pods", Indexers: indexer.Indexers[item]{"color": byColor}})
	for want, opts := range map[string]HandlerOptions{
		`LabelSelector "a=b=c" does not parse`:  {LabelSelector: "a=b=c"},
		`LabelSelector "!" does not parse`:      {LabelSelector: "!"},
		`Index "size" is none of the store's`:   {Index: "size", IndexValue: "large"},
		`["color"]`:                             {Index: "size"},
		"an IndexValue is given without Index":  {IndexValue: "large"},
		"among the Reasons is 0":                {Reasons: []Reason{ReasonWatch, 0}},
		"among the Reasons is 9":                {Reasons: []Reason{9}},
		"no event is left":                      {Reasons: []Reason{ReasonInitial}, NoInitialList: true},
		`LabelSelector "a=b=c" does not parse.`: {LabelSelector: "a=b=c", Backlog: Backlog{Policy: BacklogFail}},
	} {
		_, err := in.AddHandler(&recorder{}, opts)
		if !errors.Is(err, ErrHandlerOptions) || !strings.Contains(err.Error(), strings.TrimSuffix(want, ".")) || !strings.Contains(err.Error(), "pods") {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	var nilFunc HandlerFunc[item]
	if _, err := in.AddFilteredHandler(nil, nilFunc, HandlerOptions{}); !errors.Is(err, ErrNoHandler) {
		t.Errorf("a nil handler: %v", err)
	}
	if n := len(in.Status().Handlers); n != 0 {
		t.Errorf("%d handlers were added", n)
	}
}

// I8: an object over which a filter panics does not pass, and nothing else
// suffers.
func TestAFilterThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		in, source := scripted(t, Options[item]{})
		fussy := func(obj item) bool {
			if obj.Name == "bad" {
				panic("bad")
			}
			return true
		}
		all, other := map[Backlog]*recorder{}, &recorder{}
		for _, backlog := range []Backlog{{}, coalesce, backpressure(5)} {
			all[backlog] = &recorder{}
			if _, err := in.AddFilteredHandler(fussy, all[backlog], HandlerOptions{Backlog: backlog}); err != nil {
				t.Fatal(err)
			}
		}
		add(t, in, other)
		running(t, in)
		source.list(t, 1, newItem("bad", 1), newItem("a", 1))
		source.update(t, newItem("bad", 2))
		source.update(t, newItem("a", 3))
		for backlog, r := range all {
			if got, want := r.take(), []string{"Add a ->1 Initial", "Update a 1>3 Watch"}; !slices.Equal(got, want) {
				t.Errorf("%s: told %q", backlog, got)
			}
		}
		if n := len(other.take()); n != 4 || panics.Load() == 0 {
			t.Errorf("the other handler was told %d times, %d panics", n, panics.Load())
		}
	})
}

// I8: an object over which an index function panics does not pass, for a handler that
// selects by that index, and the store is who reports it (S4).
func TestAnIndexThatPanicsSelectsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		in, source := scripted(t, Options[item]{Indexers: indexer.Indexers[item]{"color": byColor}})
		r := &recorder{}
		addWith(t, in, r, HandlerOptions{Index: "color", IndexValue: "red"})
		running(t, in)
		source.list(t, 1, painted("a", "ns", "red", 1))
		source.update(t, painted("b", "ns", "panic", 2))
		source.update(t, painted("a", "ns", "panic", 3))
		told(t, r, "Add a ->1 Initial", "Delete a 1>1 Watch")
		if n := panics.Load(); n != 0 {
			t.Errorf("%d panics went to HandleCrash, which ends a process", n)
		}
	})
}

// I5: Drain tells a handler of what is stored and of nothing that follows, whoever
// calls it and whatever the policy; Remove afterwards drops the rest.
func TestDrain(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(5), failing(5)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				slow, removed := newStuck(), newStuck()
				r := addWith(t, in, slow, HandlerOptions{Backlog: backlog})
				both := addWith(t, in, removed, HandlerOptions{Backlog: backlog})
				running(t, in)
				source.list(t, 1, newItem("a", 1), newItem("b", 1))
				source.update(t, newItem("c", 2))
				r.Drain()
				both.Drain()
				r.Drain()
				both.Remove()
				source.update(t, newItem("d", 3))
				if isClosed(r.Done()) || isClosed(both.Done()) {
					t.Error("Done is closed inside a callback")
				}
				slow.free()
				removed.free()
				<-r.Done()
				<-both.Done()
				told(t, &slow.recorder, "Add a ->1 Initial", "Add b ->1 Initial", "Add c ->2 Watch")
				told(t, &removed.recorder, "Add a ->1 Initial")
				if !r.HasSynced() || r.Err() != nil || len(in.Status().Handlers) != 0 {
					t.Errorf("synced %v, error %v, %d handlers left", r.HasSynced(), r.Err(), len(in.Status().Handlers))
				}
			})
		})
	}
}

// I5: a handler can drain itself, with its snapshot and without; an idle one is
// gone at once, and one of an informer that does not run once it has run.
func TestDrainHereAndThere(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(5), failing(5)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				r := &recorder{}
				// drained adds a handler that drains itself in each callback.
				drained := func(opts HandlerOptions) *Registration[item] {
					opts.Backlog = backlog
					self := make(chan *Registration[item], 1)
					reg := addWith(t, in, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
						r.OnEvent(ctx, e)
						reg := <-self
						self <- reg
						reg.Drain()
					}), opts)
					self <- reg
					return reg
				}
				idle := addWith(t, in, &recorder{}, HandlerOptions{Backlog: backlog})
				empty := addWith(t, in, &recorder{}, HandlerOptions{Backlog: backlog, NoInitialList: true})
				empty.Drain()
				if !isClosed(empty.Done()) {
					t.Error("nothing waits for the handler, which is still there")
				}
				running(t, in)
				source.list(t, 1, newItem("a", 1), newItem("b", 1))
				idle.Drain()
				<-idle.Done()
				<-drained(HandlerOptions{}).Done()
				got := r.take()
				if slices.Sort(got); !slices.Equal(got, []string{"Add a ->1 Initial", "Add b ->1 Initial"}) {
					t.Errorf("told %q", got)
				}
				self := drained(HandlerOptions{NoInitialList: true})
				source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
					return errors.Join(sink.Update(ctx, newItem("a", 2)), sink.Update(ctx, newItem("a", 3)))
				})
				<-self.Done()
				if got := r.take(); len(got) == 0 || got[0] != "Update a 1>2 Watch" && got[0] != "Update a 1>3 Watch" {
					t.Errorf("told %q", got)
				}
				if err := in.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				self = addWith(t, in, r, HandlerOptions{Backlog: backlog})
				self.Drain()
				if isClosed(self.Done()) || len(in.Status().Handlers) != 1 {
					t.Error("a handler that has not been told of its snapshot is gone")
				}
				running(t, in)
				<-self.Done()
				if n := len(r.take()); n != 2 {
					t.Errorf("told %d times", n)
				}
			})
		})
	}
}

// I5: a handler that has been told of everything when a Stop ends it is gone, also if
// that is what a Drain waited for.
func TestDrainOfAHandlerThatStops(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(5), failing(5)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				last, more := newStuck(), newStuck()
				r := addWith(t, in, last, HandlerOptions{Backlog: backlog})
				left := addWith(t, in, more, HandlerOptions{Backlog: backlog})
				ended := running(t, in)
				source.list(t, 1)
				source.update(t, newItem("a", 2))
				last.next()
				source.update(t, newItem("b", 3)) // more is in the callback for a
				go func() { _ = in.Stop(context.Background()) }()
				synctest.Wait() // each of them is in a callback
				r.Drain()
				left.Drain()
				last.free()
				more.free()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if !isClosed(r.Done()) || isClosed(left.Done()) {
					t.Errorf("gone: %v, and %v of one that has not been told of b", isClosed(r.Done()), isClosed(left.Done()))
				}
				running(t, in)
				<-left.Done()
				told(t, &more.recorder, "Add a ->2 Watch", "Add b ->3 Watch")
			})
		})
	}
}

// I5: Drain takes in what is stored but not in the log yet, and waits for nothing.
func TestDrainWhileTheStoreIsAheadOfTheLog(t *testing.T) {
	for _, backlog := range []Backlog{{}, coalesce, backpressure(5), failing(5)} {
		t.Run(backlog.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leave := make(chan struct{})
				in, source := scripted(t, Options[item]{Indexers: indexer.Indexers[item]{"slow": func(obj item) ([]string, error) {
					if obj.Name == "b" {
						<-leave
					}
					return nil, nil
				}}})
				r := &recorder{}
				reg := addWith(t, in, r, HandlerOptions{Backlog: backlog})
				running(t, in)
				source.list(t, 1, newItem("a", 1))
				source.update(t, newItem("b", 2)) // its index function has not returned
				reg.Drain()
				late := &recorder{}
				lateReg := addWith(t, in, late, HandlerOptions{Backlog: backlog})
				lateReg.Drain()
				synctest.Wait() // nobody can go on
				close(leave)
				<-reg.Done()
				<-lateReg.Done()
				told(t, r, "Add a ->1 Initial", "Add b ->2 Watch")
				got := late.take()
				if slices.Sort(got); !slices.Equal(got, []string{"Add a ->1 Initial", "Add b ->2 Initial"}) {
					t.Errorf("late was told %q", got)
				}
			})
		})
	}
}
