package informer_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"pgregory.net/rapid"
)

// G5: the query of a private lease changes while it runs, by namespaces and by
// selectors; handlers hear of what comes and goes.
func TestAPrivateQueryChanges(t *testing.T) {
	for _, wide := range []bool{false, true} {
		t.Run(fmt.Sprint("wide ", wide), func(t *testing.T) {
			overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
				for _, namespace := range []string{"a", "b", "c"} {
					must(objects.Create(widgetIn(namespace, "s", "small")))
					must(objects.Create(widgetIn(namespace, "l", "large")))
				}
				g := grouped(t, informer.GroupOptions{})
				q := where(in(widgetsOf(server), "a"), "size=small")
				q.Private, q.Wide = true, wide
				l, other := must(informer.Get(g, q)), must(informer.Get(g, q))
				h := &told{}
				must(l.Informer().AddHandler(h, informer.HandlerOptions{}))
				runs(t, g)
				expectKeys(t, l, "a/s")
				h.expect(t, "Add a/s")
				set(t, l.SetNamespaces("b", "a"))
				expectKeys(t, l, "a/s", "b/s")
				h.expect(t, "Add b/s")
				set(t, l.SetSelectors(informer.Selector{Labels: "size=large"}, informer.Selector{Labels: "size=huge"}))
				expectKeys(t, l, "a/l", "b/l")
				set(t, l.SetSelectors())
				expectKeys(t, l, "a/l", "a/s", "b/l", "b/s")
				set(t, l.SetNamespaces(""))
				expectKeys(t, l, "a/l", "a/s", "b/l", "b/s", "c/l", "c/s")
				must(objects.Create(widgetIn("d", "s", "small")))
				expectKeys(t, l, "a/l", "a/s", "b/l", "b/s", "c/l", "c/s", "d/s")
				set(t, l.SetNamespaces())
				expectKeys(t, l)
				set(t, l.SetNamespaces("d"))
				expectKeys(t, l, "d/s")
				expectKeys(t, other, "a/s")
				if got := g.Statuses(); got[len(got)-2].Query != "widgets.v1.example.io in d" && got[0].Query != "widgets.v1.example.io in d" {
					t.Errorf("shown: %+v", got)
				}
			})
		})
	}
}

func set(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// G5: only a private lease changes its query, and only for one that can be used.
func TestQueriesThatDoNotChange(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	for _, q := range []query{stills(), in(stills(), "a"), in(stills(), "a", "b")} {
		l := must(informer.Get(g, q))
		if err := l.SetNamespaces("b"); !errors.Is(err, informer.ErrNotPrivate) {
			t.Errorf("%s: %v", l.Name(), err)
		}
	}
	q := in(stills(), "a")
	q.Private = true
	for _, wide := range []bool{false, true} {
		q.Wide = wide
		l := must(informer.Get(g, q))
		if err := l.SetSelectors(informer.Selector{Labels: "a in"}); !errors.Is(err, informer.ErrQuery) {
			t.Errorf("a selector that does not parse: %v", err)
		}
		if err := l.SetSelectors(informer.Selector{Fields: "a=b"}); (err != nil) != wide {
			t.Errorf("fields, wide %v: %v", wide, err)
		}
		set(t, l.Release())
		if err := l.SetNamespaces("b"); !errors.Is(err, informer.ErrReleased) {
			t.Errorf("after Release: %v", err)
		}
	}
}

// G5: of changes that are made at once the informer follows one, as a whole.
func TestChangesAtOnceComeOneAfterTheOther(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		for i := range 8 {
			must(objects.Create(widgetIn(fmt.Sprint("n", i), "w", fmt.Sprint("s", i))))
		}
		g := grouped(t, informer.GroupOptions{})
		q := widgetsOf(server)
		q.Private = true
		l := must(informer.Get(g, q))
		runs(t, g)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { set(t, l.SetNamespaces(fmt.Sprint("n", i))) })
		}
		wg.Wait()
		<-time.After(time.Minute)
		synctest.Wait() // the informer has followed
		shown := g.Statuses()[0].Query
		if got := keys(l); len(got) != 1 || shown != everything+" in "+got[0][:2] {
			t.Errorf("%q, shown as %q", got, shown)
		}
	})
}

