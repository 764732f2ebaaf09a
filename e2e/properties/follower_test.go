package properties

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/internal/watchcheck"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

// place is where followers find the ConfigMaps of a namespace.
type place struct {
	url       string
	client    *http.Client
	namespace string
}

// follower is a reflector of one or the other engine, with all that it was told and
// that it handed on.
type follower struct {
	name string
	log  *watchcheck.Log
	ours *informer.SharedIndexInformer[*corev1.ConfigMap] // nil for client-go's
	of   *reflector.Reflector[*corev1.ConfigMap]
	late bool // it has not come to rest; only client-go's may be
}

// variant is how a follower lists, and what it selects. timeout is how long its
// watches last, 0 for the default; client-go's last no less than that.
type variant struct {
	paged    bool
	selector string
	timeout  time.Duration
}

func (v variant) String() string {
	name := "streamed"
	if v.paged {
		name = "paged"
	}
	if v.selector != "" {
		name += " of " + v.selector
	}
	return name
}

func (v variant) log(engine string) *watchcheck.Log {
	var shown watchcheck.Selector
	if v.selector != "" {
		selector, err := labels.Parse(v.selector)
		if err != nil {
			panic(err) // it is the test's own
		}
		shown = func(s watchcheck.State) bool { return selector.Matches(labels.Set(s.Labels)) }
	}
	return watchcheck.NewLog(engine+", "+v.String(), shown, nil)
}

// tapped is a Runner whose sink is noted.
type tapped struct {
	*reflector.Reflector[*corev1.ConfigMap]
	log *watchcheck.Log
}

func (r tapped) Run(ctx context.Context, sink reflector.Sink[*corev1.ConfigMap]) error {
	return r.Reflector.Run(ctx, watchcheck.Sink(r.log, sink))
}

// ours runs an informer of ours until the end of the test.
func ours(t *testing.T, at place, v variant) *follower {
	t.Helper()
	f := &follower{name: "informant, " + v.String(), log: v.log("informant")}
	source, err := httpsource.New(httpsource.Config[*corev1.ConfigMap]{
		Client: at.client, BaseURL: at.url, Version: "v1", Resource: "configmaps", Kind: "ConfigMap",
		Namespace: at.namespace, LabelSelector: v.selector,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.of, err = reflector.New(watchcheck.Source(f.log, source), reflector.Options{
		DisableStreaming: v.paged, PageSize: 7, Backoff: reflector.Backoff{Initial: 20 * time.Millisecond, Max: 500 * time.Millisecond},
		MaxWatchTimeout: v.timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.ours, err = informer.NewFromRunner(object.Meta[*corev1.ConfigMap](), tapped{f.of, f.log}, informer.Options[*corev1.ConfigMap]{Name: f.name})
	if err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx context.Context) {
		if err := f.ours.Run(ctx); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	})
	return f
}

// theirs runs a reflector of client-go until the end of the test.
func theirs(t *testing.T, at place, v variant) *follower {
	t.Helper()
	f := &follower{name: "client-go, " + v.String(), log: v.log("client-go")}
	set, err := kubernetes.NewForConfigAndClient(&rest.Config{Host: at.url, QPS: -1}, at.client)
	if err != nil {
		t.Fatal(err)
	}
	of := set.CoreV1().ConfigMaps(at.namespace)
	lw := &cache.ListWatch{
		ListWithContextFunc: watchcheck.Lists(f.log, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = v.selector
			return of.List(ctx, o)
		}),
		WatchFuncWithContext: watchcheck.Watches(f.log, func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = v.selector
			return of.Watch(ctx, o)
		}),
	}
	var source cache.ListerWatcher = lw
	if v.paged {
		source = unstreamed{lw}
	}
	r := cache.NewReflectorWithOptions(source, &corev1.ConfigMap{}, watchcheck.NewStore(f.log), cache.ReflectorOptions{Name: f.name})
	if v.paged {
		r.WatchListPageSize = 7
	}
	run(t, r.RunWithContext)
	return f
}

// unstreamed makes client-go list in pages.
type unstreamed struct{ *cache.ListWatch }

func (unstreamed) IsWatchListSemanticsUnSupported() bool { return true }

// run runs f until the end of the test, which waits for it.
func run(t *testing.T, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f(ctx) })
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
}

// settle waits until all followers have come to a version, ours first. Client-go's
// rest for up to a minute after errors and may be late: that is reported.
func settle(ctx context.Context, t *testing.T, version string, followers []*follower) {
	t.Helper()
	failed := false
	for _, f := range followers {
		if f.ours == nil {
			continue
		}
		if err := f.settle(ctx, version); err != nil {
			t.Errorf("%s: %v", f.name, err)
			f.log.Report(t.Logf)
			failed = true
		}
	}
	if failed {
		t.FailNow()
	}
	for _, f := range followers {
		if f.ours != nil {
			continue
		}
		err := f.settle(ctx, version)
		if f.late = err != nil; f.late {
			t.Logf("late: %v", err)
			f.log.Report(t.Logf)
		}
	}
}

func (f *follower) settle(ctx context.Context, version string) error {
	if err := f.log.Await(ctx, version); err != nil {
		return err
	}
	if f.ours == nil {
		return nil
	}
	return f.ours.Indexer().WaitFor(ctx, version)
}

// judge holds what all followers were told, and handed on, against the truth: no
// server and no reflector of ours breaks a promise. What client-go's breaks is
// reported; of one that is late, what comes last is not asked for.
func judge(t *testing.T, it *truth, followers []*follower) {
	t.Helper()
	t.Logf("etcd has %d writes", it.server.Writes())
	for _, f := range followers {
		if !f.late {
			f.log.Settled()
		}
		wire, sink := f.log.Check(&it.server), f.log.CheckSessions(&it.server)
		t.Logf("%s: wire: %v; sink: %v", f.name, &wire, &sink)
		for _, v := range wire.Violations {
			t.Errorf("the server: %v", v)
		}
		for _, v := range sink.Violations {
			if f.ours == nil {
				t.Logf("client-go: %v", v)
				continue
			}
			t.Errorf("%v", v)
		}
		if wire.Lists+wire.Watches == 0 || sink.Events == 0 {
			t.Errorf("%s: nothing was noted", f.name)
		}
	}
}
