package apitest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// gizmo is an object that has protobuf: its metadata, and a field of bytes for its
// size.
type gizmo struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Size              string `json:"size,omitempty"`
}

var gizmos = apitest.Resource{Version: "v1", Resource: "gizmos", Kind: "Gizmo", Namespaced: true, Protobuf: &gizmo{}}

func (g *gizmo) Marshal() ([]byte, error) {
	raw, err := (&metav1.PartialObjectMetadata{ObjectMeta: g.ObjectMeta}).Marshal()
	return append(append(raw, 2<<3|2, byte(len(g.Size))), g.Size...), err
}

func (g *gizmo) Reset() { *g = gizmo{} }

func (g *gizmo) Unmarshal(raw []byte) error {
	var known metav1.PartialObjectMetadata // which leaves out what it does not know
	if err := known.Unmarshal(raw); err != nil {
		return err
	}
	var held runtime.Unknown // whose second field is of bytes, too
	if err := held.Unmarshal(raw); err != nil {
		return err
	}
	g.ObjectMeta, g.Size = known.ObjectMeta, string(held.Raw)
	return nil
}

func newGizmo(name, size string) *gizmo {
	return &gizmo{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"size": size}}, Size: size}
}

// stock serves gizmos and widgets, of which there are some.
func stock(t testing.TB) *apitest.Server {
	t.Helper()
	s := start(t, apitest.Options{Resources: []apitest.Resource{gizmos, widgets}})
	for _, name := range []string{"a", "b", "c"} {
		must[*gizmo](t)(apitest.Of[*gizmo](s, gizmos).Create(newGizmo(name, "s-"+name)))
	}
	fill(t, s, "shop", "x")
	return s
}

const (
	protobufType = "application/vnd.kubernetes.protobuf"
	partial      = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	partialList  = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	table        = ";as=Table;g=meta.k8s.io;v=v1"
)

// asked is a GET with an Accept header.
func asked(t testing.TB, s *apitest.Server, path, accept string) answer {
	t.Helper()
	req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil))
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp := must[*http.Response](t)(s.Client().Do(req))
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{code: resp.StatusCode, header: resp.Header, body: body, err: err}
}

// kindOf is the kind of the first thing in an answer.
func kindOf(t testing.TB, a answer, watch bool) string {
	t.Helper()
	raw, isProtobuf := a.body, strings.HasPrefix(a.header.Get("Content-Type"), protobufType)
	switch {
	case watch && len(raw) == 0:
		return ""
	case isProtobuf && watch:
		var event metav1.WatchEvent
		if err := event.Unmarshal(raw[4 : 4+binary.BigEndian.Uint32(raw)]); err != nil {
			t.Fatal(err)
		}
		raw = event.Object.Raw
		fallthrough
	case isProtobuf:
		var unknown runtime.Unknown
		if err := unknown.Unmarshal([]byte(strings.TrimPrefix(string(raw), "k8s\x00"))); err != nil || unknown.ContentType+unknown.ContentEncoding != "" {
			t.Fatal(err)
		}
		return unknown.Kind
	case watch:
		a.body = []byte(strings.SplitN(string(raw), "\n", 2)[0])
		return decode[struct{ Object metav1.TypeMeta }](t, a).Object.Kind
	}
	return decode[metav1.TypeMeta](t, a).Kind
}

