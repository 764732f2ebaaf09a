package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
)

// checkLists compares the lists with the reasons for them (R2), and what the
// reflector counted with what the server saw.
func (w *world) checkLists() {
	stats := w.reflector.Stats()
	if most := uint64(w.runs) + stats.RelistCount(); stats.Synced > most {
		w.book.fault("reflector", "R2: %d full lists for %d runs and the reasons %v", stats.Synced, w.runs, stats.Relists)
	}
	if n := w.server.Count(apitest.VerbList, ""); uint64(n) > stats.Pages {
		w.book.fault("reflector", "the server saw %d lists, counted were %d pages", n, stats.Pages)
	}
	if n := w.server.Count(apitest.VerbWatch, ""); uint64(n) > stats.Watches {
		w.book.fault("reflector", "the server saw %d watches, counted were %d", n, stats.Watches)
	}
	if stats.Refused > 0 && !w.possible(sawBadEvent) && !w.possible(sawRefusedObject) {
		w.book.fault("reflector", "R4: %d objects were refused, all were good", stats.Refused)
	}
	for _, wrong := range w.source.unfounded() {
		w.book.fault("reflector", "R2: %s", wrong)
	}
	for _, c := range w.source.clues() {
		if !w.possible(c) {
			w.book.fault("reflector", "R2: the source told it of %q, which never happened", c)
		}
	}
}

// relist is a full list that the reflector has counted a reason for.
type relist struct {
	why   reflector.RelistReason
	at    time.Time // when it was asked for
	seen  time.Time // when its cause was seen last: it was decided on between the two
	run   int
	clues []clue // that were seen since the last list that the sink has taken had begun
}

// causes are the clues of which one has to come before a list of a reason.
var causes = map[reflector.RelistReason][]clue{
	reflector.RelistExpired:     {sawExpired},
	reflector.RelistTooLarge:    {sawTooLarge},
	reflector.RelistUndecodable: {sawBadEvent},
	reflector.RelistNotStored:   {sawRefusedObject},
	reflector.RelistBackwards:   {sawLower},
	reflector.RelistInternal:    {sawInternal},
	reflector.RelistRefused:     {sawRefusal},
	reflector.RelistShort:       {sawShort},
	reflector.RelistSilent:      {sawSilence},
	reflector.RelistUnwatched:   {sawNoWatch},
	reflector.RelistUnversioned: {sawNoVersion},
}

// unfounded reports the lists whose reason has no cause (R2).
func (s *source) unfounded() (wrong []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, each := range s.relists {
		known := func(c clue) bool { return slices.Contains(each.clues, c) }
		if !slices.ContainsFunc(causes[each.why], known) {
			wrong = append(wrong, "at "+each.at.Sub(s.journal.start).String()+" a full list because of "+string(each.why)+", for which there was no cause")
		}
	}
	return wrong
}

// full notes the reasons that the reflector has counted for the list that it
// begins; mu is held.
func (s *source) full() {
	now := s.stats().Relists
	if s.unwatched() {
		s.see(sawNoWatch)
	}
	for why, n := range now {
		for range n - s.counted[why] {
			s.relists = append(s.relists, relist{why, time.Now(), s.lastSeen(causes[why]), s.run, s.seenSince(s.since)})
		}
	}
	s.counted = now
}

// seenSince has the clues since t; mu is held.
func (s *source) seenSince(t time.Time) []clue {
	found := make(map[clue]bool)
	for _, e := range s.evidence {
		if !e.at.Before(t) {
			found[e.clue] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

// lastSeen is when one of the clues was seen last; mu is held.
func (s *source) lastSeen(clues []clue) time.Time {
	for _, e := range slices.Backward(s.evidence) {
		if slices.Contains(clues, e.clue) {
			return e.at
		}
	}
	return time.Time{}
}

// clues are all that were seen.
func (s *source) clues() []clue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seenSince(time.Time{})
}

// possible reports whether something happened that can lead to a clue.
func (w *world) possible(c clue) bool {
	bent, did := w.source.crooked.struck, w.script.performs
	switch c {
	case sawExpired:
		return w.struck("answer 410", "answer 200 with a Status 410") || w.script.setup.history > 0 ||
			did(opCompact, opExpire, opWithdraw, opReborn, opRestore) || bent(replays)
	case sawTooLarge:
		return did(opRestore)
	case sawBadEvent:
		return w.struck("malformed", "wrong kind", "answer 200 with a Status") || bent(garbled, unknownTypes, spoiled, foreign) || did(opBloat)
	case sawRefusedObject:
		return w.script.setup.stubborn >= 0 || did(opRefuse)
	case sawLower:
		return w.struck("list that is") || did(opRestore) || bent(oldDeletions, lowEvents, lowBookmarks, replays) ||
			bent(foreign) // a list that was dropped has shown a version that a watch comes to once more
	case sawInternal:
		return w.struck("answer 500", "web page", "answer 200 with a Status 500")
	case sawRefusal:
		return w.struck("answer 4", "web page", "answer 200 with a Status 4") || did(opWithdraw)
	case sawShort:
		return w.struck("") || did(opCut, opDown, opWithdraw, opReborn, opRestore, opFreeze) || w.cut
	case sawNoWatch:
		return w.struck("") || did(opCut, opDown, opWithdraw, opReborn, opRestore, opFreeze, opStall) || bent(endless)
	case sawNoVersion:
		return w.script.setup.unversioned
	}
	return c == sawSilence // a server where nothing happens is silent
}

// struck reports whether a fault of one of the names, by their beginnings, has
// hit a request.
func (w *world) struck(names ...string) bool {
	for _, f := range w.faults {
		for _, name := range names {
			if strings.HasPrefix(f.fault.name, name) && f.Hits() > 0 {
				return true
			}
		}
	}
	return false
}

// checkQuiet reports lists that were made between two readings, when there was no
// cause for any but what the transform refuses and what was owed.
func (w *world) checkQuiet(before, after reflector.Stats, owed []reflector.RelistReason) {
	if w.script.setup.stubborn >= 0 { // each time that the object is a new one
		owed = append(owed, reflector.RelistNotStored)
	}
	allowed := uint64(0)
	for why, n := range after.Relists {
		if slices.Contains(owed, why) { // within R1b's budget
			allowed += n - before.Relists[why]
		}
	}
	if after.Synced-before.Synced > allowed || after.RelistCount()-before.RelistCount() > allowed {
		lists := func(s reflector.Stats) [4]uint64 { return [4]uint64{s.Lists, s.Streamed, s.Pages, s.Synced} }
		w.book.fault("reflector", "R2: in half an hour without faults the counts of lists, streamed lists, pages and complete lists went from %v to %v, reasons from %v to %v",
			lists(before), lists(after), before.Relists, after.Relists)
	}
	if after.Restarts == before.Restarts {
		w.book.fault("reflector", "R2: no watch was resumed in half an hour")
	}
}
