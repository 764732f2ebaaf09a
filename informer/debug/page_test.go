package debug_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

// source counts how often it is asked.
type source struct {
	status informer.Status
	asked  int
}

func (s *source) Status() informer.Status {
	s.asked++
	return s.status
}

// pods is an informer that is not in step, with three handlers, as of now.
func pods() *source {
	now := time.Now().UTC()
	return &source{status: informer.Status{
		Name: "pods <b>", Running: true, Synced: true, Objects: 4711, ResourceVersion: "90210", QueueDepth: 17,
		Query: "pods.v1 where app=web", ViewOf: "all & pods", Resyncs: 3, Indexes: []string{"namespace", "node & zone"},
		Source: &reflector.Status{
			Running: true, Phase: "waiting", Since: now.Add(-3 * time.Minute), Synced: true, Source: "/api/v1/pods",
			Cause: errors.New("the server is away <for now>"), LastContact: now.Add(-210 * time.Second),
			LastError: errors.New("connection refused"), LastErrorAt: now.Add(-1500 * time.Millisecond), Refused: 2,
			Restarts: map[reflector.RestartCause]uint64{reflector.RestartUnreachable: 12, reflector.RestartEnded: 5},
			Relists:  map[reflector.RelistReason]uint64{reflector.RelistExpired: 1},
			Refusals: map[reflector.RefusalCause]uint64{reflector.RefusalTooLarge: 3, reflector.RefusalKind: 4}, Bytes: 5<<20 + 1<<19,
		},
		Leases: []informer.LeaseStatus{{By: "shop/main.go:27", Since: now.Add(-time.Hour)}, {By: "shop/web.go:8", Since: now.Add(-59 * time.Second)}},
		Handlers: []informer.HandlerStatus{
			{Name: "endpoints & co", Synced: true, Lag: 23, Depth: 29, Age: 2500 * time.Millisecond, Busy: true},
			{
				Name: "slow", Busy: true, Lag: 100042, Panics: informer.PanicIsolate,
				Backlog: informer.Backlog{Policy: informer.BacklogBackpressure, Bound: 1000}, HoldsUp: 83 * time.Second,
			},
			{
				Name: "done", Synced: true, Backlog: informer.Backlog{Policy: informer.BacklogCoalesce},
				Latency: informer.Latency{Buckets: [informer.LatencyBuckets]uint64{60, 38, 1, 0, 0, 0, 0, 1}, Sum: 200 * time.Second},
			},
		},
	}}
}

func get(t *testing.T, h http.Handler, method, url string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

var (
	hidden = regexp.MustCompile(`(?s)<(style|title)>.*?</(style|title)>`)
	tag    = regexp.MustCompile(`<[^>]*>`)
)

// text is what the page says, with one blank between words.
func text(t *testing.T, h http.Handler) string {
	t.Helper()
	body := get(t, h, http.MethodGet, "/").Body.String()
	wellFormed(t, body)
	body = tag.ReplaceAllString(hidden.ReplaceAllString(body, ""), " ")
	return strings.Join(strings.Fields(html.UnescapeString(body)), " ")
}

// wellFormed checks that every element of a page is closed: the page is XML as well.
// It returns the names of the elements.
func wellFormed(t *testing.T, body string) (elements map[string]int) {
	t.Helper()
	elements = map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return elements
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v\n%s", err, body)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
}

func saysAll(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q:\n%s", w, page)
		}
	}
}

