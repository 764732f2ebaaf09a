package informerfactory_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/informerfactory"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/apitest"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/features"
	featurestesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/core"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
)

var (
	podsVersioned = corev1.SchemeGroupVersion.WithResource("pods")
	asProtobuf    = func(c *rest.Config) { c.ContentType = "application/vnd.kubernetes.protobuf" }
	asJSON        = func(c *rest.Config) { c.ContentType = "application/json" }
)

// scope is what a factory is restricted to.
type scope struct {
	namespace string
	tweak     func(*metav1.ListOptions)
}

// ways are factories of client-go, and ours in their places.
type ways struct {
	stock, ours func(t *testing.T, config *rest.Config, s scope, opts ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer)
}

// typedWay is that of generated factories.
func typedFactory(t *testing.T, config *rest.Config, s scope) informers.SharedInformerFactory {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(s.namespace), informers.WithTweakListOptions(s.tweak))
}

var typedWay = ways{
	func(t *testing.T, config *rest.Config, s scope, _ ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
		f := typedFactory(t, config, s)
		return f, f.Core().V1().Pods().Informer()
	},
	func(t *testing.T, config *rest.Config, s scope, opts ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
		f, err := informerfactory.Wrap(typedFactory(t, config, s), opts...)
		if err != nil {
			t.Fatal(err)
		}
		return f, f.Core().V1().Pods().Informer()
	},
}

func dynamicWay(resource schema.GroupVersionResource) ways {
	client := func(t *testing.T, config *rest.Config) dynamic.Interface {
		t.Helper()
		made, err := dynamic.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	return ways{
		func(t *testing.T, config *rest.Config, s scope, _ ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
			f := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client(t, config), 0, s.namespace, s.tweak)
			return f, f.ForResource(resource).Informer()
		},
		func(t *testing.T, config *rest.Config, s scope, opts ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
			f := informerfactory.NewFilteredDynamicSharedInformerFactory(client(t, config), 0, s.namespace, s.tweak, opts...)
			return f, f.ForResource(resource).Informer()
		},
	}
}

