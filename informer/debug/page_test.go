package debug_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/debug"
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

func pods() *source {
	return &source{status: informer.Status{
		Name: "pods <b>", Running: true, Synced: true, Objects: 4711, ResourceVersion: "90210", QueueDepth: 17,
		Handlers: []informer.HandlerStatus{
			{Name: "endpoints & co", Synced: true, Lag: 23},
			{Name: "slow", Busy: true, Lag: 100042},
		},
	}}
}

func get(t *testing.T, h http.Handler, method, url string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

// D1: everything that an informer says is on the page, and it is asked once a
// request. D2: names cannot break the page.
func TestPageShowsWhatInformersSay(t *testing.T) {
	s := pods()
	w := get(t, debug.Handler(s, &source{status: informer.Status{Name: "nodes"}}), http.MethodGet, "/")
	if w.Code != http.StatusOK || s.asked != 1 {
		t.Fatalf("status %d, asked %d times", w.Code, s.asked)
	}
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	body := w.Body.String()
	for _, want := range []string{
		"<h2>pods &lt;b&gt;</h2>", ">4711<", ">90210<", ">17<",
		"<td>endpoints &amp; co</td><td>true</td><td>false</td><td class=\"n\">23</td>",
		"<td>slow</td><td>false</td><td>true</td><td class=\"n\">100042</td>",
		"<h2>nodes</h2>", ">none yet<", "No handlers.",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
}

// D1: the page is of the moment of the request.
func TestPageIsMadeForEachRequest(t *testing.T) {
	s := pods()
	h := debug.Handler(s)
	get(t, h, http.MethodGet, "/")
	s.status.Objects = 5822
	if body := get(t, h, http.MethodGet, "/").Body.String(); !strings.Contains(body, ">5822<") || strings.Contains(body, ">4711<") {
		t.Errorf("an old page:\n%s", body)
	}
}

func TestJSONHasTheSame(t *testing.T) {
	s := pods()
	w := get(t, debug.Handler(s), http.MethodGet, "/?format=json")
	var got []informer.Status
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]informer.Status{s.status}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPageWithoutInformersSaysSo(t *testing.T) {
	if body := get(t, debug.Handler(), http.MethodGet, "/").Body.String(); !strings.Contains(body, "No informers.") {
		t.Error(body)
	}
}

func TestPageCannotBeWritten(t *testing.T) {
	s := pods()
	w := get(t, debug.Handler(s), http.MethodPost, "/")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || s.asked != 0 {
		t.Errorf("status %d, Allow %q, asked %d times", w.Code, w.Header().Get("Allow"), s.asked)
	}
}
