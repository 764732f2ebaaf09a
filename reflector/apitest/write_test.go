package apitest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
)

// A1, A6: every write gets the next version of one counter, and the metadata
// that belongs to the server is the server's.
func TestWritesShareOneCounter(t *testing.T) {
	s := start(t, apitest.Options{})
	before := s.ResourceVersion()

	made := decode[widget](t, do(t, s, http.MethodPost, widgets.Path("shop", ""), jsonType,
		`{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","uid":"mine","generation":7,"creationTimestamp":"1999-01-01T00:00:00Z"},"spec":{"size":1},"status":{"phase":"x"}}`))
	if made.ResourceVersion != "2" || before != "1" || made.Generation != 1 || made.Namespace != "shop" ||
		made.UID == "mine" || len(made.UID) != 36 || made.CreationTimestamp.Year() == 1999 || made.Status.Phase != "" {
		t.Errorf("created %+v", made)
	}
	other := decode[widget](t, do(t, s, http.MethodPost, gadgets.Path("", ""), jsonType, `{"metadata":{"name":"g"}}`))
	if other.ResourceVersion != "3" || other.Namespace != "" {
		t.Errorf("another resource got %+v", other)
	}
	steps := []struct {
		name, method, path, body string
		version                  string
		generation               int64
		size                     int
		phase                    string
	}{
		{"an update", "PUT", "", `{"metadata":{"name":"a","resourceVersion":"2"},"spec":{"size":2},"status":{"phase":"no"}}`, "4", 2, 2, ""},
		{"the same again", "PUT", "", `{"spec":{ "size": 2 },"metadata":{"resourceVersion":"4","name":"a"}}`, "4", 2, 2, ""},
		{"a status", "PUT", "/status", `{"metadata":{"name":"a","resourceVersion":"4","labels":{"no":"no"}},"spec":{"size":9},"status":{"phase":"Ready"}}`, "5", 2, 2, "Ready"},
		{"a patch", "PATCH", "", `{"metadata":{"labels":{"app":"x"}},"status":{"phase":"no"}}`, "6", 2, 2, "Ready"},
		{"a patch of nothing", "PATCH", "", `{"metadata":{"labels":{"app":"x"}}}`, "6", 2, 2, "Ready"},
		{"a patch that removes", "PATCH", "", `{"metadata":{"labels":null}}`, "7", 2, 2, "Ready"},
		{"a patch of the status", "PATCH", "/status", `{"spec":{"size":9},"status":{"phase":"Gone"}}`, "8", 2, 2, "Gone"},
	}
	for _, step := range steps {
		contentType := jsonType
		if step.method == "PATCH" {
			contentType = mergeType
		}
		a := do(t, s, step.method, widgets.Path("shop", "a")+step.path, contentType, step.body)
		got := decode[widget](t, a)
		if a.code != 200 || got.ResourceVersion != step.version || got.Generation != step.generation ||
			got.Spec.Size != step.size || got.Status.Phase != step.phase || got.UID != made.UID {
			t.Errorf("%s: %d %s", step.name, a.code, a.body)
		}
	}
	gone := decode[metav1.Status](t, do(t, s, http.MethodDelete, widgets.Path("shop", "a"), "", ""))
	want := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Success",
		Details: &metav1.StatusDetails{Name: "a", Group: "example.com", Kind: "widgets", UID: made.UID},
	}
	if diff := cmp.Diff(want, gone); diff != "" || s.ResourceVersion() != "9" {
		t.Errorf("delete at %s: %s", s.ResourceVersion(), diff)
	}
}

