package sim

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// journal is what happened in a simulation, in order: steps of the script,
// requests with their answers, what the sink was told, what was reported. Any
// goroutine may write it. The text is made only when somebody reads it.
type journal struct {
	mu    sync.Mutex
	start time.Time
	lines []line
}

// line is something that happened.
type line struct {
	at     time.Duration
	who    string
	format string
	args   []any // values that nobody changes
}

func newJournal() *journal { return &journal{start: time.Now()} }

// note writes a line.
func (j *journal) note(who, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line{time.Since(j.start), who, format, args})
}

// String has a line for all that one party did at one moment.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var b strings.Builder
	for i, l := range j.lines {
		text := fmt.Sprintf(l.format, l.args...)
		if i > 0 && l.who == j.lines[i-1].who && l.at == j.lines[i-1].at {
			fmt.Fprintf(&b, "; %s", text)
			continue
		}
		fmt.Fprintf(&b, "\n%14s %-9s %s", l.at.Round(time.Millisecond), l.who, text)
	}
	return b.String()
}
