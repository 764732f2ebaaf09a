package differential

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/informant-go/informant/reflector/apitest"
)

const (
	protobufType = "application/vnd.kubernetes.protobuf"
	asOne        = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	asList       = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	asTable      = ";as=Table;g=meta.k8s.io;v=v1"
)

// formed is an answer and the form that it has.
type formed struct {
	ContentType string
	Answer      answer
}

// accepts are Accept headers as clients of all sorts send them.
var accepts = []string{
	"", "*/*", "text/*,*/*;q=0.1", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	"application/json", protobufType, protobufType + ",application/json", "application/json," + protobufType,
	"application/json;q=0.5," + protobufType + ";q=0.9", "application/json;q=0.9, " + protobufType + ";q=0.5",
	"application/json;q=0," + protobufType + ";q=0", "application/json;q=high," + protobufType + ";q=0.1",
	"*/*," + protobufType + ";q=0.5", "*/*;q=0.9," + protobufType + ";q=0.5,application/json;q=0.7",
	"application/*;q=0.9," + protobufType + ";q=0.8",
	"application/json" + asOne, protobufType + asOne, protobufType + asOne + ",application/json" + asOne + ",application/json",
	"application/json" + asList, protobufType + asList, protobufType + asList + ",application/json" + asList + ",application/json",
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1", protobufType + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1",
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v2", "application/json;as=PartialObjectMetadataList;v=v1",
	"application/json;as=ConfigMapList;g=;v=v1", "application/json;as=Something;g=meta.k8s.io;v=v1," + protobufType,
	"application/json;stream=watch", protobufType + ";stream=watch", "application/json;stream=other", "application/json;stream=",
	"application/json;sv=v1", "application/json;sv=v2", "application/json;charset=utf-8", "application/json;pretty=0;x=y",
	"APPLICATION/JSON", " application/json ", "application/json ; q=0.1", "application/json;;q=0.5," + protobufType,
	"application/json/more," + protobufType, "," + protobufType, protobufType + ",",
	protobufType + asTable,
}

// refused are headers that have nothing for anybody, or what apitest does not have.
var refused = []string{"text/html", "application/xml,text/plain", "application/cbor", "json", "application", "image/*", "*", "application/*"}

// requests are those that the headers go with: of what is there, and of what is not.
var requests = []struct{ name, path string }{
	{"list", "?"},
	{"page", "?limit=2"},
	{"empty list", "?labelSelector=app%3Dnobody"},
	{"bad list", "?limit=many"},
	{"get", "/a"},
	{"get nobody", "/nobody"},
	{"watch", "?watch=1&resourceVersion={rv0}&timeoutSeconds=1"},
	{"bad watch", "?watch=1&resourceVersion=abc&timeoutSeconds=1"},
	{"stream", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"},
}

// Both servers give each answer in the same form, and in each form the same answer.
func TestApitestSpeaksAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	reality, imitation := sides(t)
	for _, w := range writes {
		compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
	}
	for _, r := range requests {
		for _, accept := range append(accepts, refused...) {
			t.Run(r.name+" "+accept, func(t *testing.T) {
				t.Parallel()
				want := reality.fetch(ctx, t, "GET", collection+r.path, accept, nil)
				got := imitation.fetch(ctx, t, "GET", collection+r.path, accept, nil)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-kube-apiserver +apitest\n%s", diff)
				}
			})
		}
	}
}

// What is written is answered in the form that is asked for, too.
func TestApitestAnswersWritesAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	reality, imitation := sides(t)
	first := create("first", nil)
	compare(t, reality.write(ctx, t, first), imitation.write(ctx, t, first))
	for i, accept := range []string{"application/json", protobufType, protobufType + asOne, "application/json" + asOne, "application/json" + asList, "text/html"} {
		name := fmt.Sprint("n", i)
		for _, w := range []write{
			{name: "create", method: "POST", path: collection, body: configMap(name, object{"app": "x"}, "1")},
			{name: "create again", method: "POST", path: collection, body: configMap(name, nil, "1")},
			{name: "put", method: "PUT", path: collection + "/" + name, body: configMap(name, object{"app": "x"}, "2")},
			{name: "patch", method: "PATCH", path: collection + "/" + name, patch: true, body: object{"data": object{"value": "3"}}},
			{name: "delete", method: "DELETE", path: collection + "/" + name},
			{name: "delete collection", method: "DELETE", path: collection + "?labelSelector=app%3Dx"},
		} {
			t.Run(w.name+" "+accept, func(t *testing.T) {
				want, got := reality.fetch(ctx, t, w.method, w.path, accept, &w), imitation.fetch(ctx, t, w.method, w.path, accept, &w)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-kube-apiserver +apitest\n%s", diff)
				}
			})
		}
	}
}

