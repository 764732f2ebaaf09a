package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/informant-go/informant/reflector"
)

const (
	// apart is the time between the first two lists of a reason that speaks
	// of a single event; each further one is twice as far, up to rarest.
	apart  = 10 * time.Minute
	rarest = 24 * time.Hour
)

// limited are the reasons that speak of a single event, with what they answer
// (R1b).
var limited = map[reflector.RelistReason]clue{
	reflector.RelistUndecodable: sawBadEvent,
	reflector.RelistNotStored:   sawRefusedObject,
	reflector.RelistBackwards:   sawLower,
}

// spending is what a reason has spent of its budget.
type spending struct {
	run  int
	last time.Time
	gap  time.Duration // must pass before the next one
}

// spend goes through lists and says what each limited reason has spent, and
// which lists came too soon after one of the same reason (R1b). Lists that
// showed a lower version, and another run, start anew.
func spend(relists []relist, lower []time.Time) (spent map[reflector.RelistReason]spending, wrong []string) {
	spent = make(map[reflector.RelistReason]spending)
	for _, each := range relists {
		if limited[each.why] == "" {
			continue
		}
		before, known := spent[each.why]
		now := spending{each.run, each.seen, apart}
		if known && before.run == each.run && !between(lower, before.last, each.at) {
			if gap := each.at.Sub(before.last); gap < before.gap {
				wrong = append(wrong, fmt.Sprintf("R1b: two full lists because of %q within %v, due were %v", each.why, gap, before.gap))
			}
			now.gap = min(2*before.gap, rarest)
		}
		spent[each.why] = now
	}
	return spent, wrong
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
	_, found := spend(s.relists, s.lower)
	for _, wrong := range found {
		w.book.fault("reflector", "%s", wrong)
	}
}

// owed are the reasons for which the reflector may still put off a list that an
// event calls for, with the longest time that it may.
func (s *source) owed() (owed []reflector.RelistReason, most time.Duration) {
	for why, due := range s.due() {
		owed = append(owed, why)
		most = max(most, time.Until(due))
	}
	return owed, most
}

// due is when the lists may be made that events call for, by their reasons.
func (s *source) due() map[reflector.RelistReason]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	spent, _ := spend(s.relists, s.lower)
	seen := s.seenSince(s.since)
	due := make(map[reflector.RelistReason]time.Time)
	for why, of := range spent {
		if slices.Contains(seen, limited[why]) {
			due[why] = of.last.Add(of.gap)
		}
	}
	return due
}