func metadataWay(resource schema.GroupVersionResource) ways {
	client := func(t *testing.T, config *rest.Config) metadata.Interface {
		t.Helper()
		made, err := metadata.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	return ways{
		func(t *testing.T, config *rest.Config, s scope, _ ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
			f := metadatainformer.NewFilteredSharedInformerFactory(client(t, config), 0, s.namespace, s.tweak)
			return f, f.ForResource(resource).Informer()
		},
		func(t *testing.T, config *rest.Config, s scope, opts ...informerfactory.Option) (lifecycle, cache.SharedIndexInformer) {
			f := informerfactory.NewFilteredMetadataSharedInformerFactory(client(t, config), 0, s.namespace, s.tweak, opts...)
			return f, f.ForResource(resource).Informer()
		},
	}
}

// cases are the kinds of objects that come over the wire.
var cases = []struct {
	name   string
	ways   ways
	config func(*rest.Config)
	wire   bridge.Wire
}{
	{"typed, protobuf", typedWay, asProtobuf, bridge.WireProtobuf},
	{"typed, JSON", typedWay, asJSON, bridge.WireJSON},
	{"typed, no word of it", typedWay, nil, bridge.WireProtobuf},
	{"unstructured", dynamicWay(podsVersioned), nil, bridge.WireJSON},
	{"unstructured, custom", dynamicWay(widgets), nil, bridge.WireJSON},
	{"metadata", metadataWay(podsVersioned), nil, bridge.WireProtobuf},
	{"metadata, custom", metadataWay(widgets), nil, bridge.WireProtobuf},
}

// eachWay runs test for each kind of objects, with lists in pages and streamed.
func eachWay(t *testing.T, test func(t *testing.T, w *world, ways ways, config func(*rest.Config), wire bridge.Wire)) {
	for _, streamed := range []bool{true, false} {
		for _, c := range cases {
			name := c.name + map[bool]string{true: ", streamed", false: ", in pages"}[streamed]
			t.Run(name, func(t *testing.T) {
				featurestesting.SetFeatureDuringTest(t, features.WatchListClient, streamed)
				test(t, newWorld(t), c.ways, c.config, c.wire)
			})
		}
	}
}

func withConfig(t *testing.T, config *rest.Config) informerfactory.Option {
	t.Helper()
	opt, err := informerfactory.WithConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

// Promise 4: handlers and stores have the objects that client-go's clients make of the
// answers of the same server: lists and events, with and without their kinds.
func TestObjectsAreThoseOfTheClients(t *testing.T) {
	eachWay(t, func(t *testing.T, w *world, ways ways, change func(*rest.Config), wire bridge.Wire) {
		config, _ := w.config(t, change)
		stock, theirs := ways.stock(t, config, scope{})
		wired, ours := ways.ours(t, config, scope{}, withConfig(t, config))
		if got := bridge.WireOf(ours); got != bridge.WireUnknown {
			t.Errorf("before it runs the wire is %s", got)
		}
		want, got := follow(t, theirs), follow(t, ours)
		begin(t, stock)
		begin(t, wired)
		synced(t, theirs)
		synced(t, ours)
		w.change(t)
		within(t, "client-go's told of all", want.last)
		within(t, "ours told of all", got.last)
		if diff := cmp.Diff(want.events, got.events); diff != "" {
			t.Errorf("-client-go +ours\n%s", diff)
		}
		if diff := cmp.Diff(stored(theirs), stored(ours)); diff != "" {
			t.Errorf("-client-go +ours\n%s", diff)
		}
		if len(got.events) != 6 || len(got.events["a/x"]) != 2 || len(got.events["a/y"]) != 2 {
			t.Errorf("told of %d keys: the test looks in the wrong place", len(got.events))
		}
		if bridge.WireOf(ours) != wire || bridge.WireOf(theirs) != bridge.WireClient {
			t.Errorf("the wires are %s and %s, want %s", bridge.WireOf(ours), bridge.WireOf(theirs), wire)
		}
	})
}

// Promise 4: what is asked of the server is what the client would ask, once: paths,
// selectors, versions, and who asks. Nothing is asked by the client itself.
func TestRequestsAreThoseOfTheClients(t *testing.T) {
	s := scope{"a", func(o *metav1.ListOptions) { o.LabelSelector, o.FieldSelector = "app=web", "metadata.name!=y" }}
	eachWay(t, func(t *testing.T, _ *world, ways ways, change func(*rest.Config), _ bridge.Wire) {
		var queries [][]string
		var headers []http.Header
		for _, wired := range []bool{false, true} {
			w := newWorld(t) // one of its own: no other's watch is taken for the one that is awaited
			config, sent := w.config(t, func(c *rest.Config) {
				c.BearerToken, c.UserAgent = "secret", "shop/1.0"
				c.Impersonate = rest.ImpersonationConfig{UserName: "jane", Groups: []string{"buyers"}}
				if change != nil {
					change(c)
				}
			})
			var opts []informerfactory.Option
			if wired {
				opts = append(opts, withConfig(t, config))
			}
			factory, informer := ways.ours(t, config, s, opts...)
			stop := begin(t, factory)
			synced(t, informer)
			within(t, "a watch is open", awaitWatch(t, w.server))
			if keys := informer.GetStore().ListKeys(); !slices.Equal(keys, []string{"a/x"}) {
				t.Errorf("stored %v", keys)
			}
			stop()
			queries = append(queries, sent.queries())
			header := sent.all()[0].Header.Clone()
			header.Del("Accept") // which is the client's affair
			headers = append(headers, header)
		}
		if diff := cmp.Diff(queries[0], queries[1]); diff != "" || !strings.Contains(strings.Join(queries[1], " "), "labelSelector=app%3Dweb") {
			t.Errorf("-client +ours\n%s", diff)
		}
		headers[1].Del("Accept-Encoding")
		headers[0].Del("Accept-Encoding")
		if diff := cmp.Diff(headers[0], headers[1]); diff != "" || headers[1].Get("Impersonate-User") != "jane" || headers[1].Get("Authorization") != "Bearer secret" {
			t.Errorf("-client +ours\n%s", diff)
		}
	})
}

// awaitWatch closes its result when a watch is open.
func awaitWatch(t *testing.T, server *apitest.Server) <-chan struct{} {
	open := make(chan struct{})
	go func() {
		if server.AwaitStreams(t.Context(), apitest.Match{Verb: apitest.VerbWatch}, 1) == nil {
			close(open)
		}
	}()
	return open
}

// R1: a watch that is cut in the midst of a frame goes on where it was, over the wire.
func TestAWatchIsCut(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // each waits for a second before it watches again
			w := newWorld(t)
			config, _ := w.config(t, c.config)
			factory, informer := c.ways.ours(t, config, scope{}, withConfig(t, config))
			got := follow(t, informer)
			begin(t, factory)
			synced(t, informer)
			within(t, "a watch is open", awaitWatch(t, w.server))
			w.server.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.MidFrame)
			w.change(t)
			within(t, "told of all", got.last)
			if bridge.WireOf(informer) != c.wire {
				t.Errorf("the wire is %s", bridge.WireOf(informer))
			}
		})
	}
}

