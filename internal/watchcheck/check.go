package watchcheck

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/watch"
)

// Property is one of what a watch promises; the documentation of the package says
// what each means.
type Property string

// The properties.
const (
	Ordered      Property = "ordered"
	Unique       Property = "unique"
	Atomic       Property = "atomic"
	Reliable     Property = "reliable"
	Resumable    Property = "resumable"
	Bookmarkable Property = "bookmarkable"
	Filtered     Property = "filtered"
)

// Violation is a property that does not hold.
type Violation struct {
	Property Property
	Where    string
	What     string
}

func (v Violation) String() string { return fmt.Sprintf("%s: not %s: %s", v.Where, v.Property, v.What) }

// Report is what Check found.
type Report struct {
	// Lists, Watches and Sessions are how many were judged, Events and Bookmarks
	// what the watches and sessions brought. Unjudged are watches without a version.
	Lists, Watches, Sessions, Events, Bookmarks, Unjudged int
	// Broken is in how many lists and watches something is wrong.
	Broken     int
	Violations []Violation
}

// Count returns how many violations there are of each property.
func (r *Report) Count() map[Property]int {
	n := map[Property]int{}
	for _, v := range r.Violations {
		n[v.Property]++
	}
	return n
}

// Add adds what another Check found.
func (r *Report) Add(other Report) {
	r.Lists += other.Lists
	r.Watches += other.Watches
	r.Sessions += other.Sessions
	r.Events += other.Events
	r.Bookmarks += other.Bookmarks
	r.Unjudged += other.Unjudged
	r.Broken += other.Broken
	r.Violations = append(r.Violations, other.Violations...)
}

func (r *Report) String() string {
	return fmt.Sprintf("%d lists, %d watches and %d sessions with %d events and %d bookmarks, %d watches without a version; violations: %v",
		r.Lists, r.Watches, r.Sessions, r.Events, r.Bookmarks, r.Unjudged, r.Count())
}

// Check holds what passed on the wire against what the server did.
func (l *Log) Check(s *Server) (r Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := judge{eras: s.past(), selector: l.selector}
	for _, list := range l.lists {
		r.Lists++
		found, _ := j.best(func(e *era) []Violation { return j.list(e, list) })
		r.note(found)
	}
	for _, w := range l.watches {
		r.watch(j, w)
	}
	return r
}

// CheckSessions holds what the sinks were given against what the server did.
func (l *Log) CheckSessions(s *Server) (r Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := judge{eras: s.past(), selector: l.selector, excused: l.refused}
	for _, session := range l.sessions {
		r.Sessions++
		var reached uint64
		earliest := 0 // the first era that what came so far can be of
		for _, seg := range session.segments {
			r.Lists++
			found, eras := j.best(func(e *era) []Violation { return j.list(e, seg.list) })
			if len(eras) == 0 {
				eras = []int{len(j.eras) - 1}
			}
			if seg.list.Version < reached && eras[len(eras)-1] <= earliest {
				found = append(found, Violation{Ordered, seg.list.Name, fmt.Sprintf("it is of %d, after the sink had come to %d", seg.list.Version, reached)})
			}
			r.note(found)
			r.watch(j, seg.watch)
			reached, earliest = max(seg.list.Version, highest(seg.watch)), eras[0]
		}
	}
	return r
}

func (r *Report) note(found []Violation) {
	if len(found) > 0 {
		r.Broken++
		r.Violations = append(r.Violations, found...)
	}
}

// watch judges w and counts it.
func (r *Report) watch(j judge, w *Watch) {
	for _, d := range w.Deliveries {
		switch {
		case d.isEvent():
			r.Events++
		case d.Type == watch.Bookmark:
			r.Bookmarks++
		}
	}
	if w.From == 0 && !w.Initial {
		r.Unjudged++
		return
	}
	r.Watches++
	found, _ := j.best(func(e *era) []Violation {
		if w.Current && e != j.eras[len(j.eras)-1] {
			return []Violation{{Reliable, w.Name, "nothing came of what the server did since it began anew"}}
		}
		return j.watch(e, w)
	})
	r.note(found)
}

// highest is the highest version that w brought.
func highest(w *Watch) (version uint64) {
	for _, d := range w.Deliveries {
		version = max(version, d.Version)
	}
	return version
}

// judge compares with the eras of a server.
type judge struct {
	eras     []*era
	selector Selector
	excused  map[string]bool // keys that are not judged, nil for none; with "" nothing is missed
}

// best returns what is wrong in the era in which the least is, and the eras in which
// nothing is.
func (j judge) best(in func(*era) []Violation) (least []Violation, sound []int) {
	for i, e := range j.eras {
		found := in(e)
		if len(found) == 0 {
			sound = append(sound, i)
		}
		if i == 0 || len(found) < len(least) {
			least = found
		}
	}
	return least, sound
}

// list judges a list.
func (j judge) list(e *era, l *List) (found []Violation) {
	fault := func(p Property, format string, args ...any) {
		found = append(found, Violation{p, l.Name, fmt.Sprintf(format, args...)})
	}
	if len(l.mixed) > 0 {
		fault(Atomic, "it is of %d, and pages of it are of %v", l.Version, l.mixed)
	}
	got, unknown := map[string]State{}, 0
	for _, s := range l.Items {
		if _, twice := got[s.Key]; twice {
			fault(Unique, "%s is in it twice", s.Key)
		}
		if !j.selector.shows(&s) {
			fault(Filtered, "%s is in it, which the selector hides", s.Key)
		}
		got[s.Key] = s
	}
	refused := map[string]bool{}
	for _, key := range l.Refused {
		if refused[key] = true; key == "" {
			unknown++
		}
	}
	for _, what := range j.compare(e, l.Version, got, refused, unknown) {
		fault(Atomic, "%s", what)
	}
	return found
}

// compare says in what got differs from the collection at a version.
func (j judge) compare(e *era, version uint64, got map[string]State, refused map[string]bool, unknown int) (different []string) {
	if version < e.version {
		return []string{fmt.Sprintf("it is of %d, when there was nothing before %d", version, e.version)}
	}
	want := e.at(version, j.selector)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		w := want[key]
		if refused[key] || j.excused[key] {
			continue
		}
		switch g, ok := got[key]; {
		case !ok && (unknown > 0 || j.excused[""]):
			unknown--
		case !ok:
			different = append(different, fmt.Sprintf("at %d there was %s at %d, which is not in it", version, key, w.Version))
		case g.Version != w.Version:
			different = append(different, fmt.Sprintf("at %d there was %s at %d, in it is that at %d", version, key, w.Version, g.Version))
		case g.Digest != w.Digest:
			different = append(different, fmt.Sprintf("%s at %d is not what was written", key, w.Version))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok && !j.excused[key] {
			different = append(different, fmt.Sprintf("%s is in it, and was not there at %d", key, version))
		}
	}
	return different
}
