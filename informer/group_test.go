package informer_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type query = informer.Query[partial]

// widgetsOf is the query for all widgets of a server.
func widgetsOf(server *apitest.Server) query {
	return query{
		Resource: widgets.GroupVersionResource(),
		Source: func(namespace string, s informer.Selector) (reflector.ListerWatcher[partial], error) {
			return httpsource.New(httpsource.Config[partial]{
				Client: server.Client(), BaseURL: server.URL,
				Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
				Namespace: namespace, LabelSelector: s.Labels, FieldSelector: s.Fields,
			})
		},
	}
}

func in(q query, namespaces ...string) query {
	q.Namespaces = namespaces
	return q
}

func where(q query, labels ...string) query {
	q.Selectors = nil
	for _, l := range labels {
		q.Selectors = append(q.Selectors, informer.Selector{Labels: l})
	}
	return q
}

// still is a source that has nothing.
type still struct{}

func (s *still) List(context.Context, metav1.ListOptions, func(reflector.Part[partial]) error) (metav1.ListMeta, error) {
	return metav1.ListMeta{ResourceVersion: "10"}, nil
}

func (s *still) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[partial], error) {
	if opts.SendInitialEvents != nil {
		return nil, reflector.ErrNoStreamedList
	}
	return &silence{ctx: ctx, closed: make(chan struct{})}, nil
}

// silence is a stream in which nothing comes.
type silence struct {
	ctx    context.Context
	closed chan struct{}
	once   sync.Once
}

func (s *silence) Next() (reflector.Event[partial], error) {
	select {
	case <-s.ctx.Done():
	case <-s.closed:
	}
	return reflector.Event[partial]{}, errors.New("closed")
}

func (s *silence) Close() { s.once.Do(func() { close(s.closed) }) }

// stills is a query without objects.
func stills() query {
	q := query{Resource: widgets.GroupVersionResource()}
	q.Source = func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return &still{}, nil }
	return q
}

// grouped is a group that is shut down at the end of the test.
func grouped(t testing.TB, opts informer.GroupOptions) *informer.Group {
	t.Helper()
	g := must(informer.NewGroup(opts))
	t.Cleanup(func() {
		if err := g.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return g
}

// runs runs the group until it is shut down.
func runs(t testing.TB, g *informer.Group) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := g.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

// overHTTP runs a test in virtual time with a server of widgets.
func overHTTP(t *testing.T, test func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial])) {
	synctest.Test(t, func(t *testing.T) {
		server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets, gadgets}}))
		t.Cleanup(server.Close)
		test(t, server, apitest.Of[partial](server, widgets))
	})
}

func widgetIn(namespace, name, size string) partial {
	w := widget(name, size)
	w.Namespace = namespace
	return w
}

// keys are those of the objects of a lease.
func keys(l *informer.Lease[partial]) []string {
	return slices.Sorted(slices.Values(l.Informer().Indexer().ListKeys()))
}

func expectKeys(t *testing.T, l *informer.Lease[partial], want ...string) {
	t.Helper()
	<-time.After(time.Second) // a union hands on versions once in a while
	synctest.Wait()           // what was done has come to the store
	if got := keys(l); !slices.Equal(got, want) {
		t.Errorf("%s has %q, want %q", l.Name(), got, want)
	}
}

// G1: equal queries share one informer, however they are written; others do not.
func TestEqualQueriesShareOneInformer(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	q := stills()
	first := must(informer.Get(g, where(in(q, "b", "a", "b"), "x=1,y=2", "z")))
	for _, c := range []struct {
		q      query
		shares bool
	}{
		{where(in(q, "a", "b"), "z", "y=2,x=1", "z"), true},
		{where(in(q, "a"), "x=1,y=2", "z"), false},
		{where(in(q, "a", "b"), "x=1,y=2"), false},
		{in(q, "a", "b"), false},
		{in(q, "a b"), false},
		{in(q, []string{}...), false},
		{q, false},
	} {
		l := must(informer.Get(g, c.q))
		if shares := l.Informer() == first.Informer(); shares != c.shares {
			t.Errorf("%s shares the informer: %v", l.Name(), shares)
		}
	}
	everything, all := must(informer.Get(g, q)), must(informer.Get(g, where(in(q, "a", ""), "x", "")))
	if everything.Informer() != all.Informer() {
		t.Error("all namespaces and no selector, written in two ways, are two informers")
	}
	other := q
	other.Resource.Version = "v2"
	if must(informer.Get(g, other)).Informer() == everything.Informer() {
		t.Error("two versions share an informer")
	}
}

