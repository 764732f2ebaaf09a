package reflector

import "time"

// The least time from one log line about a change to the next (R5). It doubles
// with each line that comes before calm has passed since the one before.
const (
	logGap    = time.Minute
	maxLogGap = 10 * time.Minute
	calm      = 2 * maxLogGap
)

// logPace says when the next line may be logged. The zero value allows one.
type logPace struct {
	last, next time.Time
	gap        time.Duration
}

func (p *logPace) due(now time.Time) bool { return !now.Before(p.next) }

// line notes a line.
func (p *logPace) line(now time.Time) {
	if p.gap = min(2*p.gap, maxLogGap); p.gap == 0 || now.Sub(p.last) >= calm {
		p.gap = logGap
	}
	p.last, p.next = now, now.Add(p.gap)
}
