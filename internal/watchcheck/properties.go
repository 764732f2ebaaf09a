package watchcheck

import (
	"fmt"

	"k8s.io/apimachinery/pkg/watch"
)

// course is a watch from the version on after which all that the server did is due.
type course struct {
	judge
	era        *era
	name       string
	from       uint64
	current    bool
	deliveries []Delivery
	found      []Violation
}

func (c *course) fault(p Property, format string, args ...any) {
	c.found = append(c.found, Violation{p, c.name, fmt.Sprintf(format, args...)})
}

// watch judges a watch.
func (j judge) watch(e *era, w *Watch) []Violation {
	c := &course{judge: j, era: e, name: w.Name, from: w.From, current: w.Current, deliveries: j.judged(w.Deliveries)}
	if w.Initial && !c.opening() {
		return c.found
	}
	c.from = max(c.from, e.version)
	c.ordered()
	c.unique()
	c.atomic()
	c.filtered()
	due := c.due()
	c.resumable(due)
	c.reliable(due)
	c.bookmarkable(due)
	return c.found
}

// judged leaves out what is excused.
func (j judge) judged(all []Delivery) []Delivery {
	if len(j.excused) == 0 {
		return all
	}
	var kept []Delivery
	for _, d := range all {
		if d.Type == watch.Bookmark || !j.excused[d.Object.Key] {
			kept = append(kept, d)
		}
	}
	return kept
}

// opening judges the collection that a watch opens with, and reports whether that
// came to its end. What follows is left in c.
func (c *course) opening() bool {
	got, refused, unknown := map[string]State{}, map[string]bool{}, 0
	for i, d := range c.deliveries {
		last, known := got[d.Object.Key]
		switch {
		case d.Type == watch.Bookmark && d.Complete:
			for _, what := range c.compare(c.era, d.Version, got, refused, unknown) {
				c.fault(Atomic, "the collection that it opens with: %s", what)
			}
			c.from, c.deliveries = d.Version, c.deliveries[i+1:]
			return true
		case d.Type == watch.Bookmark:
		case d.Type == watch.Error:
			if refused[d.Object.Key] = true; d.Object.Key == "" {
				unknown++
			}
		case known && d.Version == last.Version:
			c.fault(Unique, "%s comes twice", d)
		case known && d.Version < last.Version:
			c.fault(Ordered, "%s comes after that at %d", d, last.Version)
		case d.Type == watch.Deleted:
			delete(got, d.Object.Key)
		default:
			if !c.selector.shows(&d.Object) {
				c.fault(Filtered, "%s comes, which the selector hides", d)
			}
			got[d.Object.Key] = d.Object
		}
	}
	return false
}

// ordered: versions do not fall.
func (c *course) ordered() {
	var last Delivery
	for _, d := range c.deliveries {
		if !d.isEvent() {
			continue
		}
		if d.Version < last.Version {
			c.fault(Ordered, "%s comes after %s", d, last)
		}
		last = d
	}
}

// unique: no change comes twice.
func (c *course) unique() {
	seen := map[place]bool{}
	for _, d := range c.deliveries {
		if !d.isEvent() {
			continue
		}
		if seen[placeOf(d)] {
			c.fault(Unique, "%s comes twice", d)
		}
		seen[placeOf(d)] = true
	}
}

// place is a write.
type place struct {
	version uint64
	key     string
}

func placeOf(d Delivery) place { return place{d.Version, d.Object.Key} }

// atomic: a change comes as it was made, and together with the others of its
// version.
func (c *course) atomic() {
	left := map[uint64]bool{} // versions that something else followed
	var last uint64
	for _, d := range c.deliveries {
		if !d.isEvent() || d.Version <= c.from {
			continue
		}
		if d.Version != last {
			left[last] = true
		}
		if left[d.Version] && d.Version != last && c.era.count(d.Version) > 1 {
			c.fault(Atomic, "%s comes apart from the others of its version", d)
		}
		last = d.Version
		made, ok := c.era.find(d.Version, d.Object.Key)
		if !ok {
			c.fault(Atomic, "%s comes, which nobody wrote", d)
			continue
		}
		whole, object := made.shown(nil)
		if d.Type == watch.Deleted {
			object = *orNone(made.before)
		}
		if object.Digest != d.Object.Digest {
			c.fault(Atomic, "the object of %s is not what was written", d)
		}
		if shown, _ := made.shown(c.selector); d.Type != shown && d.Type != whole {
			c.fault(Atomic, "%s comes for what was %s", d, whole)
		}
	}
}

