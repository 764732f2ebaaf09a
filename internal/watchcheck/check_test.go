package watchcheck

import (
	"slices"
	"testing"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a at a version, with contents that differ from version to version.
func object(key string, version uint64, team string) State {
	return State{Key: key, Version: version, Digest: version * 31, Labels: map[string]string{"team": team}}
}

func ofRed(s State) bool { return s.Labels["team"] == "red" }

// past is a server on which a was made at 11, changed at 12 and 14 and deleted at
// 17, b was made at 13 and changed at 16, and version 15 wrote c and d. a is of
// another team between 12 and 14; b always is.
func past() *Server {
	s := &Server{}
	s.Begin(10, nil)
	s.Wrote(object("a", 11, "red"))
	s.Wrote(object("a", 12, "blue"))
	s.Wrote(object("b", 13, "blue"))
	s.Wrote(object("a", 14, "red"))
	s.Wrote(object("c", 15, "red"))
	s.Wrote(object("d", 15, "red"))
	s.Wrote(object("b", 16, "blue"))
	s.Deleted("a", 17)
	return s
}

func added(o State) Delivery    { return Delivery{Type: watch.Added, Version: o.Version, Object: o} }
func modified(o State) Delivery { return Delivery{Type: watch.Modified, Version: o.Version, Object: o} }
func mark(v uint64) Delivery    { return Delivery{Type: watch.Bookmark, Version: v} }
func complete(v uint64) Delivery {
	return Delivery{Type: watch.Bookmark, Version: v, Complete: true}
}
func deleted(o State, v uint64) Delivery {
	return Delivery{Type: watch.Deleted, Version: v, Object: o}
}
func refused(key string, v uint64) Delivery {
	return Delivery{Type: watch.Error, Version: v, Object: State{Key: key}}
}

// everything is what a watch from 10 brings.
func everything() []Delivery {
	return []Delivery{
		added(object("a", 11, "red")), modified(object("a", 12, "blue")), added(object("b", 13, "blue")),
		modified(object("a", 14, "red")), added(object("c", 15, "red")), added(object("d", 15, "red")),
		modified(object("b", 16, "blue")), deleted(object("a", 14, "red"), 17),
	}
}

// red is what one brings that selects the red team.
func red() []Delivery {
	return []Delivery{
		added(object("a", 11, "red")), deleted(object("a", 11, "red"), 12), added(object("a", 14, "red")),
		added(object("c", 15, "red")), added(object("d", 15, "red")), deleted(object("a", 14, "red"), 17),
	}
}

// judged is what is wrong with a watch.
func judged(sel Selector, w *Watch) Report {
	l := NewLog("test", sel, nil)
	l.watches = []*Watch{w}
	return l.Check(past())
}

// in is all with more put in at i.
func in(all []Delivery, i int, more ...Delivery) []Delivery { return slices.Insert(all, i, more...) }

// out is all without n from i on.
func out(all []Delivery, i, n int) []Delivery { return slices.Delete(all, i, i+n) }

// Each property is found to be broken where it is, and nothing is found in watches
// that are sound.
func TestWatchesAreJudged(t *testing.T) {
	other := object("a", 14, "red")
	other.Digest++
	swapped := everything()
	swapped[2], swapped[3] = swapped[3], swapped[2]
	apart := everything()
	apart[5], apart[6] = apart[6], apart[5]
	for _, c := range []struct {
		name  string
		sel   Selector
		watch Watch
		want  Property // "" for nothing
	}{
		{"everything", nil, Watch{From: 10, Deliveries: everything(), Current: true}, ""},
		{"a part, which was cut", nil, Watch{From: 12, Deliveries: everything()[2:5]}, ""},
		{"nothing yet", nil, Watch{From: 10}, ""},
		{"bookmarks", nil, Watch{From: 10, Deliveries: in(in(everything(), 8, mark(17), mark(90)), 3, mark(13))}, ""},
		{"the red team", ofRed, Watch{From: 10, Deliveries: red(), Current: true}, ""},
		{"the red team with bookmarks of what is hidden", ofRed, Watch{From: 10, Deliveries: in(red(), 2, mark(13))}, ""},
		{"a collection and what follows", nil, Watch{Initial: true, Deliveries: append([]Delivery{
			added(object("b", 13, "blue")), added(object("a", 12, "blue")), complete(13)}, everything()[3:]...)}, ""},
		{"a collection that changes while it comes", nil, Watch{Initial: true, Deliveries: []Delivery{
			added(object("a", 12, "blue")), added(object("b", 13, "blue")), modified(object("a", 14, "red")), complete(14)}}, ""},
		{"one that was refused by name", nil, Watch{From: 10, Deliveries: in(out(everything(), 3, 1), 3, refused("a", 14))}, ""},
		{"one that was refused without a name", nil, Watch{From: 10, Deliveries: in(out(everything(), 3, 1), 3, refused("", 0))}, ""},
		{"without a version", nil, Watch{Deliveries: everything()[3:]}, ""},
		{"a version of the future", nil, Watch{From: 99, Current: true, Deliveries: []Delivery{mark(100)}}, ""},

		{"two that changed places", nil, Watch{From: 10, Deliveries: swapped}, Ordered},
		{"an older one in the collection", nil, Watch{Initial: true, Deliveries: []Delivery{
			added(object("a", 12, "blue")), modified(object("a", 11, "red")), complete(12)}}, Ordered},
		{"one twice", nil, Watch{From: 10, Deliveries: in(everything(), 3, everything()[2])}, Unique},
		{"one twice, later", nil, Watch{From: 10, Deliveries: in(everything(), 8, everything()[2])}, Unique},
		{"one twice in the collection", nil, Watch{Initial: true, Deliveries: []Delivery{
			added(object("a", 11, "red")), added(object("a", 11, "red")), complete(11)}}, Unique},
		{"other contents", nil, Watch{From: 10, Deliveries: in(out(everything(), 3, 1), 3, modified(other))}, Atomic},
		{"what nobody wrote", nil, Watch{From: 10, Deliveries: in(everything(), 3, added(object("z", 14, "")))}, Atomic},
		{"a change as a deletion", nil, Watch{From: 10, Deliveries: in(out(everything(), 3, 1), 3, deleted(object("a", 12, "blue"), 14))}, Atomic},
		{"two of one version with another between", nil, Watch{From: 10, Deliveries: apart}, Atomic},
		{"a deletion with the wrong last state", nil, Watch{From: 10, Deliveries: in(out(everything(), 7, 1), 7, deleted(object("a", 12, "blue"), 17))}, Atomic},
		{"a collection of two versions", nil, Watch{Initial: true, Deliveries: []Delivery{
			added(object("a", 11, "red")), added(object("b", 13, "blue")), complete(13)}}, Atomic},
		{"one left out", nil, Watch{From: 10, Deliveries: out(everything(), 3, 1)}, Reliable},
		{"two left out, one refused", nil, Watch{From: 10, Deliveries: in(out(everything(), 2, 2), 2, refused("", 0))}, Reliable},
		{"one of two of a version left out", nil, Watch{From: 10, Deliveries: out(everything(), 5, 1)}, Reliable},
		{"the last one did not come", nil, Watch{From: 10, Deliveries: out(everything(), 7, 1), Current: true}, Reliable},
		{"nothing came", nil, Watch{From: 16, Current: true}, Reliable},
		{"one of the selection left out", ofRed, Watch{From: 10, Deliveries: out(red(), 2, 1)}, Reliable},
		{"it begins too late", nil, Watch{From: 10, Deliveries: everything()[2:]}, Resumable},
		{"it begins too early", nil, Watch{From: 12, Deliveries: everything()[1:]}, Resumable},
		{"a bookmark before its time", nil, Watch{From: 10, Deliveries: in(everything(), 2, mark(13))}, Bookmarkable},
		{"a bookmark and nothing more", nil, Watch{From: 10, Deliveries: []Delivery{mark(13)}}, Bookmarkable},
		{"a bookmark of the past", nil, Watch{From: 10, Deliveries: in(everything(), 4, mark(12))}, Bookmarkable},
		{"the end of a collection before its time", nil, Watch{Initial: true, Deliveries: []Delivery{
			added(object("a", 11, "red")), complete(11), mark(12), modified(object("a", 12, "blue"))}}, Bookmarkable},
		{"one that is hidden", ofRed, Watch{From: 10, Deliveries: in(red(), 2, added(object("b", 13, "blue")))}, Filtered},
		{"leaving is no deletion", ofRed, Watch{From: 10, Deliveries: in(out(red(), 1, 1), 1, modified(object("a", 12, "blue")))}, Filtered},
		{"entering is a change", ofRed, Watch{From: 10, Deliveries: in(out(red(), 2, 1), 2, modified(object("a", 14, "red")))}, Filtered},
		{"one that is hidden in the collection", ofRed, Watch{Initial: true, Deliveries: []Delivery{
			added(object("b", 13, "blue")), complete(13)}}, Filtered},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judged(c.sel, &c.watch)
			if c.want == "" && len(r.Violations) > 0 || c.want != "" && r.Count()[c.want] == 0 {
				t.Errorf("want %q, found %v", c.want, r.Violations)
			}
			if c.want != "" && r.Broken != 1 {
				t.Errorf("%d are broken", r.Broken)
			}
		})
	}
}

