package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// groupWorld is a Group whose leases come, change and go while the server fails. It
// has a server and objects of a world, and none of its pipeline.
type groupWorld struct {
	*world
	group  *informer.Group
	ended  chan error // has what Run of the group returned
	leases []*leased
}

// leased is a lease with what it is for, and a handler that checks it.
type leased struct {
	*informer.Lease[*Job]
	*oracle
	query informer.Query[*Job]
	reg   *informer.Registration[*Job]
}

// The queries are made of these: all of one namespace, of two that overlap with those of
// another query, of none; what one selector selects, or one of two.
var (
	scopes    = [][]string{nil, {"ns-0"}, {"ns-0", "ns-1"}, {"ns-1", "ns-2"}, {}}
	selectors = [][]informer.Selector{nil, {{Labels: "team=team-1"}}, {{Labels: "team=team-1"}, {Labels: "team in (team-0,team-2)"}}}
)

// RunGroups plays what is invented from a seed with the leases of a Group, and fails t
// if something is wrong in the end or on the way.
func RunGroups(t *testing.T, seed uint64) {
	var w *groupWorld
	synctest.Test(t, func(t *testing.T) {
		w = newGroupWorld(t, seed)
		w.begin()
		for range 20 + w.rand.IntN(60) {
			w.step()
		}
		w.calm()
		w.agree()
		w.shutDown()
		w.server.Close()
	})
	if found := w.book.all(); len(found) > 0 {
		t.Errorf("%s\nplay it again with: go test ./internal/sim -run TestGroups -sim.seed %d\nwhat happened:%v",
			strings.Join(found, "\n"), seed, w.journal)
	}
}

func newGroupWorld(t testing.TB, seed uint64) *groupWorld {
	w := &groupWorld{world: &world{
		t: t, rand: rand.New(rand.NewPCG(seed, 3)), book: &ledger{}, journal: newJournal(),
		refused: make(map[string]int), bloated: make(map[string]bool),
	}}
	w.lines = newLines(w.journal)
	w.server = must(apitest.StartPipe(apitest.Options{
		Resources: []apitest.Resource{resource}, BookmarkInterval: pick(w.rand, time.Minute, 10*time.Second),
		History: pick(w.rand, 0, 16, 200), Seed: seed,
	}))
	w.jobs = apitest.Of[*Job](w.server, resource)
	for n := range w.rand.IntN(names) {
		w.put(n, n)
	}
	return w
}

// begin makes a group and runs it.
func (w *groupWorld) begin() {
	w.group = must(informer.NewGroup(informer.GroupOptions{
		MaxLists: pick(w.rand, 0, 0, 1, 3), Logger: w.lines.logger(),
		Reflector: reflector.Options{DisableStreaming: w.rand.IntN(2) == 0, PageSize: pick[int64](w.rand, 0, -1, 3)},
	}))
	w.ended = make(chan error, 1)
	go func(g *informer.Group) { w.ended <- g.Run(context.Background()) }(w.group)
}

// step is one thing that happens.
func (w *groupWorld) step() {
	n := w.rand.IntN(names)
	s := step{op: pick(w.rand, ordinary...), n: n, size: w.rand.IntN(1 << 20), pause: pick(w.rand, time.Millisecond, 3*time.Second, 2*time.Minute)}
	switch w.rand.IntN(12) {
	case 0, 1:
		w.get()
	case 2:
		w.release(n)
	case 3, 4:
		w.alter(n)
	case 5:
		w.inject(w.drawMild())
	case 6:
		s.op, s.n = pick(w.rand, opCut, opStall, opCompact, opExpire), n%3
		w.perform(s)
	case 7:
		w.outage(s)
	case 8:
		if n == 0 {
			w.shutDown()
			w.begin()
		}
	default:
		s.n = min(s.n, 30) // a burst of as many
		w.perform(s)
	}
}

// perform is a step that the world knows: changes, pauses, and what the server does.
func (w *groupWorld) perform(s step) {
	w.journal.note("script", "%v", s)
	switch s.op {
	case opPause:
		<-time.After(s.pause)
	case opRest:
		synctest.Wait()
	case opCut, opStall, opCompact, opExpire:
		w.disturb(s)
	default:
		w.change(s)
	}
}

// outage has the server away while objects change.
func (w *groupWorld) outage(s step) {
	w.server.Down()
	w.change(step{op: opBurst, n: s.n % 4, size: s.size})
	<-time.After(s.pause)
	w.expect(w.server.Up())
}

