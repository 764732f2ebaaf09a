package realserver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/informant-go/informant/e2e/realserver"
)

// within bounds a test that a broken server would hang.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// send returns the answer to one request; its body is the caller's to close.
func send(ctx context.Context, t *testing.T, s *realserver.Server, method, path string, body any) *http.Response {
	t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r = strings.NewReader(string(b))
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+path, r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp
}

// call sends one request, wants the status and decodes the answer into out.
func call(ctx context.Context, t *testing.T, s *realserver.Server, method, path string, body any, status int, out any) {
	t.Helper()
	resp := send(ctx, t, s, method, path, body)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", method, path, resp.Status, status, b)
	}
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

func configMaps(ns string) string { return "/api/v1/namespaces/" + ns + "/configmaps" }

func create(ctx context.Context, t *testing.T, s *realserver.Server, ns, name string) *corev1.ConfigMap {
	t.Helper()
	in := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Data:       map[string]string{"name": name},
	}
	out := &corev1.ConfigMap{}
	call(ctx, t, s, http.MethodPost, configMaps(ns), in, http.StatusCreated, out)
	return out
}

func list(ctx context.Context, t *testing.T, s *realserver.Server, ns string) *corev1.ConfigMapList {
	t.Helper()
	out := &corev1.ConfigMapList{}
	call(ctx, t, s, http.MethodGet, configMaps(ns), nil, http.StatusOK, out)
	return out
}

// event is one frame of a watch stream.
type event struct {
	Type   string
	Object runtime.RawExtension
}

// watch opens a watch from a version, to be read one event at a time.
func watch(ctx context.Context, t *testing.T, s *realserver.Server, ns, version string) (next func() event) {
	t.Helper()
	resp := send(ctx, t, s, http.MethodGet, configMaps(ns)+"?watch=true&resourceVersion="+version, nil)
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("watch from %s: %s", version, resp.Status)
	}
	frames := json.NewDecoder(resp.Body)
	return func() event {
		t.Helper()
		var e event
		if err := frames.Decode(&e); err != nil {
			t.Fatalf("watch from %s: %v", version, err)
		}
		return e
	}
}

// decode reads the object of an event.
func decode[T any](t *testing.T, e event) *T {
	t.Helper()
	out := new(T)
	if err := json.Unmarshal(e.Object.Raw, out); err != nil {
		t.Fatalf("%s event: %v", e.Type, err)
	}
	return out
}

// wantGone checks that an old version cannot be listed nor watched from.
func wantGone(ctx context.Context, t *testing.T, s *realserver.Server, ns, version string) {
	t.Helper()
	var status metav1.Status
	call(ctx, t, s, http.MethodGet, configMaps(ns)+"?resourceVersionMatch=Exact&resourceVersion="+version, nil, http.StatusGone, &status)
	if status.Reason != metav1.StatusReasonExpired {
		t.Errorf("list at %s: reason %q, want %q", version, status.Reason, metav1.StatusReasonExpired)
	}
	e := watch(ctx, t, s, ns, version)()
	if code := decode[metav1.Status](t, e).Code; e.Type != "ERROR" || code != http.StatusGone {
		t.Errorf("watch from %s: %s with code %d, want ERROR with 410", version, e.Type, code)
	}
}