// A list is the collection at its version, once and in all its pages.
func TestListsAreJudged(t *testing.T) {
	a, b := object("a", 12, "blue"), object("b", 13, "blue")
	old, other := object("a", 11, "red"), b
	other.Digest++
	for _, c := range []struct {
		name string
		sel  Selector
		list List
		want Property
	}{
		{"sound", nil, List{Version: 13, Items: []State{a, b}}, ""},
		{"empty", nil, List{Version: 10}, ""},
		{"between two writes", ofRed, List{Version: 13}, ""},
		{"of a version that writes to others made", nil, List{Version: 99, Items: []State{object("b", 16, "blue"), object("c", 15, "red"), object("d", 15, "red")}}, ""},
		{"one refused by name", nil, List{Version: 13, Items: []State{a}, Refused: []string{"b"}}, ""},
		{"one refused without a name", nil, List{Version: 13, Items: []State{a}, Refused: []string{""}}, ""},
		{"an old state in it", nil, List{Version: 13, Items: []State{old, b}}, Atomic},
		{"one is missing", nil, List{Version: 13, Items: []State{a}}, Atomic},
		{"one that is not there yet", nil, List{Version: 12, Items: []State{a, b}}, Atomic},
		{"other contents", nil, List{Version: 13, Items: []State{a, other}}, Atomic},
		{"pages of two versions", nil, List{Version: 13, Items: []State{a, b}, mixed: []uint64{14}}, Atomic},
		{"one twice", nil, List{Version: 13, Items: []State{a, b, b}}, Unique},
		{"one that the selector hides", ofRed, List{Version: 13, Items: []State{a}}, Filtered},
	} {
		l := NewLog("test", c.sel, nil)
		l.lists = []*List{&c.list}
		if r := l.Check(past()); c.want == "" && len(r.Violations) > 0 || c.want != "" && r.Count()[c.want] == 0 {
			t.Errorf("%s: want %q, found %v", c.name, c.want, r.Violations)
		}
	}
}

