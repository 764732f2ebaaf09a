package apitest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A2: lists are in the order of etcd's keys, which is that of the whole of
// namespace/name: a-b/x comes before a/x.
func TestListOrder(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "b", "x")
	fill(t, s, "a", "z", "x-y", "x")
	fill(t, s, "a-b", "x")
	all := list(t, s, widgets.Path("", ""))
	want := []string{"a-b/x", "a/x", "a/x-y", "a/z", "b/x"}
	if diff := cmp.Diff(want, all.names()); diff != "" {
		t.Error(diff)
	}
	if all.Kind != "WidgetList" || all.APIVersion != "example.com/v1" || all.ResourceVersion != "6" {
		t.Errorf("list %+v", all)
	}
	one := list(t, s, widgets.Path("a", ""))
	if diff := cmp.Diff([]string{"a/x", "a/x-y", "a/z"}, one.names()); diff != "" {
		t.Error(diff)
	}
	if none := get(t, s, widgets.Path("nowhere", "")); !strings.Contains(string(none.body), `"items":[]`) {
		t.Errorf("an empty list: %s", none.body)
	}
}

// A2: the items of a custom resource carry kind and apiVersion, those of a
// built-in one do not; an object alone always does.
func TestTypeOfItems(t *testing.T) {
	s := start(t, apitest.Options{})
	for _, test := range []struct {
		res  apitest.Resource
		kind string
	}{{widgets, "Widget"}, {configs, ""}} {
		must[*widget](t)(apitest.Of[*widget](s, test.res).Create(newWidget("shop", "a", 1)))
		l := list(t, s, test.res.Path("", ""))
		if len(l.Items) != 1 || l.Items[0].Kind != test.kind || l.Kind != test.res.Kind+"List" {
			t.Errorf("%s: %+v", test.res.Kind, l)
		}
		if one := decode[widget](t, get(t, s, test.res.Path("shop", "a"))); one.Kind != test.res.Kind || one.APIVersion == "" {
			t.Errorf("%s: %+v", test.res.Kind, one)
		}
	}
}

// A2: all pages show the state of the first, whatever happens meanwhile.
func TestPages(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a", "b", "c", "d", "e")
	c := apitest.Of[*widget](s, widgets)
	first := list(t, s, widgets.Path("shop", "")+"?limit=2")
	if *first.RemainingItemCount != 3 || first.ResourceVersion != "6" {
		t.Errorf("first page: %+v", first.ListMeta)
	}
	must[*widget](t)(c.Delete("shop", "c"))
	fill(t, s, "shop", "bb")
	second := list(t, s, widgets.Path("shop", "")+"?limit=2&continue="+first.Continue)
	if *second.RemainingItemCount != 1 || second.ResourceVersion != "6" {
		t.Errorf("second page: %+v", second.ListMeta)
	}
	last := list(t, s, widgets.Path("shop", "")+"?limit=2&continue="+second.Continue)
	if last.RemainingItemCount != nil || last.Continue != "" || last.ResourceVersion != "6" {
		t.Errorf("last page: %+v", last.ListMeta)
	}
	got := append(append(first.names(), second.names()...), last.names()...)
	if diff := cmp.Diff([]string{"shop/a", "shop/b", "shop/c", "shop/d", "shop/e"}, got); diff != "" {
		t.Error(diff)
	}
	if size := second.Items[0].Spec.Size; size != 2 {
		t.Errorf("the deleted object has size %d", size)
	}
	exact := list(t, s, widgets.Path("shop", "")+"?limit=5")
	if exact.Continue != "" || exact.RemainingItemCount != nil {
		t.Errorf("a page that is just full goes on: %+v", exact.ListMeta)
	}
}

// A2: with a selector the count is not known, and a page may promise more
// than there is.
func TestPagesOfSelection(t *testing.T) {
	s := start(t, apitest.Options{})
	c := apitest.Of[*widget](s, widgets)
	for i, app := range []string{"x", "y", "x", "y"} {
		w := newWidget("shop", fmt.Sprint(i), i)
		w.Labels = map[string]string{"app": app}
		must[*widget](t)(c.Create(w))
	}
	first := list(t, s, widgets.Path("", "")+"?limit=2&labelSelector=app%3Dx")
	if diff := cmp.Diff([]string{"shop/0", "shop/2"}, first.names()); diff != "" || first.RemainingItemCount != nil || first.Continue == "" {
		t.Errorf("%+v %s", first.ListMeta, diff)
	}
	rest := list(t, s, widgets.Path("", "")+"?limit=2&labelSelector=app%3Dx&continue="+first.Continue)
	if len(rest.Items) != 0 || rest.Continue != "" {
		t.Errorf("rest: %+v", rest)
	}
}

