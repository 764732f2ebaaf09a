package controllerruntime

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/informant-go/informant/reflector/apitest"
)

// A9 of package apitest: the mapper of controller-runtime finds the resources of a
// server in memory, core and custom ones, those that are served later too.
func TestTheMapperFindsTheResourcesOfATestServer(t *testing.T) {
	pods := apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	boxes := apitest.Resource{Group: "example.io", Version: "v1beta1", Resource: "boxes", Kind: "Box"}
	server, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{pods}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	mapper, err := apiutil.NewDynamicRESTMapper(&rest.Config{Host: server.URL}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	box := schema.GroupKind{Group: "example.io", Kind: "Box"}
	if _, err := mapper.RESTMapping(box); !meta.IsNoMatchError(err) {
		t.Errorf("what is not served yet gives %v", err)
	}
	if err := server.Serve(boxes); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[schema.GroupKind]apitest.Resource{{Kind: "Pod"}: pods, box: boxes} {
		mapping, err := mapper.RESTMapping(kind, want.Version)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if mapping.Resource != want.GroupVersionResource() || (mapping.Scope.Name() == meta.RESTScopeNameNamespace) != want.Namespaced {
			t.Errorf("%s is mapped to %s, %s", kind, mapping.Resource, mapping.Scope.Name())
		}
	}
	resource, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: "boxes"})
	if err != nil || resource != boxes.GroupVersionResource() {
		t.Errorf("boxes are %s, %v", resource, err)
	}
}