// errorsOf are the first n errors of an informer that its watch error handler is told.
func errorsOf(t *testing.T, informer cache.SharedIndexInformer) <-chan error {
	t.Helper()
	told := make(chan error, 100)
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
		select {
		case told <- err:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	return told
}

func next(t *testing.T, told <-chan error) error {
	t.Helper()
	select {
	case err := <-told:
		return err
	case <-time.After(time.Minute):
		t.Fatal("no error within a minute")
		return nil
	}
}

// Promise 4: watch error handlers are told of errors of the server as with client-go's
// clients: of the same type and text.
func TestErrorsAreThoseOfTheClients(t *testing.T) {
	for name, c := range map[string]struct {
		fault apitest.Fault
		is    func(error) bool
	}{
		"a list is forbidden":  {apitest.Fault{Do: apitest.Fail(http.StatusForbidden)}, apierrors.IsForbidden},
		"a watch is forbidden": {apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, Do: apitest.Fail(http.StatusForbidden)}, apierrors.IsForbidden},
		"it is not there":      {apitest.Fault{Do: apitest.Fail(http.StatusNotFound)}, apierrors.IsNotFound},
		"nobody knows us":      {apitest.Fault{Do: apitest.Fail(http.StatusUnauthorized)}, apierrors.IsUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			featurestesting.SetFeatureDuringTest(t, features.WatchListClient, false)
			var texts []string
			for _, wired := range []bool{false, true} {
				w := newWorld(t)
				config, _ := w.config(t, nil)
				var opts []informerfactory.Option
				if wired {
					opts = append(opts, withConfig(t, config))
				}
				factory, informer := typedWay.ours(t, config, scope{}, opts...)
				told := errorsOf(t, informer)
				w.server.Inject(c.fault)
				stop := begin(t, factory)
				err := next(t, told)
				stop()
				if !c.is(err) {
					t.Errorf("the error is %v", err)
				}
				texts = append(texts, err.Error())
			}
			if texts[0] != texts[1] {
				t.Errorf("%q, with the client %q", texts[1], texts[0])
			}
		})
	}
}

// Promise 4: so they are of a server that is not there. Nobody listens on its port, which is
// none that the system hands out.
func TestAServerThatIsAway(t *testing.T) {
	featurestesting.SetFeatureDuringTest(t, features.WatchListClient, false)
	w := newWorld(t)
	var texts []string
	for _, wired := range []bool{false, true} {
		config, _ := w.config(t, func(c *rest.Config) { c.Host = "http://127.0.0.1:1" })
		var opts []informerfactory.Option
		if wired {
			opts = append(opts, withConfig(t, config))
		}
		factory, informer := typedWay.ours(t, config, scope{}, opts...)
		told := errorsOf(t, informer)
		stop := begin(t, factory)
		texts = append(texts, next(t, told).Error())
		stop()
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], "connection refused") {
		t.Errorf("%q, with the client %q", texts[1], texts[0])
	}
}

