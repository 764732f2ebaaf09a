package main

import "testing"

func TestDifferenceNamesTheLinesOfOneSide(t *testing.T) {
	have := map[string]string{"a.txt": "one\ntwo\n", "gone.txt": "three\n"}
	want := map[string]string{"a.txt": "one\ntwo!\n"}
	if got := difference(have, want); got != "- three\n- two\n+ two!\n" {
		t.Errorf("got %q", got)
	}
	if got := difference(want, want); got != "" {
		t.Errorf("files that agree differ by %q", got)
	}
}
