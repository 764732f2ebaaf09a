package differential

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/e2e/realserver"
)

var realServer realserver.Shared

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(realserver.StopAfter(m, &realServer))
}
