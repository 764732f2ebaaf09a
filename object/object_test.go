package object

import (
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

type thing = metav1.PartialObjectMetadata

func newThing(namespace, name, version string) *thing {
	return &thing{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, ResourceVersion: version,
		UID: types.UID("uid-" + name), Labels: map[string]string{"name": name},
	}}
}

func TestKeysAreNamespaceSlashName(t *testing.T) {
	for _, c := range []struct{ namespace, name, want string }{
		{"shop", "web", "shop/web"},
		{"", "node-1", "node-1"},
		{"shop", "", "shop/"},
		{"", "", ""},
		{"a", "b/c", "a/b/c"},
	} {
		obj := newThing(c.namespace, c.name, "1")
		for name, access := range map[string]Access[*thing]{"Meta": Meta[*thing](), "Dynamic": Dynamic[*thing]()} {
			got, err := access.Key(obj)
			if err != nil || got != c.want {
				t.Errorf("%s.Key(%q, %q) = %q, %v; want %q", name, c.namespace, c.name, got, err, c.want)
			}
			if n := access.Name(obj); n != NewName(c.namespace, c.name) {
				t.Errorf("%s.Name = %+v", name, n)
			}
		}
	}
}

func TestAnObjectWithoutAKeyIsAKeyError(t *testing.T) {
	var typedNil *thing
	_, metaErr := Meta[*thing]().Key(typedNil)
	_, nilErr := Dynamic[any]().Key(nil)
	_, intErr := Dynamic[any]().Key(7)
	_, typedNilErr := Dynamic[any]().Key(typedNil)
	for name, err := range map[string]error{
		"typed nil": metaErr, "nil": nilErr, "no object": intErr, "typed nil in any": typedNilErr,
	} {
		var keyErr *KeyError
		if !errors.As(err, &keyErr) || !errors.Is(err, ErrNotAnObject) {
			t.Errorf("%s: %v is not a KeyError of ErrNotAnObject", name, err)
			continue
		}
		if !strings.Contains(err.Error(), "no key for a") {
			t.Errorf("%s: %q does not say what happened", name, err)
		}
	}
}

func TestDynamicReadsWhatMetaReads(t *testing.T) {
	obj := newThing("shop", "web", "12")
	m, d := Meta[*thing](), Dynamic[any]()
	if m.Version(obj) != d.Version(obj) || m.Version(obj) != "12" {
		t.Errorf("versions %q, %q", m.Version(obj), d.Version(obj))
	}
	if m.UID(obj) != d.UID(obj) || m.UID(obj) != "uid-web" {
		t.Errorf("uids %q, %q", m.UID(obj), d.UID(obj))
	}
	if m.Labels(obj)["name"] != "web" || d.Labels(obj)["name"] != "web" {
		t.Errorf("labels %v, %v", m.Labels(obj), d.Labels(obj))
	}
	if d.Version(1) != "" || d.UID(1) != "" || d.Labels(1) != nil || d.Name(1) != (Name{}) {
		t.Error("Dynamic knows something of a number")
	}
}

func TestExplicitKeysAndTombstonesCarryTheirKey(t *testing.T) {
	access := Dynamic[any]()
	for _, obj := range []any{
		ExplicitKey("shop/web"),
		DeletedFinalStateUnknown[any]{Key: "shop/web"},
		DeletedFinalStateUnknown[*thing]{Key: "shop/web", Obj: newThing("not", "this", "1")},
	} {
		if key, err := access.Key(obj); key != "shop/web" || err != nil {
			t.Errorf("Key(%T) = %q, %v", obj, key, err)
		}
	}
}

func TestKeyedFillsInWhatIsMissing(t *testing.T) {
	access := Keyed(func(s string) (string, error) {
		if s == "" {
			return "", errors.New("empty")
		}
		return s, nil
	}, Fields[string]{})
	if err := access.Check(); err != nil {
		t.Fatal(err)
	}
	if n := access.Name("a/b"); n != NewName("a", "b") {
		t.Errorf("Name from the key: %+v", n)
	}
	if n := access.Name(""); n != (Name{}) {
		t.Errorf("Name where there is no key: %+v", n)
	}
	if access.Version("a") != "" || access.UID("a") != "" || access.Labels("a") != nil || access.NameIsKey() {
		t.Error("what is not known is not empty")
	}
}