// Promise 4: a server that asks to be asked later is asked again after that time, and
// nobody is told.
func TestABusyServerIsAskedAgain(t *testing.T) {
	featurestesting.SetFeatureDuringTest(t, features.WatchListClient, false)
	w := newWorld(t)
	config, _ := w.config(t, nil)
	busy := w.server.Inject(apitest.Fault{Times: 2, Do: apitest.TooManyRequests(1)})
	factory, informer := typedWay.ours(t, config, scope{}, withConfig(t, config))
	told := errorsOf(t, informer)
	begin(t, factory)
	synced(t, informer)
	select {
	case err := <-told:
		t.Errorf("told of %v", err)
	default:
	}
	if busy.Hits() != 2 {
		t.Errorf("asked %d times while it was busy", busy.Hits())
	}
}

// own is a client of somebody's own.
type own struct{ kubernetes.Interface }

// ownClient is the client that ownPods was given last.
var ownClient kubernetes.Interface

// ownPods is an informer over functions that leave pods out.
func ownPods(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
	ownClient = client
	return upstream.NewSharedIndexInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			pods, err := client.CoreV1().Pods("").List(ctx, opts)
			if err == nil {
				pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return pod.Name == "other" })
			}
			return pods, err
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			return client.CoreV1().Pods("").Watch(ctx, opts)
		},
	}, &corev1.Pod{}, resync, nil)
}

// Promise 5: what cannot go over the wire is as it was without it, and says so once.
func TestWhatCannotGoOverTheWire(t *testing.T) {
	featurestesting.SetFeatureDuringTest(t, features.WatchListClient, false)
	pods := func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
		return f.Core().V1().Pods().Informer()
	}
	real := func(t *testing.T, config *rest.Config) kubernetes.Interface {
		t.Helper()
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	for name, c := range map[string]struct {
		client   func(*testing.T, *rest.Config) kubernetes.Interface
		config   func(*rest.Config)
		informer func(informers.SharedInformerFactory) cache.SharedIndexInformer
		reason   string
		stored   int
	}{
		"a fake": {
			func(*testing.T, *rest.Config) kubernetes.Interface { return fake.NewClientset(pod("a", "x")) },
			nil, pods, "*fake.Clientset", 1,
		},
		"a client of one's own": {
			func(t *testing.T, c *rest.Config) kubernetes.Interface { return own{real(t, c)} },
			nil, pods, "informerfactory_test.own", 4,
		},
		"another server":                {real, func(c *rest.Config) { c.Host = "http://192.0.2.1:1" }, pods, "192.0.2.1", 4},
		"another server behind a proxy": {real, func(c *rest.Config) { c.Host += "/clusters/one" }, pods, "/clusters/one", 4},
		"another encoding":              {real, func(c *rest.Config) { c.ContentType = "application/yaml" }, pods, "application/yaml", 4},
		"functions that filter": {real, nil, func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
			return f.InformerFor(&corev1.Pod{}, ownPods)
		}, "ownPods.func1", 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			log := logged(t)
			config, _ := w.config(t, nil)
			for _, wired := range []bool{false, true} {
				factoryClient := c.client(t, config)
				factory := informers.NewSharedInformerFactory(factoryClient, 0)
				var opts []informerfactory.Option
				if wired {
					other := rest.CopyConfig(config)
					if c.config != nil {
						c.config(other)
					}
					opts = append(opts, withConfig(t, other))
				}
				wrapped, err := informerfactory.Wrap(factory, opts...)
				if err != nil {
					t.Fatal(err)
				}
				informer := c.informer(wrapped)
				stop := begin(t, wrapped)
				synced(t, informer)
				if c.reason == "ownPods.func1" && ownClient != factoryClient {
					t.Errorf("wired: %v, the function was given another client than the factory's", wired)
				}
				if n := len(informer.GetStore().ListKeys()); n != c.stored || bridge.EngineOf(informer) != bridge.EngineInformant || bridge.WireOf(informer) != bridge.WireClient {
					t.Errorf("%d pods over %s on the engine %s", n, bridge.WireOf(informer), bridge.EngineOf(informer))
				}
				stop()
				const line = "An informer decodes with its own client"
				if n := strings.Count(log(), line); n != map[bool]int{true: 1}[wired] {
					t.Errorf("wired: %v, said %d times in %s", wired, n, log())
				}
			}
			if !strings.Contains(log(), c.reason) || !strings.Contains(log(), `type="*v1.Pod"`) {
				t.Errorf("the log does not name %s and the type: %s", c.reason, log())
			}
		})
	}
}