func orNone(s *State) *State {
	if s == nil {
		return &State{}
	}
	return s
}

// filtered: nothing comes that the selector hides, and what enters or leaves the
// selection comes as that.
func (c *course) filtered() {
	for _, d := range c.deliveries {
		if !d.isEvent() || d.Version <= c.from {
			continue
		}
		made, ok := c.era.find(d.Version, d.Object.Key)
		if !ok {
			continue
		}
		whole, _ := made.shown(nil)
		switch shown, _ := made.shown(c.selector); {
		case shown == "":
			c.fault(Filtered, "%s comes, which the selector hides", d)
		case shown != d.Type && d.Type == whole:
			c.fault(Filtered, "%s comes, which the selector shows as %s", d, shown)
		}
	}
}

// need is a change that is due: when it came, -1 for never.
type need struct {
	place
	at int
}

// due are the changes that the watch has to bring, in order. A refusal without
// a version makes up for the first that is missing.
func (c *course) due() (all []need) {
	came, versions, unknown := map[place]int{}, map[uint64]int{}, []int(nil)
	for i, d := range c.deliveries {
		switch {
		case d.isEvent():
			if _, ok := came[placeOf(d)]; !ok {
				came[placeOf(d)] = i
			}
		case d.Type == watch.Error && d.Version > 0:
			versions[d.Version] = i
		case d.Type == watch.Error:
			unknown = append(unknown, i)
		}
	}
	for _, made := range c.era.after(c.from) {
		if kind, _ := made.shown(c.selector); kind == "" || c.excused[made.key] {
			continue
		}
		n := need{place{made.version, made.key}, -1}
		if at, ok := came[n.place]; ok {
			n.at = at
		} else if at, ok := versions[n.version]; ok {
			n.at = at
		} else if len(unknown) > 0 {
			n.at, unknown = unknown[0], unknown[1:]
		}
		all = append(all, n)
	}
	if c.excused[""] {
		return nil // it is not known what need not have come
	}
	return all
}

// lastDue is the index of the last change that came, -1 if none did.
func lastDue(due []need) int {
	for i := len(due) - 1; i >= 0; i-- {
		if due[i].at >= 0 {
			return i
		}
	}
	return -1
}

// resumable: it begins with the first change after its version, and nothing before
// it.
func (c *course) resumable(due []need) {
	for _, d := range c.deliveries {
		if d.isEvent() && d.Version <= c.from {
			c.fault(Resumable, "%s comes in a watch from %d", d, c.from)
		}
	}
	if last := lastDue(due); last >= 0 && due[0].at < 0 {
		c.fault(Resumable, "from %d it does not begin with %s at %d", c.from, due[0].key, due[0].version)
	}
}

// reliable: between the first and the last change that came none is missing, nor is
// one at the end where all is due.
func (c *course) reliable(due []need) {
	first, last := 0, lastDue(due)
	for first < last && due[first].at < 0 {
		first++
	}
	for i, n := range due {
		if n.at >= 0 || i < first {
			continue
		}
		if i < last {
			c.fault(Reliable, "%s at %d is left out, %s at %d came", n.key, n.version, due[last].key, due[last].version)
		} else if c.current {
			c.fault(Reliable, "%s at %d did not come", n.key, n.version)
		}
	}
}

// bookmarkable: all up to a bookmark has come before it.
func (c *course) bookmarkable(due []need) {
	last := c.from
	for i, d := range c.deliveries {
		if d.isEvent() {
			last = max(last, d.Version)
		}
		if d.Type != watch.Bookmark {
			continue
		}
		if d.Version < last {
			c.fault(Bookmarkable, "a bookmark of %d comes after %d", d.Version, last)
		}
		for _, n := range due {
			if n.version <= d.Version && (n.at < 0 || n.at > i) {
				c.fault(Bookmarkable, "a bookmark of %d comes before %s at %d", d.Version, n.key, n.version)
				break
			}
		}
	}
}
