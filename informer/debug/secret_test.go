package debug_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr/funcr"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Safe is a kind whose objects hold what nobody may see.
type Safe struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec SafeSpec `json:"spec"`
}

// SafeSpec has fields of several types.
type SafeSpec struct {
	Code   string            `json:"code"`
	Number int               `json:"number"`
	Opened metav1.Time       `json:"opened"`
	Bytes  []byte            `json:"bytes"`
	Notes  map[string]string `json:"notes"`
}

const secret = "hunter2"

var safes = apitest.Resource{Group: "example.io", Version: "v1", Resource: "safes", Kind: "Safe", Namespaced: true}

// safe is an object that holds the secret in all places but its name, and in one
// more.
func safe(name string, field string, value any) *unstructured.Unstructured {
	spec := map[string]any{"code": secret, "notes": map[string]any{secret: secret}, "unknown" + secret: secret}
	if field != "" {
		spec[field] = value
	}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.io/v1", "kind": "Safe", "spec": spec}}
	u.SetNamespace("vault")
	u.SetName(name)
	u.SetLabels(map[string]string{"code": secret})
	u.SetAnnotations(map[string]string{"code": secret})
	return u
}

// D3: nothing of what is in objects is shown, whether they are stored, indexed,
// handled, refused or not decodable; nor what a handler panicked with.
func TestNothingOfTheObjectsIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{safes}})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		objects := apitest.Of[*unstructured.Unstructured](server, safes)
		create := func(u *unstructured.Unstructured) {
			t.Helper()
			if _, err := objects.Create(u); err != nil {
				t.Fatal(err)
			}
		}
		create(safe("listed", "", nil))
		create(safe("listed-not-decodable", "number", secret))
		in := safesOf(t, server)
		stop := start(t, in)
		defer stop()
		for name, value := range map[string]any{"number": secret, "opened": secret, "bytes": "<" + secret, "notes": secret, "code": map[string]any{secret: secret}} {
			synctest.Wait()
			create(safe("bad-"+name, name, value))
		}
		synctest.Wait()
		server.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.MidFrame)
		create(safe("good", "", nil))
		synctest.Wait()

		status := in.Status()
		if status.Source.Refused == 0 || status.Source.LastError == nil || status.Source.Cause == nil || status.Objects == 0 || status.Handlers[0].Latency.Events() == 0 {
			t.Fatalf("the informer has not seen enough: %+v of %+v", status, status.Source)
		}
		for _, url := range []string{"/", "/?format=json"} {
			body := get(t, debug.Handler(in), http.MethodGet, url).Body.String()
			if !strings.Contains(body, "refused") && !strings.Contains(body, `"Refused"`) {
				t.Errorf("%s says nothing of refused objects:\n%s", url, body)
			}
			if strings.Contains(body, secret) {
				t.Errorf("%s shows what is in an object:\n%s", url, body)
			}
		}
	})
}

// safesOf is an informer of the safes, with an index of the secret and a handler
// that panics with it.
func safesOf(t *testing.T, server *apitest.Server) *informer.SharedIndexInformer[*Safe] {
	t.Helper()
	source, err := httpsource.New(httpsource.Config[*Safe]{
		Client: server.Client(), BaseURL: server.URL, Group: "example.io", Version: "v1", Resource: "safes",
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := informer.New(source, informer.Options[*Safe]{
		Name:   "safes",
		Logger: funcr.New(func(_, _ string) {}, funcr.Options{}),
		Indexers: indexer.Indexers[*Safe]{
			"code": func(s *Safe) ([]string, error) { return []string{s.Spec.Code}, nil },
			"none": func(s *Safe) ([]string, error) { return nil, errors.New(s.Spec.Code) },
		},
		Reflector: reflector.Options{OnError: func(context.Context, error) {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.AddHandler(informer.HandlerFunc[*Safe](func(_ context.Context, e informer.Event[*Safe]) {
		panic(e.Object.Spec.Code)
	}), informer.HandlerOptions{Name: "thief", Panics: informer.PanicIsolate, OnPanic: func(*informer.PanicError) {}})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// start runs an informer until the function that it returns is called.
func start(t *testing.T, in *informer.SharedIndexInformer[*Safe]) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- in.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
