package factories

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/informerfactory"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	extensionsinformers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions"
	"k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions"
	extensionsinternal "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/internalinterfaces"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/connrotation"
)

// patience is for a server that shares its processors with other tests.
const patience = 2 * time.Minute

// widgets are of a custom resource that the tests define.
var (
	widgets    = schema.GroupVersionResource{Group: "wire.example.com", Version: "v1", Resource: "widgets"}
	configMaps = corev1.SchemeGroupVersion.WithResource("configmaps")
)

func widgetDefinition() *apiextensionsv1.CustomResourceDefinition {
	anything := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "widgets.wire.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: widgets.Group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Singular: "widget", Kind: "Widget", ListKind: "WidgetList"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{
					OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &anything},
				},
			}},
		},
	}
}

// clients are those of one config, whose connections all end by cut.
type clients struct {
	config   *rest.Config
	typed    *kubernetes.Clientset
	dynamic  dynamic.Interface
	metadata metadata.Interface
	cut      func()
}

func newClients(t *testing.T, change func(*rest.Config)) clients {
	t.Helper()
	dialer := connrotation.NewDialer((&net.Dialer{}).DialContext)
	t.Cleanup(dialer.CloseAll)
	c := clients{config: server.Server(t).RESTConfig(), cut: dialer.CloseAll}
	c.config.Dial, c.config.QPS = dialer.DialContext, -1
	if change != nil {
		change(c.config)
	}
	c.typed = kubernetes.NewForConfigOrDie(c.config)
	c.dynamic = dynamic.NewForConfigOrDie(c.config)
	c.metadata = metadata.NewForConfigOrDie(c.config)
	return c
}

// wireWorld is a namespace with config maps and widgets.
type wireWorld struct {
	clients
	namespace string
}

func newWireWorld(ctx context.Context, t *testing.T) *wireWorld {
	t.Helper()
	w := &wireWorld{newClients(t, nil), server.Server(t).Namespace(t)}
	w.define(ctx, t)
	for _, name := range []string{"x", "y", "other"} {
		w.create(ctx, t, name)
	}
	return w
}

