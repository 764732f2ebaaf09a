package informer

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// surviving lets the process survive panics until the end of the test, and
// returns their number.
func surviving(t *testing.T) *atomic.Int64 {
	really, handlers := utilruntime.ReallyCrash, utilruntime.PanicHandlers
	t.Cleanup(func() { utilruntime.ReallyCrash, utilruntime.PanicHandlers = really, handlers })
	var seen atomic.Int64
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = []func(context.Context, any){func(context.Context, any) { seen.Add(1) }}
	return &seen
}

// I8: an index function that panics or fails costs the object its place in that
// index; store, handlers and other indexes do not notice.
func TestIndexFunctionsThatPanicOrFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int64
		store := newCache(indexer.Options[item]{OnIndexError: func(*indexer.IndexError) { told.Add(1) }})
		in, source := scripted(t, Options[item]{Indexer: store, Indexers: indexer.Indexers[item]{
			"panics": func(obj item) ([]string, error) {
				if obj.Name == "a" {
					panic("a")
				}
				return []string{"all"}, nil
			},
			"fails": func(obj item) ([]string, error) {
				if obj.Name == "b" {
					return nil, errors.New("b")
				}
				return []string{"all"}, nil
			},
		}})
		r := &recorder{}
		add(t, in, r)
		running(t, in)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		if got := r.take(); len(got) != 3 {
			t.Errorf("told %q", got)
		}
		for _, index := range []string{"panics", "fails"} {
			if objs, err := in.Indexer().ByIndex(index, "all"); err != nil || len(objs) != 2 {
				t.Errorf("index %s has %d objects, %v", index, len(objs), err)
			}
		}
		if told.Load() != 2 {
			t.Errorf("%d index errors were reported, want 2", told.Load())
		}
	})
}

// I8: where index functions are made to panic and the process survives it, one
// object costs no other its place, neither in a list nor among events, and no
// event (TestReviewOneBadObjectCostsNoOther).
func TestIndexFunctionsThatAreMadeToPanic(t *testing.T) {
	fussy := indexer.Indexers[item]{"fussy": func(obj item) ([]string, error) {
		switch obj.Name {
		case "fails":
			return nil, errors.New("fails")
		case "panics":
			panic("panics")
		}
		return []string{"all"}, nil
	}}
	list := func(version int) []item {
		return []item{newItem("a", version), newItem("fails", version), newItem("panics", version), newItem("z", version)}
	}
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		store := newCache(indexer.Options[item]{Indexers: fussy, PanicOnIndexError: true})
		in, source := scripted(t, Options[item]{Indexer: store})
		r := &recorder{}
		reg := add(t, in, r)
		running(t, in)
		source.list(t, 1, list(1)...)
		if got := r.take(); len(got) != 4 || !reg.HasSynced() || store.Len() != 4 {
			t.Errorf("told %q, synced %v, stored %d", got, reg.HasSynced(), store.Len())
		}
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) (err error) {
			for _, obj := range list(2) {
				err = errors.Join(err, sink.Update(ctx, obj))
			}
			return err
		})
		<-time.After(2 * crashPause)
		synctest.Wait() // the events came while there was a pause
		want := []string{"Update a 1>2 Watch", "Update fails 1>2 Watch", "Update panics 1>2 Watch", "Update z 1>2 Watch"}
		if got := r.take(); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		if objs, err := store.ByIndex("fussy", "all"); err != nil || len(objs) != 2 {
			t.Errorf("%d objects in the index, %v", len(objs), err)
		}
		if panics.Load() == 0 {
			t.Error("nothing was reported")
		}
	})
}