// fetch sends a request with an Accept header, none if that is "", and reads the answer
// in whatever form it has.
func (s *side) fetch(ctx context.Context, t *testing.T, method, path, accept string, w *write) formed {
	t.Helper()
	var body io.Reader
	if w != nil && w.body != nil {
		raw, err := json.Marshal(w.body)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+s.path(t, path), body)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	if body != nil {
		req.Header.Set("Content-Type", w.contentType())
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	kind := resp.Header.Get("Content-Type")
	frames, err := framesOf(kind, raw)
	if err != nil {
		t.Fatalf("%s: %d %s: %v: %.200q", s.name, resp.StatusCode, kind, err, raw)
	}
	var bodies []any
	for _, frame := range frames {
		if !isIdleBookmark(frame) {
			bodies = append(bodies, s.value("", frame))
		}
	}
	return formed{kind, answer{Code: resp.StatusCode, RetryAfter: resp.Header.Get("Retry-After"), Bodies: bodies}}
}

// framesOf takes an answer apart.
func framesOf(contentType string, raw []byte) (frames []map[string]any, err error) {
	switch {
	case contentType == "application/json":
		return jsonFrames(raw)
	case contentType == protobufType:
		frame, err := unwrapped(raw)
		return []map[string]any{frame}, err
	case contentType == protobufType+";stream=watch":
		return protobufFrames(raw)
	case contentType == cborType || contentType == cborType+"-seq":
		return cborFrames(raw)
	}
	return []map[string]any{{"text": string(raw)}}, nil
}

func jsonFrames(raw []byte) (frames []map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	for {
		var frame map[string]any
		if err := decoder.Decode(&frame); err == io.EOF {
			return frames, nil
		} else if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
}

func protobufFrames(raw []byte) (frames []map[string]any, err error) {
	for len(raw) > 0 {
		if len(raw) < 4 || len(raw)-4 < int(binary.BigEndian.Uint32(raw)) {
			return nil, io.ErrUnexpectedEOF
		}
		size := 4 + int(binary.BigEndian.Uint32(raw))
		var event metav1.WatchEvent
		if err := event.Unmarshal(raw[4:size]); err != nil {
			return nil, err
		}
		raw = raw[size:]
		inner, err := unwrapped(event.Object.Raw)
		if err != nil {
			return nil, err
		}
		frames = append(frames, map[string]any{"type": event.Type, "object": inner})
	}
	return frames, nil
}

// messages are the kinds that come in protobuf.
var messages = map[string]func() interface{ Unmarshal([]byte) error }{
	"ConfigMap":                 func() interface{ Unmarshal([]byte) error } { return &corev1.ConfigMap{} },
	"ConfigMapList":             func() interface{ Unmarshal([]byte) error } { return &corev1.ConfigMapList{} },
	"Status":                    func() interface{ Unmarshal([]byte) error } { return &metav1.Status{} },
	"PartialObjectMetadata":     func() interface{ Unmarshal([]byte) error } { return &metav1.PartialObjectMetadata{} },
	"PartialObjectMetadataList": func() interface{ Unmarshal([]byte) error } { return &metav1.PartialObjectMetadataList{} },
}

// unwrapped is an object in protobuf as its JSON, with the type that stands around it,
// and what else does.
func unwrapped(raw []byte) (frame map[string]any, err error) {
	raw, ok := bytes.CutPrefix(raw, []byte("k8s\x00"))
	if !ok {
		return nil, errors.New("it does not begin as an object does")
	}
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(raw); err != nil {
		return nil, err
	}
	fresh := messages[unknown.Kind]
	if fresh == nil {
		return nil, fmt.Errorf("it is a %q", unknown.Kind)
	}
	m := fresh()
	if err := m.Unmarshal(unknown.Raw); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	frames, err := jsonFrames(encoded)
	if err != nil {
		return nil, err
	}
	frame = frames[0]
	frame["kind"], frame["apiVersion"] = unknown.Kind, unknown.APIVersion
	// How the bytes are put together shows in their end.
	frame["end"] = fmt.Sprintf("%q%q %x", unknown.ContentType, unknown.ContentEncoding, raw[max(0, len(raw)-4):])
	return frame, nil
}

// widgetDefinition is that of a custom resource.
const widgetDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.forms.example.com"},
"spec":{"group":"forms.example.com","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`

var widgetResource = apitest.Resource{Group: "forms.example.com", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}

// A custom resource has no protobuf, but its metadata has.
func TestApitestSpeaksOfCustomResourcesAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	reality, imitation := customSides(ctx, t)
	const widgets = "/apis/forms.example.com/v1/namespaces/{ns}/widgets"
	for i, name := range []string{"a", "b", "c"} {
		w := write{method: "POST", path: widgets, body: object{"apiVersion": "forms.example.com/v1", "kind": "Widget", "metadata": object{"name": name}, "spec": object{"size": i}}}
		compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
	}
	for _, r := range requests {
		if r.name == "bad watch" {
			continue // which a real server answers in other words for custom resources
		}
		for _, accept := range append(accepts, refused...) {
			t.Run(r.name+" "+accept, func(t *testing.T) {
				t.Parallel()
				want := reality.fetch(ctx, t, "GET", widgets+r.path, accept, nil)
				got := imitation.fetch(ctx, t, "GET", widgets+r.path, accept, nil)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-kube-apiserver +apitest\n%s", diff)
				}
			})
		}
	}
}

// customSides are both servers, with widgets.
func customSides(ctx context.Context, t *testing.T) (reality, imitation *side) {
	t.Helper()
	reality, _ = sides(t)
	definitions := write{method: "POST", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: json.RawMessage(widgetDefinition)}
	if a := reality.fetch(ctx, t, "POST", definitions.path, "application/json", &definitions); a.Answer.Code != http.StatusCreated {
		t.Fatal(a)
	}
	t.Cleanup(func() {
		reality.fetch(context.WithoutCancel(ctx), t, "DELETE", definitions.path+"/widgets.forms.example.com", "application/json", nil)
	})
	awaitWidgets(ctx, t, reality)
	imitation, fake := newImitation(t, reality.namespace)
	if err := fake.Serve(widgetResource); err != nil {
		t.Fatal(err)
	}
	return reality, imitation
}

// awaitWidgets waits until the real server takes writes of widgets.
func awaitWidgets(ctx context.Context, t *testing.T, reality *side) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		a := reality.fetch(ctx, t, "GET", "/apis/forms.example.com/v1/namespaces/{ns}/widgets", "application/json", nil)
		if a.Answer.Code == http.StatusOK && strings.HasPrefix(a.ContentType, "application/json") {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(a)
		}
	}
}
