package reflector

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/object"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// What cannot work is refused when the Reflector is made, with its name, its type
// and what to give instead.
func TestWhatCannotRunIsRefusedByNew(t *testing.T) {
	var nilList *ListWatch[*thing]
	list := func(context.Context, metav1.ListOptions) (List[*thing], error) { return List[*thing]{}, nil }
	for _, c := range []struct {
		name string
		make func(Options) (*Reflector[*thing], error)
		opts Options
		want error // nil where text says enough
		text string
	}{
		{"no source", func(o Options) (*Reflector[*thing], error) { return New[*thing](nil, o) }, Options{}, ErrNoListerWatcher, "*httpsource.Source or a *ListWatch"},
		{"a nil pointer as source", func(o Options) (*Reflector[*thing], error) { return New[*thing](nilList, o) }, Options{}, ErrNoListerWatcher, "pass a source"},
		{"a ListWatch without functions", func(o Options) (*Reflector[*thing], error) { return New(&ListWatch[*thing]{}, o) }, Options{}, errNoListFunc, "set it to a function that lists"},
		{"a ListWatch that only lists", func(o Options) (*Reflector[*thing], error) { return New(&ListWatch[*thing]{ListFunc: list}, o) }, Options{}, errNoWatchFunc, "set it to a function that watches"},
		{"the zero Access", func(o Options) (*Reflector[*thing], error) {
			return NewWithAccess(object.Access[*thing]{}, newSimServer(), o)
		}, Options{}, object.ErrNoAccess, "make one with Meta"},
		{"a kind that objects do not carry", ofSimServer, Options{GVK: schema.GroupVersionKind{Kind: "Thing"}}, nil, "leave GVK empty"},
		{"watch timeouts that exclude each other", ofSimServer, Options{MinWatchTimeout: time.Hour, MaxWatchTimeout: time.Minute}, nil, "set Max to Min or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Name = "pods"
			r, err := c.make(c.opts)
			if r != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("New returned %v, %v, want %v", r, err, c.want)
			}
			for _, text := range []string{c.text, "reflector pods: set up "} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v, want %q", err, text)
				}
			}
			if !errors.As(err, new(*Error)) {
				t.Errorf("%T is no *Error", err)
			}
		})
	}
}

func ofSimServer(o Options) (*Reflector[*thing], error) { return New[*thing](newSimServer(), o) }

func TestRunRefusesANilSinkAtOnce(t *testing.T) {
	for name, sink := range map[string]Sink[*thing]{"nil": nil, "a nil pointer": (*tape)(nil)} {
		err := must(ofSimServer(Options{Name: "pods"})).Run(context.Background(), sink)
		if !errors.Is(err, ErrNoSink) || !strings.Contains(err.Error(), "pods") || !strings.Contains(err.Error(), "*reflector.thing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// R3: the end of the context ends a pause, a request and a silent stream at
// once, and the sink is left without an open list.
func TestTheEndOfTheContextEndsEverythingAtOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
	}{
		{"a long Retry-After", failing(errBusy)},
		{"a list that stands still", stalling()},
		{"a silent stream", streams(added("a@1"))},
	} {
		for _, streamed := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
					defer cancel()
					began := time.Now()
					s := &script{began: began, finish: func() {}, answers: []answer{c.answer, after()}}
					sink := &tape{}
					err := must(New[*thing](s, Options{DisableStreaming: !streamed, OnError: func(context.Context, error) {}})).Run(ctx, sink)
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Run returned %v", err)
					}
					if took := time.Since(began); took != 3*time.Second {
						t.Errorf("Run took %v, want 3s", took)
					}
					if sink.list != nil || s.open != 0 {
						t.Errorf("left behind: list %v, %d streams", sink.list, s.open)
					}
				})
			})
		}
	}
}

// R2: a sink that makes the reflector wait is no silence of the server.
func TestASinkThatWaitsForAnHourDoesNotCutTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &tape{block: func(op string) {
			if op == "update a@11" || strings.HasPrefix(op, "page") {
				<-time.After(time.Hour)
			}
		}}
		p := playHere(t, Options{}, sink, []answer{after(modified("a@11"), modified("b@12"))})
		if s := p.Stats(); s.Cut != 0 || s.Watches != 1 || p.holds() != "a@11 b@12" {
			t.Errorf("stats %+v, holds %q", s, p.holds())
		}
	})
}

func TestASecondRunGoesOnFromTheVersionOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{began: time.Now()}
		r := must(New[*thing](s, Options{}))
		for _, answers := range [][]answer{{after(modified("a@11"))}, {streams(added("a@11"), listEnd("12"))}} {
			ctx, cancel := context.WithCancel(context.Background())
			s.answers, s.finish = answers, cancel
			_ = r.Run(ctx, &tape{state: map[string]string{}})
		}
		if got := strings.Join(s.log, ", "); got != "0s stream rv=, 0s stream rv=11" {
			t.Errorf("requests: %s", got)
		}
		if r.LastSyncResourceVersion() != "12" {
			t.Errorf("the version is %s", r.LastSyncResourceVersion())
		}
	})
}

func TestTwoRunsAtOnceAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		r := must(New[*thing](newSimServer(), Options{}))
		done := make(chan error)
		go func() { done <- r.Run(ctx, newMutexTape()) }()
		synctest.Wait() // the first Run waits for events
		if err := r.Run(ctx, newMutexTape()); !errors.Is(err, ErrRunning) {
			t.Errorf("the second Run returned %v", err)
		}
		cancel()
		<-done
	})
}

// A panic of the sink leaves no stream and no list open.
func TestAPanicOfTheSinkLeavesNothingOpen(t *testing.T) {
	for _, op := range []string{"page a@1 b@2", "commit 10", "update a@11"} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{began: time.Now(), finish: func() {}, answers: []answer{after(modified("a@11"))}}
				sink := &tape{block: func(o string) {
					if o == op {
						panic("boom")
					}
				}}
				r := must(New[*thing](s, Options{}))
				func() {
					defer func() {
						if recover() != "boom" {
							t.Error("the panic did not come out of Run")
						}
					}()
					_ = r.Run(context.Background(), sink)
				}()
				if s.open != 0 || (sink.list != nil && op != "commit 10") {
					t.Errorf("left behind: %d streams, list %v", s.open, sink.list)
				}
			})
		})
	}
}

func unstructuredOf(kind, name, version string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind("v1", kind))
	if kind == "Table" {
		u.SetAPIVersion("meta.k8s.io/v1")
	}
	u.SetName(name)
	u.SetResourceVersion(version)
	return u
}

// keys is a Sink of unstructured objects that notes their names.
type keys struct {
	nothing
	names []string
}

func (k *keys) Page(_ context.Context, items []*unstructured.Unstructured) error {
	for _, u := range items {
		k.names = append(k.names, u.GetName())
	}
	return nil
}

func (k *keys) Update(_ context.Context, u *unstructured.Unstructured) error {
	k.names = append(k.names, u.GetName())
	return nil
}

// nothing is a Sink that takes and forgets.
type nothing struct{}

func (nothing) Begin(context.Context) error                              { return nil }
func (nothing) Page(context.Context, []*unstructured.Unstructured) error { return nil }
func (nothing) Commit(context.Context, string) error                     { return nil }
func (nothing) Abort()                                                   {}
func (nothing) Add(context.Context, *unstructured.Unstructured) error    { return nil }
func (nothing) Update(context.Context, *unstructured.Unstructured) error { return nil }
func (nothing) Delete(context.Context, *unstructured.Unstructured) error { return nil }
func (nothing) Bookmark(context.Context, string) error                   { return nil }

