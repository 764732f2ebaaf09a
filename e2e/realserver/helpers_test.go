package realserver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/reflector/httpsource"
)

// within bounds a test that a broken server would hang.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// send returns the answer to one GET; its body is the caller's to close.
func send(ctx context.Context, t *testing.T, s *realserver.Server, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return resp
}

// call sends one GET, wants the status and decodes the answer into out.
func call(ctx context.Context, t *testing.T, s *realserver.Server, path string, status int, out any) {
	t.Helper()
	resp := send(ctx, t, s, path)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	if resp.StatusCode != status {
		t.Fatalf("GET %s: %s, want %d\n%s", path, resp.Status, status, b)
	}
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

func configMaps(ns string) string { return "/api/v1/namespaces/" + ns + "/configmaps" }

func create(ctx context.Context, t *testing.T, s *realserver.Server, ns, name string) *corev1.ConfigMap {
	t.Helper()
	client, err := httpsource.NewClient(httpsource.Config[*corev1.ConfigMap]{
		Client: s.Client(), BaseURL: s.URL(), Version: "v1", Resource: "configmaps",
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Data:       map[string]string{"name": name},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func list(ctx context.Context, t *testing.T, s *realserver.Server, ns string) *corev1.ConfigMapList {
	t.Helper()
	out := &corev1.ConfigMapList{}
	call(ctx, t, s, configMaps(ns), http.StatusOK, out)
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
	resp := send(ctx, t, s, configMaps(ns)+"?watch=true&resourceVersion="+version)
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
	call(ctx, t, s, configMaps(ns)+"?resourceVersionMatch=Exact&resourceVersion="+version, http.StatusGone, &status)
	if status.Reason != metav1.StatusReasonExpired {
		t.Errorf("list at %s: reason %q, want %q", version, status.Reason, metav1.StatusReasonExpired)
	}
	e := watch(ctx, t, s, ns, version)()
	if code := decode[metav1.Status](t, e).Code; e.Type != "ERROR" || code != http.StatusGone {
		t.Errorf("watch from %s: %s with code %d, want ERROR with 410", version, e.Type, code)
	}
}
