package browser

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var screenshots = flag.String("browser.screenshots", "", "the folder for pictures of the page; none are kept without it")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
