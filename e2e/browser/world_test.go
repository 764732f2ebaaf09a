package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type partial = *metav1.PartialObjectMetadata

// hostile is the name of an informer that tries to be more than text.
const hostile = `</style></title><script>document.title = "taken"</script><img src="http://127.0.0.1:1/x"> & a word that is long: ` +
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// world is a page with informers in all kinds of states, of a server in memory.
type world struct {
	t       *testing.T
	server  *apitest.Server
	page    *httptest.Server
	refusal *apitest.Injected // of whatever is asked of gadgets
	release func()            // lets all callbacks return

	widgets, gadgets, parcels *informer.SharedIndexInformer[partial]
}

func resource(plural, kind string) apitest.Resource {
	return apitest.Resource{Group: "example.io", Version: "v1", Resource: plural, Kind: kind, Namespaced: true}
}

var (
	widgets = resource("widgets", "Widget")
	gadgets = resource("gadgets", "Gadget")
	parcels = resource("parcels", "Parcel")
)

// newWorld starts the informers, and a server with their page.
func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{widgets, gadgets, parcels}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w := &world{t: t, server: server}
	released := make(chan struct{})
	w.release = sync.OnceFunc(func() { close(released) })
	waits := informer.HandlerFunc[partial](func(context.Context, informer.Event[partial]) { <-released })

	w.widgets = w.informer("widgets", widgets)
	w.handle(w.widgets, "quick", informer.HandlerFunc[partial](func(context.Context, informer.Event[partial]) {}), informer.Backlog{})
	w.handle(w.widgets, "slow", waits, informer.Backlog{Policy: informer.BacklogCoalesce})
	w.gadgets = w.informer("gadgets", gadgets)
	w.handle(w.gadgets, "all gadgets", waits, informer.Backlog{})
	w.parcels = w.informer("parcels", parcels)
	w.handle(w.parcels, "writes each parcel to a disk", waits, informer.Backlog{Policy: informer.BacklogBackpressure, Bound: 2})
	idle := w.informer(hostile, widgets)
	w.handle(idle, hostile, waits, informer.Backlog{Policy: informer.BacklogFail, Bound: 100})

	w.refusal = server.Inject(apitest.Fault{Match: apitest.Match{Resource: "gadgets"}, Do: apitest.Fail(http.StatusForbidden)})
	w.create(widgets, "widget", 0, 30)
	w.create(parcels, "parcel", 0, 1)
	for _, in := range []*informer.SharedIndexInformer[partial]{w.widgets, w.gadgets, w.parcels} {
		w.run(in)
	}
	w.page = httptest.NewServer(debug.HandlerOf(func() []informer.Status {
		asked := w.widgets.Status()
		asked.Leases = []informer.LeaseStatus{{By: "shop/main.go:27", Since: time.Now().Add(-3 * time.Minute)}, {By: "shop/web/handlers.go:118", Since: time.Now().Add(-9 * time.Second)}}
		return []informer.Status{asked, w.gadgets.Status(), w.parcels.Status(), idle.Status()}
	}))
	t.Cleanup(w.page.Close)
	return w
}

// informer makes an informer of a resource.
func (w *world) informer(name string, res apitest.Resource) *informer.SharedIndexInformer[partial] {
	w.t.Helper()
	source, err := httpsource.New(httpsource.Config[partial]{
		Client: w.server.Client(), BaseURL: w.server.URL, Group: res.Group, Version: res.Version, Resource: res.Resource, Kind: res.Kind,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := informer.New(source, informer.Options[partial]{
		Name:   name,
		Logger: funcr.New(func(_, _ string) {}, funcr.Options{}),
		Indexers: indexer.Indexers[partial]{
			indexer.NamespaceIndex: func(p partial) ([]string, error) { return []string{p.Namespace}, nil },
			"size":                 func(p partial) ([]string, error) { return []string{p.Labels["size"]}, nil },
		},
		Reflector: reflector.Options{
			OnError:        func(context.Context, error) {},
			OutOfStepAfter: 200 * time.Millisecond,
			Backoff:        reflector.Backoff{Initial: 50 * time.Millisecond, Max: 200 * time.Millisecond},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func (w *world) handle(in *informer.SharedIndexInformer[partial], name string, h informer.Handler[partial], b informer.Backlog) {
	w.t.Helper()
	if _, err := in.AddHandler(h, informer.HandlerOptions{Name: name, Backlog: b}); err != nil {
		w.t.Fatal(err)
	}
}

// as is w for a part of the test.
func (w *world) as(t *testing.T) *world {
	w.t = t
	return w
}

// run runs an informer until the end of the whole test.
func (w *world) run(in *informer.SharedIndexInformer[partial]) {
	t := w.t
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- in.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		w.release()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// create makes objects with the numbers from first to last, last excluded.
func (w *world) create(res apitest.Resource, name string, first, last int) {
	w.t.Helper()
	for i := first; i < last; i++ {
		p := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "example.io/v1", Kind: res.Kind}}
		p.Namespace, p.Name, p.Labels = "default", fmt.Sprintf("%s-%d", name, i), map[string]string{"size": "hunter2"}
		if _, err := apitest.Of[partial](w.server, res).Create(p); err != nil {
			w.t.Fatal(err)
		}
	}
}

// stored waits until the store of an informer has an object.
func (w *world) stored(in *informer.SharedIndexInformer[partial], key string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		watch := in.Indexer().WatchKey(key)
		if _, exists, _ := in.Indexer().GetByKey(key); exists {
			watch.Stop()
			return
		}
		select {
		case <-watch.Done():
		case <-ctx.Done():
			w.t.Fatalf("the store of %s has no %s: %v", in.Name(), key, in.Status().Source.LastError)
		}
	}
}