// I1, I2, I8: whatever of the access panics over one object, once or each time,
// the store and the handlers agree on all others in the end, and on that one
// where it has a key (TestReviewAPanicOfTheAccessLosesNoEvent).
func TestAnAccessThatPanicsLosesNoEvent(t *testing.T) {
	bad := func(obj item) {
		if obj.Labels["bad"] != "" {
			panic("bad")
		}
	}
	spoil := map[string]func(object.Access[item]) object.Access[item]{
		"Key": func(a object.Access[item]) object.Access[item] {
			return a.WithKey(func(obj item) (string, error) { bad(obj); return a.Key(obj) })
		},
		"Version": func(a object.Access[item]) object.Access[item] {
			fields := a.Fields()
			fields.Version = func(obj item) string { bad(obj); return a.Version(obj) }
			return object.Keyed(a.Key, fields)
		},
		"UID": func(a object.Access[item]) object.Access[item] {
			fields := a.Fields()
			fields.UID = func(obj item) types.UID { bad(obj); return a.UID(obj) }
			return object.Keyed(a.Key, fields)
		},
	}
	queues := map[string]func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error){
		"InOrder": nil,
		"DeltaFIFO": func(a object.Access[item], o deltafifo.Options[item]) (deltafifo.Queue[item], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		},
	}
	for what, spoiled := range spoil {
		for queue, newQueue := range queues {
			t.Run(what+"/"+queue, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					panics := surviving(t)
					access := spoiled(object.Meta[item]())
					source := newScript()
					in, err := NewFromRunner(access, source, Options[item]{NewQueue: newQueue})
					if err != nil {
						t.Fatal(err)
					}
					told := map[string]string{}
					r := add(t, in, HandlerFunc[item](func(_ context.Context, e Event[item]) {
						if told[e.Key] = e.Object.ResourceVersion; e.Type == EventDelete {
							delete(told, e.Key)
						}
					}))
					running(t, in)
					spoil := func(obj item) item { obj.Labels = map[string]string{"bad": "yes"}; return obj }
					page := func(items ...item) {
						source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
							err := sink.Begin(ctx)
							_ = sink.Page(ctx, items) // it names what it refuses
							return errors.Join(err, sink.Commit(ctx, ""))
						})
						<-time.After(time.Minute) // more than any pause
						synctest.Wait()
						stored := map[string]string{}
						for _, obj := range in.Indexer().List() {
							stored["ns/"+obj.Name] = obj.ResourceVersion
						}
						if !maps.Equal(stored, told) {
							t.Errorf("stored are %v, told are %v", stored, told)
						}
						if want := len(items); what != "Key" && len(stored) != want || what == "Key" && len(stored) < want-1 {
							t.Errorf("%d of %d objects are stored: %v", len(stored), want, stored)
						}
					}
					uid := func(obj item) item { return withUID(obj, "u") }
					page(uid(newItem("a", 1)), uid(newItem("b", 1)), uid(newItem("c", 1)))
					page(uid(newItem("a", 2)), spoil(uid(newItem("b", 2))), uid(newItem("d", 2)))
					page(uid(newItem("a", 3)), spoil(uid(newItem("b", 3))), uid(newItem("d", 3)))
					if !r.HasSynced() || panics.Load() == 0 {
						t.Errorf("synced %v, %d panics", r.HasSynced(), panics.Load())
					}
				})
			})
		}
	}
}

// I8: after a source that panicked, in the middle of a list, it runs again, on
// the same queue, and everything is as it should be.
func TestASourceThatPanicsRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		runs := 0
		in, err := NewFromRunner(newAccess(), runnerFunc(func(ctx context.Context, sink reflector.Sink[item]) error {
			runs++
			err := errors.Join(sink.Begin(ctx), sink.Page(ctx, []item{newItem("a", runs)}))
			if runs == 1 {
				panic("first")
			}
			err = errors.Join(err, sink.Commit(ctx, "1"))
			if err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}), Options[item]{})
		if err != nil {
			t.Fatal(err)
		}
		r := &recorder{}
		add(t, in, r)
		running(t, in)
		<-time.After(2 * crashPause)
		synctest.Wait() // the second run has handed over its list
		if got := r.take(); len(got) != 1 || got[0] != "Add a ->2 Initial" {
			t.Errorf("told %q", got)
		}
		if runs != 2 || panics.Load() != 1 {
			t.Errorf("%d runs and %d panics", runs, panics.Load())
		}
	})
}

