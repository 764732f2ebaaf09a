package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tooLoaded is the share of the processors that other programs may use before a
// figure is no result.
const tooLoaded = 0.05

// loadedMark stands in a record whose figures were made on a loaded machine.
const loadedMark = "THE MACHINE WAS LOADED"

// load counts what other programs use of the machine while benchmarks run.
type load struct {
	// busy is the time for which the processors have not been idle so far.
	// It reports whether that is known.
	busy func() (total time.Duration, known bool)
	cpus int

	wall, others time.Duration
	unknown      bool
}

// during counts what others use while run runs. run returns what it used itself.
func (l *load) during(run func() (used time.Duration, err error)) error {
	before, known := l.busy()
	start := time.Now()
	used, err := run()
	took := time.Since(start)
	after, _ := l.busy()
	if err != nil || !known {
		l.unknown = l.unknown || !known
		return err
	}
	l.wall += took
	l.others += max(0, after-before-used)
	return nil
}

// share is what others have used of all processors.
func (l *load) share() float64 {
	if l.unknown || l.wall == 0 {
		return 0
	}
	return float64(l.others) / float64(l.wall) / float64(l.cpus)
}

func (l *load) loaded() bool { return l.share() > tooLoaded }

func (l *load) String() string {
	switch {
	case l.unknown:
		return "what they used of the processors is not known on this system"
	case l.loaded():
		return fmt.Sprintf("they used %.0f%% of the processors: %s, these are no results", 100*l.share(), loadedMark)
	}
	return fmt.Sprintf("they used %.0f%% of the processors", 100*l.share())
}

// quiet waits for a while and returns an error if others used the machine.
func (l *load) quiet(ctx context.Context, wait time.Duration) error {
	err := l.during(func() (time.Duration, error) {
		select {
		case <-time.After(wait):
			return 0, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	if err == nil && l.loaded() {
		err = fmt.Errorf("other programs use %.0f%% of the processors: end them or wait for them, or measure with -loaded, which marks the figures",
			100*l.share())
	}
	return err
}

// tick is the unit of /proc/stat, the same on every Linux.
const tick = 10 * time.Millisecond

// busyTime is what Linux says of the processors. Other systems are not asked.
func busyTime() (time.Duration, bool) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	return parseStat(string(stat))
}

// parseStat adds up all times of the line of all processors but idle and
// waiting for input and output, which are the fourth and fifth, and those of
// guests, which are counted twice and come last.
func parseStat(stat string) (busy time.Duration, ok bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, false
	}
	for i, field := range fields[1:9] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			busy += time.Duration(ticks) * tick
		}
	}
	return busy, true
}
