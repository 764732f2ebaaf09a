//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of the processors so far. It reports
// whether that is known.
func processorTime() (used time.Duration, known bool) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
