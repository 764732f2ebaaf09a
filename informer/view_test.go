package informer_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
)

// told is a handler that writes down what it is told.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (h *told) OnEvent(_ context.Context, e informer.Event[partial]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	line := fmt.Sprint(e.Type, " ", e.Key)
	if e.FinalStateUnknown {
		line += " unseen"
	}
	h.lines = append(h.lines, line)
}

func (h *told) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait() // the handler was told
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.lines, want) {
		t.Errorf("the handler was told %q, want %q", h.lines, want)
	}
	h.lines = nil
}

// viewOf is the name of the informer that a lease's, the last of its name, is a view of.
func viewOf(g *informer.Group, l *informer.Lease[partial]) string {
	for _, s := range slices.Backward(g.Statuses()) {
		if s.Name == l.Informer().Name() {
			return s.ViewOf
		}
	}
	return "not there"
}

func resize(objects apitest.Collection[partial], name, size string) partial {
	return must(objects.Modify("default", name, func(w partial) partial {
		w.Labels["size"] = size
		return w
	}))
}

const everything = "widgets.v1.example.io"

// G6: which queries are views.
func TestWhatIsAView(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	q := stills()
	early := must(informer.Get(g, where(q, "early")))
	must(informer.Get(g, q))
	thin := where(q, "thin")
	thin.Transform = informer.Transform[partial]{Name: "thin", Func: func(w partial) (partial, error) { return w, nil }}
	private := where(q, "private")
	private.Private = true
	wide := private
	wide.Wide = true
	for _, c := range []struct {
		name string
		q    query
		view string
	}{
		{"labels", where(q, "a", "b"), everything},
		{"a namespace", in(q, "a"), everything},
		{"none", in(q, []string{}...), everything},
		{"fields", query{Resource: q.Resource, Source: q.Source, Selectors: []informer.Selector{{Fields: "a=b"}}}, ""},
		{"another transform", thin, ""},
		{"private", private, ""},
		{"private and wide", wide, everything},
		{"one that was there before", where(q, "early"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := viewOf(g, must(informer.Get(g, c.q))); got != c.view {
				t.Errorf("it is a view of %q, want %q", got, c.view)
			}
		})
	}
	if viewOf(g, early) != "" {
		t.Error("what was there before is a view")
	}
}

// G6: a view is made of one list and watch; an object that leaves its selector is a
// deletion, and one that enters an addition; the objects are those of the wide one.
func TestAViewShowsWhatPasses(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		for name, size := range map[string]string{"a": "small", "b": "large", "c": "large"} {
			must(objects.Create(widget(name, size)))
		}
		must(objects.Create(widgetIn("other", "d", "large")))
		g := grouped(t, informer.GroupOptions{})
		q := where(in(widgetsOf(server), "default", "none"), "size=large", "size=huge")
		q.Wide = true
		l := must(informer.Get(g, q))
		h := &told{}
		must(l.Informer().AddHandler(h, informer.HandlerOptions{}))
		runs(t, g)
		if err := informer.WaitForSync(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		expectKeys(t, l, "default/b", "default/c")
		h.expect(t, "Add default/b", "Add default/c")
		resize(objects, "a", "huge")
		resize(objects, "b", "small")
		resize(objects, "c", "huge")
		must(objects.Delete("default", "c"))
		must(objects.Delete("default", "b"))
		h.expect(t, "Add default/a", "Delete default/b", "Update default/c", "Delete default/c")
		expectKeys(t, l, "default/a")
		if n := server.Count(apitest.VerbWatch, "widgets"); n != 1 {
			t.Errorf("%d watches", n)
		}
		wide := must(informer.Get(g, widgetsOf(server)))
		expectKeys(t, wide, "default/a", "other/d")
		in, _, _ := l.Informer().Indexer().GetByKey("default/a")
		of, _, _ := wide.Informer().Indexer().GetByKey("default/a")
		if in != of {
			t.Error("the view has a copy of the object")
		}
		if s := l.Informer().Status(); s.Source == nil || !s.Source.InStep {
			t.Errorf("the source of the view: %+v", s.Source)
		}
	})
}

