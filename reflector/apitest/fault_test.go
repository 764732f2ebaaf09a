package apitest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A7: answers instead of the real one, for the requests that match and for
// as many of them as were asked for.
func TestFaultAnswers(t *testing.T) {
	s := start(t, apitest.Options{})
	path := widgets.Path("shop", "")
	tests := []struct {
		name        string
		do          apitest.Action
		code        int
		reason      metav1.StatusReason
		retryAfter  string
		contentType string
	}{
		{"500", apitest.Fail(500), 500, metav1.StatusReasonInternalError, "", jsonType},
		{"503", apitest.Fail(503), 503, metav1.StatusReasonServiceUnavailable, "", jsonType},
		{"429", apitest.TooManyRequests(7), 429, metav1.StatusReasonTooManyRequests, "7", jsonType},
		{"429 without a time", apitest.TooManyRequests(0), 429, metav1.StatusReasonTooManyRequests, "", jsonType},
		{"410", apitest.Gone(), 410, metav1.StatusReasonExpired, "", jsonType},
		{"HTML", apitest.HTML(), 200, "", "", "text/html; charset=utf-8"},
		{"anything", apitest.Respond(418, "text/plain", []byte("tea")), 418, "", "", "text/plain"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := s.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbList, Resource: "widgets"}, Times: 2, Do: test.do})
			defer f.Remove()
			if a := get(t, s, gadgets.Path("", "")); a.code != 200 || f.Hits() != 0 {
				t.Errorf("another resource: %d, %d hits", a.code, f.Hits())
			}
			for range 2 {
				a := get(t, s, path)
				if a.code != test.code || a.header.Get("Retry-After") != test.retryAfter || a.header.Get("Content-Type") != test.contentType {
					t.Errorf("%d %v %s", a.code, a.header, a.body)
				}
				if test.contentType == jsonType && decode[metav1.Status](t, a).Reason != test.reason {
					t.Errorf("%s", a.body)
				}
			}
			if a := get(t, s, path); a.code != 200 || f.Hits() != 2 {
				t.Errorf("the third: %d, %d hits", a.code, f.Hits())
			}
		})
	}
}

// A5, A7: the object of an injected ERROR event is a whole Status, as a client
// needs it to know what it is.
func TestGoneWatchSendsAStatus(t *testing.T) {
	s := start(t, apitest.Options{})
	s.Inject(apitest.Fault{Do: apitest.Gone()})
	e, err := watch(t, s, widgets.Path("", "")+"?watch=1").next()
	if err != nil {
		t.Fatal(err)
	}
	if e.Object.Kind != "Status" || e.Object.APIVersion != "v1" || e.Object.Code != http.StatusGone {
		t.Errorf("%s %+v", e.Type, e.Object)
	}
}

// A7: a fault holds while a predicate does, or until it is removed.
func TestFaultScope(t *testing.T) {
	s := start(t, apitest.Options{})
	var broken atomic.Bool
	f := s.Inject(apitest.Fault{
		Match: apitest.Match{Namespace: "shop", Func: func(r apitest.Request) bool { return r.Query.Get("limit") != "" }},
		While: broken.Load,
		Do:    apitest.Fail(http.StatusServiceUnavailable),
	})
	want := func(path string, code int) {
		t.Helper()
		if a := get(t, s, path); a.code != code {
			t.Errorf("%s: %d", path, a.code)
		}
	}
	want(widgets.Path("shop", "")+"?limit=1", 200)
	broken.Store(true)
	want(widgets.Path("shop", "")+"?limit=1", 503)
	want(widgets.Path("shop", ""), 200)
	want(widgets.Path("", "")+"?limit=1", 200)
	f.Remove()
	f.Remove()
	want(widgets.Path("shop", "")+"?limit=1", 200)
	if f.Hits() != 1 {
		t.Errorf("%d hits", f.Hits())
	}
}

// A7: a delay comes before the answer, and ends with the client.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		s.Inject(apitest.Fault{Do: apitest.Delay(time.Minute)})
		began := time.Now()
		if a := get(t, s, widgets.Path("", "")); a.code != 200 || time.Since(began) != time.Minute {
			t.Errorf("%d after %v", a.code, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := must[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodGet, s.URL+widgets.Path("", ""), nil))
		if _, err := s.Client().Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an impatient client: %v", err)
		}
	})
}