// G8: with VanishStop the leases of a resource that is gone are told, the others are
// not touched, and the next Get starts afresh.
func TestLeasesAreToldOfWhatVanishes(t *testing.T) {
	for _, q := range []func(query) query{
		func(q query) query { return q },
		func(q query) query { return in(q, "default", "other") },
		func(q query) query { q = in(q, "default"); q.Wide = true; return q },
	} {
		overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
			must(objects.Create(widget("a", "small")))
			g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{
				OnError: func(context.Context, error) {},
				Vanish:  reflector.Vanish{Policy: reflector.VanishStop},
			}})
			runs(t, g)
			other := must(informer.Get(g, in(stills(), "others")))
			one, two := must(informer.Get(g, q(widgetsOf(server)))), must(informer.Get(g, q(widgetsOf(server))))
			set(t, g.WaitForSync(t.Context()))
			server.Withdraw(widgets)
			for _, l := range []*informer.Lease[partial]{one, two} {
				<-l.Done()
				var gone *reflector.VanishedError
				if err := l.Err(); !errors.As(err, &gone) {
					t.Errorf("the lease is over because of %v", err)
				}
				if got := keys(l); !slices.Equal(got, []string{"default/a"}) {
					t.Errorf("the store has %q", got)
				}
			}
			var e *informer.SyncError
			if err := g.Ready(t.Context()); !errors.As(err, &e) {
				t.Errorf("Ready: %v", err)
			}
			if err := g.WaitForSync(t.Context()); !errors.As(err, &e) {
				t.Errorf("WaitForSync: %v", err)
			}
			set(t, one.Release())
			set(t, two.Release())
			set(t, g.Ready(t.Context()))
			if isOver(other.Done()) {
				t.Error("another lease is over")
			}
			set(t, server.Serve(widgets))
			must(objects.Create(widget("b", "small")))
			expectKeys(t, must(informer.Get(g, q(widgetsOf(server)))), "default/b")
		})
	}
}

// G8: with VanishProbe the store keeps what it has, and follows when the resource is
// there again.
func TestWhatVanishesComesBackByItself(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		q := widgetsOf(server)
		q.Reflector = &reflector.Options{
			OnError: func(context.Context, error) {},
			Vanish:  reflector.Vanish{Policy: reflector.VanishProbe, Interval: 10 * time.Minute},
		}
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		l, h := must(informer.Get(g, q)), &told{}
		must(l.Informer().AddHandler(h, informer.HandlerOptions{}))
		h.expect(t, "Add default/a")
		server.Withdraw(widgets)
		<-time.After(2 * time.Hour)
		expectKeys(t, l, "default/a")
		h.expect(t)
		before := server.Count("", "widgets")
		<-time.After(10 * time.Hour)
		if asked := server.Count("", "widgets") - before; asked > 62 {
			t.Errorf("%d requests in ten hours", asked)
		}
		var gone *reflector.VanishedError
		if s := l.Informer().Status(); s.Source.InStep || !errors.As(s.Source.Cause, &gone) {
			t.Errorf("the source: %+v", s.Source)
		}
		set(t, server.Serve(widgets))
		must(objects.Create(widget("b", "small")))
		<-time.After(16 * time.Minute)
		expectKeys(t, l, "default/b")
		h.expect(t, "Delete default/a unseen", "Add default/b")
	})
}

// model is what a group must be like: for each query who holds it.
type model struct {
	g      *informer.Group
	held   map[string][]*informer.Lease[partial]
	ran    bool
	gone   []*informer.Lease[partial]
	before map[string]*informer.SharedIndexInformer[partial]
}

var modelQueries = map[string]query{
	"all":    stills(),
	"a":      in(stills(), "a"),
	"b":      in(stills(), "b"),
	"where":  where(stills(), "x"),
	"fields": {Resource: widgets.GroupVersionResource(), Source: stills().Source, Selectors: []informer.Selector{{Fields: "f=g"}}},
	"both":   in(stills(), "a", "b"),
}