// drawMild is a fault after which no object is refused.
func (w *groupWorld) drawMild() fault {
	f := fault{times: 1 + w.rand.IntN(3), target: pick(w.rand, lists, streams, watches, reads)}
	n := w.rand.IntN(6)
	switch w.rand.IntN(5) {
	case 0:
		f.name, f.do = fmt.Sprintf("cut after %d frames", n), apitest.CutAfter(n, apitest.MidFrame)
	case 1:
		f.name, f.do = fmt.Sprintf("duplicate after %d frames", n), apitest.Duplicate(n)
	default:
		f.name, f.do = drawAnswer(w.rand)
	}
	w.journal.note("script", "inject %v", f)
	return f
}

// source makes the source of a query's namespace and selector.
func (w *groupWorld) source(namespace string, s informer.Selector) (reflector.ListerWatcher[*Job], error) {
	return httpsource.New(httpsource.Config[*Job]{
		Client: w.server.Client(), BaseURL: w.server.URL, Namespace: namespace, LabelSelector: s.Labels,
		Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
	})
}

// get asks for a lease and adds a handler to its informer.
func (w *groupWorld) get() {
	q := informer.Query[*Job]{
		Resource:   schema.GroupVersionResource{Group: resource.Group, Version: resource.Version, Resource: resource.Resource},
		Namespaces: pick(w.rand, scopes...), Selectors: pick(w.rand, selectors...), Source: w.source,
		Wide: w.rand.IntN(3) == 0, Private: w.rand.IntN(3) == 0,
	}
	w.journal.note("script", "get %#v %v, wide: %v, private: %v", q.Namespaces, q.Selectors, q.Wide, q.Private)
	lease, err := informer.Get(w.group, q)
	if err != nil {
		w.book.fault("group", "Get: %v", err)
		return
	}
	w.checkShared(lease, q)
	l := &leased{Lease: lease, query: q, oracle: &oracle{
		name: fmt.Sprintf("of lease %d", len(w.leases)), store: lease.Informer().Indexer(), book: w.book,
		// An object that a query loses and has again comes in the state that it had.
		refused: func(string) bool { return true }, wentBack: func() bool { return false },
		table: make(map[string]*Job), past: make(map[string][]string), calling: make(map[string]bool),
	}}
	l.reg = must(lease.Informer().AddHandler(l.oracle, informer.HandlerOptions{}))
	w.leases = append(w.leases, l)
}

// checkShared is G1: equal queries share an informer, and others do not.
func (w *groupWorld) checkShared(lease *informer.Lease[*Job], q informer.Query[*Job]) {
	for _, other := range w.leases {
		same := !q.Private && !other.query.Private && cmp.Equal(q.Namespaces, other.query.Namespaces) && cmp.Equal(q.Selectors, other.query.Selectors)
		if shared := lease.Informer() == other.Informer(); shared != same {
			w.book.fault("group", "G1: %s and %s share an informer: %v", lease.Name(), other.Name(), shared)
		}
	}
}

// release gives a lease back: its informer ends if it was the last (G1), and goes on
// for others.
func (w *groupWorld) release(n int) {
	if len(w.leases) == 0 {
		return
	}
	n %= len(w.leases)
	l := w.leases[n]
	w.journal.note("script", "release %s", l.Lease.Name())
	w.leases = slices.Delete(w.leases, n, n+1)
	l.reg.Remove()
	if err := l.Release(); err != nil {
		w.book.fault("group", "G1: Release: %v", err)
	}
	if err := l.Release(); err == nil {
		w.book.fault("group", "G1: a second Release is no error")
	}
	w.await("Done of "+l.Lease.Name(), l.Lease.Done())
	w.await("Done of its handler", l.reg.Done())
	l.leaves()
	shared := slices.ContainsFunc(w.leases, func(other *leased) bool { return other.Informer() == l.Informer() })
	synctest.Wait()
	everything := l.query.Namespaces == nil && l.query.Selectors == nil // views may hold it
	if runs := l.Informer().Status().Running; runs != shared && (shared || !everything) {
		w.book.fault("group", "G1: %s runs: %v, and others hold it: %v", l.Lease.Name(), runs, shared)
	}
}