// Bad input of an option is an error that says what to do.
func TestOptionsThatCannotBe(t *testing.T) {
	refused := &rest.Config{Host: "https://example.io", TLSClientConfig: rest.TLSClientConfig{Insecure: true, CAData: []byte("x")}}
	for name, c := range map[string]struct {
		config *rest.Config
		text   string
	}{
		"nil":          {nil, "the rest.Config is nil"},
		"refused":      {refused, "specifying a root certificates file with the insecure flag is not allowed"},
		"no address":   {&rest.Config{Host: "http://%zz"}, "no address of a server"},
		"two sign-ins": {&rest.Config{Host: "https://example.io", BearerToken: "x", ExecProvider: nil, Username: "u", Password: "p"}, "username/password or bearer token may be set, but not both"},
	} {
		for _, with := range []func() (informerfactory.Option, error){
			func() (informerfactory.Option, error) { return informerfactory.WithConfig(c.config) },
			func() (informerfactory.Option, error) {
				return informerfactory.WithConfigFor(c.config, kubernetes.NewForConfigAndClient)
			},
		} {
			if opt, err := with(); err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "informerfactory: WithConfig") {
				t.Errorf("%s: %+v, %v", name, opt, err)
			}
		}
	}
	if _, err := informerfactory.WithConfigFor[any](&rest.Config{Host: "http://example.io"}, nil); err == nil || !strings.Contains(err.Error(), "newClient is nil") {
		t.Errorf("no constructor: %v", err)
	}
	opt := withConfig(t, &rest.Config{Host: "http://example.io", QPS: 5})
	if _, err := informerfactory.Wrap(informers.NewSharedInformerFactory(fake.NewClientset(), 0), opt); err == nil || !strings.Contains(err.Error(), "burst is required") {
		t.Errorf("no burst: %v", err)
	}
	other, err := informerfactory.WithConfigFor(&rest.Config{Host: "http://example.io"}, dynamic.NewForConfigAndClient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := informerfactory.Wrap(informers.NewSharedInformerFactory(fake.NewClientset(), 0), other); err == nil || !strings.Contains(err.Error(), "*dynamic.DynamicClient") {
		t.Errorf("another client: %v", err)
	}
}

// A factory that was started, and what is none, are refused with an option as without.
func TestWhatCannotBeWrappedWithConfig(t *testing.T) {
	opt := withConfig(t, &rest.Config{Host: "http://example.io"})
	used := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	used.Core().V1().Pods().Informer()
	stop := begin(t, used)
	defer stop()
	if _, err := informerfactory.Wrap(used, opt); !errors.Is(err, informerfactory.ErrUsed) {
		t.Errorf("started: %v", err)
	}
	if _, err := informerfactory.Wrap(nil, opt); !errors.Is(err, informerfactory.ErrNoFactory) {
		t.Errorf("nil: %v", err)
	}
	if _, err := informerfactory.WrapGenerated[kubernetes.Interface, internalinterfaces.NewInformerFunc](nil, opt); !errors.Is(err, informerfactory.ErrNoFactory) {
		t.Errorf("nil: %v", err)
	}
}

