package sim

import (
	"testing"

	"go.uber.org/goleak"
)

// I9: no simulation leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
