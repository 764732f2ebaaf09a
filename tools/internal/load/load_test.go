package load

import "testing"

func TestPublicPackages(t *testing.T) {
	for path, want := range map[string]bool{
		"indexer": true, "indexer/stores": true, "clientgo/cache": true, "reflector/apitest": true,
		"internal/heap": false, "workqueue/internal/broken": false, "bench/report": false, "docs/naive/queue": false, "examples/quickstart": false,
	} {
		if got := (&Package{Path: Base + "/" + path, Name: "any"}).Public(); got != want {
			t.Errorf("%s: public is %v", path, got)
		}
	}
	if (&Package{Path: Base + "/cmd", Name: "main"}).Public() {
		t.Error("a program counts as public")
	}
}