// R4: objects of the wrong kind, tables among them, are reported with
// reflector, type and key, counted, and never stored.
func TestObjectsOfTheWrongKindAreReportedAndNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		watches := 0
		lw := &ListWatch[*unstructured.Unstructured]{
			ListFunc: func(context.Context, metav1.ListOptions) (List[*unstructured.Unstructured], error) {
				return List[*unstructured.Unstructured]{ListMeta: metav1.ListMeta{ResourceVersion: []string{"5", "20"}[watches]}, Items: []*unstructured.Unstructured{
					unstructuredOf("Pod", "a", "1"), unstructuredOf("Node", "b", "2"), unstructuredOf("Table", "c", "3"), nil}}, nil
			},
			WatchFunc: WatchOf[*unstructured.Unstructured](func(context.Context, metav1.ListOptions) (watch.Interface, error) {
				if watches++; watches > 1 {
					cancel()
					return watch.NewEmptyWatch(), nil
				}
				w := watch.NewFakeWithChanSize(10, false)
				w.Modify(unstructuredOf("Pod", "d", "6"))
				w.Modify(unstructuredOf("Node", "b", "7"))
				w.Modify(unstructuredOf("Secret", "e", "8"))
				w.Modify(unstructuredOf("Pod", "f", "9"))
				return w, nil
			}),
			NoStreamedLists: true,
		}
		var errs []string
		sink := &keys{}
		r := must(New(lw, Options{Name: "pods", GVK: schema.FromAPIVersionAndKind("v1", "Pod"), OnError: func(_ context.Context, err error) { errs = append(errs, err.Error()) }}))
		_ = r.Run(ctx, sink)
		// b was refused by the list, so that its event calls for none; e was not.
		if got := strings.Join(sink.names, " "); got != "a d a" {
			t.Errorf("stored: %s", got)
		}
		if s := r.Stats(); s.Refused != 3+2+3 || s.Relists[RelistUndecodable] != 1 {
			t.Errorf("stats: %+v", s)
		}
		for i, want := range []string{"b: ", "c: reflector: cannot use object c as /v1, Kind=Pod: it is a Table", "unreadable key", "b: ", "e: "} {
			if !strings.Contains(errs[i], want) || !strings.Contains(errs[i], "reflector pods: ") {
				t.Errorf("error %d is %q, want %q in it", i, errs[i], want)
			}
		}
	})
}

// Errors are logged where nobody asked for them, which must not fail either.
func TestErrorsAreLoggedByDefault(t *testing.T) {
	for _, c := range []struct {
		op   string
		err  error
		want int
	}{
		{opWatch, io.ErrUnexpectedEOF, 2},
		{opWatch, errGone, 4},
		{opWatch, errInternal, 2},
		{opWatch, &DecodeError{Err: io.EOF}, 0},
		{opList, io.ErrUnexpectedEOF, 0},
		{opStream, errGone, 4},
	} {
		if got := logLevel(c.op, c.err); got != c.want {
			t.Errorf("%s: %v is logged at %d, want %d", c.op, c.err, got, c.want)
		}
	}
}

// R3, R2: a watch that takes no notice of its context, as those of fake
// clients, is ended with it all the same, and cut when it is silent.
func TestAWatchThatIgnoresItsContextEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened []*watch.FakeWatcher
		r := reflectorOfFakes(&opened)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx, &tape{}) }()

		synctest.Wait() // the first watch is open and silent
		<-time.After(21 * time.Minute)
		synctest.Wait() // it was cut, and another is open
		if len(opened) < 2 || !opened[0].IsStopped() || r.Stats().Cut == 0 {
			t.Errorf("%d watches after a silence of 21 minutes, cut: %d", len(opened), r.Stats().Cut)
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("Run returned nil for an ended context")
		}
		for i, w := range opened {
			if !w.IsStopped() {
				t.Errorf("watch %d was left open", i)
			}
		}
	})
}

func reflectorOfFakes(opened *[]*watch.FakeWatcher) *Reflector[*thing] {
	lw := &ListWatch[*thing]{
		ListFunc: func(context.Context, metav1.ListOptions) (List[*thing], error) {
			return List[*thing]{ListMeta: metav1.ListMeta{ResourceVersion: "7"}}, nil
		},
		WatchFunc: WatchOf[*thing](func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			w := watch.NewFake()
			*opened = append(*opened, w)
			return w, nil
		}),
		NoStreamedLists: true,
	}
	return must(New(lw, Options{Name: "fakes", OnError: func(context.Context, error) {}}))
}