// A10: an answer is in the form that the client likes best of those that there are.
func TestTheClientSaysTheFormOfAnAnswer(t *testing.T) {
	s := stock(t)
	const list, one, watch, none = "/api/v1/gizmos", "/api/v1/namespaces/shop/gizmos/a", "/api/v1/gizmos?watch=1&resourceVersion=1&timeoutSeconds=1", "/api/v1/namespaces/shop/gizmos/z"
	const custom, customWatch = "/apis/example.com/v1/widgets", "/apis/example.com/v1/widgets?watch=1&resourceVersion=1&timeoutSeconds=1"
	for _, c := range []struct {
		path, accept string
		code         int
		kind         string
		protobuf     bool
	}{
		{list, "", 200, "GizmoList", false},
		{list, "*/*", 200, "GizmoList", false},
		{list, "*", 406, "Status", false},
		{list, "application/*", 406, "Status", false},
		{custom, "*", 200, "WidgetList", false},
		{custom, "application/*", 200, "WidgetList", false},
		{list, protobufType, 200, "GizmoList", true},
		{list, protobufType + ",application/json", 200, "GizmoList", true},
		{list, "application/json , " + protobufType, 200, "GizmoList", false},
		{list, "application/json;q=0.5, " + protobufType + ";q=0.9", 200, "GizmoList", true},
		{list, "application/json;q=high," + protobufType, 200, "GizmoList", true},
		{list, "text/html,application/xml;q=0.9,*/*;q=0.8", 200, "GizmoList", false},
		{list, "*/*," + protobufType + ";q=0.5", 200, "GizmoList", true},
		{list, "text/html", 406, "Status", false},
		{list, "application", 406, "Status", false},
		{list, "application/json/x", 406, "Status", false},
		{list, "application/cbor", 406, "Status", false},
		{list, "application/json" + table, 406, "Status", false},
		{list, "application/json" + table + ",application/json", 200, "GizmoList", false},
		{list, "application/json;as=Gizmo;g=example.com;v=v1," + protobufType, 200, "GizmoList", true},
		{list, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v2", 406, "Status", false},
		{list, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1", 200, "PartialObjectMetadataList", false},
		{list, "application/json" + partialList, 200, "PartialObjectMetadataList", false},
		{list, protobufType + partialList + ",application/json", 200, "PartialObjectMetadataList", true},
		{list, protobufType + partial, 406, "Status", false},
		{list, "application/json;stream=watch", 200, "GizmoList", false},
		{list, "application/json;stream=other", 406, "Status", false},
		{list, "application/json;sv=v2", 406, "Status", false},
		{list, "application/json;pretty=0;more;a=b=c", 200, "GizmoList", false},
		{one, protobufType, 200, "Gizmo", true},
		{one, "application/json" + partial, 200, "PartialObjectMetadata", false},
		{one, protobufType + partial, 200, "PartialObjectMetadata", true},
		{one, protobufType + partialList, 406, "Status", false},
		{none, protobufType, 404, "Status", true},
		{none, "application/json", 404, "Status", false},
		{none, protobufType + partial, 404, "Status", false},
		{watch, "", 200, "Gizmo", false},
		{watch, protobufType, 200, "Gizmo", true},
		{watch, protobufType + ";stream=watch", 200, "Gizmo", true},
		{watch, protobufType + partial, 200, "PartialObjectMetadata", true},
		{watch, "application/json" + partial, 200, "PartialObjectMetadata", false},
		{watch, protobufType + partialList, 200, "", true},
		{watch, "text/html", 406, "Status", false},
		{custom, protobufType, 406, "Status", true},
		{custom, protobufType + ",application/json", 200, "WidgetList", false},
		{custom, protobufType + partialList, 200, "PartialObjectMetadataList", true},
		{customWatch, protobufType + partial, 200, "PartialObjectMetadata", true},
		{"/apis", protobufType, 200, "APIGroupList", true},
		{"/api", "text/html", 406, "Status", false},
	} {
		isWatch := c.code == 200 && strings.Contains(c.path, "watch")
		a := asked(t, s, c.path, c.accept)
		want := "application/json"
		if c.protobuf {
			want = protobufType
		}
		if c.protobuf && isWatch {
			want += ";stream=watch"
		}
		if got := kindOf(t, a, isWatch); a.code != c.code || got != c.kind || a.header.Get("Content-Type") != want {
			t.Errorf("%s with %q: %d %s in %s, want %d %s in %s", c.path, c.accept, a.code, got, a.header.Get("Content-Type"), c.code, c.kind, want)
		}
	}
	for accept, want := range map[string]string{
		"text/html":                  "406: Not Acceptable\n\nAvailable representations: application/json, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
		"application/json;sv=v2":     "only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf",
		"application/json" + partial: "you requested PartialObjectMetadata, but the requested object is a list (*core.GizmoList)",
	} {
		if got := decode[metav1.Status](t, asked(t, s, list, accept)); got.Message != want || got.Reason != metav1.StatusReasonNotAcceptable {
			t.Errorf("%q: %+v", accept, got)
		}
	}
}

// source reads gizmos, or their metadata, in protobuf or JSON.
func source[T httpsource.Object](t testing.TB, s *apitest.Server, jsonOnly bool) *httpsource.Source[T] {
	t.Helper()
	return must[*httpsource.Source[T]](t)(httpsource.New(httpsource.Config[T]{
		Client: s.Client(), BaseURL: s.URL, Version: "v1", Resource: "gizmos", Kind: "Gizmo", JSONOnly: jsonOnly,
	}))
}

// read is readFrom for gizmos, or their metadata.
func read[T httpsource.Object](t testing.TB, s *apitest.Server, jsonOnly bool) []string {
	t.Helper()
	return readFrom(t, source[T](t, s, jsonOnly))
}

// readFrom lists in pages, streams the list, and watches from version 1.
func readFrom[T httpsource.Object](t testing.TB, src *httpsource.Source[T]) (out []string) {
	t.Helper()
	show := func(what string, obj T) {
		out = append(out, fmt.Sprintf("%s %+v", what, obj))
	}
	opts := metav1.ListOptions{Limit: 2}
	for {
		meta, err := src.List(t.Context(), opts, func(p reflector.Part[T]) error {
			for _, obj := range p.Items {
				show("listed", obj)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s, %v left", meta.ResourceVersion, meta.RemainingItemCount != nil))
		if opts.Continue = meta.Continue; opts.Continue == "" {
			break
		}
	}
	seconds := int64(3)
	streamed := metav1.ListOptions{SendInitialEvents: new(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan, AllowWatchBookmarks: true, TimeoutSeconds: &seconds}
	for _, opts := range []metav1.ListOptions{streamed, {ResourceVersion: "1", AllowWatchBookmarks: true, TimeoutSeconds: &seconds}} {
		stream, err := src.Watch(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		for {
			e, err := stream.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			show(fmt.Sprint(e.Type, e.ResourceVersion, e.InitialEventsEnd), e.Object)
		}
	}
	return out
}

// A2, A3, A10: lists in pages, streamed lists and watches are the same in protobuf as in
// JSON, whole or metadata alone, with deletions and bookmarks.
func TestProtobufIsWhatJSONIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stock(t)
		defer s.Close()
		collection := apitest.Of[*gizmo](s, gizmos)
		d := must[*gizmo](t)(collection.Create(newGizmo("d", "1")))
		d.Size = "2"
		must[*gizmo](t)(collection.Update(d))
		must[*gizmo](t)(collection.Delete("shop", "d"))
		for name, c := range map[string]struct{ want, got []string }{
			"whole":          {read[*gizmo](t, s, true), read[*gizmo](t, s, false)},
			"metadata alone": {read[*metav1.PartialObjectMetadata](t, s, true), read[*metav1.PartialObjectMetadata](t, s, false)},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" || len(c.want) < 12 {
				t.Errorf("%s, %d lines (-JSON +protobuf):\n%s", name, len(c.want), diff)
			}
		}
		for _, r := range s.Requests() {
			if r.Code != http.StatusOK {
				t.Errorf("%s %v: %d", r.Path, r.Query, r.Code)
			}
		}
	})
}

// A7, A10: faults happen to answers in protobuf as they do to those in JSON.
func TestFaultsInProtobuf(t *testing.T) {
	for name, c := range map[string]struct {
		fault       apitest.Action
		list, watch string
	}{
		"duplicate": {apitest.Duplicate(1), "a b b c", "a b b c EOF"},
		"malformed": {apitest.Malformed(1), "malformed protobuf", "a DecodeError c EOF"},
		"kind":      {apitest.WrongKind(1), "UnexpectedList", "a DecodeError c EOF"},
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
				s := stock(t)
				defer s.Close()
				s.Inject(apitest.Fault{Do: c.fault})
				src := source[*gizmo](t, s, false)
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

func versionedName(obj metav1.Object) string {
	if obj.GetResourceVersion() == "1" {
		return obj.GetName() + "@1"
	}
	return obj.GetName()
}

// listed is what a list brings, or why it fails.
func listed[T httpsource.Object](t *testing.T, src *httpsource.Source[T]) string {
	t.Helper()
	var items []string
	_, err := src.List(t.Context(), metav1.ListOptions{}, func(p reflector.Part[T]) error {
		for _, obj := range p.Items {
			items = append(items, versionedName(obj))
		}
		for range p.Refused {
			items = append(items, "DecodeError")
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return strings.Join(items, " ")
}

// watched is what a watch brings and how it ends.
func watched[T httpsource.Object](t *testing.T, src *httpsource.Source[T]) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	stream, err := src.Watch(ctx, metav1.ListOptions{ResourceVersion: "1", TimeoutSeconds: new(int64(9))})
	if err != nil {
		return err.Error()
	}
	defer stream.Close()
	var got []string
	for {
		switch e, err := stream.Next(); {
		case err == nil:
			got = append(got, versionedName(e.Object))
		case isDecodeError(err):
			got = append(got, "DecodeError")
		case err == io.EOF:
			return strings.Join(append(got, "EOF"), " ")
		default:
			return strings.Join(append(got, err.Error()), " ")
		}
	}
}

func isDecodeError(err error) bool {
	var bad *reflector.DecodeError
	return errors.As(err, &bad)
}

// A6, A10: what does not fit into the type of a resource is not stored.
func TestAnObjectThatHasNoProtobufIsRefused(t *testing.T) {
	s := stock(t)
	path := gizmos.Path("shop", "")
	a := do(t, s, http.MethodPost, path, jsonType, `{"metadata":{"name":"n"},"size":7}`)
	if got := decode[metav1.Status](t, a); a.code != http.StatusBadRequest || !strings.HasPrefix(got.Message, `Gizmo in version "v1" cannot be handled as a Gizmo: json: cannot unmarshal number`) {
		t.Errorf("%d %+v", a.code, got)
	}
	a = do(t, s, http.MethodPatch, path+"/a", "application/merge-patch+json", `{"size":[]}`)
	if a.code != http.StatusBadRequest {
		t.Errorf("%d %s", a.code, a.body)
	}
	if _, err := apitest.Of[map[string]any](s, gizmos).Create(map[string]any{"metadata": map[string]any{"name": "n", "namespace": "shop"}, "size": 7}); !apierrors.IsBadRequest(err) {
		t.Error(err)
	}
}

// A10: what was stored when a resource had no protobuf has it later.
func TestABackupOfObjectsWithoutProtobuf(t *testing.T) {
	without := gizmos
	without.Protobuf = nil
	s := start(t, apitest.Options{Resources: []apitest.Resource{without}})
	must[*gizmo](t)(apitest.Of[*gizmo](s, without).Create(newGizmo("a", "1")))
	backup := s.Backup()
	s.Withdraw(without)
	if err := s.Serve(gizmos); err != nil {
		t.Fatal(err)
	}
	s.Restore(backup)
	a := asked(t, s, gizmos.Path("shop", ""), protobufType)
	if a.code != http.StatusOK || kindOf(t, a, false) != "GizmoList" {
		t.Errorf("%d %q", a.code, a.body)
	}
}

type byValue struct{ *metav1.ObjectMeta }

func (byValue) Marshal() ([]byte, error) { return nil, nil }

// A resource that cannot be served says what to set.
func TestProtobufHasToFitTheResource(t *testing.T) {
	custom, odd := widgets, gizmos
	custom.Protobuf, odd.Protobuf = &gizmo{}, byValue{}
	for want, res := range map[string]apitest.Resource{"set BuiltIn": custom, "must be a pointer to a struct": odd} {
		if _, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{res}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
