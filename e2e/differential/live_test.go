package differential

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/informant-go/informant/reflector/apitest"
)

// situation is a watch while things happen: what was written before it, what it asks
// for, and what is written while it is open. Where is its path; "" is the collection.
type situation struct {
	name   string
	before []write
	where  string
	watch  string
	during []write
}

const (
	everywhere  = "/api/v1/configmaps"
	elsewhere   = "/api/v1/namespaces/{other}/configmaps"
	clusterWide = "/apis/rbac.authorization.k8s.io/v1/clusterroles"

	// mine keeps what other tests write out of a watch of all namespaces.
	mine = "labelSelector=of%3D{ns}"
)

// The steps that histories are made of.
func create(name string, labels object) write {
	return write{method: "POST", path: collection, body: configMap(name, labels, "1")}
}

func createIn(path, name string) write {
	return write{method: "POST", path: path, body: configMap(name, object{"of": "{ns}"}, "1")}
}

func change(name, value string) write {
	return write{method: "PATCH", path: collection + "/" + name, patch: true, body: object{"data": object{"value": value}}}
}

func relabel(name string, label any) write {
	return write{method: "PATCH", path: collection + "/" + name, patch: true, body: object{"metadata": object{"labels": object{"select": label}}}}
}

func remove(name string) write { return write{method: "DELETE", path: collection + "/" + name} }

func role(name string) write {
	return write{method: "POST", path: clusterWide, body: object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
		"metadata": object{"name": name + "-{ns}", "labels": object{"of": "{ns}"}},
		"rules":    []object{{"verbs": []string{"get"}, "apiGroups": []string{""}, "resources": []string{"pods"}}},
	}}
}

func unrole(name string) write {
	return write{method: "DELETE", path: clusterWide + "/" + name + "-{ns}"}
}

var selected = object{"select": "true"}

// single are the situations that count for a watch of one object as for one of all.
var single = []situation{
	{name: "created", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}", during: []write{createIn(elsewhere, "foo"), create("foo", nil)}},
	{name: "updated", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}", during: []write{create("foo", nil), change("foo", "2")}},
	{name: "comes to be selected", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}&labelSelector=select%3Dtrue", during: []write{create("foo", nil), relabel("foo", "true")}},
	{name: "is no longer selected", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}&labelSelector=select!%3Dfalse", during: []write{create("foo", selected), relabel("foo", "false")}},
	{name: "in and out", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}&labelSelector=select%3Dtrue", during: []write{
		create("foo", selected), relabel("foo", nil), relabel("foo", "true"), change("foo", "2"), remove("foo"),
	}},
	{name: "deleted while not selected", before: []write{create("foo", nil)}, watch: "resourceVersion={rv0}&labelSelector=select%3Dtrue", during: []write{change("foo", "2"), remove("foo")}},
	{name: "from any version", before: []write{create("foo", nil)}, watch: "resourceVersion=0", during: []write{change("foo", "2")}},
	{name: "from any version, after a change", before: []write{create("foo", nil), change("foo", "2")}, watch: "resourceVersion=0"},
	{name: "from its own version", before: []write{create("foo", nil)}, watch: "resourceVersion={rv0}", during: []write{change("foo", "2")}},
	{name: "deleted", before: []write{create("foo", nil)}, watch: "resourceVersion={rv0}", during: []write{remove("foo")}},
	{name: "deleted, and then another", before: []write{create("foo", nil)}, watch: "resourceVersion={rv0}", during: []write{remove("foo"), create("foo", nil), create("last", nil)}},
	{name: "deleted before the watch", before: []write{create("foo", nil), remove("foo"), create("last", nil)}, watch: "resourceVersion={rv0}"},
}