// A7: a refused request gets no answer at all.
func TestRefuse(t *testing.T) {
	s := start(t, apitest.Options{})
	s.Inject(apitest.Fault{Times: 1, Do: apitest.Refuse()})
	_, err := s.Client().Get(s.URL + widgets.Path("", ""))
	if failed := (*url.Error)(nil); !errors.As(err, &failed) || !errors.Is(err, io.EOF) {
		t.Errorf("refused with %v", err)
	}
	if a := get(t, s, widgets.Path("", "")); a.code != 200 || s.Count(apitest.VerbList, "widgets") != 2 {
		t.Errorf("then %d, %d lists", a.code, s.Count(apitest.VerbList, "widgets"))
	}
}

// A7: what happens at a frame of a watch.
func TestWatchFaults(t *testing.T) {
	tests := []struct {
		name string
		do   apitest.Action
		want []string
		err  error // nil for a syntax error
	}{
		{"nothing", apitest.Action{}, []string{"ADDED a@2", "ADDED b@3", "ADDED c@4"}, io.EOF},
		{"cut at once", apitest.CutAfter(0, apitest.Cleanly), nil, io.EOF},
		{"cut cleanly", apitest.CutAfter(2, apitest.Cleanly), []string{"ADDED a@2", "ADDED b@3"}, io.EOF},
		{"cut abruptly", apitest.CutAfter(2, apitest.Abruptly), []string{"ADDED a@2", "ADDED b@3"}, io.ErrUnexpectedEOF},
		{"cut in mid-frame", apitest.CutAfter(2, apitest.MidFrame), []string{"ADDED a@2", "ADDED b@3"}, io.ErrUnexpectedEOF},
		{"cut after the end", apitest.CutAfter(4, apitest.Abruptly), []string{"ADDED a@2", "ADDED b@3", "ADDED c@4"}, io.EOF},
		{"duplicate", apitest.Duplicate(1), []string{"ADDED a@2", "ADDED b@3", "ADDED b@3", "ADDED c@4"}, io.EOF},
		{"backwards", apitest.Backwards(1), []string{"ADDED a@2", "ADDED b@1", "ADDED c@4"}, io.EOF},
		{"malformed", apitest.Malformed(1), []string{"ADDED a@2"}, nil},
		{"gone", apitest.Gone(), []string{"ERROR Expired: The resourceVersion for the provided list is too old."}, io.EOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, apitest.Options{})
			fill(t, s, "shop", "a", "b", "c")
			f := s.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, Do: test.do})
			w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
			s.Cut(apitest.Match{}, apitest.Cleanly)
			got, err := w.rest()
			same(t, "events", test.want, got)
			if test.err != nil && !errors.Is(err, test.err) || test.err == nil && !strings.Contains(err.Error(), "invalid character") {
				t.Errorf("ended with %v", err)
			}
			if f.Hits() != 1 {
				t.Errorf("%d hits", f.Hits())
			}
		})
	}
}

// A7: an object of another kind keeps its name and version.
func TestWrongKind(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a", "b")
	must[*widget](t)(apitest.Of[*widget](s, configs).Create(newWidget("shop", "c", 0)))
	s.Inject(apitest.Fault{Do: apitest.WrongKind(1)})
	w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
	if e := must[event](t)(w.next()); e.Object.Kind != "Widget" {
		t.Errorf("the first is a %s", e.Object.Kind)
	}
	if e := must[event](t)(w.next()); e.Object.Kind != "Unexpected" || e.short() != "ADDED b@3" {
		t.Errorf("the second is a %s: %s", e.Object.Kind, e.short())
	}
	l := list(t, s, widgets.Path("", ""))
	if l.Kind != "WidgetList" || l.Items[0].Kind != "Widget" || l.Items[1].Kind != "Unexpected" || l.Items[1].Name != "b" {
		t.Errorf("%+v", l)
	}
	if l := list(t, s, configs.Path("", "")); l.Kind != "UnexpectedList" {
		t.Errorf("%+v", l)
	}
}

