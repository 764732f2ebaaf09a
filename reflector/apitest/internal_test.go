package apitest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

// A2: a table gives the state at each version that it still has, whichever
// snapshots it happens to have made before.
func TestTableStates(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tab := newTable(Resource{Version: "v1", Resource: "things", Kind: "Thing"})
		states := []map[string]uint64{{}}
		keep := rapid.IntRange(4, 40).Draw(r, "keep")
		r.Repeat(map[string]func(*rapid.T){
			"write": func(r *rapid.T) {
				rv := uint64(len(states))
				next := maps.Clone(states[rv-1])
				states = append(states, next)
				if rapid.IntRange(0, 3).Draw(r, "elsewhere") == 0 {
					return
				}
				key := fmt.Sprint(rapid.IntRange(0, 12).Draw(r, "key"))
				prev, rec := tab.records[key], &record{key: key, rv: rv, meta: &metav1.ObjectMeta{}}
				next[key] = rv
				if prev != nil && rapid.Bool().Draw(r, "delete") {
					rec = nil
					delete(next, key)
				}
				tab.append(rv, rec, prev, keep)
			},
			"compact": func(r *rapid.T) {
				tab.compact(rapid.Uint64Range(0, uint64(len(states)-1)).Draw(r, "version"))
			},
			"read": func(r *rapid.T) {
				rv := rapid.Uint64Range(tab.compacted, uint64(len(states)-1)).Draw(r, "version")
				items := tab.at(rv)
				got := map[string]uint64{}
				for _, rec := range items {
					got[rec.key] = rec.rv
				}
				sorted := slices.IsSortedFunc(items, func(a, b *record) int { return strings.Compare(a.key, b.key) })
				if !maps.Equal(got, states[rv]) || len(got) != len(items) || !sorted {
					r.Fatalf("at %d: %v, want %v", rv, got, states[rv])
				}
			},
			"": func(r *rapid.T) {
				if len(tab.log) > keep+keep/4 || len(tab.snapshots) > maxSnapshots {
					r.Fatalf("%d events, %d snapshots", len(tab.log), len(tab.snapshots))
				}
			},
		})
	})
}

// A6: the examples of RFC 7386, appendix A.
func TestMergePatch(t *testing.T) {
	for _, test := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		target, _ := decodeValue([]byte(test[0]))
		patch, _ := decodeValue([]byte(test[1]))
		want, _ := decodeValue([]byte(test[2]))
		if got := mergePatch(target, patch); !reflect.DeepEqual(got, want) {
			t.Errorf("%s with %s: %v", test[0], test[1], got)
		}
	}
}

// A5: no continue token makes the server fail, and those of its own come back
// as they were.
func FuzzToken(f *testing.F) {
	f.Add("e30", int64(7), "a/b\x00")
	f.Add("", int64(-1), "/a")
	f.Fuzz(func(t *testing.T, text string, version int64, start string) {
		if c, err := decodeToken(text); err == nil && (strings.HasPrefix(c.Start, "/") || strings.Contains(c.Start, "..") && path.Clean(c.Start) != c.Start || c.Version == 0) {
			t.Errorf("%q is taken for %+v", text, c)
		}
		made := continueToken{Version: version, Start: start}
		back, err := decodeToken(made.encode())
		if err == nil && utf8.ValidString(start) && (back.Version != version || back.Start != strings.TrimPrefix(start, "/")) {
			t.Errorf("%+v came back as %+v", made, back)
		}
	})
}

// A6: what is stored of any JSON is an object again, equal in all fields.
func FuzzDocument(f *testing.F) {
	f.Add(`{"kind":"A","metadata":{"name":"x","labels":{"a":"b"}},"spec":{"b":[1, 2.50]}}`)
	f.Add(`{"metadata":null,"":"","é":{"a":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDocument([]byte(text))
		if err != nil {
			return
		}
		tab := newTable(Resource{Version: "v1", Resource: "things", Kind: "Thing"})
		rec, err := d.record("x")
		if err != nil {
			return
		}
		again, err := tab.document(rec)
		if err != nil {
			t.Fatalf("%s: %v", tab.encode(nil, rec, rec.rv), err)
		}
		if !sameFields(d, again) || again.meta.ResourceVersion != "0" || again.meta.Name != d.meta.Name {
			t.Errorf("%q came back as %s", text, tab.encode(nil, rec, rec.rv))
		}
	})
}

// A5: no path makes the server fail, and those of a resource are understood.
func FuzzPath(f *testing.F) {
	f.Add("GET", "/api/v1/namespaces/a/pods/b/status", "watch=1")
	f.Add("PUT", "/apis/g/v/namespaces/a/status", "")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		u := &url.URL{Path: path, RawQuery: query}
		req, ok := parseRequest(&http.Request{Method: method, URL: u})
		if ok && (req.Resource.Version == "" && !strings.Contains(path, "//")) {
			t.Errorf("%q is %+v", path, req)
		}
	})
}

func TestPaths(t *testing.T) {
	for target, want := range map[string]Request{
		"GET /api/v1/pods":                            {Verb: VerbList},
		"GET /api/v1/pods?watch":                      {Verb: VerbWatch},
		"GET /api/v1/pods?watch=0":                    {Verb: VerbList},
		"GET /api/v1/pods?watch=False":                {Verb: VerbList},
		"GET /api/v1/namespaces/a/pods":               {Verb: VerbList, Namespace: "a"},
		"GET /api/v1/namespaces/a/pods/b":             {Verb: VerbGet, Namespace: "a", Name: "b"},
		"PUT /api/v1/namespaces/a/pods/b/status":      {Verb: VerbUpdate, Namespace: "a", Name: "b", Subresource: "status"},
		"POST /apis/apps/v1/namespaces/a/deployments": {Verb: VerbCreate, Namespace: "a"},
		"GET /api/v1/namespaces":                      {Verb: VerbList},
		"GET /api/v1/namespaces/a":                    {Verb: VerbGet, Name: "a"},
		"PATCH /api/v1/namespaces/a/status":           {Verb: VerbPatch, Name: "a", Subresource: "status"},
		"DELETE /api/v1/nodes/a":                      {Verb: VerbDelete, Name: "a"},
		"DELETE /api/v1/nodes":                        {Verb: VerbDeleteCollection},
		"PUT /api/v1/nodes":                           {},
		"HEAD /api/v1/nodes":                          {},
	} {
		method, path, _ := strings.Cut(target, " ")
		got, ok := parseRequest(httptest.NewRequest(method, path, nil))
		if !ok || got.Verb != want.Verb || got.Namespace != want.Namespace || got.Name != want.Name || got.Subresource != want.Subresource || got.Resource.Version != "v1" {
			t.Errorf("%s: %v %+v", target, ok, got)
		}
	}
}
