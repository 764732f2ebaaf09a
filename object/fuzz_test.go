package object

import (
	"strings"
	"testing"
)

// keySeeds are keys of all shapes.
var keySeeds = []string{"", "/", "a", "a/b", "a/b/c", "//", "a/", "/b", "a//b", "\x00/\xff", "ns/\u00fc", " / "}

// FuzzParseName: what a key is parsed to makes that key again, unless it began
// with the slash of an empty namespace; and CutKey agrees wherever ParseName has
// an answer.
func FuzzParseName(f *testing.F) {
	for _, s := range keySeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		name, err := ParseName(key)
		if (strings.Count(key, "/") > 1) != (err != nil) {
			t.Fatalf("ParseName(%q): %v", key, err)
		}
		if err != nil {
			if name != (Name{}) || !strings.Contains(err.Error(), "slash") {
				t.Fatalf("ParseName(%q) = %+v, %v", key, name, err)
			}
			return
		}
		if got := name.String(); got != strings.TrimPrefix(key, "/") {
			t.Fatalf("%q is %+v, which is %q", key, name, got)
		}
		if cut := CutKey(key); cut != name {
			t.Fatalf("CutKey(%q) = %+v, ParseName %+v", key, cut, name)
		}
	})
}

// FuzzKeysOfObjects: the key of any object is its name's, by all ways to ask,
// and a tombstone of that key names what the key can tell.
func FuzzKeysOfObjects(f *testing.F) {
	for _, s := range keySeeds {
		f.Add(s, "name")
		f.Add("ns", s)
	}
	f.Fuzz(func(t *testing.T, namespace, name string) {
		obj := newThing(namespace, name, "1")
		want := NewName(namespace, name).String()
		for kind, access := range map[string]Access[*thing]{"Meta": Meta[*thing](), "Dynamic": Dynamic[*thing]()} {
			if key, err := access.Key(obj); key != want || err != nil {
				t.Fatalf("%s: key of %q in %q: %q, %v", kind, name, namespace, key, err)
			}
			if n := access.Name(obj); n != NewName(namespace, name) {
				t.Fatalf("%s: name of %q in %q: %+v", kind, name, namespace, n)
			}
		}
		gone := Deleted[*thing]{Key: want}
		switch {
		case strings.Contains(namespace, "/"), namespace == "" && strings.Contains(name, "/"):
			// the key cannot tell where the namespace ends
		case gone.ObjectName() != NewName(namespace, name):
			t.Fatalf("the tombstone of %q is %+v", want, gone.ObjectName())
		}
		if key, err := DynamicKey(DeletedFinalStateUnknown[any]{Key: want}); key != want || err != nil {
			t.Fatalf("the key of a tombstone: %q, %v", key, err)
		}
	})
}

// FuzzVersions: the order of versions is one, and what has no order is refused.
func FuzzVersions(f *testing.F) {
	for _, v := range []string{"", "0", "1", "01", "9", "10", "18446744073709551616", "-1", "x", "1.5", " 1"} {
		f.Add(v, "10")
		f.Add("9", v)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		ab, err := CompareVersions(a, b)
		ba, back := CompareVersions(b, a)
		if (err == nil) != (back == nil) || err == nil && ab != -ba {
			t.Fatalf("%q and %q: %d (%v), and back %d (%v)", a, b, ab, err, ba, back)
		}
		if err == nil && (ab == 0) != (a == b) {
			t.Fatalf("%q and %q compare as %d", a, b, ab)
		}
		if NewerVersion(a, b) && NewerVersion(b, a) {
			t.Fatalf("%q and %q are newer than one another", a, b)
		}
	})
}