// A7: what happens at an item of a list.
func TestListFaults(t *testing.T) {
	tests := []struct {
		name  string
		do    apitest.Action
		names []string // nil: no valid JSON
		err   error
	}{
		{"cut cleanly", apitest.CutAfter(1, apitest.Cleanly), nil, nil},
		{"cut abruptly", apitest.CutAfter(1, apitest.Abruptly), nil, io.ErrUnexpectedEOF},
		{"cut in mid-frame", apitest.CutAfter(1, apitest.MidFrame), nil, io.ErrUnexpectedEOF},
		{"duplicate", apitest.Duplicate(0), []string{"shop/a", "shop/a", "shop/b"}, nil},
		{"backwards", apitest.Backwards(1), []string{"shop/a", "shop/b"}, nil},
		{"malformed", apitest.Malformed(0), nil, nil},
		{"stale", apitest.Stale(1), []string{"shop/a"}, nil},
		{"very stale", apitest.Stale(100), []string{}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, apitest.Options{})
			fill(t, s, "shop", "a", "b")
			s.Inject(apitest.Fault{Times: 1, Do: test.do})
			a := get(t, s, widgets.Path("", ""))
			if !errors.Is(a.err, test.err) || a.code != 200 {
				t.Errorf("%d %v", a.code, a.err)
			}
			if test.names == nil {
				if got := string(a.body); strings.HasSuffix(got, "]}\n") && !strings.Contains(got, ",,") {
					t.Errorf("a whole list: %s", got)
				}
				return
			}
			l := decode[widgetList](t, a)
			if test.name == "backwards" && l.Items[1].ResourceVersion != "1" {
				t.Errorf("version %s", l.Items[1].ResourceVersion)
			}
			same(t, "items", test.names, append([]string{}, l.names()...))
			same(t, "afterwards", []string{"shop/a", "shop/b"}, list(t, s, widgets.Path("", "")).names())
		})
	}
}

// A7: a stalled watch is silent, past its timeout, until it is resumed.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		watches := apitest.Match{Verb: apitest.VerbWatch}
		w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1&timeoutSeconds=30&allowWatchBookmarks=1")
		fill(t, s, "shop", "a")
		if n := s.Stall(watches); n != 1 {
			t.Errorf("%d streams", n)
		}
		fill(t, s, "shop", "b")
		same(t, "before", []string{"ADDED a@2"}, w.take(1))
		began := time.Now()
		time.AfterFunc(time.Hour, func() {
			if n := s.Resume(watches); n != 1 {
				t.Errorf("%d streams resumed", n)
			}
		})
		same(t, "after", []string{"ADDED b@3"}, w.take(1))
		if _, err := w.rest(); err != io.EOF || time.Since(began) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A7: lists stall too, and stalled answers can be cut.
func TestStallAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		fill(t, s, "shop", "a", "b")
		s.Inject(apitest.Fault{Times: 2, Do: apitest.StallAfter(1)})
		lists := apitest.Match{Verb: apitest.VerbList}
		began := time.Now()
		time.AfterFunc(time.Hour, func() { s.Resume(lists) })
		same(t, "resumed", []string{"shop/a", "shop/b"}, list(t, s, widgets.Path("", "")).names())
		if time.Since(began) != time.Hour {
			t.Errorf("after %v", time.Since(began))
		}
		time.AfterFunc(time.Hour, func() { s.Cut(lists, apitest.Abruptly) })
		a := get(t, s, widgets.Path("", ""))
		synctest.Wait() // the server has ended the answer on its side too
		if !errors.Is(a.err, io.ErrUnexpectedEOF) || s.Streams(lists) != 0 {
			t.Errorf("cut: %v, %d streams", a.err, s.Streams(lists))
		}
	})
}

// A7: a slow answer takes its time at each frame, a list in pages as well as
// one that a watch begins with, and ends with the client.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		fill(t, s, "shop", "a", "b")
		s.Inject(apitest.Fault{Do: apitest.Slow(time.Minute)})
		began := time.Now()
		same(t, "list", []string{"shop/a", "shop/b"}, list(t, s, widgets.Path("", "")).names())
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("two items took %v", took)
		}
		began = time.Now()
		w := watch(t, s, widgets.Path("", "")+"?watch=1")
		for n := 1; n <= 2; n++ {
			w.take(1)
			if took := time.Since(began); took != time.Duration(n)*time.Minute {
				t.Errorf("event %d came after %v", n, took)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		req := must[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodGet, s.URL+widgets.Path("", ""), nil))
		resp := must[*http.Response](t)(s.Client().Do(req))
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an impatient client: %v", err)
		}
	})
}