// G1, G3: whatever is asked for and released, in whatever order, the informers that
// run are those of the queries that are held, each once.
func TestLeasesAgreeWithAModel(t *testing.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range modelQueries {
			if !yield(name) {
				return
			}
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 1<<16), 0, 40).Draw(rt, "steps")
		fault := ""
		synctest.Test(t, func(t *testing.T) { fault = playModel(t, names, steps) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// playModel takes the steps and returns what was wrong.
func playModel(t *testing.T, names []string, steps []int) string {
	m := &model{g: must(informer.NewGroup(informer.GroupOptions{MaxLists: 2})), held: map[string][]*informer.Lease[partial]{}, before: map[string]*informer.SharedIndexInformer[partial]{}}
	ended := make(chan error, 1)
	defer func() {
		_ = m.g.Shutdown(context.Background())
		if m.ran {
			<-ended
		}
	}()
	for i, step := range steps {
		name := names[step/8%len(names)]
		switch step % 8 {
		case 0, 1, 2, 3:
			if fault := m.get(name); fault != "" {
				return fault
			}
		case 4, 5, 6:
			m.release(name, step/64)
		case 7:
			if !m.ran {
				m.ran = true
				go func() { ended <- m.g.Run(context.Background()) }()
			}
		}
		<-time.After(time.Second) // a union hands on versions once in a while
		synctest.Wait()           // it has happened
		if fault := m.fault(); fault != "" {
			return fmt.Sprintf("%s, after step %d", fault, i)
		}
	}
	return ""
}

func (m *model) get(name string) string {
	held := len(m.held[name]) > 0 || name == "all" && m.views() > 0
	l := must(informer.Get(m.g, modelQueries[name]))
	if shared := l.Informer() == m.before[name]; shared != held {
		return fmt.Sprintf("%s is shared: %v, held by %d", name, shared, len(m.held[name]))
	}
	m.before[name] = l.Informer()
	m.held[name] = append(m.held[name], l)
	return ""
}

// views is the number of informers that are views, and hold that of all.
func (m *model) views() (n int) {
	for _, s := range m.g.Statuses() {
		if s.ViewOf != "" {
			n++
		}
	}
	return n
}

func (m *model) release(name string, which int) {
	held := m.held[name]
	if len(held) == 0 {
		return
	}
	i := which % len(held)
	l := held[i]
	m.held[name] = slices.Delete(held, i, i+1)
	if l.Release() == nil && l.Release() != nil {
		m.gone = append(m.gone, l)
	}
}

// fault is where the group differs from the model.
func (m *model) fault() string {
	running := map[*informer.SharedIndexInformer[partial]]bool{}
	for name, held := range m.held {
		for _, l := range held {
			if isOver(l.Done()) || l.Informer().IsStopped() || l.HasSynced() != m.ran {
				return fmt.Sprintf("a lease of %s is over, or has synced: %v", name, l.HasSynced())
			}
			running[l.Informer()] = true
		}
	}
	for _, l := range m.gone {
		if !isOver(l.Done()) || l.Err() != nil {
			return fmt.Sprintf("%s was released and is not over: %v", l.Name(), l.Err())
		}
	}
	views, leases := m.views(), 0
	for _, s := range m.g.Statuses() {
		if s.Running != m.ran {
			return fmt.Sprintf("%s runs: %v", s.Name, s.Running)
		}
		leases += len(s.Leases)
	}
	wide := 0 // the informer of all, if only views hold it
	if views > 0 && len(m.held["all"]) == 0 {
		wide = 1
	}
	want := views
	for _, held := range m.held {
		want += len(held)
	}
	if n := len(m.g.Statuses()); n != len(running)+wide || leases != want {
		return fmt.Sprintf("%d informers with %d leases, want %d with %d", n, leases, len(running)+wide, want)
	}
	return ""
}

var rounds = flag.Int("informer.rounds", 20, "how often TestAGroupLeavesNothing starts, changes and stops its informers")

// G7: a group of 50 informers that is started, changed and stopped many times leaves
// no goroutine, and the memory is what it was.
func TestAGroupLeavesNothing(t *testing.T) {
	// A bubble ends when the last goroutine in it has.
	round := func(t *testing.T) {
		g := must(informer.NewGroup(informer.GroupOptions{MaxLists: 8}))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		var leases []*informer.Lease[partial]
		for i := range 50 {
			q := in(stills(), fmt.Sprint("n", i))
			q.Private, q.Wide = i%2 == 0, i%5 == 0
			leases = append(leases, must(informer.Get(g, q)))
		}
		set(t, g.WaitForSync(ctx))
		for i, l := range leases {
			if i%2 == 0 {
				set(t, l.SetNamespaces("m", fmt.Sprint("n", i+1)))
			} else if i%3 == 0 {
				set(t, l.Release())
				<-l.Done()
			}
		}
		set(t, g.Shutdown(ctx))
		set(t, <-ended)
	}
	heap := func() uint64 {
		var m runtime.MemStats
		for range 3 {
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for range 5 {
		synctest.Test(t, round)
	}
	before := heap()
	began := time.Now()
	for range *rounds {
		synctest.Test(t, round)
	}
	took := time.Since(began)
	after := heap()
	t.Logf("%d rounds of 50 informers in %v: heap %d KiB before, %d KiB after", *rounds, took.Round(time.Millisecond), before>>10, after>>10)
	if after > before+1<<20 {
		t.Errorf("the heap had %d bytes before, %d after", before, after)
	}
}