// G1: the last Release stops the informer, also one that never ran; a Get after it
// starts another one.
func TestTheLastReleaseStopsAndAGetStartsAfresh(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		g := grouped(t, informer.GroupOptions{})
		never := must(informer.Get(g, in(widgetsOf(server), "never")))
		if err := never.Release(); err != nil {
			t.Error(err)
		}
		<-never.Done()
		runs(t, g)
		one, two := must(informer.Get(g, widgetsOf(server))), must(informer.Get(g, widgetsOf(server)))
		expectKeys(t, one, "default/a")
		if err := one.Release(); err != nil {
			t.Error(err)
		}
		<-one.Done()
		must(objects.Create(widget("b", "small")))
		expectKeys(t, two, "default/a", "default/b")
		if err := two.Release(); err != nil {
			t.Error(err)
		}
		<-two.Done()
		if in := two.Informer(); !in.IsStopped() || two.Err() != nil {
			t.Errorf("stopped: %v, %v", in.IsStopped(), two.Err())
		}
		if all := g.Statuses(); len(all) != 0 {
			t.Errorf("left: %+v", all)
		}
		must(objects.Delete("default", "a"))
		three := must(informer.Get(g, widgetsOf(server)))
		if three.Informer() == two.Informer() {
			t.Error("the informer that has ended is given once more")
		}
		expectKeys(t, three, "default/b")
	})
}

// G1: a second Release is an error and takes nothing from others.
func TestALeaseIsReleasedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		one, two := must(informer.Get(g, stills())), must(informer.Get(g, stills()))
		if err := one.Release(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := one.Release(); !errors.Is(err, informer.ErrReleased) || !strings.Contains(err.Error(), "widgets.v1.example.io, asked for by informer/group_test.go:") {
				t.Errorf("a second Release: %v", err)
			}
		}
		synctest.Wait() // what a Release may have ended has ended
		if two.Informer().IsStopped() || isOver(two.Done()) {
			t.Error("the other lease is over too")
		}
	})
}

func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// G3: who asked is known, by folder, file and line, and since when.
func TestWhoHoldsALeaseIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := grouped(t, informer.GroupOptions{})
		must(informer.Get(g, in(stills(), "a", "b")))
		<-time.After(time.Hour)
		second := must(informer.Get(g, in(stills(), "b", "a")))
		must(informer.Get(g, stills()))
		all := g.Statuses()
		if len(all) != 2 || all[0].Name != "widgets.v1.example.io in a, b" || all[0].Query != all[0].Name || len(all[0].Leases) != 2 || len(all[1].Leases) != 1 {
			t.Fatalf("statuses: %+v", all)
		}
		line := regexp.MustCompile(`^informer/group_test\.go:\d+$`)
		held := all[0].Leases
		if !line.MatchString(held[0].By) || !line.MatchString(held[1].By) || held[0].By == held[1].By || held[1].Since.Sub(held[0].Since) != time.Hour {
			t.Errorf("leases: %+v", held)
		}
		if want := "widgets.v1.example.io in a, b, asked for by " + held[1].By; second.Name() != want {
			t.Errorf("the lease is called %q, want %q", second.Name(), want)
		}
	})
}

// G4: equal queries with two transforms are an error that names both callers.
func TestTransformsThatConflictAreAnError(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	named := func(name string) query {
		q := stills()
		if name != "" {
			q.Transform = informer.Transform[partial]{Name: name, Func: func(w partial) (partial, error) { return w, nil }}
		}
		return q
	}
	must(informer.Get(g, named("thin")))
	must(informer.Get(g, named("thin")))
	for _, name := range []string{"thick", ""} {
		_, err := informer.Get(g, named(name))
		var conflict *informer.TransformError
		if !errors.As(err, &conflict) || !errors.Is(err, informer.ErrQuery) {
			t.Fatalf("%q: %v", name, err)
		}
		if conflict.FirstTransform != "thin" || conflict.SecondTransform != name || conflict.First == conflict.Second ||
			!strings.Contains(err.Error(), conflict.First) || !strings.Contains(err.Error(), conflict.Second) {
			t.Errorf("%v: %+v", err, conflict)
		}
	}
	private := named("thick")
	private.Private = true
	must(informer.Get(g, private))
	if n := len(g.Statuses()); n != 2 {
		t.Errorf("%d informers", n)
	}
}

