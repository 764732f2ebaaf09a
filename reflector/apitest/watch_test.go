package apitest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// same compares what was read with what was expected.
func same(t testing.TB, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// A3: a watch from a version sends what came after it, and goes on.
func TestWatchFromVersion(t *testing.T) {
	s := start(t, apitest.Options{})
	c := apitest.Of[*widget](s, widgets)
	fill(t, s, "shop", "a", "b") // 2, 3
	must[*widget](t)(c.Modify("shop", "a", func(w *widget) *widget { w.Spec.Size = 9; return w }))
	must[*widget](t)(c.Delete("shop", "b"))

	w := watch(t, s, widgets.Path("", "")+"?watch=true&resourceVersion=2")
	same(t, "the past", []string{"ADDED b@3", "MODIFIED a@4", "DELETED b@5"}, w.take(3))
	must[*widget](t)(apitest.Of[*widget](s, gadgets).Create(newWidget("", "other", 0)))
	fill(t, s, "shop", "c")
	same(t, "the present", []string{"ADDED c@7"}, w.take(1))
}

// A3: without a version, or from version 0, a watch opens with the present
// state in the order of a list.
func TestWatchOpensWithState(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "b", "a") // 2, 3
	tests := []struct {
		query string
		want  []string
	}{
		{"", []string{"ADDED a@3", "ADDED b@2"}},
		{"&resourceVersion=0", []string{"ADDED a@3", "ADDED b@2"}},
		// As in a real server, which turns the two above into streamed lists.
		{"&resourceVersion=0&allowWatchBookmarks=true", []string{"ADDED a@3", "ADDED b@2", "BOOKMARK end@3"}},
		{"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", []string{"ADDED a@3", "ADDED b@2"}},
		{"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", []string{"ADDED a@3", "ADDED b@2", "BOOKMARK end@3"}},
		{"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=2&allowWatchBookmarks=true", []string{"ADDED a@3", "ADDED b@2", "BOOKMARK end@3"}},
		{"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Da&allowWatchBookmarks=true", []string{"ADDED a@3", "BOOKMARK end@3"}},
		{"&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", nil},
		{"&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=2", []string{"ADDED a@3"}},
	}
	for _, test := range tests {
		w := watch(t, s, widgets.Path("shop", "")+"?watch=1"+test.query)
		if n := s.Cut(apitest.Match{Verb: apitest.VerbWatch}, apitest.Cleanly); n != 1 {
			t.Errorf("%d streams were open", n)
		}
		got, err := w.rest()
		same(t, test.query, test.want, got)
		if err != io.EOF {
			t.Errorf("%s ended with %v", test.query, err)
		}
	}
}

// A3: an object that is relabelled into a selection is ADDED, out of it
// DELETED, with the state that the watch knew and the version of the change.
func TestWatchSelection(t *testing.T) {
	s := start(t, apitest.Options{})
	c := apitest.Of[*widget](s, widgets)
	fill(t, s, "shop", "a")
	selected := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=2&labelSelector=app%3Dweb")
	elsewhere := watch(t, s, widgets.Path("other", "")+"?watch=1&resourceVersion=2")
	named := watch(t, s, widgets.Path("shop", "")+"?watch=1&resourceVersion=2&fieldSelector=metadata.name%3Db")
	for i, app := range []string{"web", "web", "db", "db", "web"} {
		must[*widget](t)(c.Modify("shop", "a", func(w *widget) *widget {
			w.Labels, w.Spec.Size = map[string]string{"app": app}, 100+i
			return w
		}))
	}
	must[*widget](t)(c.Delete("shop", "a"))
	fill(t, s, "shop", "b")
	s.Cut(apitest.Match{}, apitest.Cleanly)
	got := selected.take(2)
	left := must[event](t)(selected.next())
	if left.short() != "DELETED a@5" || left.Object.Spec.Size != 101 || left.Object.Labels["app"] != "web" {
		t.Errorf("out of the selection: %s %+v", left.short(), left.Object)
	}
	rest, _ := selected.rest()
	same(t, "selected", []string{"ADDED a@3", "MODIFIED a@4", "ADDED a@7", "DELETED a@8"}, append(got, rest...))
	rest, _ = elsewhere.rest()
	same(t, "elsewhere", nil, rest)
	rest, _ = named.rest()
	same(t, "named", []string{"ADDED b@9"}, rest)
}

