package realserver_test

import (
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestASharedServerCreatesListsAndWatches(t *testing.T) {
	s, ctx := server.Server(t), within(t, time.Minute)
	ns := s.Namespace(t)
	create(ctx, t, s, ns, "a")
	before := list(ctx, t, s, ns)
	if len(before.Items) != 1 || before.Items[0].Name != "a" {
		t.Fatalf("the list holds %v, want a", before.Items)
	}
	next := watch(ctx, t, s, ns, before.ResourceVersion)
	b := create(ctx, t, s, ns, "b")
	e := next()
	if got := decode[corev1.ConfigMap](t, e); e.Type != "ADDED" || got.Name != "b" || got.UID != b.UID {
		t.Errorf("the watch says %s %s, want ADDED b", e.Type, got.Name)
	}
}

func TestASharedServerStartsOnce(t *testing.T) {
	if a, b := server.Server(t), server.Server(t); a != b {
		t.Errorf("two servers: %s and %s", a.URL(), b.URL())
	}
}

func TestNamespacesAreNew(t *testing.T) {
	s := server.Server(t)
	if a, b := s.Namespace(t), s.Namespace(t); a == b {
		t.Errorf("the namespace %s twice", a)
	}
}

func TestTheClientSpeaksHTTP2(t *testing.T) {
	s := server.Server(t)
	resp := send(within(t, time.Minute), t, s, "/version")
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("%s, want HTTP/2", resp.Proto)
	}
}

func TestAClientWithConnectionsOfItsOwn(t *testing.T) {
	s := server.Server(t)
	c := s.NewClient()
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.URL() + "/version")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
}

func TestRequestsWithoutTheTokenAreRefused(t *testing.T) {
	s := server.Server(t)
	c := s.RESTConfig()
	c.BearerToken = ""
	cl, err := client.New(c, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ns corev1.Namespace
	if err := cl.Get(within(t, time.Minute), types.NamespacedName{Name: "default"}, &ns); !apierrors.IsForbidden(err) {
		t.Errorf("%v, want Forbidden", err)
	}
}

func TestControllerRuntimeReachesTheServer(t *testing.T) {
	s, ctx := server.Server(t), within(t, time.Minute)
	ns := s.Namespace(t)
	want := create(ctx, t, s, ns, "a")
	c, err := client.New(s.RESTConfig(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got corev1.ConfigMap
	if err := c.Get(ctx, types.NamespacedName{Namespace: ns, Name: "a"}, &got); err != nil {
		t.Fatal(err)
	}
	if got.UID != want.UID {
		t.Errorf("uid %s, want %s", got.UID, want.UID)
	}
}

func TestACommandThatFailsHarmsNobody(t *testing.T) {
	s, ctx := server.Server(t), within(t, time.Minute)
	if err := s.Up(ctx); err == nil {
		t.Error("Up of a server that is up is no error")
	}
	if _, err := s.Compact(ctx); err != nil {
		t.Error(err)
	}
}
