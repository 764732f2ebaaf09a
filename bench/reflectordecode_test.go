package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/informant-go/informant/bench/objects"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// inMemory is an http.RoundTripper that answers lists and watches with what it has, so
// that nothing is measured but what is made of it.
type inMemory struct {
	contentType string
	list, watch []byte
}

func (a inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a.list
	if r.URL.Query().Get("watch") != "" {
		body = a.watch
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {a.contentType}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// decoding says what is decoded, as what.
type decoding struct {
	protobuf, watch bool
	untyped         bool
	decoders        int // of ours; 0 for its own choice
	size            objects.Size
	route           bool
}

var routeResource = objects.RouteKind.GroupVersion().WithResource(objects.RouteResource)

// name is as in pod-json-list/10KB.
func (d decoding) name() string {
	name := "pod"
	if d.route {
		name = "route"
	}
	if d.untyped {
		name += "-unstructured"
	}
	name += map[bool]string{false: "-json", true: "-protobuf"}[d.protobuf]
	name += map[bool]string{false: "-list/", true: "-watch/"}[d.watch]
	return name + d.size.String()
}

// client answers with n objects.
func (d decoding) client(tb testing.TB, n int) *http.Client {
	a := inMemory{contentType: jsonType}
	if d.route {
		a.list = routeList(tb, n, d.size)
		return &http.Client{Transport: a}
	}
	if d.protobuf {
		a.contentType = protobufType
	}
	pods := make([]encoded, n)
	for i := range pods {
		var err error
		if pods[i], err = newEncoded(objects.Pod(i, d.size), d.protobuf); err != nil {
			tb.Fatal(err)
		}
	}
	var list, stream bytes.Buffer
	for _, err := range []error{
		answer{bufferedWriter(&list), d.protobuf, pods}.list("50000000"),
		answer{bufferedWriter(&stream), d.protobuf, pods}.streamAll("50000000"),
	} {
		if err != nil {
			tb.Fatal(err)
		}
	}
	a.list, a.watch = list.Bytes(), stream.Bytes()
	return &http.Client{Transport: a}
}

// streamAll is stream with everything written.
func (a answer) streamAll(version string) error {
	if err := a.stream(version); err != nil {
		return err
	}
	return a.w.Flush()
}

// routeList is a list of n Routes as a server sends custom resources: each with its
// kind.
func routeList(tb testing.TB, n int, size objects.Size) []byte {
	list := objects.RouteList{TypeMeta: metav1.TypeMeta{Kind: "RouteList", APIVersion: objects.RouteKind.GroupVersion().String()}}
	list.ResourceVersion = "50000000"
	for i := range n {
		r := objects.NewRoute(i, size)
		r.SetGroupVersionKind(objects.RouteKind)
		list.Items = append(list.Items, *r)
	}
	raw, err := json.Marshal(&list)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func (ourReflector) decode(client *http.Client, what decoding) int {
	switch {
	case what.untyped:
		return decoded[*unstructured.Unstructured](client, what)
	case what.route:
		return decoded[*objects.Route](client, what)
	}
	return decoded[*corev1.Pod](client, what)
}

// decoded decodes once and returns how many objects there were.
func decoded[T httpsource.Object](client *http.Client, what decoding) (n int) {
	group := what.group()
	from, err := httpsource.New(httpsource.Config[T]{
		Client: client, BaseURL: "http://api", Group: group.Group, Version: group.Version, Resource: group.Resource,
		JSONOnly: !what.protobuf, Decoders: what.decoders,
	})
	if err != nil {
		panic(err)
	}
	if !what.watch {
		if _, err := from.List(context.Background(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
			n += len(p.Items)
			return nil
		}); err != nil {
			panic(err)
		}
		return n
	}
	s, err := from.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	for {
		e, err := s.Next()
		if err == io.EOF {
			return n
		}
		if err != nil {
			panic(err)
		}
		if e.Type != watch.Bookmark {
			n++
		}
	}
}

func (d decoding) group() schema.GroupVersionResource {
	if d.route {
		return routeResource
	}
	return corev1.SchemeGroupVersion.WithResource("pods")
}

func (theirReflector) decode(client *http.Client, what decoding) int {
	config := &rest.Config{Host: "http://api", QPS: -1}
	config.ContentType, config.AcceptContentTypes = jsonType, jsonType
	if what.protobuf {
		config.ContentType, config.AcceptContentTypes = protobufType, protobufType
	}
	switch {
	case what.untyped:
		return theirUntyped(config, client, what)
	case what.route:
		return theirRoutes(config, client)
	}
	return theirPodsOnce(config, client, what)
}

func theirPodsOnce(config *rest.Config, client *http.Client, what decoding) (n int) {
	set, err := kubernetes.NewForConfigAndClient(config, client)
	if err != nil {
		panic(err)
	}
	pods := set.CoreV1().Pods("")
	if !what.watch {
		list, err := pods.List(context.Background(), metav1.ListOptions{})
		if err != nil {
			panic(err)
		}
		return len(list.Items)
	}
	w, err := pods.Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		panic(err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if e.Type == watch.Added {
			n++
		}
	}
	return n
}

func theirUntyped(config *rest.Config, client *http.Client, what decoding) int {
	set, err := dynamic.NewForConfigAndClient(config, client)
	if err != nil {
		panic(err)
	}
	list, err := set.Resource(what.group()).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		panic(err)
	}
	return len(list.Items)
}

// theirRoutes lists Routes with a typed client as generators make them.
func theirRoutes(config *rest.Config, client *http.Client) int {
	scheme := apiruntime.NewScheme()
	gv := objects.RouteKind.GroupVersion()
	scheme.AddKnownTypes(gv, &objects.Route{}, &objects.RouteList{})
	metav1.AddToGroupVersion(scheme, gv)
	config.GroupVersion, config.APIPath = &gv, "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	rc, err := rest.RESTClientForConfigAndClient(config, client)
	if err != nil {
		panic(err)
	}
	var list objects.RouteList
	if err := rc.Get().Resource(objects.RouteResource).Do(context.Background()).Into(&list); err != nil {
		panic(err)
	}
	return len(list.Items)
}

// decoded at once are as many objects as no cache of a processor holds.
const decodedAtOnce = 400

// decodeCases measure what is made of bytes that are there, on one processor.
func decodeCases() (cases []Case[reflecting]) {
	for _, what := range []decoding{
		{size: objects.Small}, {size: objects.Medium}, {size: objects.Large},
		{size: objects.Large, watch: true},
		{size: objects.Large, protobuf: true}, {size: objects.Large, protobuf: true, watch: true},
		{size: objects.Large, untyped: true},
		{size: objects.Large, route: true}, {size: objects.Large, route: true, untyped: true},
	} {
		cases = append(cases, Case[reflecting]{Name: "decode/" + what.name(), Run: func(b *testing.B, r reflecting) {
			n := atMost(decodedAtOnce)
			client := what.client(b, n)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			for b.Loop() {
				if got := r.decode(client, what); got != n {
					b.Fatalf("%d objects were decoded, want %d", got, n)
				}
			}
			perObject(b, n)
		}})
	}
	return cases
}

// spent is what a decoding has taken.
type spent struct{ wall, processor time.Duration }

// decodeOnce adds what one decoding takes to s.
func (s *spent) decodeOnce(client *http.Client, what decoding) int {
	used, _ := processorTime()
	began := time.Now()
	n := ourReflector{}.decode(client, what)
	s.wall += time.Since(began)
	now, _ := processorTime()
	s.processor += now - used
	return n
}

// oneCoreCases compare, with one processor, a source that chooses its number of
// decoders with one that has one decoder, and with one that has two: in turn, over the
// same bytes. The figures are how many times as long the first and the last take as
// the second.
func oneCoreCases() (cases []Case[struct{}]) {
	for _, what := range []decoding{{size: objects.Large}, {size: objects.Large, watch: true}, {size: objects.Large, protobuf: true}} {
		cases = append(cases, Case[struct{}]{Name: "one-core/" + what.name(), Run: func(b *testing.B, _ struct{}) {
			n := atMost(decodedAtOnce)
			client := what.client(b, n)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			var took [3]spent
			for b.Loop() {
				for decoders := range took {
					what.decoders = decoders
					if got := took[decoders].decodeOnce(client, what); got != n {
						b.Fatalf("%d objects were decoded, want %d", got, n)
					}
				}
			}
			b.ReportMetric(float64(took[0].wall)/float64(took[1].wall), "wall-ratio")
			b.ReportMetric(float64(took[2].wall)/float64(took[1].wall), "two-decoders-wall-ratio")
			if took[1].processor > 0 {
				b.ReportMetric(float64(took[0].processor)/float64(took[1].processor), "cpu-ratio")
				b.ReportMetric(float64(took[2].processor)/float64(took[1].processor), "two-decoders-cpu-ratio")
			}
		}})
	}
	return cases
}
