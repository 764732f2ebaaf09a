package main

import (
	"strings"
	"testing"
)

func TestNoLineIsTooLongAndNothingIsLost(t *testing.T) {
	for _, text := range []string{
		"", "one", strings.Repeat("word ", 100), strings.Repeat("x", 1000), strings.Repeat("ü", 200),
		"see https://example.org/" + strings.Repeat("a/b?c&", 60) + " and " + strings.Repeat("y", columns-len("  error: ")) + " end",
	} {
		got := fill("  error: ", text)
		fits(t, got)
		squeezed := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeezed(got) != squeezed("error:"+text) {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestALongWordIsBrokenBehindASign(t *testing.T) {
	url := "http://127.0.0.1:1/" + strings.Repeat("z", 40) + "/" + strings.Repeat("z", 40)
	if got, want := fill("- ", "at "+url), "- at "+url[:60]+"\n  "+url[60:]+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
