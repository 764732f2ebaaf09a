package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/internal/watchcheck"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

var watchSeeds = flag.Uint64("watches.seeds", 20, "how many histories reflectors are put through, from seed 1 on")

// watched is a server with faults and the two reflectors that follow it.
type watched struct {
	server *apitest.Server
	pods   apitest.Collection[*corev1.Pod]
	trace  *apitest.Trace[*corev1.Pod]
	rand   *rand.Rand
	faults []*apitest.Injected
	backup *apitest.Backup
	n      int
}

var watchedPods = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}

// R1, R2: through watches that break, histories that are compacted, servers that are
// away or go back, whatever our reflector hands over is, from list to list, a watch
// with the properties of package watchcheck. client-go's is put through the same, and
// what it breaks is counted.
func TestReflectorsKeepThePropertiesOfWatches(t *testing.T) {
	var wire, ours, theirs watchcheck.Report
	writes := 0
	for seed := uint64(1); seed <= *watchSeeds; seed++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWatched(t, seed)
			first, second := watchcheck.NewLog("informant", nil, nil), watchcheck.NewLog("client-go", nil, nil)
			ctx, cancel := context.WithCancel(t.Context())
			var group sync.WaitGroup
			group.Go(func() { w.runOurs(ctx, t, first) })
			group.Go(func() { w.runTheirs(ctx, t, second) })
			w.play(t)
			w.settle(t)
			first.Settled()
			second.Settled()
			did := w.did(t, first)
			writes += did.Writes()
			wire.Add(first.Check(did))
			wire.Add(second.Check(did))
			report := first.CheckSessions(did)
			for _, v := range report.Violations {
				t.Errorf("seed %d: %v", seed, v)
			}
			ours.Add(report)
			theirs.Add(second.CheckSessions(did))
			cancel()
			group.Wait()
			w.server.Close()
		})
	}
	for _, v := range wire.Violations {
		t.Errorf("the server, or a source: %v", v)
	}
	for i, v := range theirs.Violations {
		if i < 10 {
			t.Logf("client-go: %v", v)
		}
	}
	if ours.Events == 0 || theirs.Events == 0 || wire.Lists == 0 || wire.Watches == 0 {
		t.Error("nothing was noted")
	}
	t.Logf("%d writes; wire: %v", writes, &wire)
	t.Logf("informant: %v", &ours)
	t.Logf("client-go: %v", &theirs)
}

func newWatched(t *testing.T, seed uint64) *watched {
	s, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{watchedPods}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{server: s, pods: apitest.Of[*corev1.Pod](s, watchedPods), rand: rand.New(rand.NewPCG(seed, 11))}
	w.trace = w.pods.Trace()
	w.write(t, 30)
	w.backup = s.Backup()
	s.Advance(1_000_000) // versions of a restored server do not meet those of before
	return w
}

func (w *watched) runOurs(ctx context.Context, t *testing.T, log *watchcheck.Log) {
	source, err := httpsource.New(httpsource.Config[*corev1.Pod]{Client: w.server.Client(), BaseURL: w.server.URL, Version: "v1", Resource: "pods"})
	if err != nil {
		t.Error(err)
		return
	}
	r, err := reflector.New(watchcheck.Source(log, source), reflector.Options{PageSize: 7})
	if err != nil {
		t.Error(err)
		return
	}
	if err := r.Run(ctx, watchcheck.Sink[*corev1.Pod](log, nil)); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}

func (w *watched) runTheirs(ctx context.Context, t *testing.T, log *watchcheck.Log) {
	set, err := kubernetes.NewForConfigAndClient(&rest.Config{Host: w.server.URL, QPS: -1}, w.server.Client())
	if err != nil {
		t.Error(err)
		return
	}
	pods := set.CoreV1().Pods("")
	lw := &cache.ListWatch{
		ListWithContextFunc: watchcheck.Lists(log, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return pods.List(ctx, o)
		}),
		WatchFuncWithContext: watchcheck.Watches(log, func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return pods.Watch(ctx, o)
		}),
	}
	r := cache.NewReflectorWithOptions(lw, &corev1.Pod{}, watchcheck.NewStore(log), cache.ReflectorOptions{Name: "client-go"})
	r.WatchListPageSize = 7
	r.RunWithContext(ctx)
}