// A2: which state the version options choose.
func TestListVersions(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a", "b", "c") // versions 2, 3, 4
	tests := []struct {
		query, version string
		items          int
		more           bool
	}{
		{"", "4", 3, false},
		{"?limit=1", "4", 1, true},
		{"?resourceVersion=0", "4", 3, false},
		{"?resourceVersion=0&limit=1", "4", 3, false}, // the watch cache ignores it
		{"?resourceVersion=0&limit=1&resourceVersionMatch=NotOlderThan", "4", 3, false},
		{"?resourceVersion=2", "4", 3, false},
		{"?resourceVersion=2&resourceVersionMatch=NotOlderThan", "4", 3, false},
		{"?resourceVersion=2&resourceVersionMatch=NotOlderThan&limit=2", "4", 2, true},
		{"?resourceVersion=3&resourceVersionMatch=Exact", "3", 2, false},
		{"?resourceVersion=3&resourceVersionMatch=Exact&limit=1", "3", 1, true},
		{"?resourceVersion=3&limit=9", "3", 2, false}, // a limit alone means exact
		{"?resourceVersion=1&resourceVersionMatch=Exact", "1", 0, false},
		{"?resourceVersion=3&limit=1&fieldSelector=metadata.name%3Dc", "4", 1, false}, // one object is not
	}
	for _, test := range tests {
		l := list(t, s, widgets.Path("shop", "")+test.query)
		if l.ResourceVersion != test.version || len(l.Items) != test.items || l.Continue != "" != test.more {
			t.Errorf("%s: version %s, %d items, continue %q", test.query, l.ResourceVersion, len(l.Items), l.Continue)
		}
	}
}

// A2: label and field selectors.
func TestSelectors(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "a", "x", "y")
	fill(t, s, "b", "x")
	labelled := newWidget("b", "z", 0)
	labelled.Labels = map[string]string{"app": "web", "tier": "front"}
	must[*widget](t)(apitest.Of[*widget](s, widgets).Create(labelled))
	tests := []struct {
		path, labels, fields string
		want                 []string
	}{
		{"", "app=web", "", []string{"b/z"}},
		{"", "app in (web,db),tier", "", []string{"b/z"}},
		{"", "!app", "", []string{"a/x", "a/y", "b/x"}},
		{"a", "app", "", nil},
		{"", "", "metadata.name=x", []string{"a/x", "b/x"}},
		{"a", "", "metadata.name=x", []string{"a/x"}},
		{"", "", "metadata.namespace=b", []string{"b/x", "b/z"}},
		{"", "", "metadata.namespace=b,metadata.name=x", []string{"b/x"}},
		{"a", "", "metadata.namespace=b", nil},
		{"", "", "metadata.name!=x", []string{"a/y", "b/z"}},
		{"", "app", "metadata.name=z", []string{"b/z"}},
		{"b", "!app", "metadata.name=z", nil},
	}
	for _, test := range tests {
		query := url.Values{"labelSelector": {test.labels}, "fieldSelector": {test.fields}}
		l := list(t, s, widgets.Path(test.path, "")+"?"+query.Encode())
		if diff := cmp.Diff(test.want, l.names()); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
}

// A5: lists that are refused.
func TestRefusedLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{FreshTimeout: 5 * time.Second})
		defer s.Close()
		fill(t, s, "shop", "a", "b")
		token := list(t, s, widgets.Path("", "")+"?limit=1").Continue
		for _, test := range []struct {
			query          string
			code           int
			wait           time.Duration
			reason, prefix string
		}{
			{"resourceVersion=x", 400, 0, "BadRequest", `invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax`},
			{"resourceVersionMatch=Exact", 422, 0, "Invalid", `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`},
			{"resourceVersionMatch=Odd&resourceVersion=1", 422, 0, "Invalid", `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Odd"`},
			{"resourceVersionMatch=Exact&resourceVersion=0", 422, 0, "Invalid", `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`},
			{"sendInitialEvents=true", 422, 0, "Invalid", `ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`},
			{"limit=many", 400, 0, "BadRequest", `strconv.ParseInt: parsing "many": invalid syntax`},
			{"labelSelector=a%3D%3D%3Db", 400, 0, "BadRequest", `unable to parse requirement: `},
			{"fieldSelector=spec.size%3D1", 400, 0, "BadRequest", `field label not supported: spec.size`},
			{"continue=!", 400, 0, "BadRequest", `invalid continue token: continue key is not valid: illegal base64 data at input byte 0`},
			{"continue=e30", 400, 0, "BadRequest", `invalid continue token: continue key is not valid: server does not recognize this encoded version`},
			{"resourceVersion=1&continue=" + token, 400, 0, "BadRequest", `specifying resource version is not allowed when using continue`},
			{"resourceVersion=9", 504, 5 * time.Second, "Timeout", `Timeout: Too large resource version: 9, current: 3`},
			{"resourceVersion=9&resourceVersionMatch=Exact", 504, 5 * time.Second, "Timeout", `Timeout: Too large resource version: 9, current: 3`},
		} {
			began := time.Now()
			a := get(t, s, widgets.Path("", "")+"?"+test.query)
			status := decode[metav1.Status](t, a)
			if a.code != test.code || int(status.Code) != test.code || string(status.Reason) != test.reason ||
				!strings.HasPrefix(status.Message, test.prefix) || time.Since(began) != test.wait {
				t.Errorf("%s after %v: %d %s", test.query, time.Since(began), a.code, a.body)
			}
			if test.code == 504 {
				cause := status.Details.Causes[0]
				if a.header.Get("Retry-After") != "1" || cause.Type != metav1.CauseTypeResourceVersionTooLarge || cause.Message != "Too large resource version" {
					t.Errorf("%s: Retry-After %q, %s", test.query, a.header.Get("Retry-After"), a.body)
				}
			}
		}
		a := get(t, s, configs.Path("", "")+"?fieldSelector=data%3D1")
		if want := `"data" is not a known field selector: only "metadata.name", "metadata.namespace"`; decode[metav1.Status](t, a).Message != want {
			t.Errorf("built-in: %s", a.body)
		}
	})
}

