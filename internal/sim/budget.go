package sim

import (
	"fmt"
	"time"

	"github.com/informant-go/informant/reflector"
)

const (
	// apart is the time between the first two lists of a reason that speaks
	// of a single event; each further one is twice as far, up to rarest.
	apart  = 10 * time.Minute
	rarest = 24 * time.Hour
)

// limited are the reasons that speak of a single event (R1b).
var limited = []reflector.RelistReason{
	reflector.RelistUndecodable, reflector.RelistNotStored, reflector.RelistBackwards,
}

// spending is what a reason has spent of its budget.
type spending struct {
	run  int
	last time.Time
	gap  time.Duration // due before the next one
}

// overspent tells of lists that came too soon after one of the same reason
// (R1b). Lists that showed a lower version, and another run, start anew.
func overspent(relists []relist, lower []time.Time) (wrong []string) {
	spent := make(map[reflector.RelistReason]spending)
	for _, each := range relists {
		if !isLimited(each.why) {
			continue
		}
		before, known := spent[each.why]
		now := spending{each.run, each.at, apart}
		if known && before.run == each.run && !between(lower, before.last, each.at) {
			if gap := each.at.Sub(before.last); gap < before.gap {
				wrong = append(wrong, fmt.Sprintf("R1b: two full lists because of %q within %v, due were %v", each.why, gap, before.gap))
			}
			now.gap = min(2*before.gap, rarest)
		}
		spent[each.why] = now
	}
	return wrong
}

func isLimited(why reflector.RelistReason) bool {
	for _, each := range limited {
		if each == why {
			return true
		}
	}
	return false
}

func between(moments []time.Time, from, to time.Time) bool {
	for _, m := range moments {
		if !m.Before(from) && !m.After(to) {
			return true
		}
	}
	return false
}

// checkBudget holds the lists against R1b.
func (w *world) checkBudget() {
	s := w.source
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wrong := range overspent(s.relists, s.lower) {
		w.book.fault("reflector", "%s", wrong)
	}
}
