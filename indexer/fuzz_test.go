package indexer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FuzzNamespacesOfListers: whatever namespace and name an object has, each
// lister finds it where it is and nowhere else, with and without an index (S3).
func FuzzNamespacesOfListers(f *testing.F) {
	for _, s := range []string{"", "/", "a", "a/b", "//", "\x00", "ns/"} {
		f.Add(s, "name", "other")
		f.Add("ns", s, "ns")
		f.Add("ns", "name", s)
	}
	f.Fuzz(func(t *testing.T, namespace, name, asked string) {
		here := machineIn(namespace, name)
		for what, indexers := range map[string]indexer.Indexers[*Machine]{
			"with an index":    {indexer.NamespaceIndex: indexer.MetaNamespaceIndexFunc[*Machine]},
			"without an index": nil,
		} {
			store := must(indexer.New(indexer.Options[*Machine]{Indexers: indexers}))
			if err := store.Add(here); err != nil {
				t.Fatal(err)
			}
			lister := must(indexer.NewLister(store, machines))
			found, err := lister.ByNamespace(asked).List(nil)
			if want := asked == "" || asked == namespace; err != nil || slices.Contains(found, here) != want {
				t.Fatalf("%s: %q of %q lists %v (%v)", what, name, namespace, found, err)
			}
			in := 0
			for key := range store.Namespace(asked) {
				if in++; key != object.NewName(namespace, name).String() {
					t.Fatalf("%s: Namespace(%q) yields %q", what, asked, key)
				}
			}
			if (in == 1) != (asked == namespace) {
				t.Fatalf("%s: Namespace(%q) yields %d objects, there is one in %q", what, asked, in, namespace)
			}
			if got, err := lister.ByNamespace(namespace).Get(name); got != here || err != nil {
				t.Fatalf("%s: Get(%q) in %q: %v, %v", what, name, namespace, got, err)
			}
			got, err := lister.ByNamespace(asked).Get(name)
			if same := object.NewName(asked, name).String() == object.NewName(namespace, name).String(); same != (got == here) || same == apierrors.IsNotFound(err) {
				t.Fatalf("%s: Get(%q) in %q: %v, %v, it is in %q", what, name, asked, got, err, namespace)
			}
		}
	})
}

func machineIn(namespace, name string) *Machine {
	return &Machine{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// FuzzIndexFuncToKeyFunc: one value is the key, whatever it is, and any other
// number of them an error that says how many.
func FuzzIndexFuncToKeyFunc(f *testing.F) {
	for _, s := range []string{"", "a", "a,b", ",", "!", "a/b"} {
		f.Add(s)
	}
	refused := errors.New("refused")
	key := indexer.IndexFuncToKeyFunc(func(s string) ([]string, error) {
		switch {
		case s == "!":
			return []string{"left over"}, refused
		case s == "":
			return nil, nil
		}
		return strings.Split(s, ","), nil
	})
	f.Fuzz(func(t *testing.T, s string) {
		got, err := key(s)
		switch {
		case s == "!":
			if !errors.Is(err, refused) || got != "" {
				t.Fatalf("%q, %v", got, err)
			}
		case s == "" || strings.Contains(s, ","):
			if err == nil || got != "" {
				t.Fatalf("the key of %q is %q", s, got)
			}
		case got != s || err != nil:
			t.Fatalf("the key of %q is %q, %v", s, got, err)
		}
	})
}

// FuzzIndexValues: whatever an index function gives, the index lists the object
// under exactly that (S3), and a later state moves it.
func FuzzIndexValues(f *testing.F) {
	for _, s := range []string{"", ",", "a", "a,a", "a,b", "\x00,\xff", "a,,b"} {
		f.Add(s, "b")
		f.Add("a,c", s)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		store := must(indexer.New(indexer.Options[*Machine]{Indexers: indexer.Indexers[*Machine]{
			"rack": func(m *Machine) ([]string, error) { return strings.Split(m.Rack, ","), nil },
		}}))
		for version, rack := range []string{first, second} {
			m := machine("m", string(rune('1'+version)), rack)
			if err := store.Update(m); err != nil {
				t.Fatal(err)
			}
			want := strings.Split(rack, ",")
			for _, value := range append(want, strings.Split(first, ",")...) {
				keys, err := store.IndexKeys("rack", value)
				if err != nil || (len(keys) == 1) != slices.Contains(want, value) || len(keys) > 1 {
					t.Fatalf("rack %q lists %q (%v), the machine is in %q", value, keys, err, want)
				}
			}
			slices.Sort(want)
			values := slices.Sorted(slices.Values(store.ListIndexFuncValues("rack")))
			if want = slices.Compact(want); !slices.Equal(values, want) {
				t.Fatalf("the index has %q, want %q", values, want)
			}
		}
	})
}