// ForResource of a wrapped factory is over the wire too, and so are factories of other
// generated clients.
func TestForResourceAndGeneratedFactories(t *testing.T) {
	w := newWorld(t)
	config, _ := w.config(t, nil)
	wrapped, err := informerfactory.Wrap(typedFactory(t, config, scope{}), informerfactory.Option{}, withConfig(t, config), informerfactory.Option{})
	if err != nil {
		t.Fatal(err)
	}
	generic, err := wrapped.ForResource(podsVersioned)
	if err != nil {
		t.Fatal(err)
	}
	opt, err := informerfactory.WithConfigFor(config, kubernetes.NewForConfigAndClient)
	if err != nil {
		t.Fatal(err)
	}
	other, err := informerfactory.WrapGenerated[kubernetes.Interface, internalinterfaces.NewInformerFunc](typedFactory(t, config, scope{}), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer begin(t, wrapped)()
	for name, informer := range map[string]cache.SharedIndexInformer{"ForResource": generic.Informer(), "WrapGenerated": corePods(other)} {
		stop := make(chan struct{})
		ended := make(chan struct{})
		go func() { defer close(ended); informer.Run(stop) }()
		synced(t, informer)
		if len(informer.GetStore().ListKeys()) != 4 || bridge.WireOf(informer) != bridge.WireProtobuf {
			t.Errorf("%s: %d pods over %s", name, len(informer.GetStore().ListKeys()), bridge.WireOf(informer))
		}
		close(stop)
		<-ended
	}
}

// Options that a tweak changes while the informer runs count from the next request on.
func TestATweakMayChange(t *testing.T) {
	w := newWorld(t)
	config, sent := w.config(t, nil)
	selectors := make(chan string, 100)
	for _, selector := range []string{"app=web", "app=db", "app=db"} {
		selectors <- selector
	}
	factory, informer := typedWay.ours(t, config, scope{"", func(o *metav1.ListOptions) {
		select {
		case o.LabelSelector = <-selectors:
		default:
			o.LabelSelector = "app=db"
		}
	}}, withConfig(t, config))
	begin(t, factory)
	synced(t, informer)
	within(t, "a watch is open", awaitWatch(t, w.server))
	w.server.Expire()
	w.server.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.MidFrame)
	deadline := time.After(time.Minute)
	for !slices.Equal(informer.GetStore().ListKeys(), []string{"a/other"}) {
		select {
		case <-deadline:
			t.Fatalf("stored %v, asked %q", informer.GetStore().ListKeys(), sent.queries())
		case <-time.After(10 * time.Millisecond):
		}
	}
	if bridge.WireOf(informer) != bridge.WireProtobuf {
		t.Errorf("the wire is %s", bridge.WireOf(informer))
	}
}

// Equal parts of objects are shared by a Sharer, which is a transform.
func TestPartsAreShared(t *testing.T) {
	w := newWorld(t)
	config, _ := w.config(t, nil)
	sharer, err := object.NewSharer[any](object.SharerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	factory, err := informerfactory.Wrap(informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(sharer.Share)), withConfig(t, config))
	if err != nil {
		t.Fatal(err)
	}
	informer := factory.Core().V1().Pods().Informer()
	begin(t, factory)
	synced(t, informer)
	all := stored(informer)
	x := all["a/x"].(*corev1.Pod)
	if !sharer.Shared(x.Spec.Containers[0].Args) && !sharer.Shared(x.Labels) {
		t.Error("nothing is shared")
	}
	if bridge.WireOf(informer) != bridge.WireProtobuf {
		t.Errorf("the wire is %s", bridge.WireOf(informer))
	}
}

// corePods are the pods of a factory that is wrapped.
func corePods(factory internalinterfaces.SharedInformerFactory) cache.SharedIndexInformer {
	return core.New(factory, "", nil).V1().Pods().Informer()
}