// A query that cannot be used is an error that says what is wrong, and who asks.
func TestQueriesThatCannotBeUsed(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	for name, c := range map[string]struct {
		change func(*query)
		says   string
	}{
		"no resource":       {func(q *query) { q.Resource.Resource = "" }, "its Resource is empty"},
		"no source":         {func(q *query) { q.Source = nil }, "it has no Source"},
		"labels":            {func(q *query) { q.Selectors = []informer.Selector{{Labels: "a in"}} }, `the label selector "a in" does not parse`},
		"fields":            {func(q *query) { q.Selectors = []informer.Selector{{Fields: "a"}} }, `the field selector "a" does not parse`},
		"wide with fields":  {func(q *query) { q.Wide, q.Selectors = true, []informer.Selector{{Fields: "a=b"}} }, "Wide"},
		"nameless function": {func(q *query) { q.Transform.Func = func(w partial) (partial, error) { return w, nil } }, "has no Name"},
		"name of nothing":   {func(q *query) { q.Transform.Name = "thin" }, "has no Func"},
	} {
		t.Run(name, func(t *testing.T) {
			q := stills()
			c.change(&q)
			l, err := informer.Get(g, q)
			if l != nil || !errors.Is(err, informer.ErrQuery) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "group_test.go:") {
				t.Errorf("%v, %v", l, err)
			}
		})
	}
	q := stills()
	if _, err := informer.GetWithAccess(object.Access[partial]{}, g, q); !errors.Is(err, object.ErrNoAccess) {
		t.Errorf("without an access: %v", err)
	}
	if _, err := informer.Get(nil, q); !errors.Is(err, informer.ErrNoGroup) {
		t.Errorf("without a group: %v", err)
	}
	if _, err := informer.NewGroup(informer.GroupOptions{MaxLists: -1}); err == nil {
		t.Error("a negative limit is accepted")
	}
	if all := g.Statuses(); len(all) != 0 {
		t.Errorf("left: %+v", all)
	}
}

// What a Source gives that cannot be used is an error of Get, and leaves nothing.
func TestSourcesThatCannotBeUsed(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	broken := errors.New("broken")
	for _, wide := range []bool{false, true} {
		for name, source := range map[string]func(string, informer.Selector) (reflector.ListerWatcher[partial], error){
			"an error": func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return nil, broken },
			"nothing":  func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return nil, nil },
			"typed nil": func(string, informer.Selector) (reflector.ListerWatcher[partial], error) {
				return (*still)(nil), nil
			},
		} {
			for _, namespaces := range [][]string{{"a"}, {"a", "b"}} {
				q := in(stills(), namespaces...)
				q.Source, q.Wide = source, wide
				if _, err := informer.Get(g, q); !errors.Is(err, informer.ErrNoSource) && !errors.Is(err, broken) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	q := stills()
	q.Reflector = &reflector.Options{Vanish: reflector.Vanish{Policy: 9}}
	if _, err := informer.Get(g, q); err == nil {
		t.Error("options that cannot be met are accepted")
	}
	if all := g.Statuses(); len(all) != 0 {
		t.Errorf("left: %+v", all)
	}
}

// Indexes that a later lease asks for are added; those that are there stay.
func TestIndexesOfSeveralLeasesAddUp(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		by := func(names ...string) query {
			q := widgetsOf(server)
			q.Indexers = indexer.Indexers[partial]{}
			for _, name := range names {
				q.Indexers[name] = func(w partial) ([]string, error) { return []string{w.Labels[name]}, nil }
			}
			return q
		}
		one := must(informer.Get(g, by("size")))
		expectKeys(t, one, "default/a")
		two := must(informer.Get(g, by("size", "color")))
		if n := len(must(two.Informer().Indexer().ByIndex("size", "small"))); n != 1 {
			t.Errorf("%d small ones", n)
		}
		if n := len(must(one.Informer().Indexer().ByIndex("color", ""))); n != 1 {
			t.Errorf("%d without a color", n)
		}
		bad := by()
		bad.Indexers["none"] = nil
		if _, err := informer.Get(g, bad); err == nil {
			t.Error("a nil function is accepted as an index")
		}
		if n := len(g.Statuses()[0].Leases); n != 2 {
			t.Errorf("%d leases", n)
		}
	})
}