// G6: what only a list of the wide one shows to be gone is gone from the view, and
// nobody has seen it go (I1).
func TestAViewFollowsARelist(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "large")))
		must(objects.Create(widget("b", "large")))
		g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{OnError: func(context.Context, error) {}}})
		q := where(widgetsOf(server), "size=large")
		q.Wide = true
		l, h := must(informer.Get(g, q)), &told{}
		must(l.Informer().AddHandler(h, informer.HandlerOptions{}))
		runs(t, g)
		h.expect(t, "Add default/a", "Add default/b")
		down := server.Inject(apitest.Fault{Match: apitest.Match{}, Do: apitest.Fail(503)})
		server.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.Abruptly)
		must(objects.Delete("default", "a"))
		resize(objects, "b", "small")
		must(objects.Create(widget("c", "large")))
		server.Expire()
		down.Remove()
		<-time.After(5 * time.Minute)
		expectKeys(t, l, "default/c")
		h.expect(t, "Delete default/a unseen", "Delete default/b", "Add default/c")
	})
}

// S5, G6: the view's store is as far as the wide one's: a write that is not in the view
// is waited for as well, and so is a bookmark.
func TestAViewWaitsForWritesOutsideOfIt(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		g := grouped(t, informer.GroupOptions{})
		q := where(widgetsOf(server), "size=large")
		q.Wide = true
		l := must(informer.Get(g, q))
		runs(t, g)
		if err := informer.WaitForSync(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		store := l.Informer().Indexer()
		if first := store.LastStoreSyncResourceVersion(); first == "" {
			t.Error("the first list has no version")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		version := must(objects.Create(widget("b", "small"))).ResourceVersion
		if err := store.WaitFor(ctx, version); err != nil {
			t.Errorf("a write outside of the view: %v", err)
		}
		version = resize(objects, "b", "large").ResourceVersion
		if err := store.WaitFor(ctx, version); err != nil || store.LastStoreSyncResourceVersion() != version {
			t.Errorf("a write that enters the view: %v", err)
		}
		if _, found, _ := store.GetByKey("default/b"); !found {
			t.Error("the store has reached the version without the object")
		}
		version = resize(objects, "b", "small").ResourceVersion
		if err := store.WaitFor(ctx, version); err != nil {
			t.Errorf("a write that leaves the view: %v", err)
		}
		if _, found, _ := store.GetByKey("default/b"); found {
			t.Error("the store has reached the version with the object")
		}
		version = server.ResourceVersion()
		must(apitest.Of[partial](server, gadgets).Create(gadget()))
		if version == server.ResourceVersion() {
			t.Fatal("the version of the server has not moved")
		}
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := store.WaitFor(ctx, server.ResourceVersion()); err != nil {
			t.Errorf("a version that only a bookmark brings: %v", err)
		}
	})
}

// gadgets is another resource, of which nobody asks.
var gadgets = apitest.Resource{Group: "example.io", Version: "v1", Resource: "gadgets", Kind: "Gadget", Namespaced: true}

func gadget() partial {
	g := widget("g", "small")
	g.SetGroupVersionKind(gadgets.GroupVersionKind())
	return g
}

// S5, G6: when the server goes back, to a backup, the view's version does too.
func TestAViewGoesBackWithTheServer(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "large")))
		backup := server.Backup()
		resize(objects, "a", "small")
		for range 5 {
			must(objects.Modify("default", "a", func(w partial) partial {
				w.Labels["n"] += "x"
				return w
			}))
		}
		must(objects.Create(widget("b", "large")))
		g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{OnError: func(context.Context, error) {}}})
		q := where(widgetsOf(server), "size=large")
		q.Wide = true
		l := must(informer.Get(g, q))
		runs(t, g)
		expectKeys(t, l, "default/b")
		server.Restore(backup)
		<-time.After(15 * time.Minute) // a watch of the version that is lost is silent for up to 10
		expectKeys(t, l, "default/a")
		wide := must(informer.Get(g, widgetsOf(server)))
		if was, is := wide.Informer().LastSyncResourceVersion(), l.Informer().LastSyncResourceVersion(); was != is {
			t.Errorf("the wide one is at %s, the view at %s", was, is)
		}
	})
}

