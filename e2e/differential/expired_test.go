package differential

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/reflector/apitest"
)

// afterCompaction are requests for versions that are gone.
var afterCompaction = []struct{ name, path string }{
	{"next page of an expired list", "?limit=2&continue={token}"},
	{"rest of it, inconsistent", "?limit=2&continue={token}"},
	{"list exactly what is gone", "?resourceVersion={rv0}&resourceVersionMatch=Exact"},
	{"list not older than what is gone", "?resourceVersion={rv0}&resourceVersionMatch=NotOlderThan"},
	{"list at what is gone", "?resourceVersion={rv0}"},
	{"watch from what is gone", "?watch=1&resourceVersion={rv0}&timeoutSeconds=2"},
	{"watch from any, which nobody has forgotten", "?watch=1&resourceVersion=0&timeoutSeconds=1"},
	{"watch from what is there", "?watch=1&resourceVersion={rv7}&timeoutSeconds=1"},
}

func TestApitestForgetsAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// Without its cache a real server forgets as soon as it is compacted.
	server := realserver.Start(t, realserver.Options{NoWatchCache: true})
	reality := &side{name: "kube-apiserver", base: server.URL(), client: server.Client(), namespace: server.Namespace(t)}
	imitation, fake := newImitation(t, reality.namespace)

	history := append([]write(nil), writes[:3]...)
	for _, value := range []string{"2", "3", "4", "5"} {
		history = append(history, change("a", value))
	}
	for i, w := range history {
		if i == 4 {
			path := collection + "?limit=2"
			compare(t, reality.do(ctx, t, "GET", reality.path(t, path), "", nil),
				imitation.do(ctx, t, "GET", imitation.path(t, path), "", nil))
		}
		compare(t, reality.write(ctx, t, w), imitation.write(ctx, t, w))
	}
	if _, err := server.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	fake.Compact()
	// A real server writes by itself, so that the last version before may be gone too.
	after := change("a", "6")
	compare(t, reality.write(ctx, t, after), imitation.write(ctx, t, after))
	for _, r := range afterCompaction {
		t.Run(r.name, func(t *testing.T) {
			path := collection + r.path
			want := reality.do(ctx, t, "GET", reality.path(t, path), "", nil)
			compare(t, want, imitation.do(ctx, t, "GET", imitation.path(t, path), "", nil))
		})
	}
}

func newImitation(t *testing.T, namespace string) (*side, *apitest.Server) {
	t.Helper()
	return imitate(t, namespace, apitest.Options{})
}

// imitate is newImitation with options of its own.
func imitate(t *testing.T, namespace string, o apitest.Options) (*side, *apitest.Server) {
	t.Helper()
	o.Resources = []apitest.Resource{
		{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true, Protobuf: &corev1.ConfigMap{}},
	}
	fake, err := apitest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	advance(t, fake)
	return &side{name: "apitest", base: fake.URL, client: fake.Client(), namespace: "elsewhere-" + namespace}, fake
}