// Several types of objects are in one group, and a type is part of the query.
func TestAGroupHasSeveralTypes(t *testing.T) {
	g := grouped(t, informer.GroupOptions{})
	numbers := informer.Query[int]{
		Resource: widgets.GroupVersionResource(),
		Source: func(string, informer.Selector) (reflector.ListerWatcher[int], error) {
			return &reflector.ListWatch[int]{
				ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[int], error) {
					return reflector.List[int]{}, nil
				},
				WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[int], error) {
					return nil, errors.New("no")
				},
			}, nil
		},
	}
	access := object.Keyed(func(i int) (string, error) { return fmt.Sprint(i), nil }, object.Fields[int]{})
	must(informer.Get(g, stills()))
	must(informer.GetWithAccess(access, g, numbers))
	must(informer.GetWithAccess(access, g, numbers))
	if all := g.Statuses(); len(all) != 2 || len(all[1].Leases) != 2 {
		t.Errorf("statuses: %+v", all)
	}
}

// G2: lists begin in the order in which they were asked for, and no more at once than
// the limit says, also when they are repeated.
func TestListsWaitForTheirTurn(t *testing.T) {
	for _, limit := range []int{1, 3} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { listsInTurn(t, limit) })
		})
	}
}

func listsInTurn(t *testing.T, limit int) {
	var mu sync.Mutex
	var order []string
	now, most := 0, 0
	slow := func(name string) query {
		q := in(stills(), name)
		q.Source = func(string, informer.Selector) (reflector.ListerWatcher[partial], error) {
			return &reflector.ListWatch[partial]{
				NoStreamedLists: true,
				ListFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.List[partial], error) {
					mu.Lock()
					order = append(order, name)
					now++
					most = max(most, now)
					mu.Unlock()
					<-time.After(time.Minute)
					mu.Lock()
					now--
					mu.Unlock()
					return reflector.List[partial]{ListMeta: metav1.ListMeta{ResourceVersion: "10"}}, nil
				},
				WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[partial], error) {
					return &silence{ctx: ctx, closed: make(chan struct{})}, nil
				},
			}, nil
		}
		return q
	}
	g := grouped(t, informer.GroupOptions{MaxLists: limit})
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint("n", i))
	}
	began := time.Now()
	var gone *informer.Lease[partial]
	for i, name := range want[:6] {
		l := must(informer.Get(g, slow(name)))
		if i == 5 {
			gone = l
		}
	}
	runs(t, g)
	synctest.Wait() // the first lists are in flight
	if err := gone.Release(); err != nil {
		t.Error(err)
	}
	for _, name := range want[6:] {
		must(informer.Get(g, slow(name)))
	}
	if err := g.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	want = slices.Delete(want, 5, 6)
	if took := time.Since(began); took != time.Duration((len(want)+limit-1)/limit)*time.Minute {
		t.Errorf("all lists together took %v", took)
	}
	mu.Lock()
	defer mu.Unlock()
	if most != limit {
		t.Errorf("%d lists were in flight", most)
	}
	for i := 0; i < len(want); i += limit { // those of one minute begin at once
		end := min(i+limit, len(want))
		if got := slices.Sorted(slices.Values(order[i:end])); !slices.Equal(got, want[i:end]) {
			t.Errorf("the lists began in the order %q", order)
		}
	}
}

