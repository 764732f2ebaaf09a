package debug

import (
	"fmt"
	"strings"
	"time"

	"github.com/informant-go/informant/informer"
)

// instant is a time, and how long ago that was.
type instant struct {
	time.Time
	ago time.Duration
}

// Exact is the time to the second.
func (i instant) Exact() string { return i.Format("2006-01-02 15:04:05 MST") }

// Machine is the time for the attribute datetime.
func (i instant) Machine() string { return i.Format("2006-01-02T15:04:05.000Z07:00") }

// Span is how long ago that was.
func (i instant) Span() string { return span(i.ago) }

// Recent reports whether that was less than a second ago.
func (i instant) Recent() bool { return i.ago < time.Second }

// span is a duration as people say it: two units at most.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", max(1, d/time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%d.%d", d/time.Second, d%time.Second/(time.Second/10)), ".0") + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return twoUnits(d, time.Minute, "m", time.Second, "s")
	case d < day:
		return twoUnits(d, time.Hour, "h", time.Minute, "m")
	}
	return twoUnits(d, day, "d", time.Hour, "h")
}

func twoUnits(d, large time.Duration, l string, small time.Duration, s string) string {
	text := fmt.Sprint(int64(d/large), l)
	if rest := int64(d % large / small); rest > 0 {
		text += fmt.Sprint(" ", rest, s)
	}
	return text
}

// size is a number of bytes as people say it.
func size(n uint64) string {
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	if n < 1<<10 {
		return fmt.Sprint(n, " B")
	}
	of, unit := float64(n)/(1<<10), 0
	for of >= 1023.5 && unit < len(units)-1 {
		of, unit = of/(1<<10), unit+1
	}
	if of < 9.95 {
		return fmt.Sprintf("%.1f %s", of, units[unit])
	}
	return fmt.Sprintf("%.0f %s", of, units[unit])
}

// latencyText sums a Latency up: "half ≤ 1ms, 99% ≤ 10ms, mean 2ms". It is "" when
// nothing was counted.
func latencyText(l informer.Latency) string {
	n := l.Events()
	if n == 0 {
		return ""
	}
	mean := l.Sum / time.Duration(n)
	return fmt.Sprintf("half %s, 99%% %s, mean %s", within(l, n-n/2), within(l, n-n/100), span(mean))
}

// within is the bound of the bucket that has the event of this number, of all in
// the order of how long they waited.
func within(l informer.Latency, number uint64) string {
	bounds := informer.LatencyBounds()
	var sum uint64
	for i, bound := range bounds {
		if sum += l.Buckets[i]; sum >= number {
			return "≤\u00a0" + span(bound) // with a blank that ends no line
		}
	}
	return ">\u00a0" + span(bounds[len(bounds)-1])
}

// bucketsText lists the buckets of a Latency that have events, and how many.
func bucketsText(l informer.Latency) string {
	bounds := informer.LatencyBounds()
	var parts []string
	for i, n := range l.Buckets {
		bound := "> " + span(bounds[len(bounds)-1])
		if i < len(bounds) {
			bound = "≤ " + span(bounds[i])
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", bound, n))
		}
	}
	return strings.Join(parts, ", ")
}
