package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// stage is a transport whose answers change.
type stage struct{ scripted }

// stockClients are client-go's, in front of a stage.
type stockClients struct {
	stage    *stage
	core     corev1client.CoreV1Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

func newStockClients(tb testing.TB) *stockClients {
	tb.Helper()
	c := &stockClients{stage: &stage{}}
	client := &http.Client{Transport: c.stage}
	var err error
	fail := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	c.core, err = corev1client.NewForConfigAndClient(&rest.Config{Host: "http://api", QPS: -1}, client)
	fail(err)
	c.dynamic, err = dynamic.NewForConfigAndClient(&rest.Config{Host: "http://api", QPS: -1}, client)
	fail(err)
	c.metadata, err = metadata.NewForConfigAndClient(&rest.Config{Host: "http://api", QPS: -1}, client)
	fail(err)
	return c
}

// seen is an event as both sides show it: a bookmark without what is in it.
type seen[T any] struct {
	Type    watch.EventType
	Version string
	End     bool
	Object  T
}

// outcome is what a client makes of a list and a watch.
type outcome[T any] struct {
	items   []T
	listErr error
	events  []seen[T]
	refused int // items and events
}

// subject is a collection that is read by a client of client-go's.
type subject[T httpsource.Object] struct {
	resource string
	list     func(c *stockClients) ([]T, error)
	watch    func(c *stockClients) (watch.Interface, error)
	bare     func(T) // leaves out what need not be the same
}

func itemsOf[L any, T any](list *L, err error, items func(*L) []T) ([]*T, error) {
	if err != nil {
		return nil, err
	}
	var all []*T
	for i := range items(list) {
		all = append(all, &items(list)[i])
	}
	return all, nil
}

var (
	podSubject = subject[*corev1.Pod]{
		resource: "pods",
		list: func(c *stockClients) ([]*corev1.Pod, error) {
			list, err := c.core.Pods("").List(context.Background(), metav1.ListOptions{})
			return itemsOf(list, err, func(l *corev1.PodList) []corev1.Pod { return l.Items })
		},
		watch: func(c *stockClients) (watch.Interface, error) {
			return c.core.Pods("").Watch(context.Background(), metav1.ListOptions{})
		},
	}
	configSubject = subject[*corev1.ConfigMap]{
		resource: "configmaps",
		list: func(c *stockClients) ([]*corev1.ConfigMap, error) {
			list, err := c.core.ConfigMaps("").List(context.Background(), metav1.ListOptions{})
			return itemsOf(list, err, func(l *corev1.ConfigMapList) []corev1.ConfigMap { return l.Items })
		},
		watch: func(c *stockClients) (watch.Interface, error) {
			return c.core.ConfigMaps("").Watch(context.Background(), metav1.ListOptions{})
		},
	}
	metadataSubject = subject[*metav1.PartialObjectMetadata]{
		resource: "pods",
		list: func(c *stockClients) ([]*metav1.PartialObjectMetadata, error) {
			list, err := c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("pods")).List(context.Background(), metav1.ListOptions{})
			return itemsOf(list, err, func(l *metav1.PartialObjectMetadataList) []metav1.PartialObjectMetadata { return l.Items })
		},
		watch: func(c *stockClients) (watch.Interface, error) {
			return c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Watch(context.Background(), metav1.ListOptions{})
		},
		bare: func(m *metav1.PartialObjectMetadata) { m.TypeMeta = metav1.TypeMeta{} },
	}
)

// dynamicSubject reads a resource of v1 with the dynamic client.
func dynamicSubject(resource string) subject[*unstructured.Unstructured] {
	of := corev1.SchemeGroupVersion.WithResource(resource)
	return subject[*unstructured.Unstructured]{
		resource: resource,
		list: func(c *stockClients) ([]*unstructured.Unstructured, error) {
			list, err := c.dynamic.Resource(of).List(context.Background(), metav1.ListOptions{})
			return itemsOf(list, err, func(l *unstructured.UnstructuredList) []unstructured.Unstructured { return l.Items })
		},
		watch: func(c *stockClients) (watch.Interface, error) {
			return c.dynamic.Resource(of).Watch(context.Background(), metav1.ListOptions{})
		},
	}
}

