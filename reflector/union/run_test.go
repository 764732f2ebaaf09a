package union_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/reflector/union"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	_ reflector.KeyedSink[any] = (*deltafifo.InOrder[any])(nil)
	_ reflector.KeyedSink[any] = (*deltafifo.DeltaFIFO[any])(nil)
)

// thing is an object of tests that need no server.
type thing = *metav1.ObjectMeta

func newWidget(namespace, name, color string) widget {
	w := &metav1.PartialObjectMetadata{}
	w.SetGroupVersionKind(widgets.GroupVersionKind())
	w.Namespace, w.Name, w.Labels = namespace, name, map[string]string{"color": color}
	return w
}

// quiet are options that keep errors and changes of step out of the log.
func quiet() reflector.Options {
	return reflector.Options{OnError: func(context.Context, error) {}, Logger: funcr.New(func(string, string) {}, funcr.Options{})}
}

// lasting is quiet, and no watch ends by itself while a test looks: what it sees in
// the second in which one begins again is chance.
func lasting() reflector.Options {
	o := quiet()
	o.MinWatchTimeout = 24 * time.Hour
	return o
}

// world is a server in a bubble.
type world struct {
	t       *testing.T
	server  *apitest.Server
	objects apitest.Collection[widget]
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets}}))
		defer server.Close()
		f(&world{t: t, server: server, objects: apitest.Of[widget](server, widgets)})
	})
}

// query asks for a namespace, "" for all, and a color, "" for any. Its name is
// "namespace/color".
func (w *world) query(name string) union.Query[widget] {
	namespace, color, _ := strings.Cut(name, "/")
	config := httpsource.Config[widget]{
		Client: w.server.Client(), BaseURL: w.server.URL, Namespace: namespace,
		Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
	}
	if color != "" {
		config.LabelSelector = "color=" + color
	}
	return union.Query[widget]{Name: name, Source: must(httpsource.New(config))}
}

func (w *world) queries(names ...string) []union.Query[widget] {
	var all []union.Query[widget]
	for _, name := range names {
		all = append(all, w.query(name))
	}
	return all
}

func (w *world) create(namespace, name, color string) {
	must(w.objects.Create(newWidget(namespace, name, color)))
}

func (w *world) paint(namespace, name, color string) widget {
	return must(w.objects.Modify(namespace, name, func(obj widget) widget {
		obj.Labels = map[string]string{"color": color}
		return obj
	}))
}

// want is the OR of queries: version by key.
func (w *world) want(names ...string) map[string]string {
	state := map[string]string{}
	for _, name := range names {
		namespace, color, _ := strings.Cut(name, "/")
		for _, obj := range must(w.objects.List(namespace)) {
			if color == "" || obj.Labels["color"] == color {
				state[must(object.MetaKey(obj))] = obj.ResourceVersion
			}
		}
	}
	return state
}

// settle lets ten minutes pass, more than all bookmarks and pauses.
func settle() {
	<-time.After(10 * time.Minute)
	synctest.Wait()
}

// start runs r until stop is called, which checks what is left.
func start[T any](t *testing.T, r *union.Runner[T], sink reflector.Sink[T]) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, sink) }()
	synctest.Wait()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v, want context.Canceled", err)
		}
	}
}

// expect compares the state of the sink with the queries.
func (w *world) expect(p *union.Tape[widget], when string, names ...string) {
	w.t.Helper()
	state, wrong := p.Holds()
	if want := w.want(names...); !maps.Equal(state, want) || state == nil {
		w.t.Errorf("%s: the sink has %v, want %v", when, state, want)
	}
	if len(wrong) > 0 {
		w.t.Errorf("%s: %q", when, wrong)
	}
}

