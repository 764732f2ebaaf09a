package pipeline

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/e2e/realserver"
)

// server is for the tests that leave it as they found it. They keep apart by
// namespace and run at the same time.
var server realserver.Shared

func TestMain(m *testing.M) {
	// The tests wait more than they work, one of them for half a minute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}