// define defines widgets, if no test has, and waits until they are served.
func (w *wireWorld) define(ctx context.Context, t *testing.T) {
	t.Helper()
	definitions := extensionsclient.NewForConfigOrDie(w.config).ApiextensionsV1().CustomResourceDefinitions()
	if _, err := definitions.Get(ctx, widgetDefinition().Name, metav1.GetOptions{}); err != nil {
		if _, err := definitions.Create(ctx, widgetDefinition(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(ctx, t, "widgets are served", func() bool {
		_, err := w.dynamic.Resource(widgets).Namespace(w.namespace).List(ctx, metav1.ListOptions{})
		return err == nil
	})
}

// eventually waits until something is so.
func eventually(ctx context.Context, t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (w *wireWorld) create(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	labels := map[string]string{"app": "web"}
	if name == "other" {
		labels["app"] = "db"
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: map[string]string{"size": "3"}, BinaryData: map[string][]byte{"raw": {0, 1, 255}}}
	if _, err := w.typed.CoreV1().ConfigMaps(w.namespace).Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	widget := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": widgets.GroupVersion().String(), "kind": "Widget",
		"spec": map[string]any{"size": int64(3), "ratio": 0.5, "names": []any{"one", "two"}},
	}}
	widget.SetName(name)
	widget.SetLabels(labels)
	if _, err := w.dynamic.Resource(widgets).Namespace(w.namespace).Create(ctx, widget, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

const lastName = "zzz-last"

// change does one of everything.
func (w *wireWorld) change(ctx context.Context, t *testing.T) {
	t.Helper()
	w.create(ctx, t, "new")
	patch := []byte(`{"metadata":{"annotations":{"changed":"yes"}}}`)
	for _, resource := range []schema.GroupVersionResource{configMaps, widgets} {
		of := w.dynamic.Resource(resource).Namespace(w.namespace)
		if _, err := of.Patch(ctx, "x", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := of.Delete(ctx, "y", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	w.create(ctx, t, lastName)
}

// told is what a handler was told of each name.
type told struct {
	mu     sync.Mutex
	events map[string][]event // guarded by mu
	last   chan struct{}
	once   sync.Once
}

type event struct {
	Type   string
	Object runtime.Object
}

func (o *told) tell(what string, obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	name := obj.(metav1.Object).GetName()
	o.mu.Lock()
	defer o.mu.Unlock()
	if known := o.events[name]; what == "update" && known[len(known)-1].Object.(metav1.Object).GetResourceVersion() == obj.(metav1.Object).GetResourceVersion() {
		return // client-go's informers list again where a watch is cut, and tell of all
	}
	o.events[name] = append(o.events[name], event{what, obj.(runtime.Object).DeepCopyObject()})
	if name == lastName {
		o.once.Do(func() { close(o.last) })
	}
}

// follow runs an informer's factory until the end of the test, and returns what it tells.
func follow(ctx context.Context, t *testing.T, factory lifecycle, informer cache.SharedIndexInformer) *told {
	t.Helper()
	o := &told{events: map[string][]event{}, last: make(chan struct{})}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { o.tell("add", obj) },
		UpdateFunc: func(_, obj any) { o.tell("update", obj) },
		DeleteFunc: func(obj any) { o.tell("delete", obj) },
	}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	factory.Start(stop)
	t.Cleanup(func() {
		close(stop)
		factory.Shutdown()
	})
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		t.Fatal("not synced")
	}
	return o
}

func (o *told) all(ctx context.Context, t *testing.T) map[string][]event {
	t.Helper()
	select {
	case <-o.last:
	case <-ctx.Done():
		t.Fatal("not told of all in time")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.events
}

// pair makes an informer of client-go's over clients, and ours.
type pair func(t *testing.T, c clients, namespace string, tweak func(*metav1.ListOptions), opts ...informerfactory.Option) (stock, ours lifecycle, theirs, wired cache.SharedIndexInformer)

func typedPair(t *testing.T, c clients, namespace string, tweak func(*metav1.ListOptions), opts ...informerfactory.Option) (lifecycle, lifecycle, cache.SharedIndexInformer, cache.SharedIndexInformer) {
	made := func() informers.SharedInformerFactory {
		return informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(namespace), informers.WithTweakListOptions(tweak))
	}
	stock := made()
	ours, err := informerfactory.Wrap(made(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return stock, ours, stock.Core().V1().ConfigMaps().Informer(), ours.Core().V1().ConfigMaps().Informer()
}

func dynamicPair(resource schema.GroupVersionResource) pair {
	return func(t *testing.T, c clients, namespace string, tweak func(*metav1.ListOptions), opts ...informerfactory.Option) (lifecycle, lifecycle, cache.SharedIndexInformer, cache.SharedIndexInformer) {
		stock := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, namespace, tweak)
		ours := informerfactory.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, namespace, tweak, opts...)
		return stock, ours, stock.ForResource(resource).Informer(), ours.ForResource(resource).Informer()
	}
}

func metadataPair(resource schema.GroupVersionResource) pair {
	return func(t *testing.T, c clients, namespace string, tweak func(*metav1.ListOptions), opts ...informerfactory.Option) (lifecycle, lifecycle, cache.SharedIndexInformer, cache.SharedIndexInformer) {
		stock := metadatainformer.NewFilteredSharedInformerFactory(c.metadata, 0, namespace, tweak)
		ours := informerfactory.NewFilteredMetadataSharedInformerFactory(c.metadata, 0, namespace, tweak, opts...)
		return stock, ours, stock.ForResource(resource).Informer(), ours.ForResource(resource).Informer()
	}
}

var pairs = map[string]struct {
	made pair
	wire bridge.Wire
}{
	"typed":                {typedPair, bridge.WireProtobuf},
	"unstructured":         {dynamicPair(configMaps), bridge.WireJSON},
	"unstructured, custom": {dynamicPair(widgets), bridge.WireJSON},
	"metadata":             {metadataPair(configMaps), bridge.WireProtobuf},
	"metadata, custom":     {metadataPair(widgets), bridge.WireProtobuf},
}

// Promise 4 of package informerfactory, against a real server: what handlers are told and
// stores have is what client-go's informers of the same config have, with selectors, and
// with a namespace; connections that are cut cost nothing.
func TestOverARealServer(t *testing.T) {
	for name, c := range pairs {
		t.Run(name, func(t *testing.T) {
			server.Server(t) // which may have to be built first
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			t.Cleanup(cancel)
			w := newWireWorld(ctx, t)
			protobuf := newClients(t, func(c *rest.Config) { c.ContentType = "application/vnd.kubernetes.protobuf" })
			opt, err := informerfactory.WithConfig(protobuf.config)
			if err != nil {
				t.Fatal(err)
			}
			tweak := func(o *metav1.ListOptions) {
				o.LabelSelector, o.FieldSelector = "app=web", "metadata.name!=kube-root-ca.crt"
			}
			stock, ours, theirs, wired := c.made(t, protobuf, w.namespace, tweak, opt)
			want, got := follow(ctx, t, stock, theirs), follow(ctx, t, ours, wired)
			protobuf.cut()
			w.create(ctx, t, "mark")
			eventually(ctx, t, "both informers go on", func() bool {
				_, one, _ := theirs.GetStore().GetByKey(w.namespace + "/mark")
				_, other, _ := wired.GetStore().GetByKey(w.namespace + "/mark")
				return one && other
			})
			w.change(ctx, t)
			if diff := cmp.Diff(want.all(ctx, t), got.all(ctx, t)); diff != "" {
				t.Errorf("-client-go +ours\n%s", diff)
			}
			keys := wired.GetStore().ListKeys()
			slices.Sort(keys)
			if got := strings.ReplaceAll(strings.Join(keys, " "), w.namespace+"/", ""); got != "mark new x "+lastName {
				t.Errorf("stored: %s", got)
			}
			for _, key := range keys {
				a, _, _ := theirs.GetStore().GetByKey(key)
				b, _, _ := wired.GetStore().GetByKey(key)
				if diff := cmp.Diff(a, b); diff != "" {
					t.Errorf("%s: -client-go +ours\n%s", key, diff)
				}
			}
			if bridge.WireOf(wired) != c.wire {
				t.Errorf("the wire is %s, want %s", bridge.WireOf(wired), c.wire)
			}
		})
	}
}

// Another generated client, over a real server: that of apiextensions.
func TestAnotherGeneratedClientOverARealServer(t *testing.T) {
	server.Server(t) // which may have to be built first
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	w := newWireWorld(ctx, t)
	opt, err := informerfactory.WithConfigFor(w.config, extensionsclient.NewForConfigAndClient)
	if err != nil {
		t.Fatal(err)
	}
	client := extensionsclient.NewForConfigOrDie(w.config)
	stock := extensionsinformers.NewSharedInformerFactory(client, 0)
	wrapped, err := informerfactory.WrapGenerated[extensionsclient.Interface, extensionsinternal.NewInformerFunc](stock, opt)
	if err != nil {
		t.Fatal(err)
	}
	informer := apiextensions.New(wrapped, "", nil).V1().CustomResourceDefinitions().Informer()
	stop := make(chan struct{})
	stock.Start(stop)
	defer stock.Shutdown()
	defer close(stop)
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		t.Fatal("not synced")
	}
	got, exists, err := informer.GetStore().GetByKey(widgetDefinition().Name)
	if err != nil || !exists || bridge.WireOf(informer) == bridge.WireClient {
		t.Fatalf("found %v, %v over %s", exists, err, bridge.WireOf(informer))
	}
	eventually(ctx, t, "the definition is that of the server", func() bool {
		want, err := client.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, widgetDefinition().Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ = informer.GetStore().GetByKey(widgetDefinition().Name)
		return want.ResourceVersion == got.(*apiextensionsv1.CustomResourceDefinition).ResourceVersion
	})
}