// A7: lists work while watches do not, whatever becomes of those; a restart
// that loses the history is known by its 410.
func TestTroubleThatIsPutTogether(t *testing.T) {
	page := apitest.Respond(http.StatusBadGateway, "text/html", []byte("<html>no</html>"))
	status := apitest.Respond(http.StatusOK, jsonType, []byte(`{"kind":"Status","status":"Failure","code":410}`))
	for name, c := range map[string]struct {
		do   apitest.Action
		code int // 0: no answer
		body string
	}{
		"forbidden":   {apitest.Fail(http.StatusForbidden), 403, `"reason":"Forbidden"`},
		"unavailable": {apitest.Fail(http.StatusServiceUnavailable), 503, `"ServiceUnavailable"`},
		"refused":     {apitest.Refuse(), 0, ""},
		"page":        {page, 502, "<html>no"},
		"status":      {status, 200, `"code":410`},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, apitest.Options{})
			s.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch}, Do: c.do})
			for range 3 {
				if a := get(t, s, widgets.Path("", "")+"?watch=1"); a.code != c.code || !strings.Contains(string(a.body), c.body) {
					t.Errorf("the watch: %d %s", a.code, a.body)
				}
				if a := get(t, s, widgets.Path("", "")); a.code != 200 {
					t.Errorf("the list: %d", a.code)
				}
			}
		})
	}
	t.Run("restart", func(t *testing.T) {
		s := start(t, apitest.Options{})
		fill(t, s, "shop", "a")
		s.Down()
		s.Expire()
		if err := s.Up(); err != nil {
			t.Fatal(err)
		}
		if e, err := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=2").next(); err != nil || e.Object.Code != http.StatusGone {
			t.Errorf("%+v, %v", e, err)
		}
		same(t, "afterwards", []string{"shop/a"}, list(t, s, widgets.Path("", "")).names())
	})
}

// A7: what was written before a cut is delivered, what was written after is
// not.
func TestCutDeliversFirst(t *testing.T) {
	for how, want := range map[apitest.Manner]error{apitest.Cleanly: io.EOF, apitest.Abruptly: io.ErrUnexpectedEOF, apitest.MidFrame: io.ErrUnexpectedEOF} {
		s := start(t, apitest.Options{})
		w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
		other := watch(t, s, gadgets.Path("", "")+"?watch=1&resourceVersion=1")
		fill(t, s, "shop", "a", "b")
		if n := s.Cut(apitest.Match{Resource: "widgets"}, how); n != 1 {
			t.Errorf("%d streams", n)
		}
		fill(t, s, "shop", "c")
		got, err := w.rest()
		same(t, "events", []string{"ADDED a@2", "ADDED b@3"}, got)
		if !errors.Is(err, want) {
			t.Errorf("%v", err)
		}
		must[*widget](t)(apitest.Of[*widget](s, gadgets).Create(newWidget("", "g", 0)))
		same(t, "another stream", []string{"ADDED g@5"}, other.take(1))
	}
}

// A7: a server that is down refuses connections and breaks those that are
// open; when it is up again its objects are there, at the same address.
func TestDownAndUp(t *testing.T) {
	for name, begin := range map[string]func(apitest.Options) (*apitest.Server, error){"pipe": apitest.StartPipe, "loopback": apitest.Start} {
		t.Run(name, func(t *testing.T) {
			s := must[*apitest.Server](t)(begin(apitest.Options{Resources: []apitest.Resource{widgets}}))
			defer s.Close()
			fill(t, s, "shop", "a")
			w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
			same(t, "before", []string{"ADDED a@2"}, w.take(1))
			s.Down()
			s.Down()
			if _, err := w.rest(); err == nil || err == io.EOF {
				t.Errorf("the watch ended with %v", err)
			}
			if a := get(t, s, widgets.Path("", "")); !errors.Is(a.err, syscall.ECONNREFUSED) {
				t.Errorf("while down: %v", a.err)
			}
			fill(t, s, "shop", "b")
			if err := errors.Join(s.Up(), s.Up()); err != nil {
				t.Fatal(err)
			}
			same(t, "after", []string{"shop/a", "shop/b"}, list(t, s, widgets.Path("", "")).names())
			s.Down()
		})
	}
}
