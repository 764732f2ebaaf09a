package properties

import (
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/informant-go/informant/e2e/realserver"
)

// patience bounds a test that would hang; it is much longer than one takes.
const patience = 90 * time.Second

// everyKind are followers of an engine, streamed and in pages, of all objects and of
// some.
func everyKind(t *testing.T, at place, timeout time.Duration, follow func(*testing.T, place, variant) *follower) (all []*follower) {
	for _, v := range []variant{{}, {paged: true}, {selector: "team=red"}} {
		v.timeout = timeout
		all = append(all, follow(t, at, v))
	}
	return all
}

// R1, R2, S5: behind a balancer one API server is seconds behind the other, because
// its connection to etcd is slow. Whichever is asked, the store never goes back, no
// change is lost or comes twice, and in the end all is there.
func TestReflectorsThatMoveToAServerThatLagsNeverGoBack(t *testing.T) {
	s := realserver.Start(t, realserver.Options{})
	ctx := within(t, patience+time.Duration(*rounds)*30*time.Second)
	etcd, err := s.Etcd(ctx)
	if err != nil {
		t.Fatal(err)
	}
	slow := newLag(t, etcd)
	// The second server cannot end well without its way to etcd.
	t.Cleanup(func() {
		slow.release()
		_ = s.Stop() // whose error Start's own cleanup reports
	})
	second, err := s.Second(ctx, slow.url())
	if err != nil {
		t.Fatal(err)
	}
	ns := s.Namespace(t)
	it := follow(ctx, t, s, ns)
	b, other := newBalancer(t, s.Client().Transport, s.URL(), second), newBalancer(t, s.Client().Transport, s.URL(), second)
	all := everyKind(t, place{s.URL(), b.client(), ns}, 0, ours)
	beside := everyKind(t, place{s.URL(), other.client(), ns}, 0, theirs)
	// Nobody waits for client-go's reflectors on the way: after errors these rest for
	// up to half a minute.
	turn := func(to, gone int) {
		other.turn(to, gone)
		b.turn(to, gone)
		b.await(ctx, t, len(all))
	}
	of, r := client(t, s, ns), rand.New(rand.NewPCG(1, 1))
	settleWithMarks(t, s, it, ns, append(all, beside...))

	began := time.Now()
	for i := range *rounds {
		// It is held for as long as it takes to be asked by all, or is late for good.
		if i%2 == 0 {
			slow.hold()
		} else {
			slow.delay(400 * time.Millisecond)
		}
		write(ctx, t, of, r, 30)
		mark(ctx, t, of, it)
		// Half of the time watches cannot go on there, so that it is asked for lists.
		turn(1, ((i+1)/2%2)*len(all))
		write(ctx, t, of, r, 10)
		slow.release()
		turn(0, 0)
		write(ctx, t, of, r, 10)
		turn(1, 0)
		slow.delay(0)
		settleWithMarks(t, s, it, ns, all)
		t.Logf("round %d ends after %v", i+1, time.Since(began).Round(time.Millisecond))
	}
	other.turn(0, 0)
	all = append(all, beside...)
	settleWithMarks(t, s, it, ns, all)
	t.Logf("all have settled after %v", time.Since(began).Round(time.Millisecond))
	judge(t, it, all)
	for _, f := range all {
		if f.of != nil {
			s := f.of.Stats()
			t.Logf("%s: %d watches, full lists %v, %d expired, %d retries", f.name, s.Watches, s.Relists, s.Expired, s.Retries)
		}
	}
}

// settleWithMarks writes an object that all see, and waits until they have come to
// that.
func settleWithMarks(t *testing.T, s *realserver.Server, it *truth, ns string, all []*follower) {
	t.Helper()
	ctx := within(t, patience)
	settle(ctx, t, mark(ctx, t, client(t, s, ns), it), all)
}

// R1, I1: API server and etcd are killed while many write. Nothing that was
// acknowledged is lost on the way, and the informer ends in the server's state.
func TestKilledServersLoseNothing(t *testing.T) {
	s := realserver.Start(t, realserver.Options{})
	ctx := within(t, patience+time.Duration(*kills)*time.Minute)
	ns := s.Namespace(t)
	it := follow(ctx, t, s, ns)
	of := client(t, s, ns)
	at := place{s.URL(), s.Client(), ns}
	// A server that is killed while it answers may leave a watch that brings nothing:
	// it lasts until its timeout.
	all := append(everyKind(t, at, patience/3, ours), everyKind(t, at, patience/3, theirs)...)
	w := startWriters(t, of, 4)
	w.more(ctx, t, 50)
	began := time.Now()
	do := func(what string, err error) {
		t.Logf("%s: done after %v, with %d writes", what, time.Since(began).Round(time.Millisecond), w.good.Load())
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for range *kills {
		do("kill the API server", s.Kill(ctx))
		do("start the API server", s.Up(ctx))
		w.more(ctx, t, 50)
		do("kill etcd", s.KillEtcd(ctx))
		do("start etcd", s.UpEtcd(ctx))
		w.more(ctx, t, 50)
	}
	w.stop()
	settleWithMarks(t, s, it, ns, all)
	do("settle", nil)
	judge(t, it, all)

	// What client-go has not come to may have taken the test's time.
	listed, err := of.List(within(t, patience), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, c := range listed.Items {
		want[c.Name] = c.ResourceVersion
	}
	got := map[string]string{}
	for _, c := range all[0].ours.Indexer().List() {
		got[c.Name] = c.ResourceVersion
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("R1: the server (-) and the store (+):\n%s", diff)
	}
}

// R1, F2: etcd is compacted between two pages of a list. What is handed over is one
// state nevertheless, and not the half of one.
func TestACompactionBetweenPagesMixesNoStates(t *testing.T) {
	s := realserver.Start(t, realserver.Options{NoWatchCache: true})
	ctx := within(t, patience)
	ns := s.Namespace(t)
	it := follow(ctx, t, s, ns)
	of, r := client(t, s, ns), rand.New(rand.NewPCG(2, 2))
	write(ctx, t, of, r, 60)
	mark(ctx, t, of, it)

	b := newBalancer(t, s.Client().Transport, s.URL())
	second, goOn := make(chan struct{}, 2), make(chan struct{})
	proceed := sync.OnceFunc(func() { close(goOn) })
	defer proceed()
	b.before = func(query url.Values) {
		if query.Get("continue") != "" {
			select {
			case second <- struct{}{}:
			default:
			}
			<-goOn
		}
	}
	at := place{s.URL(), b.client(), ns}
	all := []*follower{ours(t, at, variant{paged: true}), theirs(t, at, variant{paged: true})}
	for range all {
		select {
		case <-second:
		case <-ctx.Done():
			t.Fatal("a second page was not asked for")
		}
	}
	write(ctx, t, of, r, 20)
	revision, err := s.Compact(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("compacted at %d", revision)
	proceed()
	settleWithMarks(t, s, it, ns, all)
	write(within(t, patience), t, of, r, 20)
	settleWithMarks(t, s, it, ns, all)
	judge(t, it, all)
	if n := all[0].of.Stats().Expired; n == 0 {
		t.Error("no list expired")
	}
}
