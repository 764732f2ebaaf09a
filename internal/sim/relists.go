package sim

import (
	"maps"
	"strings"

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
	for why, n := range stats.Relists {
		if !w.plausible(why) {
			w.book.fault("reflector", "R2: %d lists because %q, for which there was no cause", n, why)
		}
	}
	if n := w.server.Count(apitest.VerbList, ""); uint64(n) > stats.Pages {
		w.book.fault("reflector", "the server saw %d lists, counted were %d pages", n, stats.Pages)
	}
	if n := w.server.Count(apitest.VerbWatch, ""); uint64(n) > stats.Watches {
		w.book.fault("reflector", "the server saw %d watches, counted were %d", n, stats.Watches)
	}
	if stats.Refused > 0 && !w.struck("malformed", "wrong kind") {
		w.book.fault("reflector", "R4: %d objects were refused, all were good", stats.Refused)
	}
}

// plausible tells whether something happened that can be the cause of a list.
func (w *world) plausible(why reflector.RelistReason) bool {
	switch why {
	case reflector.RelistExpired:
		return w.struck("answer 410") || w.script.setup.history > 0 || w.script.performs(opCompact, opExpire, opWithdraw)
	case reflector.RelistUndecodable:
		return w.struck("malformed", "wrong kind")
	case reflector.RelistBackwards:
		return w.struck("version backwards", "list that is")
	case reflector.RelistInternal:
		return w.struck("answer 500", "web page")
	case reflector.RelistRefused:
		return w.struck("answer 4", "web page") || w.script.performs(opWithdraw)
	case reflector.RelistShort:
		return w.struck("") || w.script.performs(opCut, opDown, opWithdraw)
	case reflector.RelistSilent:
		return true // an idle server looks like that, see reflector's doc.go
	}
	return false // too large, not stored: never here
}

// struck tells whether a fault of one of the names, by their beginnings, has
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

// checkQuiet finds fault with lists that were made between two readings, when
// there was no cause for any.
func (w *world) checkQuiet(before, after reflector.Stats) {
	lists := func(s reflector.Stats) [3]uint64 { return [3]uint64{s.Lists, s.Streamed, s.Pages} }
	if lists(before) != lists(after) || !maps.Equal(before.Relists, after.Relists) {
		w.book.fault("reflector", "R2: in half an hour without faults the counts of lists, streamed lists and pages went from %v to %v, reasons from %v to %v",
			lists(before), lists(after), before.Relists, after.Relists)
	}
	if after.Restarts == before.Restarts {
		w.book.fault("reflector", "R2: no watch was resumed in half an hour")
	}
}