// U1, U3, U5: queries that overlap, come and go behind one sink, over a server.
func TestQueriesComeAndGo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create("a", "x", "red")
		w.create("a", "y", "blue")
		w.create("b", "x", "red")
		w.create("c", "x", "red")
		p := &union.Tape[widget]{}
		r := must(union.New(union.Options{Reflector: quiet()}, w.queries("a/", "/red")...))
		stop := start(t, r, p)
		w.expect(p, "at the start", "a/", "/red")

		p.Said()
		w.paint("a", "x", "blue") // leaves one query
		w.paint("b", "x", "blue")
		settle()
		w.expect(p, "after the changes", "a/", "/red")

		must(0, r.Set(w.queries("/red", "b/", "a/")...))
		settle()
		w.expect(p, "with another query", "a/", "/red", "b/")
		must(0, r.Set(w.queries("b/")...))
		settle()
		w.expect(p, "with one query", "b/")
		if lists := w.server.Count(apitest.VerbList, "widgets") + w.server.Count(apitest.VerbWatch, "widgets"); lists == 0 {
			t.Error("the server was not asked")
		}
		must(0, r.Set())
		settle()
		w.expect(p, "without a query")
		if s := r.Status(); !s.InStep || !s.Running || !s.Synced {
			t.Errorf("the status without a query is %+v", s)
		}
		must(0, r.Set(w.queries("c/")...))
		settle()
		w.expect(p, "with a query again", "c/")
		stop()

		// Run may be called again, on another sink.
		p = &union.Tape[widget]{}
		stop = start(t, r, p)
		w.expect(p, "in another Run", "c/")
		stop()
	})
}

// U3: no query at all is an empty list.
func TestNoQueryAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &union.Tape[thing]{}
		r := must(union.New[thing](union.Options{}))
		stop := start(t, r, p)
		if got := p.Said(); got != "begin, commit " {
			t.Errorf("told %q", got)
		}
		stop()
	})
}

// U5: a query that stays goes on with the watch that it has.
func TestSetDisturbsNoQueryThatStays(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create("a", "x", "red")
		r := must(union.New(union.Options{Reflector: quiet()}, w.queries("a/")...))
		p := &union.Tape[widget]{}
		stop := start(t, r, p)
		before := r.Queries()[0].Stats
		for range 3 {
			must(0, r.Set(w.queries("b/", "a/")...))
			synctest.Wait()
			must(0, r.Set(w.queries("a/")...))
			synctest.Wait()
		}
		if after := r.Queries()[0].Stats; fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("before: %+v, after: %+v", before, after)
		}
		stop()
	})
}

// U7: while one source does not answer, the events of others go on; in the start, no
// list is complete.
func TestOneSlowQueryHoldsUpNoOther(t *testing.T) {
	inWorld(t, func(w *world) {
		slow := w.server.Inject(apitest.Fault{Match: apitest.Match{Namespace: "b"}, Do: apitest.Delay(time.Hour)})
		r := must(union.New(union.Options{Reflector: quiet()}, w.queries("a/")...))
		p := &union.Tape[widget]{}
		stop := start(t, r, p)
		must(0, r.Set(w.queries("a/", "b/")...))
		w.create("a", "x", "red")
		w.create("b", "x", "red")
		synctest.Wait()
		w.expect(p, "while b is slow", "a/")
		if s := r.Status(); s.Synced || s.Phase != "listing" {
			t.Errorf("the status is %+v", s)
		}
		settle()
		if s := r.Status(); s.InStep || !strings.Contains(fmt.Sprint(s.Cause), "query b/") {
			t.Errorf("the status is %+v, want it to name the query", s)
		}
		slow.Remove()
		<-time.After(2 * time.Hour)
		synctest.Wait()
		w.expect(p, "when b has answered", "a/", "b/")
		stop()

		w.server.Inject(apitest.Fault{Match: apitest.Match{Namespace: "b"}, Do: apitest.Delay(time.Hour)})
		p = &union.Tape[widget]{}
		stop = start(t, r, p)
		if got, _ := p.Holds(); got != nil {
			t.Errorf("the first list is complete without b: %v", got)
		}
		must(0, r.Set(w.queries("a/")...))
		synctest.Wait()
		w.expect(p, "without b", "a/")
		stop()
	})
}

