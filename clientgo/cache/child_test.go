package cache_test

import (
	"os"
	"os/exec"
	"testing"
)

const childVariable = "INFORMANT_TEST_CHILD"

// inChild reports whether this process was started by child.
func inChild() bool { return os.Getenv(childVariable) != "" }

// child runs a test in a process with more variables in its environment.
func child(t *testing.T, test string, variables ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+test+"$")
	cmd.Env = append(append(os.Environ(), childVariable+"=1"), variables...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
