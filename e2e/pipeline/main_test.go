package pipeline

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/informant-go/informant/e2e/realserver"
)

// server is for the tests that leave it as they found it. They keep apart by
// namespace and run at the same time.
var server realserver.Shared

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(realserver.StopAfter(m, &server))
}
