package pipeline

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
)

// R1, R2, I1, I2, S5: a server that goes away and comes back costs the handler
// nothing: it hears of each change once, and of what did not change never.
func TestAServerThatRestartsLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	s := realserver.Start(t, realserver.Options{})
	ctx := within(t, 2*patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 50, asIs)
	w := newWire(s)
	p := start(t, s, settings[*corev1.ConfigMap]{namespace: ns, client: w.client()})
	p.sync(ctx, t)

	// A server that shuts down may end new watches at once; one that is up does not.
	short := func() uint64 { return p.reflector.Stats().Relists[reflector.RelistShort] }
	wantNoMoreShort := func(t *testing.T, than uint64) {
		t.Helper()
		if n := short(); n != than {
			t.Errorf("R2: %d lists after short watches while the server is up", n-than)
		}
	}

	t.Run("restart", func(t *testing.T) {
		before := p.oracle.told()
		if err := s.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		calm := short()
		change(ctx, t, client, numbered(0).Name, "1", nil)
		remove(ctx, t, client, numbered(3).Name)
		create(ctx, t, client, configMap("new", nil))
		p.settle(ctx, t, client, nil)
		p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
		p.wantChanges(t, before, "Update "+numbered(0).Name, "Delete "+numbered(3).Name, "Add new")
		wantNoMoreShort(t, calm)
	})
	t.Run("down and up", func(t *testing.T) {
		before, reported := p.oracle.told(), len(p.reported())
		if err := s.Down(ctx); err != nil {
			t.Fatal(err)
		}
		// It is away for as long as it takes to notice, more than once.
		if err := p.bell.until(ctx, func() bool { return len(p.reported()) >= reported+4 }); err != nil {
			t.Fatalf("the reflector does not report that the server is away: %v", err)
		}
		if n := len(p.informer.Indexer().List()); n != 51 {
			t.Errorf("the cache holds %d objects while the server is away, want 51", n)
		}
		calm := short()
		w.hold() // what happens next, the informer has to find out later
		if err := s.Up(ctx); err != nil {
			t.Fatal(err)
		}
		change(ctx, t, client, numbered(6).Name, "1", nil)
		remove(ctx, t, client, numbered(9).Name)
		create(ctx, t, client, configMap("newer", nil))
		w.release()
		p.settle(ctx, t, client, nil)
		p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
		p.wantChanges(t, before, "Update "+numbered(6).Name, "Delete "+numbered(9).Name, "Add newer")
		wantNoMoreShort(t, calm)
	})
	// A server that has restarted does not know what was before, once each time. There
	// is no other reason to list again.
	stats := p.reflector.Stats()
	expired := stats.Relists[reflector.RelistExpired]
	if expired+short() != stats.RelistCount() || expired > 2 {
		t.Errorf("R2: full lists: %v", stats.Relists)
	}
	t.Logf("full lists: %v, restarted watches: %d, retries: %d", stats.Relists, stats.Restarts, stats.Retries)
}

// wantChanges compares the events after the first n, in any order.
func (p *pipeline[T]) wantChanges(t *testing.T, n int, want ...string) {
	t.Helper()
	got := p.toldSince(n)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("I1: changes (-) and events (+):\n%s", diff)
	}
}

// I1, I9: an informer that was stopped and runs again tells its handler of what
// has changed meanwhile, and of nothing else.
func TestAnInformerThatRunsAgainTellsOfTheDifference(t *testing.T) {
	t.Parallel()
	s, ctx := server.Server(t), within(t, patience)
	ns := s.Namespace(t)
	client := configMaps(t, s, ns)
	fill(ctx, t, client, 0, 20, asIs)
	p := assemble(t, s, settings[*corev1.ConfigMap]{namespace: ns})
	p.crew.start(ctx, 2)
	ended := make(chan error, 1)
	run := func() { ended <- p.informer.Run(ctx) }
	go run()
	p.sync(ctx, t)
	if err := p.informer.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || !p.informer.IsStopped() {
		t.Fatalf("Run: %v, stopped: %v", err, p.informer.IsStopped())
	}

	before := p.oracle.told()
	change(ctx, t, client, numbered(0).Name, "1", nil)
	remove(ctx, t, client, numbered(3).Name)
	made := create(ctx, t, client, configMap("new", nil))
	// The server's cache may lag, and a list from it then lacks what a watch brings.
	typedList(ctx, t, s, ns, metav1.ListOptions{ResourceVersion: made.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	go run()
	p.settle(ctx, t, client, nil)
	p.agree(t, typedList(ctx, t, s, ns, metav1.ListOptions{}))
	p.wantChanges(t, before, "Update "+numbered(0).Name, "Delete "+numbered(3).Name, "Add new")
	for _, e := range p.oracle.since(before) {
		if !isMarker(e.Key) && e.Reason != informer.ReasonRelist {
			t.Errorf("%s: reason %v, want Relist", word(e), e.Reason)
		}
	}
	p.stop(t, ended)
	for _, fault := range append(p.oracle.broken(), p.crew.broken()...) {
		t.Error(fault)
	}
}