// alter changes the query of a lease, which only one that is Private allows (G5).
func (w *groupWorld) alter(n int) {
	if len(w.leases) == 0 {
		return
	}
	l := w.leases[n%len(w.leases)]
	var err error
	if n%2 == 0 {
		namespaces := pick(w.rand, scopes[1:]...)
		if err = l.SetNamespaces(namespaces...); err == nil {
			l.query.Namespaces = namespaces
		}
		w.journal.note("script", "namespaces of %s: %#v: %v", l.Lease.Name(), namespaces, err)
	} else {
		selected := pick(w.rand, selectors...)
		if err = l.SetSelectors(selected...); err == nil {
			l.query.Selectors = selected
		}
		w.journal.note("script", "selectors of %s: %v: %v", l.Lease.Name(), selected, err)
	}
	if (err == nil) != l.query.Private {
		w.book.fault("group", "G5: a lease whose query is private (%v) was changed: %v", l.query.Private, err)
	}
}

// await waits a minute for c to be closed.
func (w *groupWorld) await(what string, c <-chan struct{}) {
	select {
	case <-c:
	case <-time.After(time.Minute):
		w.book.fault("group", "%s is not closed after a minute", what)
	}
}

// calm ends all faults.
func (w *groupWorld) calm() {
	for _, f := range w.faults {
		f.Remove()
	}
	w.expect(w.server.Up())
	w.journal.note("script", "the faults end")
}

// agree waits until every lease has what it is for, and checks what handlers were told.
func (w *groupWorld) agree() {
	for range Settle / glance {
		<-time.After(glance)
		synctest.Wait()
		if !slices.ContainsFunc(w.leases, func(l *leased) bool { return w.difference(l) != "" }) {
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), Settle)
	defer cancel()
	if err := w.group.WaitForSync(ctx); err != nil {
		w.book.fault("group", "WaitForSync: %v", err)
	}
	for _, l := range w.leases {
		w.checkLease(ctx, l)
	}
}

// checkLease is R1, S5, I1 and I10 of the informer of one lease.
func (w *groupWorld) checkLease(ctx context.Context, l *leased) {
	if d := w.difference(l); d != "" {
		w.book.fault("store", "R1, G5, G6: %s differs from the server (-server +store):\n%s\n%+v", l.Lease.Name(), d, l.Informer().Status())
	}
	if len(l.query.Namespaces) > 0 || l.query.Namespaces == nil { // who asks nobody hears of no version
		if err := l.Informer().Indexer().WaitFor(ctx, w.server.ResourceVersion()); err != nil {
			w.book.fault("store", "S5: %s: %v", l.Lease.Name(), err)
		}
	}
	if err := l.Informer().Quiesce(ctx); err != nil {
		w.book.fault("informer", "I10: %v", err)
	}
	if d := cmp.Diff(states(maps.Collect(l.Informer().Indexer().Snapshot().All())), states(l.rebuilt())); d != "" {
		w.book.fault("handler "+l.oracle.name, "I1: what it was told differs from the store (-store +handler):\n%s", d)
	}
}

// difference is that of the server's objects, as far as the lease is for them, and the
// store, "" if there is none.
func (w *groupWorld) difference(l *leased) string {
	want, err := w.jobs.Objects()
	w.expect(err)
	maps.DeleteFunc(want, func(_ string, j *Job) bool { return !selects(l.query, j) })
	return cmp.Diff(states(want), states(maps.Collect(l.Informer().Indexer().Snapshot().All())))
}

// selects reports whether an object belongs to a query.
func selects(q informer.Query[*Job], j *Job) bool {
	if q.Namespaces != nil && !slices.Contains(q.Namespaces, j.Namespace) {
		return false
	}
	return len(q.Selectors) == 0 || slices.ContainsFunc(q.Selectors, func(s informer.Selector) bool {
		return must(labels.Parse(s.Labels)).Matches(labels.Set(j.Labels))
	})
}

// shutDown ends the group, and every lease with it (G7).
func (w *groupWorld) shutDown() {
	w.journal.note("script", "shut down")
	synctest.Wait() // it runs
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.group.Shutdown(ctx); err != nil {
		w.book.fault("group", "G7: Shutdown: %v", err)
	}
	if err := <-w.ended; err != nil {
		w.book.fault("group", "G7: Run returned %v", err)
	}
	for _, l := range w.leases {
		w.await("Done of "+l.Lease.Name(), l.Lease.Done())
		l.leaves()
	}
	w.leases = nil
}