// A5: a watch that cannot be served is a stream of one ERROR event.
func TestWatchErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{})
		defer s.Close()
		fill(t, s, "shop", "a", "b")
		s.Expire() // everything up to 3
		began := time.Now()
		w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=3")
		got, err := w.rest()
		same(t, "a compacted version", []string{"ERROR Expired: too old resource version: 3 (4)"}, got)
		if err != io.EOF || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		w = watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=9&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
		got, _ = w.rest()
		same(t, "a future version", []string{"ERROR Timeout: Timeout: Too large resource version: 9, current: 4"}, got)
		if time.Since(began) != 3*time.Second {
			t.Errorf("after %v", time.Since(began))
		}
		for query, want := range map[string]string{
			"resourceVersion=x":                           `500  resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax`,
			"sendInitialEvents=true":                      `422 Invalid ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
			"resourceVersionMatch=NotOlderThan":           `422 Invalid ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
			"fieldSelector=spec.size%3D1":                 `400 BadRequest field label not supported: spec.size`,
			"timeoutSeconds=soon&allowWatchBookmarks=yes": `400 BadRequest strconv.ParseInt: parsing "soon": invalid syntax`,
		} {
			a := get(t, s, widgets.Path("", "")+"?watch=1&"+query)
			status := decode[metav1.Status](t, a)
			if got := fmt.Sprintf("%d %s %s", a.code, status.Reason, status.Message); got != want {
				t.Errorf("%s:\n got %s\nwant %s", query, got, want)
			}
		}
	})
}

// A3: a watch from a version that is not there yet is silent until after it.
func TestWatchFromFuture(t *testing.T) {
	s := start(t, apitest.Options{})
	w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=3")
	fill(t, s, "shop", "a", "b", "c") // 2, 3, 4
	same(t, "after 3", []string{"ADDED c@4"}, w.take(1))
}

// A3: compaction does not disturb a watch that is open, even if it has not
// sent everything.
func TestCompactionSparesOpenWatches(t *testing.T) {
	s := start(t, apitest.Options{History: 4})
	w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
	want := make([]string, 30)
	for i := range want {
		name := fmt.Sprintf("n%02d", i)
		fill(t, s, "shop", name)
		want[i] = fmt.Sprintf("ADDED %s@%d", name, i+2)
		if i%10 == 0 {
			s.Compact()
		}
	}
	same(t, "events", want, w.take(len(want)))
}

// A4: bookmarks come at the interval and two seconds before the timeout, if
// any write has moved the version since the watch began.
func TestBookmarks(t *testing.T) {
	tests := []struct {
		name, query string
		write       bool // to another resource, after a second
		want        []string
	}{
		{"asked for", "&allowWatchBookmarks=true&timeoutSeconds=150", true,
			[]string{"1m0s BOOKMARK @3", "2m0s BOOKMARK @3", "2m28s BOOKMARK @3"}},
		{"not asked for", "&timeoutSeconds=150", true, nil},
		{"nothing moved", "&allowWatchBookmarks=true&timeoutSeconds=150", false, nil},
		{"a short watch", "&allowWatchBookmarks=true&timeoutSeconds=5", true, []string{"3s BOOKMARK @3"}},
		{"a very short watch", "&allowWatchBookmarks=true&timeoutSeconds=2", true, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, apitest.Options{})
				defer s.Close()
				fill(t, s, "shop", "a")
				began := time.Now()
				w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=2"+test.query)
				if test.write {
					time.AfterFunc(time.Second, func() {
						must[*widget](t)(apitest.Of[*widget](s, gadgets).Create(newWidget("", "g", 0)))
					})
				}
				var got []string
				for {
					e, err := w.next()
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprint(time.Since(began), " ", e.short()))
				}
				same(t, "bookmarks", test.want, got)
				timeout, _ := time.ParseDuration(strings.TrimPrefix(test.query[strings.Index(test.query, "timeoutSeconds="):], "timeoutSeconds=") + "s")
				if time.Since(began) != timeout {
					t.Errorf("ended after %v", time.Since(began))
				}
			})
		})
	}
}