// G6: a view holds the wide informer, and ends with it.
func TestAViewHoldsTheWideInformer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		wide := must(informer.Get(g, stills()))
		q := where(stills(), "a")
		one, two := must(informer.Get(g, q)), must(informer.Get(g, where(stills(), "b")))
		if err := wide.Release(); err != nil {
			t.Error(err)
		}
		if err := one.Release(); err != nil {
			t.Error(err)
		}
		<-one.Done()
		synctest.Wait() // what ends has ended
		if wide.Informer().IsStopped() {
			t.Error("the wide informer has ended before its view")
		}
		if err := two.Release(); err != nil {
			t.Error(err)
		}
		synctest.Wait() // what ends has ended
		if !wide.Informer().IsStopped() || len(g.Statuses()) != 0 {
			t.Errorf("left: %+v", g.Statuses())
		}

		wide, one = must(informer.Get(g, stills())), must(informer.Get(g, q))
		synctest.Wait() // they run
		if err := wide.Informer().Stop(t.Context()); err != nil {
			t.Error(err)
		}
		<-one.Done()
		if err := one.Err(); err == nil || !strings.Contains(err.Error(), "stopped with its own Stop") {
			t.Errorf("the view has ended with %v", err)
		}
	})
}

// G6, I1, I2: through faults of every kind a view agrees with the server and with what
// its handlers were told, those that join late among them.
func TestViewsAgreeWithTheServerThroughFaults(t *testing.T) {
	for seed := range uint64(6) {
		overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
			viewsThroughFaults(t, server, objects, rand.New(rand.NewPCG(seed, 13)))
		})
	}
}

func viewsThroughFaults(t *testing.T, server *apitest.Server, objects apitest.Collection[partial], r *rand.Rand) {
	g := grouped(t, informer.GroupOptions{MaxLists: 1, Reflector: reflector.Options{OnError: func(context.Context, error) {}}})
	q := where(widgetsOf(server), "size=large")
	q.Wide, q.Private = true, true
	l := must(informer.Get(g, q))
	sizes := []string{"large"}
	handlers := []*rebuilt{{versions: map[string]string{}}}
	must(l.Informer().AddHandler(handlers[0], informer.HandlerOptions{}))
	runs(t, g)
	watches := apitest.Match{Verb: apitest.VerbWatch}
	for i := range 100 {
		change(objects, r)
		switch r.IntN(14) {
		case 0:
			server.Cut(watches, apitest.MidFrame)
		case 1:
			server.Expire()
			server.Cut(watches, apitest.Cleanly)
		case 2:
			server.Inject(apitest.Fault{Match: apitest.Match{}, Times: 1, Do: apitest.Fail(500)})
			server.Cut(watches, apitest.Abruptly)
		case 3:
			<-time.After(time.Duration(r.IntN(60)) * time.Second)
		case 4:
			late := &rebuilt{versions: map[string]string{}}
			must(l.Informer().AddHandler(late, informer.HandlerOptions{Name: fmt.Sprint("late ", i)}))
			handlers = append(handlers, late)
		case 5:
			sizes = [][]string{{"large"}, {"small"}, {"small", "large"}}[r.IntN(3)]
			if err := l.SetSelectors(where(q, labelled(sizes)...).Selectors...); err != nil {
				t.Error(err)
			}
		}
	}
	<-time.After(30 * time.Minute)
	synctest.Wait() // everybody was told of everything
	want := map[string]string{}
	for key, w := range must(objects.Objects()) {
		if slices.Contains(sizes, w.Labels["size"]) {
			want[key] = w.ResourceVersion
		}
	}
	stored := map[string]string{}
	for _, w := range l.Informer().Indexer().List() {
		stored[w.Namespace+"/"+w.Name] = w.ResourceVersion
	}
	if !maps.Equal(stored, want) {
		t.Errorf("the view has %v, the server %v", stored, want)
	}
	for i, h := range handlers {
		h.compare(t, fmt.Sprint("handler ", i), want)
	}
}

func labelled(sizes []string) (selectors []string) {
	for _, s := range sizes {
		selectors = append(selectors, "size="+s)
	}
	return selectors
}