// theirs is what client-go makes of the script on stage. What it stumbles over ends
// its watch.
func (s subject[T]) theirs(t *testing.T, c *stockClients) (o outcome[T]) {
	t.Helper()
	o.items, o.listErr = s.list(c)
	w, err := s.watch(c)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		obj, ok := e.Object.(T)
		if !ok {
			return o
		}
		shown := seen[T]{Type: e.Type, Version: obj.GetResourceVersion(), Object: obj}
		if e.Type == watch.Bookmark {
			var none T
			shown.Object, shown.End = none, obj.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
		}
		o.events = append(o.events, shown)
	}
	return o
}

// ours is what our source makes of it.
func (s subject[T]) ours(t *testing.T, c *stockClients) (o outcome[T]) {
	t.Helper()
	source, err := httpsource.New(httpsource.Config[T]{Client: &http.Client{Transport: c.stage}, BaseURL: "http://api", Version: "v1", Resource: s.resource, Decoders: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, o.listErr = source.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
		o.items = append(o.items, p.Items...)
		o.refused += len(p.Refused)
		return nil
	})
	w, err := source.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 100 {
		e, err := w.Next()
		switch {
		case err == io.EOF:
			return o
		case err == nil:
			o.events = append(o.events, seen[T]{e.Type, e.ResourceVersion, e.InitialEventsEnd, e.Object})
		}
	}
	return o
}

// compare holds ours against theirs: the same objects, but for those without a name,
// which ours refuses; what they do not take, ours refuses as well, alone if it can. The
// list begins with a good object, the watch has least good events.
func (s subject[T]) compare(t *testing.T, c *stockClients, least int) {
	t.Helper()
	theirs, ours := s.theirs(t, c), s.ours(t, c)
	var want []T
	for _, obj := range theirs.items {
		if obj.GetName() != "" {
			want = append(want, obj)
		}
	}
	if s.bare != nil {
		for _, obj := range append(want[:len(want):len(want)], ours.items...) {
			s.bare(obj)
		}
		for _, e := range append(theirs.events[:len(theirs.events):len(theirs.events)], ours.events...) {
			if e.Type != watch.Bookmark {
				s.bare(e.Object)
			}
		}
	}
	if theirs.listErr != nil && ours.listErr == nil && ours.refused == 0 {
		t.Errorf("client-go takes no list (%v) of which ours takes %d items and refuses none", theirs.listErr, len(ours.items))
	}
	if theirs.listErr == nil {
		if diff := cmp.Diff(want, ours.items); diff != "" || ours.listErr != nil || ours.refused != len(theirs.items)-len(want) {
			t.Errorf("listed, %d refused, %v (-client-go +informant):\n%s", ours.refused, ours.listErr, diff)
		}
	}
	var events []seen[T]
	for _, e := range theirs.events {
		if e.Type == watch.Bookmark || e.Object.GetName() != "" {
			events = append(events, e)
		}
	}
	if diff := cmp.Diff(events, ours.events[:min(len(events), len(ours.events))]); diff != "" || len(ours.events) < least {
		t.Errorf("watched %d of at least %d (-client-go +informant):\n%s", len(ours.events), least, diff)
	}
}

// A wire writes a list and a watch with one object, raw, that may be anything, between
// good ones, as a server would send it.
type wire struct {
	kind, list, version string
	good                []byte // an object
}

const listEnd = `{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}`

// protobuf is the script in protobuf: a list, and a stream that begins with one.
func (w wire) protobuf(tb testing.TB, raw []byte) scripted {
	tb.Helper()
	end := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}}
	event := func(t watch.EventType, object []byte) []byte {
		return protobufEvent(tb, string(t), protobufOfVersion(tb, w.version, w.kind, object))
	}
	stream := event(watch.Added, w.good)
	stream = append(stream, event(watch.Bookmark, marshaled(tb, &end))...)
	stream = append(stream, event(watch.Modified, raw)...)
	stream = append(stream, event(watch.Deleted, w.good)...)
	list := appendItem(appendItem(marshaled(tb, &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "9"}}), w.good), raw)
	return scripted{list: protobufOfVersion(tb, w.version, w.list, list), watch: stream}
}