// WaitForSync names who has not synced, who asked for it, and why.
func TestWaitForSyncSaysWhoAndWhy(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, _ apitest.Collection[partial]) {
		g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{OnError: func(context.Context, error) {}}})
		l := must(informer.Get(g, in(widgetsOf(server), "good")))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var e *informer.SyncError
		if err := g.WaitForSync(ctx); !errors.As(err, &e) || !errors.Is(e.Reasons[0], informer.ErrGroupStopped) || !errors.Is(l.Unsynced(), informer.ErrGroupStopped) {
			t.Errorf("before Run: %v", err)
		}
		if err := g.Ready(t.Context()); !errors.Is(err, informer.ErrGroupStopped) {
			t.Errorf("before Run: %v", err)
		}
		server.Inject(apitest.Fault{Match: apitest.Match{Namespace: "bad"}, Do: apitest.Fail(500)})
		bad := must(informer.Get(g, in(widgetsOf(server), "bad")))
		must(informer.Get(g, in(widgetsOf(server), "bad")))
		runs(t, g)
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := g.WaitForSync(ctx)
		if !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) || len(e.Unsynced) != 1 {
			t.Fatalf("WaitForSync returned %v", err)
		}
		if !regexp.MustCompile(`widgets\.v1\.example\.io in bad, asked for by informer/group_test\.go:\d+, informer/group_test\.go:\d+ \(.*Internal Server Error`).MatchString(err.Error()) {
			t.Errorf("the error does not say who and why: %v", err)
		}
		if err := g.Ready(t.Context()); !errors.As(err, &e) || len(e.Unsynced) != 1 {
			t.Errorf("Ready returned %v", err)
		}
		if err := informer.WaitForSync(ctx, l, bad); !errors.As(err, &e) || e.Unsynced[0] != bad.Name() {
			t.Errorf("the function WaitForSync returned %v", err)
		}
		if err := g.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ready, when its context has ended: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- g.WaitForSync(context.Background()) }()
		for _, l := range []*informer.Lease[partial]{bad, must(informer.Get(g, in(widgetsOf(server), "bad")))} {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		}
		for _, s := range g.Statuses() {
			if strings.HasSuffix(s.Name, "bad") && len(s.Leases) != 1 {
				t.Errorf("leases: %+v", s.Leases)
			}
		}
		synctest.Wait() // one lease is left, which is waited for
		if isOver(bad.Informer().Synced()) || len(done) > 0 {
			t.Error("nobody waits for the lease that is left")
		}
	})
}

// Nobody waits for what is released.
func TestWaitForSyncDoesNotWaitForWhatIsReleased(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, _ apitest.Collection[partial]) {
		g := grouped(t, informer.GroupOptions{Reflector: reflector.Options{OnError: func(context.Context, error) {}}})
		server.Inject(apitest.Fault{Match: apitest.Match{Namespace: "bad"}, Do: apitest.Fail(500)})
		bad := must(informer.Get(g, in(widgetsOf(server), "bad")))
		runs(t, g)
		done := make(chan error, 1)
		go func() { done <- g.WaitForSync(context.Background()) }()
		synctest.Wait() // it waits
		if err := bad.Release(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Errorf("WaitForSync returned %v", err)
		}
		if err := g.Ready(t.Context()); err != nil {
			t.Errorf("Ready returned %v", err)
		}
	})
}

// G7: after Shutdown everything that is asked of a group is an error, and its leases
// are over, also without a Run.
func TestAGroupThatWasShutDownIsOver(t *testing.T) {
	for _, run := range []bool{false, true} {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := must(informer.NewGroup(informer.GroupOptions{}))
				l := must(informer.Get(g, stills()))
				private := stills()
				private.Private = true
				p := must(informer.Get(g, private))
				if run {
					runs(t, g)
					synctest.Wait() // it runs
					if err := g.Run(t.Context()); !errors.Is(err, informer.ErrRunning) {
						t.Errorf("a second Run: %v", err)
					}
				}
				for range 2 {
					if err := g.Shutdown(t.Context()); err != nil {
						t.Errorf("Shutdown: %v", err)
					}
				}
				<-l.Done()
				for name, err := range map[string]error{
					"Run":         g.Run(t.Context()),
					"Ready":       g.Ready(t.Context()),
					"WaitForSync": g.WaitForSync(t.Context()),
					"Err":         l.Err(),
				} {
					if !errors.Is(err, informer.ErrShutdown) {
						t.Errorf("%s: %v", name, err)
					}
				}
				if _, err := informer.Get(g, stills()); !errors.Is(err, informer.ErrShutdown) {
					t.Errorf("Get: %v", err)
				}
				if err := p.SetNamespaces("a"); !errors.Is(err, informer.ErrReleased) {
					t.Errorf("SetNamespaces: %v", err)
				}
				if err := l.Release(); err != nil {
					t.Errorf("Release: %v", err)
				}
			})
		})
	}
}

