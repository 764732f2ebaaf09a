package apitest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var pods = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Status: true, GracePeriod: 30 * time.Second}

// life is what an answer says of the deletion of an object.
func life(t *testing.T, a answer, began time.Time) string {
	t.Helper()
	if a.code != http.StatusOK {
		return fmt.Sprintf("%d %s", a.code, decode[metav1.Status](t, a).Message)
	}
	if decode[metav1.TypeMeta](t, a).Kind == "Status" {
		return "gone"
	}
	w := decode[widget](t, a)
	if w.DeletionTimestamp == nil {
		return "lives"
	}
	return fmt.Sprintf("ends at %v, after %d s, generation %d, %v", w.DeletionTimestamp.Sub(began), *w.DeletionGracePeriodSeconds, w.Generation, w.Finalizers)
}

// A6: an object with finalizers stays when it is deleted, as another generation, and
// goes with the last of them, which is one version and one event.
func TestFinalizersKeepWhatIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		began := time.Now()
		at := widgets.Path("shop", "a")
		do(t, s, "POST", widgets.Path("shop", ""), jsonType, `{"metadata":{"name":"a","finalizers":["x.io/one","x.io/two"]}}`)
		watch := watch(t, s, widgets.Path("shop", "")+"?watch=1&resourceVersion=2&timeoutSeconds=300")
		<-time.After(time.Second)
		for _, step := range []struct{ name, method, path, body, want, version string }{
			{"a deletion", "DELETE", at, ``, "ends at 1s, after 0 s, generation 2, [x.io/one x.io/two]", "3"},
			{"another one", "DELETE", at, `{"gracePeriodSeconds":5}`, "ends at 1s, after 0 s, generation 2, [x.io/one x.io/two]", "3"},
			{"a new finalizer", "PATCH", at, `{"metadata":{"finalizers":["x.io/one","x.io/two","x.io/three"]}}`,
				`422 Widget.example.com "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.io/three"}`, "3"},
			{"a change", "PATCH", at, `{"spec":{"size":3}}`, "ends at 1s, after 0 s, generation 3, [x.io/one x.io/two]", "4"},
			{"one finalizer less", "PATCH", at, `{"metadata":{"finalizers":["x.io/two"]}}`, "ends at 1s, after 0 s, generation 3, [x.io/two]", "5"},
			{"none", "PATCH", at, `{"metadata":{"finalizers":null}}`, "ends at 1s, after 0 s, generation 3, []", "6"},
			{"once more", "DELETE", at, ``, `404 widgets.example.com "a" not found`, "6"},
		} {
			contentType := jsonType
			if step.method == "PATCH" {
				contentType = mergeType
			}
			if got := life(t, do(t, s, step.method, step.path, contentType, step.body), began); got != step.want || s.ResourceVersion() != step.version {
				t.Errorf("%s: %s at %s, want %s at %s", step.name, got, s.ResourceVersion(), step.want, step.version)
			}
		}
		want := []string{"MODIFIED a@3", "MODIFIED a@4", "MODIFIED a@5", "DELETED a@6"}
		if diff := cmp.Diff(want, watch.take(len(want))); diff != "" {
			t.Error(diff)
		}
	})
}

// A6: with a grace period a deletion is noted and waits for the last one, without a
// period; it may be shortened, and finalizers outlast it.
func TestGracePeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{Resources: []apitest.Resource{pods}})
		began := time.Now()
		for _, c := range []struct {
			name, finalizers string
			deletions        []string // options of each, with what follows
		}{
			{"usual", ``, []string{
				``, "ends at 30s, after 30 s, generation 2, []",
				``, "ends at 30s, after 30 s, generation 2, []",
				`{"gracePeriodSeconds":60}`, "ends at 30s, after 30 s, generation 2, []",
				`{"gracePeriodSeconds":10}`, "ends at 10s, after 10 s, generation 2, []",
				`{"gracePeriodSeconds":0}`, "gone",
			}},
			{"longer", ``, []string{`{"gracePeriodSeconds":90}`, "ends at 1m30s, after 90 s, generation 2, []"}},
			{"at-once", ``, []string{`{"gracePeriodSeconds":0}`, "gone"}},
			{"negative", ``, []string{`{"gracePeriodSeconds":-5}`, "ends at 1s, after 1 s, generation 2, []"}},
			{"held", `"x.io/one"`, []string{
				`{"gracePeriodSeconds":0}`, "ends at 0s, after 0 s, generation 2, [x.io/one]",
				`{"gracePeriodSeconds":0}`, "ends at 0s, after 0 s, generation 2, [x.io/one]",
			}},
			{"state", ``, []string{
				`{"preconditions":{"resourceVersion":"1"}}`,
				`409 Operation cannot be fulfilled on Pod "state": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (`,
			}},
		} {
			do(t, s, "POST", pods.Path("shop", ""), jsonType, `{"metadata":{"name":"`+c.name+`","finalizers":[`+c.finalizers+`]}}`)
			for i := 0; i < len(c.deletions); i += 2 {
				got := life(t, do(t, s, "DELETE", pods.Path("shop", c.name), jsonType, c.deletions[i]), began)
				if !strings.HasPrefix(got, c.deletions[i+1]) {
					t.Errorf("%s deleted with %s: %s, want %s", c.name, c.deletions[i], got, c.deletions[i+1])
				}
			}
		}
		<-time.After(time.Hour)
		if names := list(t, s, pods.Path("", "")).names(); len(names) != 4 {
			t.Errorf("after an hour there are %q: nobody has deleted them for good", names)
		}
		if got := life(t, do(t, s, "DELETE", pods.Path("shop", "longer"), jsonType, `{"gracePeriodSeconds":5}`), began); got != "ends at 1h0m0s, after 1 s, generation 2, []" {
			t.Errorf("a period that is over and shortened: %s", got)
		}
		if got := life(t, do(t, s, "DELETE", pods.Path("shop", "longer")+"?gracePeriodSeconds=0", "", ``), began); got != "gone" {
			t.Errorf("with options in the query: %s", got)
		}
		must[*widget](t)(apitest.Of[*widget](s, pods).Delete("shop", "negative"))
		if names := list(t, s, pods.Path("", "")).names(); fmt.Sprint(names) != "[shop/held shop/state]" {
			t.Errorf("in the end there are %q", names)
		}
	})
}