// D1: everything that an informer says is on the page, and it is asked once a
// request.
func TestPageShowsWhatInformersSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pods()
		w := get(t, debug.Handler(s), http.MethodGet, "/")
		if w.Code != http.StatusOK || s.asked != 1 {
			t.Fatalf("status %d, asked %d times", w.Code, s.asked)
		}
		if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("Content-Type %q", got)
		}
		page := text(t, debug.Handler(s, &source{status: informer.Status{Name: "nodes"}}))
		saysAll(t, page,
			"2 informers: 1 not in step, 1 not running.",
			"pods <b> not in step Not in step with the server for 3m : the server is away <for now> query pods.v1 where app=web view of all & pods",
			"objects 4711", "resource version 90210", "queue depth 17", "synced yes", "resyncs 3", "indexes namespace , node & zone",
			"Reflector of /api/v1/pods does waiting", "in step with the server no, for 3m", "last contact 3m 30s ago", "refused objects 2", "read 5.5 MiB", "objects refused so far, by cause 4 × of another kind 3 × too large",
			"last error, 1.5s ago connection refused",
			"restarts of watches, by cause 5 × ended by the server 12 × server not reachable or busy",
			"lists after the first, by reason 1 × expired",
			"endpoints & co in a callback 29 23 2.5s no events yet Unbounded Crash",
			"Asked for by shop/main.go:27 , for 1h shop/web.go:8 , for 59s",
			"slow holds the informer up for 1m 23s not synced in a callback 0 100042 none no events yet Backpressure(1000) Isolate",
			"done synced 0 0 none half ≤ 100µs, 99% ≤ 10ms, mean 2s Coalesce Crash",
			"nodes not running", "resource version none yet", "indexes none", "No handlers.",
		)
		saysAll(t, w.Body.String(),
			`title="1999-12-31 23:57:00 UTC">for 3m<`, `datetime="1999-12-31T23:57:00.000Z"`,
			`title="≤ 100µs: 60, ≤ 1ms: 38, ≤ 10ms: 1, &gt; 1m 40s: 1"`)
	})
}

// The state of an informer is what is worst in it.
func TestStatesAreNamed(t *testing.T) {
	inStep, not := &reflector.Status{InStep: true}, &reflector.Status{}
	for want, s := range map[string]informer.Status{
		"not running": {Synced: true, Source: inStep},
		"not in step": {Running: true, Source: not},
		"not synced":  {Running: true, Source: inStep},
		"held up":     {Running: true, Synced: true, Source: inStep, Handlers: []informer.HandlerStatus{{}, {HoldsUp: 1}}},
		"in step":     {Running: true, Synced: true, Source: inStep, Handlers: []informer.HandlerStatus{{Busy: true}}},
		"synced":      {Running: true, Synced: true},
	} {
		saysAll(t, text(t, debug.Handler(&source{status: s})), "1 informer: "+want+". ")
	}
}

// D4: how long ago something was is said in two units at most.
func TestDurationsAreReadable(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "none", 1: "1µs", 20 * time.Microsecond: "20µs", 1999 * time.Microsecond: "1ms", 999 * time.Millisecond: "999ms",
		time.Second: "1s", 9990 * time.Millisecond: "9.9s", 10900 * time.Millisecond: "10s", 59 * time.Second: "59s",
		time.Minute: "1m", 61 * time.Second: "1m 1s", time.Hour: "1h", 25*time.Hour + 59*time.Minute: "1d 1h", 1000 * time.Hour: "41d 16h",
	} {
		page := text(t, debug.Handler(&source{status: informer.Status{Handlers: []informer.HandlerStatus{{Name: "h", Synced: true, Age: d}}}}))
		saysAll(t, page, "h synced 0 0 "+want+" no events yet")
	}
}

// A latency is summed up by its buckets, the one without a bound included.
func TestLatenciesAreSummedUp(t *testing.T) {
	second := time.Second
	for want, l := range map[string]informer.Latency{
		"half ≤ 100µs, 99% ≤ 100µs, mean 5µs":     {Buckets: [informer.LatencyBuckets]uint64{1}, Sum: 5 * time.Microsecond},
		"half ≤ 1ms, 99% ≤ 1s, mean 1s":           {Buckets: [informer.LatencyBuckets]uint64{0, 2, 0, 0, 1}, Sum: 3 * second},
		"half ≤ 1ms, 99% ≤ 1ms, mean 10ms":        {Buckets: [informer.LatencyBuckets]uint64{0, 99, 0, 0, 1}, Sum: second},
		"half > 1m 40s, 99% > 1m 40s, mean 3m 2s": {Buckets: [informer.LatencyBuckets]uint64{informer.LatencyBuckets - 1: 1}, Sum: 182 * second},
	} {
		saysAll(t, text(t, debug.Handler(&source{status: informer.Status{Handlers: []informer.HandlerStatus{{Latency: l}}}})), want)
	}
}

