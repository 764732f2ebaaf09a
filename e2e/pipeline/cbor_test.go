package pipeline

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

const gearGroup = "cbor.example.com"

// Gear is a custom resource with fields of all sorts, none of which may be lost.
type Gear struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              GearSpec `json:"spec"`
}

// GearSpec is what a Gear wants.
type GearSpec struct {
	Count  int64                 `json:"count"`
	Ratio  float64               `json:"ratio"`
	Text   string                `json:"text"`
	On     *bool                 `json:"on"`
	Bytes  []byte                `json:"bytes"`
	At     *metav1.Time          `json:"at,omitempty"`
	Limit  *resource.Quantity    `json:"limit,omitempty"`
	Names  []string              `json:"names"`
	Nested map[string][]GearSpec `json:"nested"`
	Any    runtime.RawExtension  `json:"any"`
}

// DeepCopyObject makes a Gear a runtime.Object.
func (g *Gear) DeepCopyObject() runtime.Object {
	copied := *g
	g.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

const gearDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gears.cbor.example.com"},
"spec":{"group":"cbor.example.com","scope":"Namespaced","names":{"plural":"gears","singular":"gear","kind":"Gear","listKind":"GearList"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`

// gear is the i-th of many, of which no two are alike.
func gear(i int) *Gear {
	on, limit, at := i%2 == 0, resource.MustParse(fmt.Sprint(i, "500m")), metav1.Unix(1700000000+int64(i), 0)
	g := &Gear{TypeMeta: metav1.TypeMeta{Kind: "Gear", APIVersion: gearGroup + "/v1"}, ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("gear-%04d", i), Labels: map[string]string{"app": fmt.Sprint("app-", i%7)}, Annotations: map[string]string{"wide": "ü\u2028"},
	}}
	g.Spec = GearSpec{Count: int64(i)<<40 - 3, Ratio: float64(i) + 0.1, Text: fmt.Sprintf("ünï \"%d\"\n", i), On: &on, Bytes: []byte{byte(i), 0xff}, At: &at, Limit: &limit}
	g.Spec.Nested = map[string][]GearSpec{"a": {{Names: []string{}, Any: runtime.RawExtension{Raw: []byte(`{"b":[1,-2,0.5,null,true,{"c":{}}]}`)}}}, "none": nil}
	if i%3 == 0 {
		g.Spec.On, g.Spec.At, g.Spec.Names = nil, nil, []string{"x", ""}
	}
	return g
}

// defineGears makes a server have gears.
func defineGears(ctx context.Context, t *testing.T, s *realserver.Server) {
	t.Helper()
	var definition unstructured.Unstructured
	if err := definition.UnmarshalJSON([]byte(gearDefinition)); err != nil {
		t.Fatal(err)
	}
	definitions := clientOf[*unstructured.Unstructured](t, s, "apiextensions.k8s.io", "customresourcedefinitions")
	if _, err := definitions.Create(ctx, &definition, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	src := gearSource[*Gear](t, s, s.Client(), "", false)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := src.List(ctx, metav1.ListOptions{}, func(reflector.Part[*Gear]) error { return nil })
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func gearSource[T httpsource.Object](t *testing.T, s *realserver.Server, client *http.Client, ns string, inCBOR bool) *httpsource.Source[T] {
	t.Helper()
	src, err := httpsource.New(httpsource.Config[T]{
		Client: client, BaseURL: s.URL(), Group: gearGroup, Version: "v1", Resource: "gears", Kind: "Gear", Namespace: ns, CBOR: inCBOR,
	})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// forms notes in which form answers come.
type forms struct {
	base http.RoundTripper

	mu   sync.Mutex
	seen map[string]bool // guarded by mu
}

func (f *forms) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := f.base.RoundTrip(req)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.seen[resp.Header.Get("Content-Type")] = true
	}
	return resp, err
}

// all are those since the last call.
func (f *forms) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer clear(f.seen)
	return slices.Sorted(maps.Keys(f.seen))
}

// W2, W9: of a custom resource, typed and not, a real server that speaks CBOR gives lists,
// streamed lists and watches in it, and the objects are those of its JSON. A server that
// does not gives JSON.
func TestACustomResourceInCBOR(t *testing.T) {
	t.Parallel()
	s := realserver.Start(t, realserver.Options{FeatureGates: map[string]bool{"CBORServingAndStorage": true}})
	ctx := within(t, 2*patience)
	defineGears(ctx, t, s)
	ns := s.Namespace(t)
	client := clientOf[*Gear](t, s, gearGroup, "gears")
	const n = 120
	for i := range n {
		g := gear(i)
		g.Namespace = ns
		if _, err := client.Create(ctx, g, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	from := versionOf(ctx, t, s, ns)
	for i := range 40 {
		name := object.NewName(ns, gear(i).Name)
		if _, err := client.Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, `{"spec":{"ratio":%d.5}}`, i), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			if err := client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("unstructured", func(t *testing.T) { sameInCBOR[*unstructured.Unstructured](ctx, t, s, ns, from, n-10, 50) })
	t.Run("typed", func(t *testing.T) { sameInCBOR[*Gear](ctx, t, s, ns, from, n-10, 50) })
	t.Run("an informer", func(t *testing.T) { informsInCBOR(ctx, t, s, ns) })
	t.Run("a server without it", func(t *testing.T) {
		plain := server.Server(t)
		answers := &forms{base: plain.Client().Transport, seen: map[string]bool{}}
		src, err := httpsource.New(httpsource.Config[*unstructured.Unstructured]{Client: &http.Client{Transport: answers}, BaseURL: plain.URL(), Version: "v1", Resource: "namespaces", CBOR: true})
		if err != nil {
			t.Fatal(err)
		}
		if items := listed(ctx, t, src); len(items) == 0 {
			t.Error("it has no namespaces")
		}
		if got := answers.all(); !slices.Equal(got, []string{"application/json"}) {
			t.Errorf("the answers are in %q", got)
		}
	})
}

// versionOf is the version of the newest state.
func versionOf(ctx context.Context, t *testing.T, s *realserver.Server, ns string) string {
	t.Helper()
	meta, err := gearSource[*Gear](t, s, s.Client(), ns, false).List(ctx, metav1.ListOptions{Limit: 1}, func(reflector.Part[*Gear]) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return meta.ResourceVersion
}

// sameInCBOR compares what comes in CBOR with what comes in JSON: so many objects, and
// events since a version.
func sameInCBOR[T httpsource.Object](ctx context.Context, t *testing.T, s *realserver.Server, ns, from string, objects, changes int) {
	t.Helper()
	answers := &forms{base: s.Client().Transport, seen: map[string]bool{}}
	client := &http.Client{Transport: answers}
	inCBOR, inJSON := gearSource[T](t, s, client, ns, true), gearSource[T](t, s, client, ns, false)
	streamed := metav1.ListOptions{SendInitialEvents: new(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true}
	for name, read := range map[string]struct {
		n    int
		from func(*httpsource.Source[T]) []reflector.Event[T]
		form string
	}{
		"listed":   {objects, func(src *httpsource.Source[T]) []reflector.Event[T] { return listed(ctx, t, src) }, "application/cbor"},
		"streamed": {objects, func(src *httpsource.Source[T]) []reflector.Event[T] { return received(ctx, t, src, streamed, objects) }, "application/cbor-seq"},
		"watched": {changes, func(src *httpsource.Source[T]) []reflector.Event[T] {
			return received(ctx, t, src, metav1.ListOptions{ResourceVersion: from}, changes)
		}, "application/cbor-seq"},
	} {
		got := read.from(inCBOR)
		if forms := answers.all(); !slices.Equal(forms, []string{read.form}) {
			t.Errorf("%s in %q, want %q", name, forms, read.form)
		}
		want := read.from(inJSON)
		if forms := answers.all(); !slices.Equal(forms, []string{"application/json"}) {
			t.Errorf("%s in %q, want JSON", name, forms)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != read.n {
			t.Errorf("%s %d, want %d (-JSON +CBOR):\n%s", name, len(got), read.n, diff)
		}
	}
}

// listed are the objects of a list in pages.
func listed[T httpsource.Object](ctx context.Context, t *testing.T, src *httpsource.Source[T]) (all []reflector.Event[T]) {
	t.Helper()
	opts := metav1.ListOptions{Limit: 50}
	for {
		meta, err := src.List(ctx, opts, func(p reflector.Part[T]) error {
			for _, obj := range p.Items {
				all = append(all, reflector.Event[T]{Object: obj})
			}
			if len(p.Refused) > 0 {
				t.Errorf("refused: %v", p.Refused)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if opts.Continue = meta.Continue; opts.Continue == "" {
			return all
		}
	}
}

// received are the first n events of a watch.
func received[T httpsource.Object](ctx context.Context, t *testing.T, src *httpsource.Source[T], opts metav1.ListOptions, n int) (all []reflector.Event[T]) {
	t.Helper()
	stream, err := src.Watch(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for range n {
		e, err := stream.Next()
		if err != nil {
			t.Fatalf("after %d of %d events: %v", len(all), n, err)
		}
		all = append(all, e)
	}
	return all
}

// informsInCBOR holds what an informer has against a list in JSON.
func informsInCBOR(ctx context.Context, t *testing.T, s *realserver.Server, ns string) {
	t.Helper()
	answers := &forms{base: s.Client().Transport, seen: map[string]bool{}}
	r, err := reflector.New(gearSource[*Gear](t, s, &http.Client{Transport: answers}, ns, true), reflector.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := informer.NewFromRunner(object.Meta[*Gear](), r, informer.Options[*Gear]{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- in.Run(context.Background()) }()
	defer func() {
		if err := in.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	if err := informer.WaitForSync(ctx, in); err != nil {
		t.Fatalf("%v: %+v", err, r.Stats())
	}
	want := map[string]*Gear{}
	for _, e := range listed(ctx, t, gearSource[*Gear](t, s, s.Client(), ns, false)) {
		e.Object.TypeMeta = metav1.TypeMeta{} // which a list of a custom resource has, and a watch not
		want[e.Object.Namespace+"/"+e.Object.Name] = e.Object
	}
	if diff := cmp.Diff(want, maps.Collect(in.Indexer().Snapshot().All())); diff != "" {
		t.Errorf("-listed in JSON +informed in CBOR:\n%s", diff)
	}
	if got := answers.all(); !slices.Equal(got, []string{"application/cbor-seq"}) {
		t.Errorf("the answers are in %q", got)
	}
}
