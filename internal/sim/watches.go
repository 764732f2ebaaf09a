package sim

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/informant-go/informant/internal/watchcheck"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// checkWatches holds what passed on the wire, and what the sinks were given, against
// all that the server did: ordered, unique, atomic, reliable, resumable and
// bookmarkable (package watchcheck). Where a source tells crooked things, which are
// bent behind the wire, or the reflector may not compare versions, nothing is asked of
// sinks; a frame that the server sent twice may spoil one watch or list each time.
func (w *world) checkWatches() {
	w.wire.Settled()
	did := w.did()
	twice := w.duplicates()
	w.seen = w.wire.Check(did)
	w.blame(w.seen, "wire", twice)
	if w.source.crooked.struck(kinks...) || w.script.setup.unversioned || w.script.setup.unordered {
		return
	}
	sessions := w.wire.CheckSessions(did)
	w.blame(sessions, "sink", twice)
	w.seen.Add(sessions)
}

// blame notes what was found, unless it can come from frames that were sent twice.
func (w *world) blame(r watchcheck.Report, who string, twice int) {
	if r.Broken <= twice {
		return
	}
	for _, v := range r.Violations {
		w.book.fault(who, "watches: %v", v)
	}
}

// duplicates returns how many answers have had a frame twice, at most.
func (w *world) duplicates() (n int) {
	for _, f := range w.faults {
		if strings.HasPrefix(f.fault.name, "duplicate") {
			n += f.Hits()
		}
	}
	return n
}

// did is all that the server did.
func (w *world) did() *watchcheck.Server {
	s := &watchcheck.Server{}
	eras, err := w.trace.Eras()
	w.expect(err)
	for _, e := range eras {
		var begins []watchcheck.State
		for _, j := range e.Objects {
			begins = append(begins, w.wire.StateOf(j))
		}
		version, err := strconv.ParseUint(e.Version, 10, 64)
		w.expect(err)
		s.Begin(version, begins)
		for _, c := range e.Changes {
			state := w.wire.StateOf(c.Object)
			if c.Type == watch.Deleted {
				s.Deleted(state.Key, state.Version)
			} else {
				s.Wrote(state)
			}
		}
	}
	return s
}

// digest tells jobs apart. It is much cheaper than their JSON.
func digest(obj metav1.Object) uint64 {
	j := obj.(*Job)
	h := fnv.New64a()
	fmt.Fprint(h, j.UID, j.Generation, j.Spec.Size, j.Spec.Nodes, j.Status.Observed, len(j.Annotations))
	for _, key := range slices.Sorted(maps.Keys(j.Labels)) {
		fmt.Fprint(h, key, j.Labels[key])
	}
	return h.Sum64()
}