// A5, A6: what is refused, and in which words.
func TestRefusedWrites(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a")
	must[*widget](t)(apitest.Of[*widget](s, configs).Create(newWidget("shop", "c", 0)))
	at := widgets.Path("shop", "a")
	body := func(metadata string) string { return `{"metadata":{` + metadata + `},"spec":{"size":5}}` }
	tests := []struct {
		name, method, path, body string
		code                     int
		reason, message          string
	}{
		{"a name that exists", "POST", widgets.Path("shop", ""), body(`"name":"a"`), 409, "AlreadyExists",
			`widgets.example.com "a" already exists`},
		{"a version in a new object", "POST", widgets.Path("shop", ""), body(`"name":"b","resourceVersion":"1"`), 500, "",
			`resourceVersion should not be set on objects to be created`},
		{"no name", "POST", widgets.Path("shop", ""), body(``), 422, "Invalid",
			`Widget.example.com "" is invalid: metadata.name: Required value: name or generateName is required`},
		{"another namespace", "POST", widgets.Path("shop", ""), body(`"name":"b","namespace":"other"`), 400, "BadRequest",
			`the namespace of the provided object does not match the namespace sent on the request`},
		{"another version of the API", "POST", widgets.Path("shop", ""), `{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"b"}}`, 400, "BadRequest",
			`the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)`},
		{"another kind", "POST", widgets.Path("shop", ""), `{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"b"}}`, 422, "Invalid",
			`Widget.example.com "b" is invalid: kind: Invalid value: "Gadget": must be Widget`},
		{"another built-in kind", "POST", configs.Path("shop", ""), `{"apiVersion":"v1","kind":"Secret"}`, 400, "BadRequest",
			`Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion`},
		{"no JSON", "POST", widgets.Path("shop", ""), `<html>`, 400, "BadRequest",
			`the object provided is unrecognized (must be of type Widget): invalid character '<' looking for beginning of value (3c68746d6c3e)`},
		{"a create over all namespaces", "POST", configs.Path("", ""), body(`"name":"b"`), 405, "MethodNotAllowed",
			`the server does not allow this method on the requested resource`},
		{"a stale version", "PUT", at, body(`"name":"a","resourceVersion":"1"`), 409, "Conflict",
			`Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again`},
		{"no version of a custom resource", "PUT", at, body(`"name":"a"`), 422, "Invalid",
			`widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`},
		{"another life", "PUT", at, body(`"name":"a","resourceVersion":"2","uid":"old"`), 409, "Conflict",
			`Operation cannot be fulfilled on widgets.example.com "a": StorageError: invalid object, Code: 4, Key: /registry/example.com/widgets/shop/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: old, UID in object meta: `},
		{"another name", "PUT", at, body(`"name":"b","resourceVersion":"2"`), 400, "BadRequest",
			`the name of the object (b) does not match the name on the URL (a)`},
		{"no name on a PUT", "PUT", at, body(``), 400, "BadRequest",
			`the name of the object (a based on URL) was undeterminable: name must be provided`},
		{"what is not there", "PUT", widgets.Path("shop", "z"), body(`"name":"z","resourceVersion":"2"`), 404, "NotFound",
			`widgets.example.com "z" not found`},
		{"a stale patch", "PATCH", at, `{"metadata":{"resourceVersion":"1"}}`, 409, "Conflict",
			`Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again`},
		{"a patch of the name", "PATCH", at, `{"metadata":{"name":"b"}}`, 400, "BadRequest",
			`the name of the object (b) does not match the name on the URL (a)`},
		{"deleting what is not there", "DELETE", widgets.Path("shop", "z"), ``, 404, "NotFound",
			`widgets.example.com "z" not found`},
		{"deleting another life", "DELETE", at, `{"preconditions":{"uid":"old"}}`, 409, "Conflict",
			`Operation cannot be fulfilled on Widget.example.com "a": the UID in the precondition (old) does not match the UID in record (`},
		{"deleting another state", "DELETE", at, `{"preconditions":{"resourceVersion":"1"}}`, 409, "Conflict",
			`Operation cannot be fulfilled on Widget.example.com "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (2). The object might have been modified`},
		{"a PUT of a collection", "PUT", widgets.Path("shop", ""), ``, 405, "MethodNotAllowed",
			`put is not supported on resources of kind "widgets.example.com"`},
		{"deleting a status", "DELETE", at + "/status", ``, 405, "MethodNotAllowed",
			`delete is not supported on resources of kind "widgets.example.com"`},
		{"deleting a built-in collection over all namespaces", "DELETE", configs.Path("", ""), ``, 405, "MethodNotAllowed",
			`the server does not allow this method on the requested resource`},
		{"a status that is not served", "PUT", gadgets.Path("", "g") + "/status", body(`"name":"g"`), 404, "NotFound",
			`gadgets.example.com "g" not found`},
		{"a built-in status that is not served", "PUT", configs.Path("shop", "c") + "/status", body(`"name":"c"`), 404, "NotFound",
			`the server could not find the requested resource`},
		{"a built-in resource that is not served", "POST", "/api/v1/namespaces/shop/gizmos", body(`"name":"b"`), 404, "NotFound",
			`the server could not find the requested resource`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := s.ResourceVersion()
			contentType := jsonType
			if test.method == "PATCH" {
				contentType = mergeType
			}
			a := do(t, s, test.method, test.path, contentType, test.body)
			status := decode[metav1.Status](t, a)
			if a.code != test.code || int(status.Code) != test.code || string(status.Reason) != test.reason ||
				!strings.HasPrefix(status.Message, test.message) || status.Status != "Failure" || status.Kind != "Status" {
				t.Errorf("%d %s", a.code, a.body)
			}
			if s.ResourceVersion() != before {
				t.Errorf("version moved from %s to %s", before, s.ResourceVersion())
			}
		})
	}
	for _, path := range []string{
		"/nothing", "/apis/example.com/v1/gizmos", "/apis/example.com/v2/widgets",
		"/apis/example.com/v1/namespaces/shop/gadgets", widgets.Path("", "a"),
	} {
		a := get(t, s, path)
		if a.code != 404 || string(a.body) != "404 page not found\n" || a.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("GET %s: %d %s", path, a.code, a.body)
		}
	}
	if a := do(t, s, "PATCH", at, "application/json-patch+json", "[]"); a.code != 415 ||
		!strings.Contains(string(a.body), "accepted media types include: application/merge-patch+json") {
		t.Errorf("a JSON patch: %d %s", a.code, a.body)
	}
	if a := do(t, s, "POST", widgets.Path("shop", ""), jsonType, strings.Repeat(" ", 3<<20+1)); a.code != 413 {
		t.Errorf("a large body: %d %s", a.code, a.body)
	}
}

