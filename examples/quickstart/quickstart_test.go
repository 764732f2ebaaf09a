package main

import (
	"context"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheCacheAgreesWithItsOwnServerInTheEnd(t *testing.T) {
	err := run(t.Context(), settings{objects: 300, workers: 4, duration: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
}

func TestItReadsAClusterWithoutWriting(t *testing.T) {
	configMaps := apitest.Resource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{configMaps}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	objects := apitest.Of[*unstructured.Unstructured](server, configMaps)
	for _, name := range []string{"a", "b", "c"} {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
		u.SetNamespace("shop")
		u.SetName(name)
		if _, err := objects.Create(u); err != nil {
			t.Fatal(err)
		}
	}
	before := server.ResourceVersion()
	s := settings{server: server.URL, resource: "v1/configmaps", workers: 2, duration: 300 * time.Millisecond}
	if err := run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if after := server.ResourceVersion(); after != before {
		t.Errorf("the server's version went from %s to %s: something was written", before, after)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		settings settings
		want     string
	}{
		"resource": {settings{server: "http://127.0.0.1:1", resource: "pods"}, "expected version/plural"},
		"server":   {settings{server: "somewhere", resource: "v1/pods"}, "BaseURL"},
	} {
		err := run(t.Context(), c.settings)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want something about %q", name, err, c.want)
		}
	}
}

func TestACommandLineThatMisleadsIsRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"more"}, "unexpected argument"},
		{[]string{"-for", "0s"}, "positive"},
		{[]string{"-resource", "v1/pods"}, "-server"},
		{[]string{"-server", "http://localhost", "-resource", "v1/pods"}, ""},
	} {
		var s settings
		flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
		flags.StringVar(&s.server, "server", "", "")
		flags.StringVar(&s.resource, "resource", "", "")
		flags.DurationVar(&s.duration, "for", time.Second, "")
		if err := flags.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		err := check(s, flags)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want something about %q", c.args, err, c.want)
		}
	}
}

func TestInterruptingEndsEverything(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := run(ctx, settings{objects: 100, workers: 2, duration: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Fatalf("%v; want to be told that nothing was compared", err)
	}
}