// write makes n changes.
func (w *watched) write(t *testing.T, n int) {
	for range n {
		w.n++
		name := fmt.Sprint("pod-", w.rand.IntN(20))
		var err error
		if w.rand.IntN(4) == 0 {
			_, err = w.pods.Delete("default", name)
		} else {
			_, err = w.pods.Modify("default", name, func(p *corev1.Pod) *corev1.Pod {
				p.Spec.NodeName = fmt.Sprint("node-", w.n)
				return p
			})
			if apierrors.IsNotFound(err) {
				p := &corev1.Pod{}
				p.Namespace, p.Name = "default", name
				_, err = w.pods.Create(p)
			}
		}
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
}

// play lets things happen, and go wrong.
func (w *watched) play(t *testing.T) {
	open := apitest.Match{Verb: apitest.VerbWatch}
	for range 40 {
		switch w.rand.IntN(12) {
		case 0:
			w.server.Cut(open, apitest.Manner(w.rand.IntN(3)))
		case 1:
			w.server.Compact()
			w.server.Cut(open, apitest.Abruptly)
		case 2:
			w.server.Expire()
			w.server.Cut(open, apitest.Cleanly)
		case 3:
			w.server.Stall(open)
			w.write(t, 3)
			<-time.After(time.Minute)
			w.server.Resume(apitest.Match{})
		case 4:
			w.server.Down()
			w.write(t, 5)
			<-time.After(20 * time.Second)
			if err := w.server.Up(); err != nil {
				t.Error(err)
			}
		case 5, 6, 7:
			w.inject()
		case 8:
			if w.backup != nil && w.rand.IntN(3) == 0 {
				w.server.Restore(w.backup)
				w.backup = nil
			}
		default:
			<-time.After([]time.Duration{time.Millisecond, time.Second, 70 * time.Second, 6 * time.Minute}[w.rand.IntN(4)])
		}
		w.write(t, w.rand.IntN(12))
		if w.rand.IntN(3) == 0 {
			synctest.Wait() // until all of it has come through
		}
	}
}

// inject puts a fault in force, of some answers in part or as a whole.
func (w *watched) inject() {
	n := w.rand.IntN(6)
	f := apitest.Fault{Times: 1 + w.rand.IntN(3)}
	switch w.rand.IntN(9) {
	case 0, 1:
		f.Do = apitest.CutAfter(n, apitest.Manner(w.rand.IntN(3)))
	case 2:
		f.Do = apitest.Malformed(n)
	case 3:
		f.Do = apitest.WrongKind(n)
	case 4:
		f.Do = apitest.Fail([]int{500, 503, 403, 404}[w.rand.IntN(4)])
	case 5:
		f.Do = apitest.TooManyRequests(1)
	case 6:
		f.Do = apitest.Gone()
	case 7:
		f.Do = apitest.Refuse()
	default: // only of lists that need not be new
		f.Match = apitest.Match{Verb: apitest.VerbList, Func: func(r apitest.Request) bool { return r.Query.Get("resourceVersion") != "" }}
		f.Do = apitest.Stale(n + 1)
	}
	if f.Verb == "" && w.rand.IntN(2) == 0 {
		f.Verb = apitest.VerbWatch
	}
	w.faults = append(w.faults, w.server.Inject(f))
}

// settle ends the faults, and gives both reflectors the time that the longest watch
// and the longest pause take.
func (w *watched) settle(t *testing.T) {
	for _, f := range w.faults {
		f.Remove()
	}
	w.server.Resume(apitest.Match{})
	for range 4 {
		<-time.After(20 * time.Minute)
		w.write(t, 3)
	}
	<-time.After(time.Minute)
	synctest.Wait() // until the last of it has come through
}

// did is all that the server did.
func (w *watched) did(t *testing.T, log *watchcheck.Log) *watchcheck.Server {
	eras, err := w.trace.Eras()
	if err != nil {
		t.Fatal(err)
	}
	s := &watchcheck.Server{}
	for _, e := range eras {
		var begins []watchcheck.State
		for _, p := range e.Objects {
			begins = append(begins, log.StateOf(p))
		}
		version, err := strconv.ParseUint(e.Version, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s.Begin(version, begins)
		for _, c := range e.Changes {
			if state := log.StateOf(c.Object); c.Type == watch.Deleted {
				s.Deleted(state.Key, state.Version)
			} else {
				s.Wrote(state)
			}
		}
	}
	return s
}
