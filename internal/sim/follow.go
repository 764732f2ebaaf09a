package sim

import (
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector"
)

const (
	// Follow is how old the store may be while lists are answered although no
	// watch works: the longest pause between two lists, with its random part, and
	// some minutes for lists that are slow.
	Follow = 15 * time.Minute

	// unlisted is for how long watches alone may be tried after a list that
	// failed too.
	unlisted = 10 * time.Minute
)

// checkFollows waits until the store has what the server has, while f keeps
// watches from working (R1a). A watch that is open and silent is found out at
// its timeout. What was refused and is good again is changed once, because it may
// be missing or old until then (R4).
func (w *world) checkFollows(f fault) {
	bound := Follow
	if f.hangs() {
		bound += w.script.setup.most + time.Minute
	}
	w.touchRefused(true)
	version, since := w.server.ResourceVersion(), w.source.unlistedUntil(time.Now())
	for began := time.Now(); time.Since(began) < 4*bound; {
		<-time.After(glance)
		synctest.Wait() // until nothing more happens at this moment
		w.remind()
		behind := w.differences()
		if len(behind) == 0 {
			return
		}
		if now := w.server.ResourceVersion(); now != version {
			version, since = now, latest(since, time.Now())
		}
		if time.Since(latest(since, w.putOffUntil(len(behind)))) > bound {
			w.book.fault("reflector", "R1a: lists are answered, and for %v the store is behind the server, during %v: %s", bound, f, strings.Join(behind, "; "))
			return
		}
	}
}

// putOffUntil is until when the list may be put off that shows n objects of which
// the store has no state or an old one: it is owed because of as many events that
// could not be decoded, and made at the end of a watch (R1b).
func (w *world) putOffUntil(n int) (until time.Time) {
	due, owed := w.source.due()[reflector.RelistUndecodable]
	if !owed || n > w.source.spoilt() {
		return time.Time{}
	}
	return due.Add(w.script.setup.most + time.Minute)
}

// unlistedUntil is until when watches alone may be tried, now if the last list was
// answered.
func (s *source) unlistedUntil(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Backward(s.requests) {
		switch {
		case r.isWatch() || r.ended.IsZero():
			continue
		case r.err != nil:
			return latest(now, r.ended.Add(unlisted))
		}
		return now
	}
	return now
}

// spoilt is how many events of the watches since the last complete list could
// not be decoded. Those of watches that ended at once do not count: such a watch
// has brought nothing.
func (s *source) spoilt() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if !r.at.Before(s.since) && (r.ended.IsZero() || r.open() > time.Second) {
			n += r.spoilt
		}
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
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
