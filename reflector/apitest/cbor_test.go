package apitest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

const cborType = "application/cbor"

// cborStock is a server that speaks CBOR, with some of what stock has.
func cborStock(t testing.TB) *apitest.Server {
	t.Helper()
	s := start(t, apitest.Options{Resources: []apitest.Resource{gizmos, widgets}, CBOR: true})
	must[*gizmo](t)(apitest.Of[*gizmo](s, gizmos).Create(newGizmo("g", "1")))
	fill(t, s, "shop", "a", "b", "c")
	return s
}

// kindInCBOR is the kind of the first thing in an answer.
func kindInCBOR(t testing.TB, a answer) string {
	t.Helper()
	if !strings.HasPrefix(string(a.body), "\xd9\xd9\xf7") {
		t.Fatalf("the answer does not describe itself: %q", a.body)
	}
	var object map[string]any
	if err := direct.Unmarshal(a.body, &object); err != nil {
		t.Fatalf("%x: %v", a.body, err)
	}
	if of, ok := object["object"].(map[string]any); ok {
		object = of
	}
	kind, _ := object["kind"].(string)
	return kind
}

// A10: CBOR is given to who asks for it, of all that there is.
func TestTheClientAsksForCBOR(t *testing.T) {
	s := cborStock(t)
	const list, watch = "/apis/example.com/v1/widgets", "/apis/example.com/v1/widgets?watch=1&resourceVersion=4&timeoutSeconds=1"
	for _, c := range []struct {
		path, accept string
		code         int
		kind, want   string
	}{
		{list, cborType, 200, "WidgetList", cborType},
		{list, cborType + ",application/json", 200, "WidgetList", cborType},
		{list, "application/json;q=0.9,application/cbor;q=1", 200, "WidgetList", cborType},
		{list, "application/json," + cborType, 200, "WidgetList", jsonType},
		{list, "*/*", 200, "WidgetList", jsonType},
		{list, "application/cbor-seq", 406, "Status", jsonType},
		{list, cborType + partialList, 200, "PartialObjectMetadataList", cborType},
		{list, cborType + table + ",application/json", 200, "WidgetList", jsonType},
		{watch, cborType, 200, "Widget", "application/cbor-seq"},
		{watch, cborType + partial, 200, "PartialObjectMetadata", "application/cbor-seq"},
		{watch, "application/cbor-seq", 406, "Status", jsonType},
		{list + "/x", cborType, 404, "", ""},
		{"/apis/example.com/v1/namespaces/shop/widgets/a", cborType, 200, "Widget", cborType},
		{"/apis/example.com/v1/namespaces/shop/widgets/z", cborType, 404, "Status", cborType},
		{"/api/v1/gizmos", cborType, 200, "GizmoList", cborType},
		{"/api/v1/gizmos", protobufType + "," + cborType, 200, "GizmoList", protobufType},
		{"/api/v1/gizmos", "application/cbor-seq", 406, "Status", jsonType},
		{"/apis", cborType, 200, "APIGroupList", cborType},
	} {
		a := asked(t, s, c.path, c.accept)
		if got := a.header.Get("Content-Type"); a.code != c.code || c.want != "" && got != c.want {
			t.Errorf("%s with %q: %d in %s, want %d in %s", c.path, c.accept, a.code, got, c.code, c.want)
			continue
		}
		kind := c.kind
		if strings.HasPrefix(c.want, cborType) && !strings.HasSuffix(c.want, "-seq") {
			kind = kindInCBOR(t, a)
		}
		if kind != c.kind {
			t.Errorf("%s with %q: %s, want %s", c.path, c.accept, kind, c.kind)
		}
	}
	if got := decode[metav1.Status](t, asked(t, s, list, "text/html")); got.Message != "only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf, application/cbor" {
		t.Errorf("%+v", got)
	}
	without := stock(t)
	if a := asked(t, without, list, cborType+",application/json"); a.code != http.StatusOK || a.header.Get("Content-Type") != jsonType {
		t.Errorf("of a server without CBOR: %d in %s", a.code, a.header.Get("Content-Type"))
	}
}

// widgetSource reads widgets, in CBOR or JSON.
func widgetSource(t testing.TB, s *apitest.Server, inCBOR bool) *httpsource.Source[*unstructured.Unstructured] {
	t.Helper()
	return must[*httpsource.Source[*unstructured.Unstructured]](t)(httpsource.New(httpsource.Config[*unstructured.Unstructured]{
		Client: s.Client(), BaseURL: s.URL, Group: "example.com", Version: "v1", Resource: "widgets", CBOR: inCBOR,
	}))
}

// A2, A3, A10: lists in pages, streamed lists and watches are the same in CBOR as in
// JSON, with deletions and bookmarks.
func TestCBORIsWhatJSONIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := cborStock(t)
		defer s.Close()
		collection := apitest.Of[*widget](s, widgets)
		d := must[*widget](t)(collection.Create(newWidget("shop", "d", 1)))
		d.Spec.Size = 2
		must[*widget](t)(collection.Update(d))
		must[*widget](t)(collection.Delete("shop", "d"))
		want, got := readFrom(t, widgetSource(t, s, false)), readFrom(t, widgetSource(t, s, true))
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 12 {
			t.Errorf("%d lines (-JSON +CBOR):\n%s", len(want), diff)
		}
	})
}

// A7, A10: faults happen to answers in CBOR as they do to those in JSON.
func TestFaultsInCBOR(t *testing.T) {
	for name, c := range map[string]struct {
		fault       apitest.Action
		list, watch string
	}{
		"duplicate": {apitest.Duplicate(1), "a b b c", "a b b c EOF"},
		"malformed": {apitest.Malformed(1), "malformed CBOR", "a DecodeError"},
		"kind":      {apitest.WrongKind(1), "a c DecodeError", "a DecodeError c EOF"},
		"backwards": {apitest.Backwards(1), "a b@1 c", "a b@1 c EOF"},
		"cut":       {apitest.CutAfter(1, apitest.Cleanly), "unexpected EOF", "a EOF"},
		"abruptly":  {apitest.CutAfter(2, apitest.Abruptly), "unexpected EOF", "broke off: unexpected EOF"},
		"mid-frame": {apitest.CutAfter(2, apitest.MidFrame), "unexpected EOF", "broke off: unexpected EOF"},
		"gone":      {apitest.Gone(), "too old", "too old"},
		"503":       {apitest.Fail(503), "Service Unavailable", "Service Unavailable"},
		"slow":      {apitest.Slow(time.Second), "a b c", "a b c EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := cborStock(t)
				defer s.Close()
				s.Inject(apitest.Fault{Do: c.fault})
				src := widgetSource(t, s, true)
				if got := listed(t, src); !strings.Contains(got, c.list) {
					t.Errorf("listed %q, want %q", got, c.list)
				}
				if got := watched(t, src); !strings.Contains(got, c.watch) {
					t.Errorf("watched %q, want %q", got, c.watch)
				}
			})
		})
	}
}
