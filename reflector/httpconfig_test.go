package reflector

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What cannot be right is refused at construction, with the field to set.
func TestAConfigThatCannotBeRightIsRefused(t *testing.T) {
	good := HTTPConfig[*Widget]{BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets"}
	for name, c := range map[string]struct {
		change func(*HTTPConfig[*Widget])
		want   []string
	}{
		"group in the version":    {func(c *HTTPConfig[*Widget]) { c.Version = "apps/v1" }, []string{`Version is "apps/v1"`, `set Group to "apps" and Version to "v1"`}},
		"odd version":             {func(c *HTTPConfig[*Widget]) { c.Version = "V1" }, []string{`Version is "V1"`, "v1beta1"}},
		"version with a space":    {func(c *HTTPConfig[*Widget]) { c.Version = "v1 " }, []string{`Version is "v1 "`}},
		"version in the group":    {func(c *HTTPConfig[*Widget]) { c.Group = "apps/v1" }, []string{`Group is "apps/v1"`, `set Group to "apps" and Version to "v1"`}},
		"odd group":               {func(c *HTTPConfig[*Widget]) { c.Group = "Apps" }, []string{`Group is "Apps"`, "core group"}},
		"subresource":             {func(c *HTTPConfig[*Widget]) { c.Resource = "widgets/status" }, []string{`Resource is "widgets/status"`, "plural"}},
		"namespace in resource":   {func(c *HTTPConfig[*Widget]) { c.Resource = "namespaces/a/pods" }, []string{"Resource is", "Namespace"}},
		"kind for a resource":     {func(c *HTTPConfig[*Widget]) { c.Resource = "Widgets" }, []string{`Resource is "Widgets"`, "lower case"}},
		"group in the resource":   {func(c *HTTPConfig[*Widget]) { c.Resource = "deployments.apps" }, []string{`set Resource to "deployments" and Group to "apps"`}},
		"resource with a query":   {func(c *HTTPConfig[*Widget]) { c.Resource = "widgets?limit=1" }, []string{"Resource is"}},
		"namespace with a slash":  {func(c *HTTPConfig[*Widget]) { c.Namespace = "a/b" }, []string{`Namespace is "a/b"`}},
		"namespace in upper case": {func(c *HTTPConfig[*Widget]) { c.Namespace = "Default" }, []string{`Namespace is "Default"`}},
		"namespace of dots":       {func(c *HTTPConfig[*Widget]) { c.Namespace = ".." }, []string{`Namespace is ".."`}},
		"label selector":          {func(c *HTTPConfig[*Widget]) { c.LabelSelector = "app in web" }, []string{`LabelSelector is "app in web"`, "app=web"}},
		"field selector":          {func(c *HTTPConfig[*Widget]) { c.FieldSelector = "metadata.name" }, []string{`FieldSelector is "metadata.name"`}},
		"BaseURL with a query":    {func(c *HTTPConfig[*Widget]) { c.BaseURL = "http://u:secret@api/x?a=b" }, []string{"BaseURL has a query", "set it to http://u:xxxxx@api/x"}},
		"BaseURL with a fragment": {func(c *HTTPConfig[*Widget]) { c.BaseURL = "http://api/#x" }, []string{"BaseURL has a query or a fragment"}},
		"BaseURL of a scheme":     {func(c *HTTPConfig[*Widget]) { c.BaseURL = "ftp://u:secret@api" }, []string{"BaseURL is", "http://"}},
		"BaseURL that is none":    {func(c *HTTPConfig[*Widget]) { c.BaseURL = "http://u:secret@api:port" }, []string{"BaseURL cannot be used"}},
		"kind with a group":       {func(c *HTTPConfig[*Widget]) { c.Kind = "example.org/v1, Kind=Widget" }, []string{"Kind is", "the kind alone"}},
		"odd list kind":           {func(c *HTTPConfig[*Widget]) { c.ListKind = "Widget List" }, []string{"ListKind is"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := good
			c.change(&config)
			_, err := NewHTTP(config)
			if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.want, "NewHTTP for *reflector.Widget") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

// A source is known by its path and selectors, whatever its address.
func TestASourceNamesItself(t *testing.T) {
	for want, c := range map[string]HTTPConfig[*Widget]{
		"/api/v1/pods": {BaseURL: "https://u:secret@api:6443", Version: "v1", Resource: "pods"},
		"/k8s/apis/apps/v1/namespaces/x/deployments?fieldSelector=metadata.name%3Da&labelSelector=app%3Dweb%2Cb": {
			BaseURL: "https://api/k8s/", Group: "apps", Version: "v1", Namespace: "x", Resource: "deployments", LabelSelector: "app=web,b", FieldSelector: "metadata.name=a"},
	} {
		h, err := NewHTTP(c)
		if err != nil {
			t.Fatal(err)
		}
		if h.String() != want {
			t.Errorf("got %s, want %s", h, want)
		}
	}
}

// The kind of the Go type is a guess; that of objects that carry theirs is not.
func TestListsOfCarriedKindsNeedNoKind(t *testing.T) {
	list := `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}`
	h, err := NewHTTP(HTTPConfig[*metav1.PartialObjectMetadata]{Client: bodyOf(list), BaseURL: "http://api", Version: "v1", Resource: "pods"})
	if err != nil {
		t.Fatal(err)
	}
	items, refused, _, err := collect(h)
	if err != nil || len(refused) != 0 || len(items) != 1 || items[0].Kind != "Pod" || items[0].APIVersion != "v1" {
		t.Errorf("%+v, %v, %v", items, refused, err)
	}
}
