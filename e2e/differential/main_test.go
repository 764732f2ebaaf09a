package differential

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/e2e/realserver"
)

var realServer realserver.Shared

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "32") // tests that wait for the end of a watch, all the time
	goleak.VerifyTestMain(realserver.StopAfter(m, &realServer))
}
