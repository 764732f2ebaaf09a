package apitest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/informant-go/informant/reflector/apitest"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A8: no test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	widgets = apitest.Resource{Group: "example.com", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true, Status: true}
	gadgets = apitest.Resource{Group: "example.com", Version: "v1", Resource: "gadgets", Kind: "Gadget"}
	configs = apitest.Resource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
)

type widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              widgetSpec   `json:"spec"`
	Status            widgetStatus `json:"status,omitzero"`
}

type widgetSpec struct {
	Size int `json:"size"`
}

type widgetStatus struct {
	Phase string `json:"phase,omitempty"`
}

func newWidget(namespace, name string, size int) *widget {
	w := &widget{Spec: widgetSpec{Size: size}}
	w.Namespace, w.Name = namespace, name
	return w
}

// start serves all three resources on a pipe until the test ends.
func start(t testing.TB, opts apitest.Options) *apitest.Server {
	t.Helper()
	if opts.Resources == nil {
		opts.Resources = []apitest.Resource{widgets, gadgets, configs}
	}
	s, err := apitest.StartPipe(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// fill creates widgets of the names in one namespace.
func fill(t testing.TB, s *apitest.Server, namespace string, names ...string) {
	t.Helper()
	for i, name := range names {
		must[*widget](t)(apitest.Of[*widget](s, widgets).Create(newWidget(namespace, name, i)))
	}
}

// answer is what came back for a request.
type answer struct {
	code   int
	header http.Header
	body   []byte
	err    error // of reading the body
}

func do(t testing.TB, s *apitest.Server, method, path, contentType, body string) answer {
	t.Helper()
	req := must[*http.Request](t)(http.NewRequestWithContext(context.Background(), method, s.URL+path, bytes.NewBufferString(body)))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return send(s, req)
}

// send sends a request and reads the whole answer.
func send(s *apitest.Server, req *http.Request) answer {
	resp, err := s.Client().Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return answer{code: resp.StatusCode, header: resp.Header, body: read, err: err}
}

func get(t testing.TB, s *apitest.Server, path string) answer {
	t.Helper()
	return do(t, s, http.MethodGet, path, "", "")
}

func decode[T any](t testing.TB, a answer) (out T) {
	t.Helper()
	if a.err != nil {
		t.Fatal(a.err)
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		t.Fatalf("%d %s: %v", a.code, a.body, err)
	}
	return out
}

// widgetList is a list as a client decodes it.
type widgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []widget `json:"items"`
}

func (l widgetList) names() (names []string) {
	for _, w := range l.Items {
		names = append(names, w.Namespace+"/"+w.Name)
	}
	return names
}

func list(t testing.TB, s *apitest.Server, path string) widgetList {
	t.Helper()
	a := get(t, s, path)
	if a.code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, a.code, a.body)
	}
	return decode[widgetList](t, a)
}

// event is one frame of a watch.
type event struct {
	Type   string
	Object struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              widgetSpec `json:"spec"`

		Code    int    `json:"code"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
}

// short shows type, name and version of an event.
func (e event) short() string {
	o := e.Object
	switch e.Type {
	case "BOOKMARK":
		if o.Annotations[metav1.InitialEventsAnnotationKey] == "true" {
			return "BOOKMARK end@" + o.ResourceVersion
		}
		return "BOOKMARK @" + o.ResourceVersion
	case "ERROR":
		return "ERROR " + o.Reason + ": " + o.Message
	}
	return e.Type + " " + o.Name + "@" + o.ResourceVersion
}

// stream is an open watch.
type stream struct {
	t    testing.TB
	body io.ReadCloser
	dec  *json.Decoder
}

// watch opens a watch; when it returns, the stream is open on the server.
func watch(t testing.TB, s *apitest.Server, path string) *stream {
	t.Helper()
	resp := must[*http.Response](t)(s.Client().Get(s.URL + path))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("watch %s: %s", path, resp.Status)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &stream{t: t, body: resp.Body, dec: json.NewDecoder(resp.Body)}
}

// next waits for one event.
func (w *stream) next() (event, error) {
	var e event
	err := w.dec.Decode(&e)
	return e, err
}

// take reads n events.
func (w *stream) take(n int) (got []string) {
	w.t.Helper()
	for range n {
		e, err := w.next()
		if err != nil {
			w.t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, e.short())
	}
	return got
}

// rest reads until the stream ends and returns the reason.
func (w *stream) rest() (got []string, err error) {
	for {
		e, err := w.next()
		if err != nil {
			return got, err
		}
		got = append(got, e.short())
	}
}
