package object

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

func unstructuredOf(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Skip(err)
	}
	return u
}

const gadget = `{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":%q,"labels":{"app":"shop","tier":"a long name of a tier"},
"managedFields":[{"manager":"the-controller","fieldsV1":{"f:spec":{"f:size":{}}}}]},
"spec":{"parts":[{"name":"wheel","size":4},{"name":"axle","ratio":0.5,"free":true,"next":null}],"empty":{},"none":[]},"status":{"own":%[1]q}}`

func TestPartsOfUnstructuredAreShared(t *testing.T) {
	s := newSharer[*unstructured.Unstructured](t, SharerOptions{})
	a, b := share(t, s, unstructuredOf(t, fmt.Sprintf(gadget, "a"))), share(t, s, unstructuredOf(t, fmt.Sprintf(gadget, "b")))
	field := func(u *unstructured.Unstructured, path ...string) any {
		v, ok, err := unstructured.NestedFieldNoCopy(u.Object, path...)
		if !ok || err != nil {
			t.Fatal(path, ok, err)
		}
		return v
	}
	for _, path := range [][]string{{"spec"}, {"spec", "parts"}, {"metadata", "labels"}, {"metadata", "managedFields"}} {
		if at(field(a, path...)) != at(field(b, path...)) || !s.Shared(field(a, path...)) {
			t.Errorf("%s: two objects have two", path)
		}
	}
	if at(field(a, "metadata")) == at(field(b, "metadata")) || s.Shared(field(a, "status")) {
		t.Error("what differs is one")
	}
	for name, u := range map[string]*unstructured.Unstructured{"a": a, "b": b} {
		if want := unstructuredOf(t, fmt.Sprintf(gadget, name)); !reflect.DeepEqual(u, want) {
			t.Errorf("%s is %v\nwant %v", name, u, want)
		}
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	if !emptied(s) {
		t.Errorf("%d parts are left of no object", s.Len())
	}
}

// Values that only a program makes are left alone, with what has them.
func TestWhatIsNoJSONIsLeftAlone(t *testing.T) {
	s := newSharer[*unstructured.Unstructured](t, SharerOptions{})
	build := func() *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"odd": map[string]any{"n": 7, "list": []any{[]string{"a"}}}, "nil": map[string]any(nil), "none": []any(nil)}}
	}
	a, b := share(t, s, build()), share(t, s, build())
	if at(a.Object["odd"]) == at(b.Object["odd"]) || !reflect.DeepEqual(a, build()) || !reflect.DeepEqual(b, build()) {
		t.Errorf("%v, %v", a, b)
	}
	empty := share(t, s, &unstructured.Unstructured{})
	if empty.Object != nil || share[*unstructured.Unstructured](t, s, nil) != nil {
		t.Error("nothing became something")
	}
}

// Names that are an object's own do not make the table of sites grow without end.
func TestSitesAreBounded(t *testing.T) {
	s := newSharer[*unstructured.Unstructured](t, SharerOptions{})
	for i := range 2 * maxSites {
		share(t, s, &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{fmt.Sprint(i): []any{[]any{"a"}}}}})
	}
	if m, e := len(s.walk.json.members), len(s.walk.json.elements); m > maxSites || e > maxSites {
		t.Errorf("%d and %d sites", m, e)
	}
}

// FuzzShareUnstructured: whatever is decoded, and whatever came before, an object is
// what it was, and equal to the one that came with the same bytes.
func FuzzShareUnstructured(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(gadget, "a")), []byte(fmt.Sprintf(gadget, "b")))
	f.Add([]byte(`{"a":[],"b":{},"c":[[],{}],"d":null}`), []byte(`{"a":{},"b":[],"c":[{},[]],"d":false}`))
	f.Add([]byte(`{"a":[0,-0.0,1e300,"0",true]}`), []byte(`{"a":[0.0,0,1e300,"0",1]}`))
	f.Add([]byte(`{"a":{"b":"c"},"x":{"b":"c"}}`), []byte(`{"a":{"c":"b"}}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		for _, options := range []SharerOptions{{}, {StringsOnly: true}} {
			s := newSharer[*unstructured.Unstructured](t, options)
			var held []*unstructured.Unstructured
			for range 2 {
				for _, text := range [][]byte{first, second} {
					got, want := unstructuredOf(t, string(text)), unstructuredOf(t, string(text))
					held = append(held, share(t, s, got))
					if !reflect.DeepEqual(got, want) {
						t.Fatalf("%s became %v", text, got.Object)
					}
				}
			}
			for i, u := range held {
				if want := unstructuredOf(t, string([][]byte{first, second}[i%2])); !reflect.DeepEqual(u, want) {
					t.Fatalf("%v was changed by the sharing of others", u.Object)
				}
			}
		}
	})
}
