package realserver

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/util/version"
)

// KubernetesVersion is the version of Kubernetes that servers are built of, such as
// v1.37.1. It starts none. The error says what is wrong with the module that the server
// is built in.
func KubernetesVersion() (string, error) { return kubernetesVersion() }

var kubernetesVersion = sync.OnceValues(func() (string, error) {
	module, err := moduleFolder()
	if err != nil {
		return "", err
	}
	const used = "{{if .Replace}}{{.Replace.Version}}{{else}}{{.Version}}{{end}}"
	out, err := goCommand(module, "list", "-m", "-f", used, "k8s.io/kubernetes").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m k8s.io/kubernetes: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
})

// Needs skips a test on servers that are older than a version of Kubernetes, such as
// "v1.36.0", and says what they do not have. It fails a test for a version that is none.
func Needs(t testing.TB, atLeast, what string) {
	t.Helper()
	has, err := KubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	older, err := isOlder(has, atLeast)
	if err != nil {
		t.Fatal(err)
	}
	if older {
		t.Skipf("the server is of Kubernetes %s, and has no %s: that came with %s", has, what, atLeast)
	}
}

func isOlder(has, atLeast string) (bool, error) {
	a, err := version.ParseSemantic(has)
	if err != nil {
		return false, fmt.Errorf("the version of the server: %w", err)
	}
	b, err := version.ParseSemantic(atLeast)
	if err != nil {
		return false, fmt.Errorf("the version that a test needs: %w", err)
	}
	return a.LessThan(b), nil
}
