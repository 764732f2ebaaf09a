package watchcheck

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

// drawServer invents a server with some writes, and bases on which they stand.
func drawServer(t *rapid.T) *Server {
	s := &Server{}
	version := rapid.Uint64Range(1, 50).Draw(t, "begins at")
	s.Begin(version, nil)
	exist := map[string]bool{}
	for range rapid.IntRange(0, 40).Draw(t, "writes") {
		version += rapid.Uint64Range(1, 3).Draw(t, "step")
		key := fmt.Sprint("object-", rapid.IntRange(0, 5).Draw(t, "key"))
		if exist[key] && rapid.IntRange(0, 3).Draw(t, "deleted") == 0 {
			s.Deleted(key, version)
			exist[key] = false
			continue
		}
		s.Wrote(object(key, version, rapid.SampledFrom([]string{"red", "blue"}).Draw(t, "team")))
		exist[key] = true
	}
	return s
}

// drawWatch invents a watch that keeps all promises.
func drawWatch(t *rapid.T, s *Server, sel Selector) *Watch {
	e := s.past()[0]
	newest := e.version
	if n := len(e.changes); n > 0 {
		newest = e.changes[n-1].version
	}
	w := &Watch{From: rapid.Uint64Range(e.version, newest+2).Draw(t, "from")}
	if rapid.Bool().Draw(t, "initial") {
		w.Initial = true
		at := e.at(w.From, sel)
		for _, key := range slices.Sorted(maps.Keys(at)) {
			w.Deliveries = append(w.Deliveries, added(at[key]))
		}
		w.Deliveries = append(w.Deliveries, complete(w.From))
	}
	due := e.after(w.From)
	n := rapid.IntRange(0, len(due)).Draw(t, "how many come")
	for _, c := range due[:n] {
		if kind, o := c.shown(sel); kind != "" {
			w.Deliveries = append(w.Deliveries, Delivery{Type: kind, Version: c.version, Object: o})
		}
		if rapid.IntRange(0, 3).Draw(t, "marked") == 0 {
			w.Deliveries = append(w.Deliveries, mark(c.version))
		}
	}
	w.Current = n == len(due)
	return w
}

// Whatever a server does, a watch that keeps its promises is sound.
func TestSoundHistoriesPass(t *testing.T) {
	for name, sel := range map[string]Selector{"all": nil, "red": ofRed} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			s := drawServer(t)
			l := NewLog("test", sel, nil)
			for range rapid.IntRange(1, 4).Draw(t, "watches") {
				l.watches = append(l.watches, drawWatch(t, s, sel))
			}
			e := s.past()[0]
			version := rapid.Uint64Range(e.version, e.version+60).Draw(t, "list")
			l.lists = []*List{{Version: version, Items: slices.Collect(maps.Values(e.at(version, sel)))}}
			session := l.Session()
			session.listed(fmt.Sprint(version), l.lists[0].Items)
			for _, c := range e.after(version) {
				if kind, o := c.shown(sel); kind != "" {
					session.deliver(Delivery{Type: kind, Version: c.version, Object: o})
				}
			}
			wire, sink := l.Check(s), l.CheckSessions(s)
			if found := append(wire.Violations, sink.Violations...); len(found) > 0 {
				t.Fatalf("found in what is sound: %v", found)
			}
		}))
	}
}

// spoil breaks a promise of a sound watch, and reports whether there was something to
// break.
func spoil(t *rapid.T, w *Watch, p Property) bool {
	var events []int
	opened := !w.Initial
	for i, d := range w.Deliveries {
		if d.isEvent() && opened {
			events = append(events, i)
		}
		opened = opened || d.Complete
	}
	if len(events) < 3 {
		return false
	}
	k := rapid.IntRange(0, len(events)-1).Draw(t, "which")
	i := events[k]
	switch d := w.Deliveries[i]; p {
	case Ordered:
		j := events[(k+1)%len(events)]
		w.Deliveries[i], w.Deliveries[j] = w.Deliveries[j], w.Deliveries[i]
	case Unique:
		w.Deliveries = slices.Insert(w.Deliveries, i, d)
	case Atomic:
		w.Deliveries[i].Object.Digest++
	case Reliable:
		i = events[1+k%(len(events)-2)] // neither the first nor the last
		w.Deliveries = slices.Delete(w.Deliveries, i, i+1)
	case Resumable:
		w.Deliveries = slices.Delete(w.Deliveries, events[0], events[0]+1)
	case Bookmarkable:
		w.Deliveries = slices.Insert(w.Deliveries, i, mark(d.Version))
	case Filtered:
		if !w.Initial {
			return false
		}
		w.Deliveries = slices.Insert(w.Deliveries, 0, added(object("hidden", 1, "blue")))
	}
	return true
}

// Whatever is sound and then spoiled is found, as what it was spoiled by.
func TestSpoiledHistoriesAreFound(t *testing.T) {
	for _, p := range []Property{Ordered, Unique, Atomic, Reliable, Resumable, Bookmarkable, Filtered} {
		t.Run(string(p), func(t *testing.T) {
			spoiled := 0
			rapid.Check(t, func(t *rapid.T) {
				s := drawServer(t)
				l := NewLog("test", ofRed, nil)
				w := drawWatch(t, s, ofRed)
				w.Current = false
				if !spoil(t, w, p) {
					return
				}
				spoiled++
				l.watches = []*Watch{w}
				if r := l.Check(s); r.Count()[p] == 0 {
					t.Fatalf("not found; found were %v", r.Violations)
				}
			})
			if spoiled == 0 {
				t.Error("no history was spoiled")
			}
		})
	}
}

// Two pages of one version are one list, and a page that was asked for again counts
// once.
func TestPagesAreOneList(t *testing.T) {
	l := NewLog("test", nil, nil)
	a, b := object("a", 12, "blue"), object("b", 13, "blue")
	l.listed(metav1.ListOptions{}, metav1.ListMeta{ResourceVersion: "13", Continue: "x"}, []State{a}, nil)
	if len(l.lists) > 0 {
		t.Fatal("half a list is complete")
	}
	for range 2 {
		l.listed(metav1.ListOptions{Continue: "x"}, metav1.ListMeta{ResourceVersion: "13"}, []State{b}, nil)
	}
	l.listed(metav1.ListOptions{Continue: "nobody's"}, metav1.ListMeta{ResourceVersion: "13"}, []State{b}, nil)
	if r := l.Check(past()); r.Lists != 2 || len(r.Violations) > 0 {
		t.Errorf("%v: %v", &r, r.Violations)
	}
	l.listed(metav1.ListOptions{Continue: "x"}, metav1.ListMeta{ResourceVersion: "14"}, []State{b}, nil)
	if r := l.Check(past()); r.Count()[Atomic] != 1 {
		t.Errorf("pages of two versions: %v", r.Violations)
	}
}