// An error that is the cause already is not said twice.
func TestTheCauseIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pods()
		s.status.Source.LastError = errors.New(s.status.Source.Cause.Error())
		page := text(t, debug.Handler(s))
		saysAll(t, page, "last error as above, 1.5s ago")
		if n := strings.Count(page, "the server is away"); n != 1 {
			t.Errorf("the cause is there %d times:\n%s", n, page)
		}
	})
}

// D1: the page is of the moment of the request, with the informers that there are
// then.
func TestPageIsMadeForEachRequest(t *testing.T) {
	s := pods()
	h := debug.Handler(s)
	get(t, h, http.MethodGet, "/")
	s.status.Objects = 5822
	if page := text(t, h); !strings.Contains(page, " 5822 ") || strings.Contains(page, "4711") {
		t.Errorf("an old page:\n%s", page)
	}
	var present []informer.Status
	h = debug.HandlerOf(func() []informer.Status { return present })
	saysAll(t, text(t, h), "No informers.")
	present = append(present, s.Status())
	saysAll(t, text(t, h), "1 informer: not in step", "5822")
}

// The informers of a Group are shown with those who asked for them, and no more once
// they are released.
func TestTheInformersOfAGroupAreShown(t *testing.T) {
	group, err := informer.NewGroup(informer.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := debug.HandlerOf(group.Statuses)
	saysAll(t, text(t, h), "No informers.")
	lease, err := informer.Get(group, informer.Query[*Safe]{
		Resource: safes.GroupVersionResource(),
		Source: func(string, informer.Selector) (reflector.ListerWatcher[*Safe], error) {
			return httpsource.New(httpsource.Config[*Safe]{BaseURL: "http://localhost", Group: "example.io", Version: "v1", Resource: "safes"})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	saysAll(t, text(t, h), "1 informer: not running.", "query safes.v1.example.io", "Asked for by debug/page_test.go:", ", for ")
	if err := lease.Release(); err != nil {
		t.Fatal(err)
	}
	saysAll(t, text(t, h), "No informers.")
}

// hostile are names that try to get out of where they stand.
var hostile = []string{
	`</style></title></bdi></td><script>document.title = "taken"</script>`, `"'><img src=x onerror=alert(1)>`, `{{.}}`, `<!--`, `]]>`, "`${1}`",
	"\x00\x01\x1b[31m\x7f\u0085", "\xff\xfe", "\u202eright to left", "\ufffe\uffff", "a\nb\tc\r", strings.Repeat("long", 500), "", " ", "javascript:alert(1)", "&lt;&amp;",
}

// D2: whatever something is called, the page stays well formed and has the same
// elements.
func TestHostileNamesDoNotBreakThePage(t *testing.T) {
	var want map[string]int
	for _, name := range append([]string{"tame"}, hostile...) {
		s := pods()
		s.status.Name, s.status.ResourceVersion, s.status.Indexes = name, name, []string{name}
		from := *s.status.Source
		from.Source, from.Phase, from.Cause, from.LastError = name, name, errors.New(name), errors.New(name)
		from.Restarts = map[reflector.RestartCause]uint64{reflector.RestartCause(name): 1}
		s.status.Source = &from
		s.status.Leases = []informer.LeaseStatus{{By: name}}
		s.status.Query, s.status.ViewOf = "q"+name, "v"+name
		for i := range s.status.Handlers {
			s.status.Handlers[i].Name = name
		}
		w := get(t, debug.Handler(s, s), http.MethodGet, "/")
		elements := wellFormed(t, w.Body.String())
		if want == nil {
			want = elements
		}
		if diff := cmp.Diff(want, elements); diff != "" || elements["script"] > 0 {
			t.Errorf("%q changes the elements of the page: %s", name, diff)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
			t.Errorf("the browser is told %q", policy)
		}
		var statuses []map[string]any
		if err := json.Unmarshal(get(t, debug.Handler(s), http.MethodGet, "/?format=json").Body.Bytes(), &statuses); err != nil || len(statuses) != 1 {
			t.Errorf("%q breaks the JSON: %v", name, err)
		}
	}
}

// The JSON has the documented names, all of them: scripts read them.
func TestJSONHasTheDocumentedNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := get(t, debug.Handler(pods(), &source{}), http.MethodGet, "/?format=json")
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, w.Body.Bytes(), "", " "); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(statusesAsJSON), strings.TrimSpace(got.String())); diff != "" {
			t.Error(diff)
		}
	})
	for _, h := range []http.Handler{debug.Handler(), debug.HandlerOf(nil)} {
		if got := get(t, h, http.MethodGet, "/?format=json").Body.String(); got != "[]\n" {
			t.Errorf("without informers the JSON is %q", got)
		}
	}
}