// A6: built-in resources may be overwritten without a version, and have no
// generation without a status.
func TestBuiltInUpdate(t *testing.T) {
	s := start(t, apitest.Options{})
	for i := range 2 {
		verb, path := http.MethodPost, configs.Path("shop", "")
		if i > 0 {
			verb, path = http.MethodPut, configs.Path("shop", "c")
		}
		a := do(t, s, verb, path, jsonType, fmt.Sprintf(`{"metadata":{"name":"c"},"data":{"n":"%d"}}`, i))
		got := decode[widget](t, a)
		if got.ResourceVersion != fmt.Sprint(i+2) || got.Generation != 0 {
			t.Errorf("%d %s", a.code, a.body)
		}
	}
}

// A6: generateName completes a name, the same way in each run of a seed.
func TestGenerateName(t *testing.T) {
	var names [2]string
	for i := range names {
		s := start(t, apitest.Options{Seed: 7})
		a := do(t, s, http.MethodPost, widgets.Path("shop", ""), jsonType, `{"metadata":{"generateName":"web-"}}`)
		names[i] = decode[widget](t, a).Name
	}
	if len(names[0]) != 9 || !strings.HasPrefix(names[0], "web-") || names[0] != names[1] {
		t.Errorf("got %q", names)
	}
}

// A6: two writers never lose an update.
func TestConcurrentModify(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a")
	c := apitest.Of[*widget](s, widgets)
	done := make(chan error)
	const writers, each = 4, 50
	for range writers {
		go func() {
			for range each {
				if _, err := c.Modify("shop", "a", func(w *widget) *widget { w.Spec.Size++; return w }); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if w := must[*widget](t)(c.Get("shop", "a")); w.Spec.Size != writers*each {
		t.Errorf("size %d", w.Spec.Size)
	}
}