// I8: a transform that panics whenever it sees a certain object costs that
// object, in lists and as an event, and no other; the source is told which.
func TestATransformThatPanicsRefusesTheObject(t *testing.T) {
	type access = object.Access[item]
	type options = deltafifo.Options[item]
	for name, queue := range map[string]func(access, options) (deltafifo.Queue[item], error){
		"InOrder": nil,
		"DeltaFIFO": func(a access, o options) (deltafifo.Queue[item], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				panics := surviving(t)
				in, source := scripted(t, Options[item]{Name: "pods", NewQueue: queue, Transform: func(obj item) (item, error) {
					if obj.Name == "bad" {
						panic("bad")
					}
					return obj, nil
				}})
				r := &recorder{}
				add(t, in, r)
				running(t, in)
				var list, event error
				source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
					err := sink.Begin(ctx)
					list = sink.Page(ctx, []item{newItem("a", 1), newItem("bad", 2), newItem("b", 3)})
					err = errors.Join(err, sink.Commit(ctx, "3"))
					event = sink.Update(ctx, newItem("bad", 4))
					return errors.Join(err, sink.Update(ctx, newItem("a", 5)))
				})
				if got := slices.Sorted(slices.Values(r.take())); !slices.Equal(got, []string{"Add a ->1 Initial", "Add b ->3 Initial", "Update a 1>5 Watch"}) {
					t.Errorf("told %q", got)
				}
				for _, err := range []error{list, event} {
					if err == nil || !strings.Contains(err.Error(), "ns/bad") || !strings.Contains(err.Error(), "it panicked") {
						t.Errorf("the source was told %v", err)
					}
				}
				if panics.Load() != 2 {
					t.Errorf("%d panics were reported", panics.Load())
				}
			})
		})
	}
}

// I8: a store that panics does not end the informer, nor keep handlers from
// joining.
func TestAStoreThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		store := &panicky{Indexer: newCache(indexer.Options[item]{})}
		in, source := scripted(t, Options[item]{Indexer: store})
		running(t, in)
		source.update(t, newItem("a", 1))
		store.panics = true
		source.update(t, newItem("b", 2))
		store.panics = false
		r := &recorder{}
		add(t, in, r)
		source.update(t, newItem("c", 3))
		<-time.After(2 * crashPause)
		synctest.Wait() // the pause is over
		if got := r.take(); len(got) != 2 || got[0] != "Add a ->1 Initial" || got[1] != "Add c ->3 Watch" {
			t.Errorf("told %q", got)
		}
		if panics.Load() != 1 {
			t.Errorf("%d panics", panics.Load())
		}
	})
}

// panicky is a store that panics when it is written.
type panicky struct {
	indexer.Indexer[item]
	panics bool
}

func (p *panicky) Apply(changes []indexer.Change[item], version string) {
	if p.panics {
		panic("store")
	}
	p.Indexer.Apply(changes, version)
}

// I5, I8: the pause after a panic, of a handler or of one of its lanes, ends when the
// handler is removed.
func TestRemoveEndsThePauseAfterAPanic(t *testing.T) {
	for _, lanes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			surviving(t)
			in, source := scripted(t, Options[item]{})
			var h Handler[item] = HandlerFunc[item](func(context.Context, Event[item]) { panic("always") })
			if lanes {
				h = mustSpread(t, 2, h)
			}
			r := add(t, in, h)
			running(t, in)
			start := time.Now()
			source.list(t, 1, newItem("a", 1), newItem("b", 1))
			r.Remove()
			<-r.Done()
			if d := time.Since(start); d != 0 {
				t.Errorf("lanes: %v, it took %v", lanes, d)
			}
		})
	}
}

// I8: OnPanic is the user's code as well. Where it panics, and the process survives
// that, the handler goes on, and so does everything else.
func TestAnOnPanicThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		in, source := scripted(t, Options[item]{})
		r, calls := &recorder{}, &recorder{}
		addWith(t, in, panicking(calls), HandlerOptions{Panics: PanicIsolate, OnPanic: func(*PanicError) { panic("again") }})
		add(t, in, r)
		running(t, in)
		source.list(t, 1, newItem("bad", 1), newItem("b", 1))
		told(t, calls, "Add bad ->1 Initial", "Add b ->1 Initial")
		told(t, r, "Add bad ->1 Initial", "Add b ->1 Initial")
		if n := panics.Load(); n != 1 {
			t.Errorf("%d panics went to HandleCrash", n)
		}
	})
}

