package bench

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// TestMain is also that of the server, which is this program in a process of its own.
func TestMain(m *testing.M) {
	if what := os.Getenv(servedVariable); what != "" {
		if err := serve(what, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "server of the benchmarks:", err)
			os.Exit(1)
		}
		return
	}
	// The other one spaces errors by the real clock, and so sleeps for decades in a
	// bubble of testing/synctest.
	utilruntime.ErrorHandlers = utilruntime.ErrorHandlers[:1]
	goleak.VerifyTestMain(m)
}