// G7: the end of Run's context is that of the group.
func TestTheEndOfTheContextEndsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := must(informer.NewGroup(informer.GroupOptions{}))
		l := must(informer.Get(g, stills()))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait() // it runs
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
		<-l.Done()
		if err := g.Shutdown(t.Context()); err != nil || !errors.Is(l.Err(), informer.ErrShutdown) {
			t.Errorf("%v, %v", err, l.Err())
		}
	})
}

// G7: Shutdown names a handler that does not return, of which informer it is and who
// asked for that, and ends with its context; another one waits until nothing is left.
func TestShutdownNamesWhatIsLeft(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		g := must(informer.NewGroup(informer.GroupOptions{}))
		l := must(informer.Get(g, widgetsOf(server)))
		released := must(informer.Get(g, in(widgetsOf(server), "default")))
		leave := make(chan struct{})
		stuck := informer.HandlerFunc[partial](func(context.Context, informer.Event[partial]) { <-leave })
		must(l.Informer().AddHandler(stuck, informer.HandlerOptions{Name: "stuck"}))
		must(released.Informer().AddHandler(stuck, informer.HandlerOptions{Name: "too"}))
		runs(t, g)
		synctest.Wait() // both handlers are in a callback
		if err := released.Release(); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := g.Shutdown(ctx)
		var stop *informer.StopError
		if !errors.As(err, &stop) || !errors.Is(err, context.DeadlineExceeded) || len(stop.Running) != 2 {
			t.Fatalf("Shutdown returned %v", err)
		}
		named := regexp.MustCompile(`^handler (stuck of widgets\.v1\.example\.io|too of widgets\.v1\.example\.io in default) \(asked for by informer/group_test\.go:\d+\)$`)
		for _, name := range stop.Running {
			if !named.MatchString(name) {
				t.Errorf("named: %q", name)
			}
		}
		if isOver(l.Done()) || isOver(released.Done()) {
			t.Error("a lease is over while a handler is in a callback")
		}
		close(leave)
		if err := g.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		<-released.Done()
	})
}

// Callbacks may ask for leases, release them, and shut the group down.
func TestCallbacksUseTheGroup(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		must(objects.Create(widget("a", "small")))
		g := grouped(t, informer.GroupOptions{})
		l := must(informer.Get(g, widgetsOf(server)))
		private := in(widgetsOf(server), "default")
		private.Private = true
		other := make(chan *informer.Lease[partial], 1)
		must(l.Informer().AddHandler(informer.HandlerFunc[partial](func(ctx context.Context, _ informer.Event[partial]) {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			_ = g.Ready(ctx) // whatever it is
			if n := len(g.Statuses()); n != 1 {
				t.Errorf("%d informers", n)
			}
			other <- must(informer.Get(g, private))
		}), informer.HandlerOptions{}))
		runs(t, g)
		<-l.Done()
		next := <-other
		expectKeys(t, next, "default/a")
		stopped := make(chan error, 1)
		must(next.Informer().AddHandler(informer.HandlerFunc[partial](func(ctx context.Context, _ informer.Event[partial]) {
			at, cancel := context.WithCancel(ctx)
			cancel()
			stopped <- g.Shutdown(at)
		}), informer.HandlerOptions{}))
		var stop *informer.StopError
		if err := <-stopped; !errors.As(err, &stop) {
			t.Errorf("Shutdown inside a callback: %v", err)
		}
		<-next.Done()
	})
}

// Whoever stops the informer of a lease by its own Stop is told that this was wrong.
func TestAnInformerOfAGroupIsNotStoppedByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := grouped(t, informer.GroupOptions{})
		runs(t, g)
		l := must(informer.Get(g, stills()))
		synctest.Wait() // it runs
		if err := l.Informer().Stop(t.Context()); err != nil {
			t.Error(err)
		}
		<-l.Done()
		if err := l.Err(); err == nil || !strings.Contains(err.Error(), "release the lease instead") {
			t.Errorf("Err: %v", err)
		}
		if next := must(informer.Get(g, stills())); next.Informer() == l.Informer() {
			t.Error("the informer that has ended is given once more")
		}
	})
}

