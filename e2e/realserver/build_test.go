package realserver

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestTheModuleOfTheServer(t *testing.T) {
	own, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"":                                  own,
		"kubernetes134":                     filepath.Join(own, "kubernetes134"),
		filepath.Join(own, "kubernetes134"): filepath.Join(own, "kubernetes134"),
	} {
		t.Setenv(ModuleVariable, value)
		if got, err := moduleFolder(); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", value, got, err, want)
		}
	}
}

// A folder without a module is not taken for the module around it.
func TestAFolderWithoutAModuleIsRefused(t *testing.T) {
	for _, value := range []string{"realserver", t.TempDir()} {
		t.Setenv(ModuleVariable, value)
		if _, err := moduleFolder(); err == nil || !strings.Contains(err.Error(), ModuleVariable) {
			t.Errorf("%q: the error is %v", value, err)
		}
	}
}

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		has, atLeast string
		older        bool
	}{
		{"v1.34.4", "v1.36.0", true},
		{"v1.36.0", "v1.36.0", false},
		{"v1.37.1", "v1.9.0", false},
	} {
		if older, err := isOlder(c.has, c.atLeast); older != c.older || err != nil {
			t.Errorf("%s and %s: %v, %v", c.has, c.atLeast, older, err)
		}
	}
	if _, err := isOlder("v1.37.1", "soon"); err == nil {
		t.Error("a version that is none is no error")
	}
}
