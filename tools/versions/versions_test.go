package main

import (
	"strings"
	"testing"
)

func TestATallyInWords(t *testing.T) {
	for name, c := range map[string]struct{ events, want string }{
		"passed": {`{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A/b"}
{"Action":"pass","Package":"p"}`, "2 passed, 0 failed, 0 skipped"},
		"failed": {`{"Action":"pass","Package":"p","Test":"A"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"skip","Package":"p","Test":"C"}
{"Action":"fail","Package":"p"}`, "1 passed, 1 failed, 1 skipped; failed: `B`; skipped: `C`"},
		"a leak": {`{"Action":"pass","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}`, "1 passed, 0 failed, 0 skipped; failed outside of a test: `p`"},
		"not compiled": {`{"ImportPath":"p","Action":"build-output","Output":"# p\n"}
{"ImportPath":"p","Action":"build-output","Output":"./a.go:7:2: undefined: b\n"}
{"ImportPath":"p [p.test]","Action":"build-output","Output":"./a.go:7:2: undefined: b\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"pass","Package":"q","Test":"A"}
{"Action":"fail","Package":"p"}`, "does not compile: 1 errors, the first `./a.go:7:2: undefined: b`"},
	} {
		tally, err := readTally(strings.NewReader(c.events))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tally.outcome(); got != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestATallyOfNothingIsAnError(t *testing.T) {
	tally, err := readTally(strings.NewReader(`{"Action":"fail","Package":"p"}`))
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := tally.outcome(); err == nil || !strings.Contains(err.Error(), "`p`") {
		t.Errorf("%q, %v", outcome, err)
	}
	if _, err := readTally(strings.NewReader("FAIL\n")); err == nil {
		t.Error("what is no event is no error")
	}
}

func TestManyNamesAreCut(t *testing.T) {
	if got, want := some([]string{"a", "b", "c", "d", "e", "f", "g"}), "`a`, `b`, `c`, `d`, `e` and 2 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

const page = `before
<!-- rows: client-go -->
| client-go | outcome |
|---|---|
| v0.37.2 | old |
| v0.35.0 | kept |
<!-- end of rows: client-go -->
after
`

func TestARowTakesThePlaceOfItsVersion(t *testing.T) {
	got, err := withRow(page, "client-go", row{"v0.37.2", []string{"new"}})
	if want := strings.Replace(page, "old", "new", 1); got != want || err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = withRow(page, "client-go", row{"v0.36.10", []string{"more"}})
	if want := strings.Replace(page, "| v0.35.0", "| v0.36.10 | more |\n| v0.35.0", 1); got != want || err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	empty := strings.NewReplacer("| v0.37.2 | old |\n", "", "| v0.35.0 | kept |\n", "").Replace(page)
	got, err = withRow(empty, "client-go", row{"v0.36.6", []string{"first"}})
	if want := strings.Replace(empty, "|---|---|\n", "|---|---|\n| v0.36.6 | first |\n", 1); got != want || err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := withRow(page, "servers", row{"v1.34.4", nil}); err == nil {
		t.Error("a table that is not there is no error")
	}
}
