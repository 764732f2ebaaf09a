package apitest_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

// A3: a request that is under way when its resource is withdrawn is answered as one
// that comes then. It changes nothing, neither what was, of which there are no more
// versions, nor what is served at the same place since.
func TestRequestsThatAreUnderWayWhenAResourceIsWithdrawn(t *testing.T) {
	const path, later = "/apis/example.com/v1/namespaces/shop/widgets", "resourceVersion=100"
	for name, r := range map[string]struct{ method, path, contentType, body string }{
		"create":            {"POST", path, "application/json", `{"metadata":{"name":"b"}}`},
		"create generated":  {"POST", path, "application/json", `{"metadata":{"generateName":"b"}}`},
		"update":            {"PUT", path + "/a", "application/json", `{"metadata":{"name":"a","resourceVersion":"2"},"spec":{"size":7}}`},
		"patch":             {"PATCH", path + "/a", "application/merge-patch+json", `{"spec":{"size":7}}`},
		"delete":            {"DELETE", path + "/a", "application/json", `{}`},
		"delete collection": {"DELETE", path, "application/json", `{}`},
		"get":               {"GET", path + "/a?" + later, "", ""},
		"list":              {"GET", path + "?" + later, "", ""},
		"streamed list":     {"GET", path + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&" + later, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, apitest.Options{FreshTimeout: time.Hour})
				fill(t, s, "shop", "a")
				trace := apitest.Of[*widget](s, widgets).Trace()
				finish := begin(t, s, r.method, r.path, r.contentType, r.body)
				s.Withdraw(widgets)
				if err := s.Serve(widgets); err != nil {
					t.Fatal(err)
				}
				s.Advance(100)
				if a := finish(); a.code != http.StatusNotFound || string(a.body) != "404 page not found\n" {
					t.Errorf("answered with %d: %s", a.code, a.body)
				}
				for i, e := range must[[]apitest.Era[*widget]](t)(trace.Eras()) {
					if len(e.Changes) > 0 {
						t.Errorf("a write in era %d, at %s", i, e.Changes[0].Version)
					}
				}
			})
		})
	}
}

// begin sends a request but for the end of its body, and waits until the server does
// for that, or for something else. finish sends the rest and returns the answer.
func begin(t *testing.T, s *apitest.Server, method, path, contentType, body string) (finish func() answer) {
	t.Helper()
	var sent io.Reader
	received, rest := io.Pipe()
	if body != "" {
		sent = received
	}
	req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method, s.URL+path, sent))
	req.Header.Set("Content-Type", contentType)
	answers := make(chan answer, 1)
	go func() { answers <- send(s, req) }()
	if body != "" {
		must[int](t)(io.WriteString(rest, body[:1]))
	}
	synctest.Wait()
	return func() answer {
		if body != "" {
			must[int](t)(io.WriteString(rest, body[1:]))
			must[any](t)(nil, rest.Close())
		}
		return <-answers
	}
}
