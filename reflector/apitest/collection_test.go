package apitest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A6: the direct interface follows the rules of the API.
func TestCollection(t *testing.T) {
	s := start(t, apitest.Options{})
	c := apitest.Of[*widget](s, widgets)
	fill(t, s, "b", "y", "x")
	fill(t, s, "a", "z")
	w := must[*widget](t)(c.Get("b", "x"))
	w.Spec.Size, w.Status.Phase = 7, "Ready"
	w = must[*widget](t)(c.Update(w))
	if w.Status.Phase != "" || w.Spec.Size != 7 || w.Generation != 2 {
		t.Errorf("updated: %+v", w)
	}
	w.Spec.Size, w.Status.Phase = 8, "Ready"
	w = must[*widget](t)(c.UpdateStatus(w))
	if w.Status.Phase != "Ready" || w.Spec.Size != 7 || w.Generation != 2 {
		t.Errorf("status updated: %+v", w)
	}
	names := func(ws []*widget) (names []string) {
		for _, w := range ws {
			names = append(names, w.Namespace+"/"+w.Name)
		}
		return names
	}
	same(t, "all", []string{"a/z", "b/x", "b/y"}, names(must[[]*widget](t)(c.List(""))))
	same(t, "one namespace", []string{"b/x", "b/y"}, names(must[[]*widget](t)(c.List("b"))))
	objects := must[map[string]*widget](t)(c.Objects())
	if diff := cmp.Diff(w, objects["b/x"]); diff != "" || len(objects) != 3 || c.Len() != 3 {
		t.Errorf("%d objects, %d: %s", len(objects), c.Len(), diff)
	}
	want := map[string]string{"a/z": "4", "b/x": "6", "b/y": "2"}
	if diff := cmp.Diff(want, must[map[string]string](t)(c.Versions())); diff != "" {
		t.Error(diff)
	}
	u := must[*unstructured.Unstructured](t)(apitest.Of[*unstructured.Unstructured](s, widgets).Get("b", "x"))
	if u.GetKind() != "Widget" || u.GetResourceVersion() != "6" {
		t.Errorf("unstructured: %v", u)
	}
	if _, err := apitest.Of[json.RawMessage](s, widgets).Create(json.RawMessage(`[]`)); err == nil || !strings.Contains(err.Error(), "must be of type Widget") {
		t.Errorf("an array: %v", err)
	}
	if _, err := apitest.Of[[]string](s, widgets).Get("b", "x"); err == nil || !strings.Contains(err.Error(), "b/x") {
		t.Errorf("decoding into something else: %v", err)
	}
}

// Every request is on record, with what became of it.
func TestRequests(t *testing.T) {
	s := start(t, apitest.Options{RequestLog: 4})
	fill(t, s, "shop", "a", "b")
	get(t, s, widgets.Path("", "")+"?limit=5")
	get(t, s, widgets.Path("shop", "z"))
	do(t, s, http.MethodPut, widgets.Path("shop", "a")+"/status", jsonType, `{"metadata":{"name":"a","resourceVersion":"2"}}`)
	w := watch(t, s, widgets.Path("", "")+"?watch=true&resourceVersion=1")
	w.take(2)

	type seen struct {
		Seq                               int
		Verb, Namespace, Name, Sub, Limit string
		Code, Sent                        int
		Done                              bool
	}
	var got []seen
	for _, r := range s.Requests() {
		if r.Resource != widgets.GroupVersionResource() || !strings.HasPrefix(r.Path, "/apis/example.com/v1/") || r.Time.IsZero() {
			t.Errorf("%+v", r)
		}
		got = append(got, seen{r.Seq, r.Verb, r.Namespace, r.Name, r.Subresource, r.Query.Get("limit"), r.Code, r.Sent, r.Done})
	}
	want := []seen{
		{1, "list", "", "", "", "5", 200, 2, true},
		{2, "get", "shop", "z", "", "", 404, 0, true},
		{3, "update", "shop", "a", "status", "", 200, 0, true},
		{4, "watch", "", "", "", "", 200, 2, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		get(t, s, gadgets.Path("", ""))
	}
	if r := s.Requests(); len(r) != 4 || r[3].Seq != 24 {
		t.Errorf("%d requests, the last %+v", len(r), r[len(r)-1])
	}
	if s.Count("", "") != 24 || s.Count("list", "") != 21 || s.Count("", "widgets") != 4 || s.Count("list", "widgets") != 1 {
		t.Errorf("%d %d %d %d", s.Count("", ""), s.Count("list", ""), s.Count("", "widgets"), s.Count("list", "widgets"))
	}
}

// A3: a stream that is awaited gets everything from then on.
func TestAwaitStreams(t *testing.T) {
	s := start(t, apitest.Options{})
	watches := apitest.Match{Verb: apitest.VerbWatch, Resource: "widgets"}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.AwaitStreams(ctx, watches, 1); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "widgets") {
		t.Errorf("nobody watches: %v", err)
	}
	opened := make(chan *stream)
	for range 2 {
		go func() {
			opened <- watch(t, s, widgets.Path("", "")+"?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan")
		}()
	}
	if err := s.AwaitStreams(t.Context(), watches, 2); err != nil {
		t.Fatal(err)
	}
	fill(t, s, "shop", "a")
	for range 2 {
		same(t, "events", []string{"ADDED a@2"}, (<-opened).take(1))
	}
}