// A2, A6: deleting a collection deletes what a list shows, and answers with that list.
func TestDeletingACollection(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a", "b", "c", "d")
	fill(t, s, "other", "a")
	do(t, s, "PATCH", widgets.Path("shop", "b"), mergeType, `{"metadata":{"labels":{"app":"x"},"finalizers":["x.io/one"]}}`)
	do(t, s, "PATCH", widgets.Path("shop", "c"), mergeType, `{"metadata":{"labels":{"app":"x"}}}`)
	for _, step := range []struct{ name, path, body, deleted, left string }{
		{"by label", widgets.Path("shop", "") + "?labelSelector=app%3Dx", ``, "[shop/b shop/c]", "[other/a shop/a shop/b shop/d]"},
		{"by name", widgets.Path("shop", "") + "?fieldSelector=metadata.name%3Dd", ``, "[shop/d]", "[other/a shop/a shop/b]"},
		{"of nobody", widgets.Path("nowhere", ""), ``, "[]", "[other/a shop/a shop/b]"},
		{"a page", widgets.Path("shop", "") + "?limit=1", ``, "[shop/a]", "[other/a shop/b]"},
		{"all", widgets.Path("shop", ""), `{"gracePeriodSeconds":0}`, "[shop/b]", "[other/a shop/b]"},
	} {
		a := do(t, s, http.MethodDelete, step.path, jsonType, step.body)
		got := decode[widgetList](t, a)
		if a.code != http.StatusOK || got.Kind != "WidgetList" || fmt.Sprint(got.names()) != step.deleted {
			t.Errorf("%s: %d %s", step.name, a.code, a.body)
		}
		if left := fmt.Sprint(list(t, s, widgets.Path("", "")).names()); left != step.left {
			t.Errorf("%s: %s are left, want %s", step.name, left, step.left)
		}
	}
	refused := do(t, s, http.MethodDelete, widgets.Path("other", ""), jsonType, `{"preconditions":{"uid":"none"}}`)
	if refused.code != http.StatusConflict || len(list(t, s, widgets.Path("other", "")).Items) != 1 {
		t.Errorf("with a precondition: %d %s", refused.code, refused.body)
	}
	if n := s.Count(apitest.VerbDeleteCollection, "widgets"); n != 6 {
		t.Errorf("%d requests were counted", n)
	}
}

// A6: whoever sees that a deletion is noted may make it; who asked for it is not told
// that there is no such object.
func TestADeletionThatSomebodyElseMakes(t *testing.T) {
	s := start(t, apitest.Options{Resources: []apitest.Resource{pods}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := must[*http.Request](t)(http.NewRequestWithContext(ctx, "GET", s.URL+pods.Path("", "")+"?watch=true&resourceVersion=1", nil))
	resp := must[*http.Response](t)(s.Client().Do(req))
	defer resp.Body.Close()
	over := make(chan struct{})
	go func() { // as a Kubelet does
		defer close(over)
		for dec := json.NewDecoder(resp.Body); ; {
			var e struct {
				Type   string
				Object metav1.PartialObjectMetadata
			}
			if dec.Decode(&e) != nil {
				return
			}
			if e.Type == "MODIFIED" && e.Object.DeletionTimestamp != nil {
				do(t, s, "DELETE", pods.Path("shop", e.Object.Name), jsonType, `{"gracePeriodSeconds":0}`)
			}
		}
	}()
	for i := range 300 {
		p := &metav1.PartialObjectMetadata{}
		p.Namespace, p.Name = "shop", fmt.Sprint("p", i)
		must[*metav1.PartialObjectMetadata](t)(apitest.Of[*metav1.PartialObjectMetadata](s, pods).Create(p))
		if a := do(t, s, "DELETE", pods.Path("shop", p.Name), jsonType, `{"gracePeriodSeconds":0}`); a.code != http.StatusOK {
			t.Errorf("%s: %d", p.Name, a.code)
		}
	}
	cancel()
	<-over
}