func TestAnAccessCannotBeIncomplete(t *testing.T) {
	if err := (Access[int]{}).Check(); !errors.Is(err, ErrNoAccess) {
		t.Errorf("the zero Access: %v", err)
	}
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "use Meta") {
			t.Errorf("no key function: %q", text)
		}
	}()
	Keyed(nil, Fields[int]{})
}

// Another key function takes the promise back that keys are names.
func TestWithKeyChangesTheKeyAlone(t *testing.T) {
	meta := Meta[*thing]()
	access := meta.WithKey(func(o *thing) (string, error) { return "uid-of-" + o.Name, nil })
	web := newThing("shop", "web", "7")
	if key, err := access.Key(web); key != "uid-of-web" || err != nil {
		t.Errorf("Key is %q, %v", key, err)
	}
	if access.Name(web) != NewName("shop", "web") || access.Version(web) != "7" {
		t.Errorf("Name is %v, Version %q", access.Name(web), access.Version(web))
	}
	if access.NameIsKey() || !meta.NameIsKey() {
		t.Error("the promise of Meta went along, or was lost")
	}
}

func TestNamesAndKeysAreInverse(t *testing.T) {
	part := rapid.StringMatching(`[a-z0-9.\-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		want := NewName(part.Draw(t, "namespace"), part.Draw(t, "name"))
		got, err := ParseName(want.String())
		if err != nil || got != want {
			t.Fatalf("ParseName(%q) = %+v, %v; want %+v", want.String(), got, err, want)
		}
		if CutKey(want.String()) != want {
			t.Fatalf("CutKey(%q) = %+v", want.String(), CutKey(want.String()))
		}
		if FromNamespacedName(want.NamespacedName()) != want {
			t.Fatalf("NamespacedName loses %+v", want)
		}
	})
}

func FuzzSplitKey(f *testing.F) {
	for _, s := range []string{"", "/", "a", "a/b", "a/b/c", "//", "a/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		namespace, name, err := SplitKey(key)
		if (strings.Count(key, "/") > 1) != (err != nil) {
			t.Fatalf("SplitKey(%q): %v", key, err)
		}
		if err == nil && strings.Contains(key, "/") && namespace+"/"+name != key {
			t.Fatalf("SplitKey(%q) = %q, %q", key, namespace, name)
		}
		if cut := CutKey(key); err == nil && cut != NewName(namespace, name) {
			t.Fatalf("CutKey(%q) = %+v", key, cut)
		}
	})
}

func TestADeletedObjectAlwaysHasAName(t *testing.T) {
	for key, want := range map[string]Name{
		"shop/web": {"shop", "web"}, "node": {"", "node"}, "a/b/c": {"a", "b/c"},
	} {
		d := Deleted[*thing]{Key: key}
		if d.ObjectName() != want || d.GetName() != want.Name || d.GetNamespace() != want.Namespace {
			t.Errorf("%q: %+v", key, d.ObjectName())
		}
	}
}

func TestVersionsAreOrderedOrRefused(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		want  int
		fails bool
	}{
		{"1", "2", -1, false}, {"10", "9", 1, false}, {"7", "7", 0, false},
		{"18446744073709551616", "18446744073709551615", 1, false},
		{"0", "1", 0, true}, {"", "1", 0, true}, {"01", "1", 0, true}, {"x", "1", 0, true}, {"-1", "1", 0, true},
	} {
		got, err := CompareVersions(c.a, c.b)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("CompareVersions(%q, %q) = %d, %v", c.a, c.b, got, err)
		}
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{{"2", "1", true}, {"1", "2", false}, {"1", "1", false}, {"1", "", true}, {"1", "x", true}, {"", "1", false}, {"x", "", false}} {
		if got := NewerVersion(c.a, c.b); got != c.want {
			t.Errorf("NewerVersion(%q, %q) = %v", c.a, c.b, got)
		}
	}
}