// I8: what is said of a handler's panic names the handler, the type and the
// key.
func TestAPanicSaysWhoseItIs(t *testing.T) {
	surviving(t)
	utilruntime.PanicHandlers = logPanics
	var said []string
	logger := funcr.New(func(_, args string) { said = append(said, args) }, funcr.Options{})
	ctx := newCrashContext[int](klog.NewContext(t.Context(), logger), "controller")
	ctx.key = "shop/web"
	if survives(&ctx, func() { panic("cannot bear it") }) {
		t.Error("a panic came back as if there had been none")
	}
	told := strings.Join(said, "\n")
	for _, want := range []string{"cannot bear it", `"handler"="controller"`, `"key"="shop/web"`, `"type"="int"`, "TestAPanicSaysWhoseItIs"} {
		if !strings.Contains(told, want) {
			t.Errorf("what is said lacks %s: %s", want, told)
		}
	}
}

// logPanics are apimachinery's own handlers, which log.
var logPanics = slices.Clone(utilruntime.PanicHandlers)

// fussy is a handler that panics in a method of its own.
type fussy struct{}

func (fussy) OnEvent(context.Context, Event[item]) { panic("cannot bear it") }

// I8: a panic is logged with the handler's own logger, or with the informer's
// where it has none, and for the line that panicked
// (TestReviewAHandlersLoggerIsUsed).
func TestAPanicIsLoggedWhereItWas(t *testing.T) {
	for name, own := range map[string]bool{"the handler's logger": true, "the informer's": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				surviving(t)
				utilruntime.PanicHandlers = logPanics
				var said, others lockedBuffer
				logger := func(out *lockedBuffer) klog.Logger {
					return textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(out)))
				}
				o, h := Options[item]{Logger: logger(&said)}, HandlerOptions{Name: "fussy"}
				if own {
					o.Logger, h.Logger = logger(&others), logger(&said)
				}
				in, source := scripted(t, o)
				if _, err := in.AddHandler(fussy{}, h); err != nil {
					t.Fatal(err)
				}
				running(t, in)
				source.list(t, 1, newItem("a", 1))
				first, _, _ := strings.Cut(said.String(), "\n")
				for _, want := range []string{"crash_test.go:", `handler="fussy"`, `key="ns/a"`, `informer=`} {
					if !strings.Contains(first, want) {
						t.Errorf("what is said lacks %s: %s", want, first)
					}
				}
				if others.String() != "" {
					t.Errorf("the informer's logger says %s", others.String())
				}
			})
		})
	}
}

// lockedBuffer is what a logger writes to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// I8: Err says why PanicRemove has removed a handler, with the value and the line, and
// nothing where the handler was removed before, or for another reason.
func TestI8ErrIsThePanicThatRemoved(t *testing.T) {
	for way, make := range map[string]func(Handler[item]) (Handler[item], error){
		"one by one": func(h Handler[item]) (Handler[item], error) { return h, nil },
		"batched": func(h Handler[item]) (Handler[item], error) {
			return Batched[item](BatchHandlerFunc[item](func(ctx context.Context, events []Event[item]) { h.OnEvent(ctx, events[0]) }), 0)
		},
		"parallel": func(h Handler[item]) (Handler[item], error) { return Parallel(2, h) },
	} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, Options[item]{})
				var before *Registration[item]
				leaving, err := make(HandlerFunc[item](func(context.Context, Event[item]) {
					before.Remove()
					panic("too late")
				}))
				if err != nil {
					t.Fatal(err)
				}
				ignored := HandlerOptions{Panics: PanicRemove, OnPanic: func(*PanicError) {}}
				before = addWith(t, in, leaving, ignored)
				h, err := make(HandlerFunc[item](func(_ context.Context, e Event[item]) { _ = e.Key[len(e.Key)] }))
				if err != nil {
					t.Fatal(err)
				}
				ignored.Name = "careless"
				r := addWith(t, in, h, ignored)
				if err := r.Err(); err != nil {
					t.Error("before the panic:", err)
				}
				running(t, in)
				source.list(t, 1, newItem("a", 1))
				<-r.Done()
				var panicked *PanicError
				if err := r.Err(); !errors.As(err, &panicked) || panicked.Handler != "careless" || panicked.Key != "ns/a" ||
					!strings.HasPrefix(panicked.Where, "informer/crash_test.go:") || !strings.Contains(err.Error(), "out of range") {
					t.Errorf("removed because of %v", err)
				}
				if !errors.Is(r.Unsynced(), error(panicked)) {
					t.Errorf("not synced because of %v", r.Unsynced())
				}
				<-before.Done()
				if err := before.Err(); err != nil {
					t.Error("it removed itself before:", err)
				}
			})
		})
	}
}