// A2: a list that waits for a version is answered once it has been written.
func TestListWaitsForVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		time.AfterFunc(time.Second, func() { fill(t, s, "shop", "a") })
		began := time.Now()
		l := list(t, s, widgets.Path("", "")+"?resourceVersion=2&resourceVersionMatch=NotOlderThan")
		if len(l.Items) != 1 || time.Since(began) != time.Second {
			t.Errorf("%d items after %v", len(l.Items), time.Since(began))
		}
	})
}

// A5: after a compaction lists of the past are 410; a continued one is told
// how to get the inconsistent rest.
func TestExpiredLists(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a", "b", "c", "d")
	first := list(t, s, widgets.Path("shop", "")+"?limit=2")
	s.Compact() // the present stays
	if l := list(t, s, widgets.Path("shop", "")+"?limit=1&continue="+first.Continue); l.names()[0] != "shop/c" {
		t.Errorf("after Compact: %q", l.names())
	}
	must[*widget](t)(apitest.Of[*widget](s, widgets).Delete("shop", "c"))
	s.Expire()

	exact := get(t, s, widgets.Path("shop", "")+"?resourceVersionMatch=Exact&resourceVersion="+first.ResourceVersion)
	want := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: http.StatusGone,
		Reason: metav1.StatusReasonExpired, Message: "The resourceVersion for the provided list is too old.",
	}
	if diff := cmp.Diff(want, decode[metav1.Status](t, exact)); diff != "" || exact.code != http.StatusGone {
		t.Errorf("%d: %s", exact.code, diff)
	}
	gone := decode[metav1.Status](t, get(t, s, widgets.Path("shop", "")+"?limit=2&continue="+first.Continue))
	if gone.Code != http.StatusGone || gone.Reason != metav1.StatusReasonExpired || !strings.Contains(gone.Message, "use the continue token in this response") {
		t.Errorf("continued: %+v", gone)
	}
	rest := list(t, s, widgets.Path("shop", "")+"?limit=2&continue="+gone.Continue)
	if diff := cmp.Diff([]string{"shop/d"}, rest.names()); diff != "" || rest.ResourceVersion != s.ResourceVersion() {
		t.Errorf("rest at %s: %s", rest.ResourceVersion, diff)
	}
}

// A2: the history is bounded by Options.History.
func TestHistoryIsBounded(t *testing.T) {
	s := start(t, apitest.Options{History: 8})
	for i := range 40 {
		fill(t, s, "shop", fmt.Sprintf("n%02d", i))
	}
	if a := get(t, s, widgets.Path("", "")+"?resourceVersionMatch=Exact&resourceVersion=2"); a.code != http.StatusGone {
		t.Errorf("the distant past: %d", a.code)
	}
	if l := list(t, s, widgets.Path("", "")+"?resourceVersionMatch=Exact&resourceVersion=33"); len(l.Items) != 32 {
		t.Errorf("the recent past: %d items", len(l.Items))
	}
}

// The JSON of a list is what encoding/json makes of it, whatever is in the
// objects.
func TestOddContent(t *testing.T) {
	s := start(t, apitest.Options{})
	raw := json.RawMessage(`{"metadata":{"name":"a","namespace":"shop","annotations":{"q":"\"<&\u2028"}},"spec":{"z":[1.50,{"b":null}],"é":"\\"},"a\"b":true}`)
	must[json.RawMessage](t)(apitest.Of[json.RawMessage](s, widgets).Create(raw))
	var got struct{ Items []map[string]any }
	if err := json.Unmarshal(get(t, s, widgets.Path("", "")).body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"z": []any{1.5, map[string]any{"b": nil}}, "é": `\`}
	if diff := cmp.Diff(want, got.Items[0]["spec"]); diff != "" || got.Items[0][`a"b`] != true {
		t.Errorf("%s %v", diff, got.Items[0])
	}
}