// scopes are watches of one namespace, of all, and of what is in none.
var scopes = []situation{
	{name: "all namespaces", where: everywhere, before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&" + mine, during: []write{createIn(collection, "foo"), createIn(elsewhere, "foo")}},
	{name: "all, selecting a namespace", where: everywhere, before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&" + mine + "&fieldSelector=metadata.namespace%3D{other}", during: []write{createIn(collection, "foo"), createIn(elsewhere, "foo")}},
	{name: "all, selecting a name", where: everywhere, before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&" + mine + "&fieldSelector=metadata.name%3Dfoo", during: []write{createIn(collection, "foo"), createIn(elsewhere, "foo"), createIn(elsewhere, "bar")}},
	{name: "all, selecting name and namespace", where: everywhere, before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&" + mine + "&fieldSelector=metadata.name%3Dfoo,metadata.namespace%3D{other}", during: []write{createIn(collection, "foo"), createIn(elsewhere, "foo"), createIn(elsewhere, "bar")}},
	{name: "one namespace", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo")}},
	{name: "one, selecting it", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.namespace%3D{ns}", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo")}},
	{name: "one, selecting another", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.namespace%3D{other}", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo")}},
	{name: "one, selecting a name", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.name%3Dfoo", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo"), createIn(collection, "bar")}},
	{name: "one, selecting a name and it", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.name%3Dfoo,metadata.namespace%3D{ns}", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo"), createIn(collection, "bar")}},
	{name: "one, selecting a name and another", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.name%3Dfoo,metadata.namespace%3D{other}", during: []write{createIn(elsewhere, "foo"), createIn(collection, "foo")}},
	{name: "one, selecting a name and a label", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.name%3Dfoo&labelSelector=select%3Dtrue", during: []write{createIn(collection, "foo"), relabel("foo", "true"), relabel("foo", "false")}},
	{name: "all but a name", before: []write{createIn(collection, "z")}, watch: "resourceVersion={rv0}&fieldSelector=metadata.name!%3Dfoo", during: []write{createIn(collection, "foo"), createIn(collection, "bar")}},
	{name: "without namespaces", where: clusterWide, before: []write{role("z")}, watch: "resourceVersion={rv0}&" + mine, during: []write{role("a"), unrole("a"), unrole("z")}},
	{name: "without namespaces, selecting a name", where: clusterWide, before: []write{role("z")}, watch: "resourceVersion={rv0}&" + mine + "&fieldSelector=metadata.name%3Da-{ns}", during: []write{role("a"), role("b"), unrole("a"), unrole("b"), unrole("z")}},
	{name: "without namespaces, selecting a name and a label", where: clusterWide, before: []write{role("z")}, watch: "resourceVersion={rv0}&labelSelector=of%3Dnobody&fieldSelector=metadata.name%3Da-{ns}", during: []write{role("a"), unrole("a"), unrole("z")}},
}

// beginnings are all ways to begin a watch: from no version, from any, from an old and
// from the present one, with bookmarks or without, with the initial events or not, or
// without a word of them.
func beginnings() (all []situation) {
	for _, version := range []string{"", "0", "{rv0}", "{rv3}"} {
		for _, bookmarks := range []bool{true, false} {
			for _, initial := range []string{"true", "false", ""} {
				watch := "allowWatchBookmarks=" + strconv.FormatBool(bookmarks)
				if initial != "" {
					watch += "&resourceVersionMatch=NotOlderThan&sendInitialEvents=" + initial
				}
				if version != "" {
					watch += "&resourceVersion=" + version
				}
				all = append(all, situation{
					name:   watch,
					before: []write{create("z", nil), create("1", nil), create("2", nil), create("3", nil)},
					watch:  watch,
					during: []write{create("4", nil), create("5", nil)},
				})
			}
		}
	}
	const streamed = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
	return append(all,
		situation{name: "the end has the version of all", before: []write{create("1", nil), create("2", nil), createIn(elsewhere, "1")}, watch: streamed},
		situation{name: "one of many, and the version of all", before: []write{create("1", nil), create("2", nil), create("3", nil)}, watch: streamed + "&fieldSelector=metadata.name%3D1"},
		situation{name: "nobody, and the version of all", before: []write{create("1", nil)}, watch: streamed + "&labelSelector=app%3Dnobody"},
		situation{name: "created and deleted before", before: []write{create("1", nil), create("2", nil), remove("1")}, watch: streamed, during: []write{remove("2")}},
	)
}

// burst is many writes at once.
func burst() situation {
	s := situation{name: "many at once", before: []write{create("z", nil)}, watch: "resourceVersion={rv0}"}
	for i := range 22 {
		s.during = append(s.during, create(fmt.Sprint("foo-", i), nil))
	}
	return s
}

// Watches bring the same events from both servers, for what is there when they begin
// and for what is written while they are open.
func TestApitestWatchesAsARealServerDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	all := append(append(scopes, beginnings()...), burst())
	for _, s := range single {
		all = append(all, s)
		s.name += ", of one object"
		s.watch += "&fieldSelector=metadata.name%3Dfoo"
		all = append(all, s)
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			reality, imitation := pairs(t)
			want, got := reality.live(ctx, t, s), imitation.live(ctx, t, s)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-kube-apiserver +apitest\n%s", diff)
			}
		})
	}
}

var roles = apitest.Resource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles", Kind: "ClusterRole", BuiltIn: true}

// pairs are sides with a second namespace each, and roles.
func pairs(t *testing.T) (reality, imitation *side) {
	t.Helper()
	server := realServer.Server(t)
	reality = &side{name: "kube-apiserver", base: server.URL(), client: server.Client(), namespace: server.Namespace(t), other: server.Namespace(t)}
	imitation, fake := newImitation(t, reality.namespace)
	imitation.other = "elsewhere-" + reality.other
	if err := fake.Serve(roles); err != nil {
		t.Fatal(err)
	}
	return reality, imitation
}

// live opens the watch, writes, and reads what it brings until it ends.
func (s *side) live(ctx context.Context, t *testing.T, of situation) answer {
	t.Helper()
	s.all(ctx, t, of.before)
	s.catchUp(ctx, t, of)
	body, code := s.open(ctx, t, of, 6)
	defer body.Close()
	s.all(ctx, t, of.during)
	a := answer{Code: code, Bodies: s.normalise(t, s.frames(t, body))}
	for _, frame := range a.Bodies {
		withoutOthers(frame.(map[string]any))
	}
	return a
}

