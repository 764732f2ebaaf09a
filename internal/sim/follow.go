package sim

import (
	"testing/synctest"
	"time"
)

// Follow is how old the store may be while lists are answered although no
// watch works: the longest pause between two lists, with its random part, and
// some minutes for lists that are slow.
const Follow = 15 * time.Minute

// checkFollows waits until the store has what the server has, while f keeps
// watches from working (R1a). A watch that is open and silent is found out at
// its timeout.
func (w *world) checkFollows(f fault) {
	bound := Follow
	if f.hangs() {
		bound += w.script.setup.most + time.Minute
	}
	version, since := w.server.ResourceVersion(), time.Now()
	for began := time.Now(); time.Since(began) < 4*bound; {
		<-time.After(glance)
		synctest.Wait() // until nothing more happens at this moment
		w.remind()
		behind := w.disagreement()
		if behind == "" {
			return
		}
		if now := w.server.ResourceVersion(); now != version {
			version, since = now, time.Now()
		}
		if time.Since(since) > bound {
			w.book.fault("reflector", "R1a: lists are answered, and for %v the store is behind the server, during %v: %s", bound, f, behind)
			return
		}
	}
}

// hangs reports whether requests that f strikes are neither answered nor refused.
func (f fault) hangs() bool { return f.name == "no answer" || f.name == "silence" }

// checkFresh reports a store that is behind in a quiet time: what the transform
// refuses delays nothing else (R1b).
func (w *world) checkFresh() {
	synctest.Wait() // until nothing more happens at this moment
	if w.script.setup.unversioned {
		return // what happened between two watches shows in the next list
	}
	if behind := w.disagreement(); behind != "" {
		w.book.fault("reflector", "R1b: %v after a change in a quiet time the store is behind: %s", calmly, behind)
	}
}