func TestPageWithoutInformersSaysSo(t *testing.T) {
	saysAll(t, text(t, debug.Handler()), "No informers.")
	saysAll(t, text(t, debug.HandlerOf(nil)), "No informers.")
}

func TestPageCannotBeWritten(t *testing.T) {
	s := pods()
	w := get(t, debug.Handler(s), http.MethodPost, "/")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || s.asked != 0 {
		t.Errorf("status %d, Allow %q, asked %d times", w.Code, w.Header().Get("Allow"), s.asked)
	}
}

const statusesAsJSON = `
[
 {
  "Name": "pods \u003cb\u003e",
  "Running": true,
  "Synced": true,
  "Objects": 4711,
  "ResourceVersion": "90210",
  "Indexes": [
   "namespace",
   "node \u0026 zone"
  ],
  "QueueDepth": 17,
  "Resyncs": 3,
  "Source": {
   "Running": true,
   "Phase": "waiting",
   "InStep": false,
   "Since": "1999-12-31T23:57:00Z",
   "Synced": true,
   "Source": "/api/v1/pods",
   "Shard": "",
   "ServerShards": false,
   "ResourceVersion": "",
   "LastContact": "1999-12-31T23:56:30Z",
   "LastErrorAt": "1999-12-31T23:59:58.5Z",
   "Refused": 2,
   "Refusals": {
    "of another kind": 4,
    "too large": 3
   },
   "Bytes": 5767168,
   "Restarts": {
    "ended by the server": 5,
    "server not reachable or busy": 12
   },
   "Relists": {
    "expired": 1
   },
   "Cause": "the server is away \u003cfor now\u003e",
   "LastError": "connection refused"
  },
  "Handlers": [
   {
    "Name": "endpoints \u0026 co",
    "Synced": true,
    "Busy": true,
    "Backlog": {
     "Policy": "Unbounded",
     "Bound": 0
    },
    "Panics": "Crash",
    "Lag": 23,
    "Depth": 29,
    "Age": 2500000000,
    "HoldsUp": 0,
    "Latency": {
     "Buckets": [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0
     ],
     "Sum": 0
    }
   },
   {
    "Name": "slow",
    "Synced": false,
    "Busy": true,
    "Backlog": {
     "Policy": "Backpressure",
     "Bound": 1000
    },
    "Panics": "Isolate",
    "Lag": 100042,
    "Depth": 0,
    "Age": 0,
    "HoldsUp": 83000000000,
    "Latency": {
     "Buckets": [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0
     ],
     "Sum": 0
    }
   },
   {
    "Name": "done",
    "Synced": true,
    "Busy": false,
    "Backlog": {
     "Policy": "Coalesce",
     "Bound": 0
    },
    "Panics": "Crash",
    "Lag": 0,
    "Depth": 0,
    "Age": 0,
    "HoldsUp": 0,
    "Latency": {
     "Buckets": [
      60,
      38,
      1,
      0,
      0,
      0,
      0,
      1
     ],
     "Sum": 200000000000
    }
   }
  ],
  "Leases": [
   {
    "By": "shop/main.go:27",
    "Since": "1999-12-31T23:00:00Z"
   },
   {
    "By": "shop/web.go:8",
    "Since": "1999-12-31T23:59:01Z"
   }
  ],
  "Query": "pods.v1 where app=web",
  "ViewOf": "all \u0026 pods"
 },
 {
  "Name": "",
  "Running": false,
  "Synced": false,
  "Objects": 0,
  "ResourceVersion": "",
  "Indexes": null,
  "QueueDepth": 0,
  "Resyncs": 0,
  "Handlers": null
 }
]
`