// R1: a server whose data was restored shows older versions; the sink follows, with
// one list of all queries.
func TestARestoredServer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create("a", "x", "red")
		w.create("b", "x", "red")
		backup := w.server.Backup()
		w.create("b", "y", "red")
		w.server.Advance(1000)
		w.paint("a", "x", "blue")
		r := must(union.New(union.Options{Reflector: quiet()}, w.queries("a/", "b/", "/red")...))
		p := &union.Tape[widget]{}
		stop := start(t, r, p)
		settle()
		w.expect(p, "before", "a/", "b/", "/red")
		w.server.Restore(backup)
		w.paint("b", "x", "blue")
		settle()
		settle()
		w.expect(p, "after the restore", "a/", "b/", "/red")
		if log := p.Said(); strings.Count(log, "begin") < 2 {
			t.Errorf("no whole list after the restore: %s", log)
		}
		stop()
	})
}

// What cannot run is refused with the names of those concerned, and what to do.
func TestWhatCannotRun(t *testing.T) {
	var typedNil *reflector.ListWatch[thing]
	good := union.Query[thing]{Name: "good", Source: union.NeverAsked}
	for _, c := range []struct {
		name string
		do   func() error
		want error
		text string
	}{
		{"no source", func() error {
			_, err := union.New(union.Options{Name: "pods"}, good, union.Query[thing]{Name: "a"})
			return err
		}, union.ErrNoSource, "union: pods: query a: it has no Source"},
		{"a typed nil as source", func() error {
			_, err := union.New(union.Options{}, union.Query[thing]{Name: "a", Source: typedNil})
			return err
		}, union.ErrNoSource, "query a: it has no Source"},
		{"half a source", func() error {
			_, err := union.New(union.Options{}, union.Query[thing]{Name: "a", Source: &reflector.ListWatch[thing]{}})
			return err
		}, nil, "query a: reflector *v1.ObjectMeta, a: set up"},
		{"two of one name", func() error { _, err := union.New(union.Options{Name: "pods"}, good, good); return err }, union.ErrSameName, "union: pods: query good: there is another"},
		{"the zero Access", func() error { _, err := union.NewWithAccess(object.Access[thing]{}, union.Options{}, good); return err }, object.ErrNoAccess, "union: *v1.ObjectMeta: object: the Access"},
		{"options that cannot be met", func() error {
			_, err := union.New(union.Options{Reflector: reflector.Options{MinWatchTimeout: 2, MaxWatchTimeout: 1}}, good)
			return err
		}, nil, "set Max to Min or more"},
		{"no sink", func() error { return must(union.New(union.Options{}, good)).Run(t.Context(), nil) }, reflector.ErrNoSink, "it has no Sink"},
		{"a sink without DeleteKey", func() error {
			return must(union.New(union.Options{}, good)).Run(t.Context(), struct{ reflector.Sink[thing] }{&union.Tape[thing]{}})
		}, union.ErrNoDeleteKey, "no reflector.KeyedSink"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.do()
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !errors.As(err, new(*union.Error)) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v, want %q", err, c.text)
			}
		})
	}
	r := must(union.New(union.Options{}, good))
	if err := r.Set(good, union.Query[thing]{}); !errors.Is(err, union.ErrNoSource) {
		t.Errorf("Set: %v", err)
	}
	if q := r.Queries(); len(q) != 1 || q[0].Name != "good" {
		t.Errorf("a Set that failed left %v", q)
	}
}

