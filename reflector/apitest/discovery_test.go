package apitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
)

// A9: clients find out which groups, versions and resources there are, in the
// words of a real server.
func TestDiscovery(t *testing.T) {
	s := start(t, apitest.Options{})
	for _, version := range []string{"v1beta1", "v1alpha2", "v2"} {
		if err := s.Serve(apitest.Resource{Group: "example.com", Version: version, Resource: "widgets", Kind: "Widget", Namespaced: true}); err != nil {
			t.Fatal(err)
		}
	}
	const custom = `["delete","deletecollection","get","list","patch","create","update","watch"]`
	const builtIn = `["create","delete","deletecollection","get","list","patch","update","watch"]`
	const versions = `"versions":[{"groupVersion":"example.com/v2","version":"v2"},{"groupVersion":"example.com/v1","version":"v1"},` +
		`{"groupVersion":"example.com/v1beta1","version":"v1beta1"},{"groupVersion":"example.com/v1alpha2","version":"v1alpha2"}],` +
		`"preferredVersion":{"groupVersion":"example.com/v2","version":"v2"}`
	for path, want := range map[string]string{
		"/api": `{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"` +
			strings.TrimPrefix(s.URL, "http://") + `"}]}`,
		"/apis":             `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"example.com",` + versions + `}]}`,
		"/apis/example.com": `{"kind":"APIGroup","apiVersion":"v1","name":"example.com",` + versions + `}`,
		"/api/v1/": `{"kind":"APIResourceList","groupVersion":"v1","resources":[` +
			`{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":` + builtIn + `}]}`,
		"/apis/example.com/v1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"example.com/v1","resources":[` +
			`{"name":"gadgets","singularName":"gadget","namespaced":false,"kind":"Gadget","verbs":` + custom + `},` +
			`{"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","verbs":` + custom + `},` +
			`{"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget","verbs":["get","patch","update"]}]}`,
	} {
		a := get(t, s, path)
		if diff := cmp.Diff(want, strings.TrimSpace(string(a.body))); diff != "" || a.code != http.StatusOK || a.header.Get("Content-Type") != jsonType {
			t.Errorf("%s: %d %s", path, a.code, diff)
		}
	}
	for _, path := range []string{"/apis/example.org", "/apis/example.com/v3", "/"} {
		if a := get(t, s, path); a.code != http.StatusNotFound || string(a.body) != "404 page not found\n" {
			t.Errorf("%s: %d %s", path, a.code, a.body)
		}
	}
	if a := do(t, s, http.MethodDelete, "/apis", "", ""); a.code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE /apis: %d %s", a.code, a.body)
	}
}

// A7, A9: discovery follows what is served, fails where it is told to, and is in
// the log.
func TestDiscoveryFollowsWhatIsServed(t *testing.T) {
	s := start(t, apitest.Options{})
	s.Withdraw(widgets)
	s.Withdraw(gadgets)
	if a := get(t, s, "/apis"); !strings.Contains(string(a.body), `"groups":[]`) {
		t.Errorf("without groups: %s", a.body)
	}
	s.Inject(apitest.Fault{Match: apitest.Match{Func: func(r apitest.Request) bool { return r.Path == "/apis" }}, Times: 1, Do: apitest.Fail(http.StatusServiceUnavailable)})
	if a := get(t, s, "/apis"); a.code != http.StatusServiceUnavailable {
		t.Errorf("with a fault: %d %s", a.code, a.body)
	}
	if requests := s.Requests(); len(requests) != 2 || requests[0].Path != "/apis" || requests[0].Code != http.StatusOK || requests[0].Verb != "" {
		t.Errorf("the log has %+v", requests)
	}
}