// G1: of several that ask at once for what is not there, all get the same informer, and
// what the others have made meanwhile is dropped, with the wide one that it held.
func TestThoseWhoAskAtOnceShareOneInformer(t *testing.T) {
	for _, wide := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const many = 8
			var together sync.WaitGroup
			together.Add(many)
			q := in(stills(), "a")
			q.Wide = wide
			q.Source = func(namespace string, _ informer.Selector) (reflector.ListerWatcher[partial], error) {
				together.Done()
				together.Wait()
				return &still{}, nil
			}
			g := grouped(t, informer.GroupOptions{})
			runs(t, g)
			leases := make([]*informer.Lease[partial], many)
			var wg sync.WaitGroup
			for i := range many {
				wg.Go(func() { leases[i] = must(informer.Get(g, q)) })
			}
			wg.Wait()
			for _, l := range leases {
				if l.Informer() != leases[0].Informer() {
					t.Error("there are two informers of one query")
				}
			}
			n := 0
			for _, s := range g.Statuses() {
				n += len(s.Leases)
			}
			if want := many + len(g.Statuses()) - 1; n != want {
				t.Errorf("%d leases, want %d", n, want)
			}
			for _, l := range leases {
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait() // what ends has ended
			if all := g.Statuses(); len(all) != 0 {
				t.Errorf("left: %+v", all)
			}
		})
	}
}

// G2: the lists of one query are as many as it has namespaces and selectors.
func TestTheListsOfAQueryWaitForTheirTurn(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, _ apitest.Collection[partial]) {
		g := grouped(t, informer.GroupOptions{MaxLists: 2, Reflector: reflector.Options{DisableStreaming: true}})
		server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbList}, Do: apitest.Delay(time.Second)})
		began := time.Now()
		l := must(informer.Get(g, where(in(widgetsOf(server), "a", "b", "c"), "x", "y")))
		runs(t, g)
		if err := informer.WaitForSync(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began).Truncate(time.Second); took != 3*time.Second || server.Count(apitest.VerbList, "widgets") != 6 {
			t.Errorf("%d lists took %v", server.Count(apitest.VerbList, "widgets"), took)
		}
	})
}

// G5, S5: the store of a query with several lists has reached a version when all of
// them have.
func TestAQueryOfSeveralListsWaitsForTheSlowest(t *testing.T) {
	overHTTP(t, func(t *testing.T, server *apitest.Server, objects apitest.Collection[partial]) {
		g := grouped(t, informer.GroupOptions{})
		l := must(informer.Get(g, in(widgetsOf(server), "a", "b")))
		runs(t, g)
		expectKeys(t, l)
		server.Stall(apitest.Match{Namespace: "b"})
		late := must(objects.Create(widgetIn("b", "w", "small")))
		last := must(objects.Create(widgetIn("a", "w", "small")))
		expectKeys(t, l, "a/w")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.Informer().Indexer().WaitFor(ctx, late.ResourceVersion); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the version of %s, which is not there, is reached: %v", late.Name, err)
		}
		server.Resume(apitest.Match{Namespace: "b"})
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := l.Informer().Indexer().WaitFor(ctx, last.ResourceVersion); err != nil {
			t.Error(err)
		}
		expectKeys(t, l, "a/w", "b/w")
	})
}

// G2: a query that needs no list, from the beginning or from then on, keeps no place
// among the lists.
func TestAQueryWithoutListsKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := grouped(t, informer.GroupOptions{MaxLists: 1})
		none := in(stills(), []string{}...)
		none.Private = true
		must(informer.Get(g, none))
		some := in(stills(), "a")
		some.Private = true
		some.Source = func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return &still{}, nil }
		some.Reflector = &reflector.Options{DisableStreaming: true}
		l := must(informer.Get(g, some))
		if err := l.SetNamespaces(); err != nil {
			t.Error(err)
		}
		other := must(informer.Get(g, stills()))
		runs(t, g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := informer.WaitForSync(ctx, other, l); err != nil {
			t.Error(err)
		}
	})
}