// Two Runs at a time are refused; a sink that is closed ends Run.
func TestRunEndsWithItsSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := must(deltafifo.NewInOrder(deltafifo.Options[thing]{}))
		r := must(union.New[thing](union.Options{}))
		stop := start(t, r, reflector.Sink[thing](queue))
		if err := r.Run(t.Context(), queue); !errors.Is(err, reflector.ErrRunning) {
			t.Errorf("a second Run: %v", err)
		}
		stop()
		queue.Close()
		if err := r.Run(t.Context(), queue); !errors.Is(err, deltafifo.ErrClosed) || !errors.As(err, new(*union.Error)) {
			t.Errorf("a closed queue: %v", err)
		}
	})
}

// U8: a panic of a source, or of the sink, comes out of Run when all others have
// ended; another Run is possible then.
func TestAPanicComesOutOfRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create("a", "x", "red")
		broken := union.Query[widget]{Name: "broken", Source: &reflector.ListWatch[widget]{
			ListFunc:  func(context.Context, metav1.ListOptions) (reflector.List[widget], error) { panic("broken source") },
			WatchFunc: func(context.Context, metav1.ListOptions) (reflector.Stream[widget], error) { panic("broken source") },
		}}
		r := must(union.New(union.Options{Reflector: quiet()}, w.query("a/"), broken))
		p := &union.Tape[widget]{}
		run := func() (value any) {
			defer func() { value = recover() }()
			return r.Run(w.t.Context(), p)
		}
		goroutines := runtime.NumGoroutine()
		if v := run(); v != "broken source" {
			t.Errorf("Run ended by %v", v)
		}
		for _, op := range []string{"begin", "commit", "page", "delete"} {
			p.Hook = func(does string) {
				if strings.HasPrefix(does, op) {
					p.Hook = nil
					panic("broken sink")
				}
			}
			must(0, r.Set(w.query("a/")))
			if op == "delete" {
				go func() {
					settle()
					must(w.objects.Delete("a", "x"))
				}()
			}
			if v := run(); v != "broken sink" {
				t.Errorf("%s: Run ended by %v", op, v)
			}
		}
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines+1 { // one of the server, for a stream
			t.Errorf("%d goroutines, before %d", n, goroutines)
		}
	})
}

// Status and Queries say how each query stands.
func TestStatus(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create("a", "x", "red")
		w.create("a", "y", "blue")
		r := must(union.New(union.Options{Reflector: lasting()}, w.queries("a/", "/red")...))
		if s := r.Status(); s.Running || s.InStep || s.Synced || s.Phase != "" || s.Cause != nil || s.Source != "a/; /red" {
			t.Errorf("before Run: %+v", s)
		}
		p := &union.Tape[widget]{}
		stop := start(t, r, p)
		settle()
		s := r.Status()
		if !s.Running || !s.InStep || !s.Synced || s.Phase != "watching" || s.Cause != nil || s.LastContact.IsZero() || s.ResourceVersion != p.Version || p.Version == "" || s.Bytes == 0 {
			t.Errorf("in Run: %+v", s)
		}
		q := r.Queries()
		if len(q) != 2 || q[0].Name != "a/" || q[0].Objects != 2 || q[1].Objects != 1 || !q[1].Status.InStep || q[1].Stats.Synced == 0 {
			t.Errorf("queries: %+v", q)
		}
		w.server.Down()
		settle()
		s = r.Status()
		if s.InStep || !strings.Contains(fmt.Sprint(s.Cause), "query ") || !strings.Contains(fmt.Sprint(s.Cause), "besides: 1") || s.LastError == nil || len(s.Restarts) == 0 {
			t.Errorf("while the server is down: %+v", s)
		}
		must(0, w.server.Up())
		settle()
		if s = r.Status(); !s.InStep || s.Cause != nil {
			t.Errorf("when it is up: %+v", s)
		}
		stop()
		if s := r.Status(); s.Running || s.InStep || s.Cause != nil {
			t.Errorf("after Run: %+v", s)
		}
		if q := r.Queries(); q[0].Objects != 0 {
			t.Errorf("after Run a query holds %d objects", q[0].Objects)
		}
	})
}