// withoutOthers leaves out of the version of a bookmark that others have written since,
// which is chance.
func withoutOthers(frame map[string]any) {
	if object, ok := frame["object"].(map[string]any); ok && frame["type"] == "BOOKMARK" {
		meta := object["metadata"].(map[string]any)
		meta["resourceVersion"] = strings.TrimSuffix(fmt.Sprint(meta["resourceVersion"]), "+")
	}
}

// all does writes that have to succeed.
func (s *side) all(ctx context.Context, t *testing.T, writes []write) {
	t.Helper()
	for _, w := range writes {
		if a := s.write(ctx, t, w); a.Code >= 300 {
			t.Fatalf("%s: %s %s: %+v", s.name, w.method, w.path, a)
		}
	}
}

// catchUp waits until the server's watch cache has what was written: a watch from any
// version begins where that is, which is else a matter of chance.
func (s *side) catchUp(ctx context.Context, t *testing.T, of situation) {
	t.Helper()
	if len(s.versions) == 0 {
		return
	}
	path := fmt.Sprintf("%s?resourceVersionMatch=NotOlderThan&resourceVersion={rv%d}", of.path(), len(s.versions)-1)
	if _, code, _ := s.raw(ctx, t, http.MethodGet, s.path(t, path), "", nil); code != http.StatusOK {
		t.Fatalf("%s: %s: %d", s.name, path, code)
	}
}

// path is that of what is watched.
func (of situation) path() string {
	if of.where == "" {
		return collection
	}
	return of.where
}

// open begins a watch that lasts for some seconds.
func (s *side) open(ctx context.Context, t *testing.T, of situation, seconds int) (body io.ReadCloser, code int) {
	t.Helper()
	path := fmt.Sprintf("%s?watch=1&timeoutSeconds=%d&%s", of.path(), seconds, of.watch)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+s.path(t, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, path, err)
	}
	return resp.Body, resp.StatusCode
}

func (s *side) frames(t *testing.T, body io.Reader) []map[string]any {
	t.Helper()
	raw, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	frames, err := jsonFrames(raw)
	if err != nil {
		t.Fatalf("%s: %v: %.300s", s.name, err, raw)
	}
	return frames
}

// Streams that nobody reads hold up neither writes nor the stream that is read.
func TestStreamsThatNobodyReads(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	for _, s := range both(pairs(t)) {
		s.all(ctx, t, []write{create("z", nil)})
		for range 50 {
			body, _ := s.open(ctx, t, burst(), 30)
			defer body.Close()
		}
		if a := s.live(ctx, t, situation{watch: "resourceVersion={rv0}", during: burst().during}); len(a.Bodies) != 22 {
			t.Errorf("%s: %d events", s.name, len(a.Bodies))
		}
	}
}

func both(a, b *side) []*side { return []*side{a, b} }

// Bookmarks come to those who asked for them and nobody else, hold nothing but a version,
// and no version goes back, nor does an event have one that a bookmark has had.
func TestBookmarksAreInStepWithEvents(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	for _, s := range both(pairs(t)) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.bookmarks(ctx, t)
		})
	}
}

// bookmarks watches with and without them, while others write and while its own objects
// are written.
func (s *side) bookmarks(ctx context.Context, t *testing.T) {
	t.Helper()
	s.all(ctx, t, []write{create("z", nil)})
	for _, allowed := range []bool{false, true} {
		for name, during := range map[string][]write{
			"others":  {createIn(elsewhere, fmt.Sprint("a-", allowed)), createIn(elsewhere, fmt.Sprint("b-", allowed))},
			"its own": {create(fmt.Sprint("a-", allowed), nil), createIn(elsewhere, fmt.Sprint("c-", allowed))},
		} {
			body, _ := s.open(ctx, t, situation{watch: fmt.Sprintf("resourceVersion={rv0}&allowWatchBookmarks=%v", allowed)}, 5)
			s.all(ctx, t, during)
			last := s.versions[len(s.versions)-1]
			frames := s.frames(t, body)
			body.Close()
			if n := inStep(t, frames, last); (n > 0) != allowed {
				t.Errorf("%s, %s, allowed %v: %d bookmarks: %v", s.name, name, allowed, n, frames)
			}
		}
	}
}

// inStep checks the versions of a watch and returns how many bookmarks there were.
func inStep(t *testing.T, frames []map[string]any, least int64) (bookmarks int) {
	t.Helper()
	seen := int64(0)
	for _, frame := range frames {
		object := frame["object"].(map[string]any)
		meta := object["metadata"].(map[string]any)
		version, err := strconv.ParseInt(fmt.Sprint(meta["resourceVersion"]), 10, 64)
		isBookmark := frame["type"] == "BOOKMARK"
		if err != nil || version < seen || version == seen && !isBookmark {
			t.Errorf("%v after %d", frame, seen)
		}
		seen = version
		if !isBookmark {
			continue
		}
		bookmarks++
		if version < least || object["data"] != nil || meta["name"] != nil {
			raw, _ := json.Marshal(frame)
			t.Errorf("the bookmark %s, when %d has been written", raw, least)
		}
	}
	return bookmarks
}