// json is the script in JSON. Events carry a type, which raw must not have.
func (w wire) json(raw []byte) scripted {
	typed := fmt.Sprintf(`{"kind":%q,"apiVersion":%q,`, w.kind, w.version)
	event := func(t watch.EventType, object []byte) string {
		text := string(bytes.TrimLeft(object, " \t\r\n"))
		if len(text) > 0 && text[0] == '{' {
			if rest := bytes.TrimLeft([]byte(text[1:]), " \t\r\n"); len(rest) > 0 && rest[0] == '}' {
				text = typed[:len(typed)-1] + text[1:]
			} else {
				text = typed + text[1:]
			}
		}
		return fmt.Sprintf(`{"type":%q,"object":%s}`+"\n", t, text)
	}
	stream := event(watch.Added, w.good) + event(watch.Bookmark, []byte(listEnd)) + event(watch.Modified, raw) + event(watch.Deleted, w.good)
	list := fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"9"},"items":[%s,%s]}`, w.list, w.version, w.good, raw)
	return scripted{list: []byte(list), watch: []byte(stream), contentType: jsonType}
}

// looksLikeAnObject reports whether raw is something that could be an object in JSON, without a
// type of its own: what is none is refused with all that follows, and whether another
// type may pass is another matter.
func looksLikeAnObject(raw []byte) bool {
	var fields map[string]json.RawMessage
	if !json.Valid(raw) {
		return false
	}
	if json.Unmarshal(raw, &fields) != nil {
		return true
	}
	return fields["kind"] == nil && fields["apiVersion"] == nil
}

// The wires of the subjects.
func podWire(encode func(runtime.Object) []byte) wire {
	return wire{kind: "Pod", list: "PodList", version: "v1", good: encode(fullPod(1))}
}

func configWire(encode func(runtime.Object) []byte) wire {
	return wire{kind: "ConfigMap", list: "ConfigMapList", version: "v1", good: encode(fullConfig(1))}
}

func metadataWire(encode func(runtime.Object) []byte) wire {
	return wire{kind: "PartialObjectMetadata", list: "PartialObjectMetadataList", version: "meta.k8s.io/v1", good: encode(&metav1.PartialObjectMetadata{ObjectMeta: fullPod(1).ObjectMeta})}
}

// fullConfig has fields of all sorts.
func fullConfig(i int) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: fullPod(i).ObjectMeta,
		Immutable:  new(bool),
		Data:       map[string]string{"a": "b", "empty": ""},
		BinaryData: map[string][]byte{"c": {0, 1, 255}},
	}
}

// The encodings of objects.
func inProtobuf(tb testing.TB) func(runtime.Object) []byte {
	return func(obj runtime.Object) []byte { return marshaled(tb, obj.(interface{ Marshal() ([]byte, error) })) }
}

func inJSON(tb testing.TB) func(runtime.Object) []byte {
	return func(obj runtime.Object) []byte {
		raw, err := json.Marshal(obj)
		if err != nil {
			tb.Fatal(err)
		}
		return raw
	}
}

// fuzzed is an encoding and a type: objects to begin with, and what compares
// one that was changed.
type fuzzed struct {
	seeds [][]byte
	check func(t *testing.T, raw []byte)
}

func (w wire) inProtobuf(tb testing.TB, compare func(*testing.T, *stockClients, int), more ...[]byte) fuzzed {
	clients := newStockClients(tb)
	return fuzzed{append([][]byte{w.good, {}}, more...), func(t *testing.T, raw []byte) {
		clients.stage.scripted = w.protobuf(t, raw)
		compare(t, clients, 3)
	}}
}

// inJSON compares only what is JSON; what is not is a stream that breaks off.
func (w wire) inJSON(tb testing.TB, compare func(*testing.T, *stockClients, int), more ...[]byte) fuzzed {
	clients := newStockClients(tb)
	return fuzzed{append([][]byte{w.good, []byte(`{}`), []byte(`null`), []byte(` { "metadata": {"name":"a"} } `), []byte(`{"metadata":{"name":"a","name":"b"},"METADATA":{"name":"c"}}`), []byte(`{"metadata":null,"metadata":{"name":"a","labels":{"a":null},"generation":1e3}}`)}, more...), func(t *testing.T, raw []byte) {
		if !looksLikeAnObject(raw) {
			return
		}
		clients.stage.scripted = w.json(raw)
		compare(t, clients, 3)
	}}
}

// decodings are all that there are.
func decodings(tb testing.TB) map[string]fuzzed {
	odd := [][]byte{[]byte(`{"metadata":{"name":"a"},"spec":{"nodeName":5,"containers":[{"resources":{"limits":{"cpu":1.5e3}}}]}}`), []byte(`{"metadata":{"name":"a"},"data":{"a":1},"binaryData":{"b":"?"}}`)}
	return map[string]fuzzed{
		"Pod/protobuf":       podWire(inProtobuf(tb)).inProtobuf(tb, podSubject.compare),
		"ConfigMap/protobuf": configWire(inProtobuf(tb)).inProtobuf(tb, configSubject.compare),
		"metadata/protobuf":  metadataWire(inProtobuf(tb)).inProtobuf(tb, metadataSubject.compare),
		"Pod/JSON":           podWire(inJSON(tb)).inJSON(tb, podSubject.compare, odd...),
		"ConfigMap/JSON":     configWire(inJSON(tb)).inJSON(tb, configSubject.compare, odd...),
		"metadata/JSON":      metadataWire(inJSON(tb)).inJSON(tb, metadataSubject.compare, odd...),
		"Pod/dynamic":        podWire(inJSON(tb)).inJSON(tb, dynamicSubject("pods").compare, odd...),
		"ConfigMap/dynamic":  configWire(inJSON(tb)).inJSON(tb, dynamicSubject("configmaps").compare, odd...),

		"Pod/CBOR":               podWire(inCBOR(tb)).inCBOR(tb, podSubject.compare),
		"ConfigMap/CBOR":         configWire(inCBOR(tb)).inCBOR(tb, configSubject.compare),
		"Pod/dynamic CBOR":       podWire(inCBOR(tb)).inCBOR(tb, dynamicSubject("pods").compare),
		"ConfigMap/dynamic CBOR": configWire(inCBOR(tb)).inCBOR(tb, dynamicSubject("configmaps").compare),
	}
}

// W2, W3, R4: lists, streamed lists and watches whose bytes were changed at random are
// taken as client-go's typed, dynamic and metadata clients take them: -bench.mutations
// says how many.
func TestMutatedObjectsAreTakenAsByClientGo(t *testing.T) {
	for name, d := range decodings(t) {
		t.Run(name, func(t *testing.T) {
			for _, raw := range d.seeds {
				d.check(t, raw)
			}
			for seed := range *mutations {
				random := rand.New(rand.NewPCG(2, uint64(seed)))
				raw := mutated(random, bytes.Clone(d.seeds[0]))
				d.check(t, raw)
				if t.Failed() {
					t.Fatalf("mutation %d: %q", seed, raw)
				}
			}
		})
	}
}

// fuzz is the test above with bytes of the fuzzer's.
func fuzz(f *testing.F, name string) {
	d := decodings(f)[name]
	for _, raw := range d.seeds {
		f.Add(raw)
	}
	f.Fuzz(d.check)
}

func FuzzPodInProtobuf(f *testing.F)       { fuzz(f, "Pod/protobuf") }
func FuzzConfigMapInProtobuf(f *testing.F) { fuzz(f, "ConfigMap/protobuf") }
func FuzzMetadataInProtobuf(f *testing.F)  { fuzz(f, "metadata/protobuf") }
func FuzzPodInJSON(f *testing.F)           { fuzz(f, "Pod/JSON") }
func FuzzConfigMapInJSON(f *testing.F)     { fuzz(f, "ConfigMap/JSON") }
func FuzzMetadataInJSON(f *testing.F)      { fuzz(f, "metadata/JSON") }
func FuzzDynamicPodInJSON(f *testing.F)    { fuzz(f, "Pod/dynamic") }
func FuzzDynamicConfigMap(f *testing.F)    { fuzz(f, "ConfigMap/dynamic") }

func FuzzPodInCBOR(f *testing.F)              { fuzz(f, "Pod/CBOR") }
func FuzzConfigMapInCBOR(f *testing.F)        { fuzz(f, "ConfigMap/CBOR") }
func FuzzDynamicPodInCBOR(f *testing.F)       { fuzz(f, "Pod/dynamic CBOR") }
func FuzzDynamicConfigMapInCBOR(f *testing.F) { fuzz(f, "ConfigMap/dynamic CBOR") }
