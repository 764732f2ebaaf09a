package apitest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
)

// A2, A3: objects are selected by the fields that their resource names, in lists and
// in watches, which they enter and leave.
func TestFieldsThatAResourceNames(t *testing.T) {
	sized := widgets
	sized.Fields = []string{"spec.size", "status.phase"}
	s := start(t, apitest.Options{Resources: []apitest.Resource{sized}})
	c := apitest.Of[*widget](s, sized)
	fill(t, s, "shop", "a", "b", "c") // of the sizes 0, 1 and 2
	must[*widget](t)(c.Modify("shop", "b", func(w *widget) *widget {
		w.Status.Phase = "Sold"
		return w
	}))
	for fields, want := range map[string][]string{
		"spec.size=0":                         {"shop/a"},
		"spec.size!=0":                        {"shop/b", "shop/c"},
		"status.phase=Sold":                   {"shop/b"},
		"status.phase=":                       {"shop/a", "shop/c"},
		"status.phase=,metadata.name!=a":      {"shop/c"},
		"spec.size=1,metadata.namespace=shop": {"shop/b"},
	} {
		l := list(t, s, sized.Path("", "")+"?fieldSelector="+url.QueryEscape(fields))
		if diff := cmp.Diff(want, l.names()); diff != "" {
			t.Errorf("%s: %s", fields, diff)
		}
	}

	large := watch(t, s, sized.Path("", "")+"?watch=1&resourceVersion="+s.ResourceVersion()+"&fieldSelector=spec.size%3D9")
	for _, size := range []int{9, 8} {
		must[*widget](t)(c.Modify("shop", "a", func(w *widget) *widget {
			w.Spec.Size = size
			return w
		}))
	}
	same(t, "of size 9", []string{"ADDED a@6", "DELETED a@7"}, large.take(2))
}

// A5: a field that a resource does not name, and one that none may name.
func TestFieldsThatAreRefused(t *testing.T) {
	sized := configs
	sized.Fields = []string{"data.size"}
	s := start(t, apitest.Options{Resources: []apitest.Resource{sized}})
	if a := get(t, s, sized.Path("", "")+"?fieldSelector=data.colour%3Dred"); a.code != 400 || !strings.Contains(string(a.body), "data.colour") {
		t.Errorf("another field gives %d %s", a.code, a.body)
	}
	for _, path := range []string{"", "spec", "spec.", "metadata.uid", "{.spec.size}"} {
		wrong := configs
		wrong.Fields = []string{path}
		if _, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{wrong}}); err == nil || !strings.Contains(err.Error(), "Fields") {
			t.Errorf("the path %q gives %v", path, err)
		}
	}
}