// A8: Close ends stalled streams, delayed answers and waiting lists, and may
// be repeated; afterwards nobody is there.
func TestClose(t *testing.T) {
	for name, begin := range map[string]func(apitest.Options) (*apitest.Server, error){"pipe": apitest.StartPipe, "loopback": apitest.Start} {
		t.Run(name, func(t *testing.T) {
			s := must[*apitest.Server](t)(begin(apitest.Options{Resources: []apitest.Resource{widgets, gadgets}}))
			fill(t, s, "shop", "a")
			s.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbGet}, Do: apitest.Delay(time.Hour)})
			stalled := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
			s.Stall(apitest.Match{})
			idle := watch(t, s, gadgets.Path("", "")+"?watch=1&resourceVersion=1")
			done := make(chan answer)
			paths := []string{widgets.Path("shop", "a"), widgets.Path("", "") + "?resourceVersion=99"}
			for _, path := range paths {
				go func() { done <- get(t, s, path) }()
			}
			// Both requests have begun when they are on record.
			for s.Count(apitest.VerbGet, "widgets")+s.Count(apitest.VerbList, "widgets") < len(paths) {
				get(t, s, "/nothing/in/particular")
			}
			s.Close()
			s.Close()
			for range paths {
				if a := <-done; a.err == nil && a.code == http.StatusOK {
					t.Errorf("an answer after Close: %s", a.body)
				}
			}
			if got, err := stalled.rest(); err == nil || len(got) > 1 {
				t.Errorf("the stalled stream: %q %v", got, err)
			}
			if _, err := idle.rest(); err == nil {
				t.Error("the idle stream goes on")
			}
			if a := get(t, s, widgets.Path("", "")); a.err == nil {
				t.Errorf("somebody is there: %d", a.code)
			}
			if err := s.AwaitStreams(t.Context(), apitest.Match{}, 1); err == nil {
				t.Error("streams are awaited of a closed server")
			}
		})
	}
}

// A8: Close does not wait for a client that does not read.
func TestCloseWithDeafClient(t *testing.T) {
	for name, begin := range map[string]func(apitest.Options) (*apitest.Server, error){"pipe": apitest.StartPipe, "loopback": apitest.Start} {
		t.Run(name, func(t *testing.T) {
			s := must[*apitest.Server](t)(begin(apitest.Options{Resources: []apitest.Resource{widgets}}))
			defer s.Close()
			large := json.RawMessage(`{"metadata":{"namespace":"shop","name":"x"},"spec":"` + strings.Repeat("x", 1<<20) + `"}`)
			must[json.RawMessage](t)(apitest.Of[json.RawMessage](s, widgets).Create(large))
			for range 31 { // more than any socket buffers
				s.Inject(apitest.Fault{Do: apitest.Duplicate(0)})
			}
			w := watch(t, s, widgets.Path("", "")+"?watch=1")
			if _, err := io.CopyN(io.Discard, w.body, 1<<20); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if n, err := io.Copy(io.Discard, w.body); err == nil || n >= 30<<20 {
				t.Errorf("%d bytes came after Close, and %v", n, err)
			}
		})
	}
}

// Options that make no sense say so.
func TestBadOptions(t *testing.T) {
	for want, opts := range map[string]apitest.Options{
		"has no Version":                    {Resources: []apitest.Resource{{Resource: "widgets", Kind: "Widget"}}},
		"has no Kind":                       {Resources: []apitest.Resource{{Version: "v1", Resource: "widgets"}}},
		"must be the lower-case plural":     {Resources: []apitest.Resource{{Version: "v1", Resource: "Widget", Kind: "Widget"}}},
		"is served already":                 {Resources: []apitest.Resource{widgets, widgets}},
		"BookmarkInterval is -1s":           {BookmarkInterval: -time.Second},
		"WatchTimeout is -1s":               {WatchTimeout: -time.Second},
		"History is -1 and RequestLog is 0": {History: -1},
	} {
		for _, begin := range []func(apitest.Options) (*apitest.Server, error){apitest.StartPipe, apitest.Start} {
			if _, err := begin(opts); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v", opts, err)
			}
		}
	}
}
