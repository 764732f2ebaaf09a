package apitest_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector/apitest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"pgregory.net/rapid"
)

// state is what the model knows of the objects: key to size and label.
type state map[string]content

type content struct {
	version string
	size    int
	app     string
}

// model follows a server: states[v] is the state at version v.
type model struct {
	t      *testing.T
	s      *apitest.Server
	c      apitest.Collection[*widget]
	states []state // by version; states[0] is not used
	oldest int     // the oldest version that can be asked for
}

func (m *model) now() state { return m.states[len(m.states)-1] }

// wrote enters the state that a write has led to, at the server's version.
func (m *model) wrote(t *rapid.T, change func(state)) {
	next := maps.Clone(m.now())
	change(next)
	m.states = append(m.states, next)
	if got := m.s.ResourceVersion(); got != strconv.Itoa(len(m.states)-1) {
		t.Fatalf("version %s, want %d", got, len(m.states)-1)
	}
}

func (m *model) write(t *rapid.T) {
	namespace := rapid.SampledFrom([]string{"a", "a-b", "b"}).Draw(t, "namespace")
	name := rapid.SampledFrom([]string{"x", "x-y", "y", "z"}).Draw(t, "name")
	size := rapid.IntRange(0, 2).Draw(t, "size")
	app := rapid.SampledFrom([]string{"", "web", "db"}).Draw(t, "app")
	key := namespace + "/" + name
	before, exists := m.now()[key]
	set := func(w *widget) *widget {
		w.Spec.Size, w.Labels = size, nil
		if app != "" {
			w.Labels = map[string]string{"app": app}
		}
		return w
	}
	switch {
	case !exists:
		w, err := m.c.Create(set(newWidget(namespace, name, size)))
		if err != nil {
			t.Fatal(err)
		}
		m.wrote(t, func(s state) { s[key] = content{w.ResourceVersion, size, app} })
	case rapid.Bool().Draw(t, "delete"):
		if _, err := m.c.Delete(namespace, name); err != nil {
			t.Fatal(err)
		}
		m.wrote(t, func(s state) { delete(s, key) })
	default:
		w, err := m.c.Modify(namespace, name, set)
		if err != nil {
			t.Fatal(err)
		}
		if before.size == size && before.app == app {
			if w.ResourceVersion != before.version {
				t.Fatalf("writing the same moved %s to %s", before.version, w.ResourceVersion)
			}
			return
		}
		m.wrote(t, func(s state) { s[key] = content{w.ResourceVersion, size, app} })
	}
}

func (m *model) writeElsewhere(t *rapid.T) {
	other := apitest.Of[*widget](m.s, gadgets)
	if _, err := other.Create(newWidget("", fmt.Sprint("g", len(m.states)), 0)); err != nil {
		t.Fatal(err)
	}
	m.wrote(t, func(state) {})
}

func (m *model) compact(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
		return
	}
	m.s.Compact()
	m.oldest = len(m.states) - 1
}

// selection is a random path and selector, and what they select.
func (m *model) selection(t *rapid.T) (path string, query url.Values, wants func(key string, c content) bool) {
	namespace := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "in")
	app := rapid.SampledFrom([]string{"", "web"}).Draw(t, "of")
	query = url.Values{}
	if app != "" {
		query.Set("labelSelector", "app="+app)
	}
	return widgets.Path(namespace, ""), query, func(key string, c content) bool {
		return (namespace == "" || key[:len(namespace)+1] == namespace+"/") && (app == "" || app == c.app)
	}
}

func selected(s state, wants func(string, content) bool) state {
	found := state{}
	for key, c := range s {
		if wants(key, c) {
			found[key] = c
		}
	}
	return found
}

// A3: a watch from any version leads from the state at it to the present one.
func (m *model) watch(t *rapid.T) {
	path, query, wants := m.selection(t)
	from := rapid.IntRange(1, len(m.states)-1).Draw(t, "from")
	query.Set("watch", "true")
	query.Set("resourceVersion", strconv.Itoa(from))
	w := watch(m.t, m.s, path+"?"+query.Encode())
	m.s.Cut(apitest.Match{}, apitest.Cleanly)
	have := selected(m.states[from], wants)
	last := from
	for {
		e, err := w.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == "ERROR" {
			if from >= m.oldest || e.Object.Code != http.StatusGone {
				t.Fatalf("from %d (oldest %d): %s", from, m.oldest, e.short())
			}
			return
		}
		last = m.apply(t, have, e, last)
	}
	if from < m.oldest {
		t.Fatalf("from %d, which is compacted away: no error", from)
	}
	if diff := cmp.Diff(selected(m.now(), wants), have, cmp.AllowUnexported(content{})); diff != "" {
		t.Fatalf("from %d: %s", from, diff)
	}
}