// What a sink is given is judged as one watch after each list, without what was
// refused, and lists do not go back.
func TestSessionsAreJudged(t *testing.T) {
	first := []State{object("a", 12, "blue"), object("b", 13, "blue")}
	for _, c := range []struct {
		name    string
		refused string
		list    uint64 // of the second list, 0 for none
		items   []State
		events  []Delivery
		want    Property
	}{
		{"a list and a watch", "-", 0, nil, everything()[3:], ""},
		{"two lists", "-", 14, []State{object("a", 14, "red"), object("b", 13, "blue")}, everything()[3:4], ""},
		{"what was refused is missing", "a", 0, nil, everything()[4:7], ""},
		{"what nobody can name was refused", "", 0, nil, everything()[4:], ""},
		{"it goes on elsewhere", "-", 0, nil, everything()[4:], Resumable},
		{"another one is missing", "a", 0, nil, everything()[6:7], Resumable},
		{"the second list is older", "-", 13, first, everything()[3:4], Ordered},
	} {
		l := NewLog("test", nil, nil)
		l.refused[c.refused] = true
		s := l.Session()
		s.listed("13", first)
		for _, d := range c.events {
			s.deliver(d)
		}
		if c.list > 0 {
			s.segments = append(s.segments, segment{&List{Version: c.list, Items: c.items}, &Watch{From: c.list}})
		}
		if r := l.CheckSessions(past()); c.want == "" && len(r.Violations) > 0 || c.want != "" && r.Count()[c.want] == 0 {
			t.Errorf("%s: want %q, found %v", c.name, c.want, r.Violations)
		}
	}
}

// After a server went back, lists of the new past are sound, and such of the old
// one; lists of both are not.
func TestHistoriesThatBeginAnewAreJudged(t *testing.T) {
	s := past()
	s.Begin(12, []State{object("a", 12, "blue")})
	s.Wrote(object("z", 13, "red"))
	for l, want := range map[*List]int{
		{Version: 13, Items: []State{object("a", 12, "blue"), object("b", 13, "blue")}}:                         0,
		{Version: 13, Items: []State{object("a", 12, "blue"), object("z", 13, "red")}}:                          0,
		{Version: 13, Items: []State{object("a", 12, "blue"), object("b", 13, "blue"), object("z", 13, "red")}}: 1,
		{Version: 13, Items: []State{object("a", 12, "blue")}}:                                                  1,
	} {
		log := NewLog("test", nil, nil)
		log.lists = []*List{l}
		if r := log.Check(s); r.Broken != want {
			t.Errorf("%v: %v", l.Items, r.Violations)
		}
	}
	log := NewLog("test", nil, nil)
	session := log.Session()
	session.listed("17", []State{object("b", 16, "blue"), object("c", 15, "red"), object("d", 15, "red")})
	session.listed("13", []State{object("a", 12, "blue"), object("z", 13, "red")})
	if r := log.CheckSessions(s); len(r.Violations) > 0 {
		t.Errorf("a session that goes back with its server: %v", r.Violations)
	}
	session.listed("12", []State{object("a", 12, "blue")})
	if r := log.CheckSessions(s); r.Count()[Ordered] != 1 {
		t.Errorf("a session that goes back without it: %v", r.Violations)
	}
}

// A truth that is out of order is none.
func TestWritesAreToldInOrder(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an older write was taken")
		}
	}()
	past().Wrote(object("a", 16, ""))
}
