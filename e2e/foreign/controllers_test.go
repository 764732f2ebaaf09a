package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestALinkIsMadeOnceAndFollowsTheSources(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "below", "sources")
	for _, to := range []string{"a", "a", "b"} {
		if err := link(filepath.Join(dir, to), path); err != nil {
			t.Fatal(err)
		}
		if at, err := os.Readlink(path); err != nil || at != filepath.Join(dir, to) {
			t.Errorf("the link leads to %s, %v; want %s", at, err, to)
		}
	}
}