// apply changes have as an event says, which must fit.
func (m *model) apply(t *rapid.T, have state, e event, last int) int {
	o := e.Object
	key := o.Namespace + "/" + o.Name
	_, exists := have[key]
	if exists != (e.Type != "ADDED") {
		t.Fatalf("%s %s, known: %v", e.Type, key, exists)
	}
	version, err := strconv.Atoi(o.ResourceVersion)
	if err != nil || version <= last {
		t.Fatalf("%s after version %d", e.short(), last)
	}
	if e.Type == "DELETED" {
		delete(have, key)
	} else {
		have[key] = content{o.ResourceVersion, o.Spec.Size, o.Labels["app"]}
	}
	return version
}

// A2: the pages of a list at any version, with writes between them, are the
// state at that version, in order.
func (m *model) list(t *rapid.T) {
	path, query, wants := m.selection(t)
	at := rapid.IntRange(1, len(m.states)-1).Draw(t, "at")
	query.Set("resourceVersion", strconv.Itoa(at))
	query.Set("resourceVersionMatch", "Exact")
	query.Set("limit", strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "limit")))
	have := state{}
	keys := []string{}
	for {
		a := get(m.t, m.s, path+"?"+query.Encode())
		if at < m.oldest {
			if a.code != http.StatusGone {
				t.Fatalf("at %d, which is compacted away: %d", at, a.code)
			}
			return
		}
		page := decode[widgetList](m.t, a)
		if a.code != http.StatusOK || page.ResourceVersion != strconv.Itoa(at) {
			t.Fatalf("at %d: %d %s", at, a.code, a.body)
		}
		for _, w := range page.Items {
			key := w.Namespace + "/" + w.Name
			keys = append(keys, key)
			have[key] = content{w.ResourceVersion, w.Spec.Size, w.Labels["app"]}
		}
		if page.Continue == "" {
			break
		}
		query = url.Values{"continue": {page.Continue}, "limit": query["limit"], "labelSelector": query["labelSelector"]}
		m.write(t)
	}
	if diff := cmp.Diff(selected(m.states[at], wants), have, cmp.AllowUnexported(content{})); diff != "" || !slices.IsSorted(keys) || len(keys) != len(have) {
		t.Fatalf("at %d: %q %s", at, keys, diff)
	}
}

// A1, A2, A3: random writes, lists at all versions and watches from all
// versions agree with a model that keeps every state.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets, gadgets}})
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		m := &model{t: t, s: s, c: apitest.Of[*widget](s, widgets), states: []state{nil, {}}, oldest: 1}
		r.Repeat(map[string]func(*rapid.T){
			"write":     m.write,
			"write 2":   m.write,
			"elsewhere": m.writeElsewhere,
			"compact":   m.compact,
			"watch":     m.watch,
			"list":      m.list,
		})
	})
}

// A1: errors of the direct interface are those of the API.
func TestCollectionErrors(t *testing.T) {
	s := start(t, apitest.Options{})
	c := apitest.Of[*widget](s, widgets)
	w := must[*widget](t)(c.Create(newWidget("shop", "a", 1)))
	if _, err := c.Create(newWidget("shop", "a", 1)); !apierrors.IsAlreadyExists(err) {
		t.Error(err)
	}
	if _, err := c.Get("shop", "z"); !apierrors.IsNotFound(err) {
		t.Error(err)
	}
	w.Spec.Size = 2
	must[*widget](t)(c.Update(w))
	if _, err := c.Update(w); !apierrors.IsConflict(err) {
		t.Error(err)
	}
	if _, err := c.DeleteLife("shop", "a", "old"); !apierrors.IsConflict(err) {
		t.Error(err)
	}
	if _, err := c.DeleteLife("shop", "a", w.UID); err != nil || c.Len() != 0 {
		t.Errorf("%v, %d left", err, c.Len())
	}
}
