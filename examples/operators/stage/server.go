package stage

import (
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/informant-go/informant/reflector/apitest"
)

// resources are the built-in ones of the server.
var resources = []apitest.Resource{
	{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Status: true, GracePeriod: 30 * time.Second, Fields: []string{"spec.nodeName"}},
	{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true},
	{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true, Status: true},
	{Version: "v1", Resource: "events", Kind: "Event", Namespaced: true},
	{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true, Status: true},
	{Group: "coordination.k8s.io", Version: "v1", Resource: "leases", Kind: "Lease", Namespaced: true, BuiltIn: true},
	{Group: "events.k8s.io", Version: "v1", Resource: "events", Kind: "Event", Namespaced: true, BuiltIn: true},
}

// Serve starts a server in memory, on a loopback port, with the built-in resources
// that the programs use and more. The caller closes it.
func Serve(more ...apitest.Resource) (*apitest.Server, error) {
	return apitest.Start(apitest.Options{Resources: append(more, resources...)})
}

// Config is how clients reach the server, without a limit to their rate.
func Config(server *apitest.Server) *rest.Config {
	return &rest.Config{
		Host:          server.URL,
		QPS:           -1,
		ContentConfig: rest.ContentConfig{ContentType: "application/json"}, // it reads no other
		WrapTransport: func(next http.RoundTripper) http.RoundTripper { return mergePatches{next} },
	}
}

// mergePatches sends strategic merge patches as JSON merge patches, the only ones that
// the server knows. Those of event recorders, which set numbers and times, are both.
type mergePatches struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m mergePatches) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Content-Type") == string(types.StrategicMergePatchType) {
		req = req.Clone(req.Context())
		req.Header.Set("Content-Type", string(types.MergePatchType))
	}
	return m.next.RoundTrip(req)
}

// WrappedRoundTripper lets client-go find the transport below.
func (m mergePatches) WrappedRoundTripper() http.RoundTripper { return m.next }
