package sim

import (
	"fmt"
	"time"
)

const (
	// longest is the longest pause between two requests, and what may come on
	// top at random (R6).
	longest = 10*time.Minute + time.Minute

	// window is the time in which no more than most lists and watches are
	// asked for, and one more for each thing that a watch has brought (R3).
	window = 10 * time.Minute
	most   = 80

	// atOnce is how many requests may come at one moment: the pages of a list
	// and some tries. Whoever asks more often does not let time pass.
	atOnce = 150
)

// span is a time in which the reflector could not ask.
type span struct{ from, to time.Time }

// checkPace reports loops that have no pause, and pauses that have no bound (R3,
// R6).
func (w *world) checkPace() {
	s := w.source
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wrong := range append(hurried(s.requests), idled(s.requests, w.absent)...) {
		w.book.fault("reflector", "%s", wrong)
	}
}

// hurried reports windows with more requests than there is reason for.
func hurried(requests []*request) (wrong []string) {
	first, asked, allowed := 0, 0, most
	for _, r := range requests {
		if r.kind == askPage {
			continue
		}
		asked++
		allowed += r.news + r.marks
		for ; r.at.Sub(requests[first].at) > window; first++ {
			if old := requests[first]; old.kind != askPage {
				asked--
				allowed -= old.news + old.marks
			}
		}
		if asked > allowed {
			return []string{fmt.Sprintf("R3: %d lists and watches within %v, the last one %s", asked, window, r)}
		}
	}
	return nil
}

// idled reports times, longer than any pause, in which nothing was open or asked
// for.
func idled(requests []*request, absent []span) (wrong []string) {
	var busy time.Time
	for _, r := range requests {
		if gap := r.at.Sub(busy); !busy.IsZero() && gap > longest && !overlaps(absent, busy, r.at) {
			wrong = append(wrong, fmt.Sprintf("R6: for %v nothing was asked, before %s", gap, r))
		}
		if r.ended.IsZero() {
			return wrong
		}
		if r.ended.After(busy) {
			busy = r.ended
		}
	}
	return wrong
}

func overlaps(spans []span, from, to time.Time) bool {
	for _, s := range spans {
		if s.from.Before(to) && s.to.After(from) {
			return true
		}
	}
	return false
}