// A4: a bookmark never overtakes an event.
func TestBookmarkAfterEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, apitest.Options{BookmarkInterval: 10 * time.Second})
		defer s.Close()
		w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1&allowWatchBookmarks=1&timeoutSeconds=60")
		time.AfterFunc(9*time.Second, func() { fill(t, s, "shop", "a", "b") })
		same(t, "events", []string{"ADDED a@2", "ADDED b@3"}, w.take(2))
		e := must[event](t)(w.next())
		if e.short() != "BOOKMARK @3" || e.Object.Kind != "Widget" || e.Object.APIVersion != "example.com/v1" || e.Object.Name != "" {
			t.Errorf("%s %+v", e.short(), e.Object)
		}
	})
}

// A4: without timeoutSeconds a watch ends after Options.WatchTimeout.
func TestWatchTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for configured, want := range map[time.Duration]time.Duration{0: 30 * time.Minute, time.Minute: time.Minute} {
			s := start(t, apitest.Options{WatchTimeout: configured})
			began := time.Now()
			_, err := watch(t, s, widgets.Path("", "")+"?watch=1").rest()
			if !errors.Is(err, io.EOF) || time.Since(began) != want {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			s.Close()
		}
	})
}

// A3: a resource can vanish, which ends its watches, and come back empty.
func TestWithdraw(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a")
	w := watch(t, s, widgets.Path("", "")+"?watch=1&resourceVersion=1")
	other := watch(t, s, gadgets.Path("", "")+"?watch=1&resourceVersion=1")
	if !s.Withdraw(widgets) || s.Withdraw(widgets) {
		t.Error("Withdraw does not tell whether it did something")
	}
	if _, err := w.rest(); err != io.EOF {
		t.Error(err)
	}
	if a := get(t, s, widgets.Path("", "")); a.code != http.StatusNotFound {
		t.Errorf("list: %d", a.code)
	}
	if _, err := apitest.Of[*widget](s, widgets).List(""); err == nil || !strings.Contains(err.Error(), "is not served") {
		t.Errorf("the collection answers %v", err)
	}
	if err := s.Serve(widgets); err != nil {
		t.Error(err)
	}
	if l := list(t, s, widgets.Path("", "")); len(l.Items) != 0 {
		t.Errorf("came back with %q", l.names())
	}
	must[*widget](t)(apitest.Of[*widget](s, gadgets).Create(newWidget("", "g", 0)))
	same(t, "another resource", []string{"ADDED g@4"}, other.take(1))
}

// A3: who has followed a resource to the last version before it vanished, with
// objects that no event told gone, cannot go on from there when it is back.
func TestServeExpiresWhatWasBefore(t *testing.T) {
	s := start(t, apitest.Options{})
	fill(t, s, "shop", "a")
	before := s.ResourceVersion()
	s.Withdraw(widgets)
	if err := s.Serve(widgets); err != nil {
		t.Fatal(err)
	}
	w := watch(t, s, widgets.Path("", "")+"?watch=1&timeoutSeconds=1&resourceVersion="+before)
	if got, err := w.rest(); err != io.EOF || len(got) != 1 || !strings.HasPrefix(got[0], "ERROR Expired") {
		t.Errorf("a watch from before: %q, %v", got, err)
	}
	if l := list(t, s, widgets.Path("", "")+"?resourceVersion="+before); len(l.Items) != 0 {
		t.Errorf("a list from before: %q", l.names())
	}
}
