package sim

import (
	"fmt"
	"sync"
)

// maxFaults is how many faults of one kind are written out for each witness.
const maxFaults = 5

// ledger collects what was found to be wrong. Any goroutine may write it.
type ledger struct {
	mu      sync.Mutex
	entries []string
	count   map[string]int
}

// fault notes something wrong, as seen by who.
func (l *ledger) fault(who, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == nil {
		l.count = make(map[string]int)
	}
	if l.count[who+format]++; l.count[who+format] <= maxFaults {
		l.entries = append(l.entries, who+": "+fmt.Sprintf(format, args...))
	}
}

// all returns what was noted.
func (l *ledger) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries
}
