package cache_test

import (
	"os"
	"os/exec"
	"testing"
)

const childVariable = "INFORMANT_TEST_CHILD"

// inChild tells whether this process was started by child.
func inChild() bool { return os.Getenv(childVariable) != "" }

// child runs TestChangingAnObjectOfTheCache in a process with one more
// variable in its environment.
func child(t *testing.T, variable string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestChangingAnObjectOfTheCache$")
	cmd.Env = append(os.Environ(), childVariable+"=1", variable)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
