package informertest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
)

var eventTests = []test{
	{"I1/AddUpdateDelete", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.rest()
		s.expect("after the first list", o, "Add ns/a Initial")
		s.server.put("a")
		s.rest() // an engine may tell one key before another
		s.server.put("b")
		s.rest()
		s.server.remove("a")
		s.rest()
		s.expect("after three changes", o, "Update ns/a", "Add ns/b", "Delete ns/a")
		o.expectState("at rest", s.server.state())
	}},
	{"I1/DeleteBringsBothStates", func(s *suite) {
		given := s.server.put("a")
		in := s.informer(Config{})
		var deleted []informer.Event[*Object]
		s.add(in, informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) {
			if e.Type == informer.EventDelete {
				deleted = append(deleted, e)
			}
		}), informer.HandlerOptions{})
		s.start(in)
		s.rest()
		s.server.remove("a")
		s.rest()
		if len(deleted) != 1 {
			s.fatalf("%d deletions", len(deleted))
		}
		if d := deleted[0]; describeObject(d.Old) != describeObject(given) || number(d.Object) <= number(given) {
			s.errorf("Old is %s, Object %s, want what was given and something newer", describeObject(d.Old), describeObject(d.Object))
		}
	}},
	{"I1/MissedChangesShowInTheNextList", func(s *suite) {
		s.server.put("changed")
		s.server.put("gone")
		s.server.put("same")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.settle()
		o.take()
		s.server.miss(func() {
			s.server.put("changed")
			s.server.remove("gone")
			s.server.put("new")
			s.server.put("shortlived")
			s.server.remove("shortlived")
		})
		s.settle()
		changes := slices.DeleteFunc(o.take(), isNothing)
		slices.Sort(changes)
		if want := []string{"Add ns/new", "Delete ns/gone unseen", "Update ns/changed"}; !slices.Equal(withoutReasons(changes), want) {
			s.errorf("told %q, want %q", changes, want)
		}
		o.expectState("at rest", s.server.state())
	}},
	{"I1/MissedChangesSayRelist", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.settle()
		o.take()
		s.server.miss(func() { s.server.put("a"); s.server.put("b") })
		s.settle()
		s.expectSet("after a missed change", o, "Update ns/a Relist", "Add ns/b Relist")
	}},
	// Who keeps objects by what they hand on, such as an address, would else
	// drop the new owner with the old one (TestReviewRelistTellsDeletionsFirst).
	{"I1/ARelistTellsDeletionsFirst", func(s *suite) {
		s.server.put("m")
		s.server.put("n")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.settle()
		o.take()
		s.server.miss(func() {
			s.server.remove("n")
			s.server.put("a")
			s.server.remove("m")
			s.server.put("z")
		})
		s.settle()
		changes := withoutReasons(slices.DeleteFunc(o.take(), isNothing))
		deletions := max(slices.IndexFunc(changes, func(line string) bool { return !strings.HasPrefix(line, "Delete ") }), 0)
		slices.Sort(changes[:deletions])
		slices.Sort(changes[deletions:])
		want := []string{"Delete ns/m unseen", "Delete ns/n unseen", "Add ns/a", "Add ns/z"}
		if !slices.Equal(changes, want) {
			s.errorf("told %q, want %q, each half in any order", changes, want)
		}
	}},
	{"I1/AListThatChangesNothingSendsNothing", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.settle()
		o.take()
		s.server.miss(func() {})
		s.settle()
		s.expect("after a list that changed nothing", o)
	}},
	{"I1/AnotherLifeIsDeleteAndAdd", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.settle()
		o.take()
		s.server.miss(func() { s.server.remove("a"); s.server.put("a") })
		s.settle()
		s.expect("after a missed deletion and creation", o, "Delete ns/a unseen Relist", "Add ns/a Relist")
	}},
	{"I1/WatchedDeleteAndAddStayTwo", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.rest()
		o.take()
		s.server.remove("a")
		s.server.put("a")
		s.rest()
		s.expect("after a deletion and a creation", o, "Delete ns/a", "Add ns/a")
	}},
	{"I1/FilterTurnsChangesIntoAddAndDelete", func(s *suite) {
		in := s.informer(Config{})
		inner := s.oracle("filtered", in)
		s.add(in, informer.FilteringHandler[*Object]{
			Filter:  func(obj *Object) bool { return obj.Labels["parity"] == "even" },
			Handler: inner,
		}, informer.HandlerOptions{})
		s.start(in)
		s.rest()
		for _, want := range [][]string{{"Add ns/a"}, {"Delete ns/a"}, {"Add ns/a"}} {
			s.server.put("a") // even, odd, even
			s.rest()
			s.expect("after a change of parity", inner, want...)
		}
		s.server.put("b") // odd
		s.server.put("a") // even
		s.server.remove("a")
		s.server.remove("b")
		s.rest()
		s.expect("after the deletions", inner, "Update ns/a", "Delete ns/a")
	}},
	{"I1/TransformedObjectsAreStoredAndTold", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{Transform: func(obj *Object) (*Object, error) {
			obj.Annotations = map[string]string{"seen": obj.ResourceVersion}
			return obj, nil
		}})
		var told []string
		s.add(in, informer.HandlerFuncs[*Object]{
			OnAdd:    func(obj *Object, _ bool) { told = append(told, obj.Annotations["seen"]) },
			OnUpdate: func(_, obj *Object) { told = append(told, obj.Annotations["seen"]) },
			OnDelete: func(d object.Deleted[*Object]) { told = append(told, d.Object.Annotations["seen"]) },
		}, informer.HandlerOptions{})
		s.start(in)
		s.rest()
		s.server.put("a")
		s.rest()
		if obj, ok := in.Get("ns/a"); !ok || obj.Annotations["seen"] != obj.ResourceVersion {
			s.errorf("the store has %v", obj)
		}
		s.server.remove("a")
		s.rest()
		if want := []string{"2", "3", "4"}; !slices.Equal(told, want) {
			s.errorf("told of %q, want %q", told, want)
		}
	}},
	{"I1/RandomHistory", func(s *suite) {
		for seed := range uint64(10) {
			s.history(rand.New(rand.NewPCG(seed, 1)))
		}
	}},
}

// history makes random changes, seen and missed, with handlers that come and
// go, and compares all handlers with the server in the end (I1, I2, I3, I4).
func (s *suite) history(r *rand.Rand) {
	in := s.informer(Config{})
	run := s.start(in)
	defer s.stop(run)
	type member struct {
		o *oracle
		r Registration
	}
	var handlers []member
	join := func() {
		o, reg := s.watcher(fmt.Sprintf("handler %d", len(handlers)), in)
		handlers = append(handlers, member{o, reg})
	}
	join()
	touch := func() {
		if name := fmt.Sprintf("object-%d", r.IntN(6)); r.IntN(3) == 0 {
			s.server.remove(name)
		} else {
			s.server.put(name)
		}
	}
	for range 60 {
		switch r.IntN(10) {
		case 0:
			join()
		case 1:
			if i := r.IntN(len(handlers)); i > 0 {
				handlers[i].r.Remove()
				handlers = slices.Delete(handlers, i, i+1)
			}
		case 2:
			s.server.miss(func() {
				for range r.IntN(4) {
					touch()
				}
			})
		case 3:
			s.settle()
		case 4:
			s.rest()
		default:
			touch()
		}
	}
	s.settle()
	want := s.server.state()
	for _, h := range handlers {
		h.o.expectState("after a random history", want)
	}
	if keys := slices.Sorted(slices.Values(in.Keys())); !slices.Equal(keys, slices.Sorted(maps.Keys(want))) {
		s.errorf("the store has %q, the server %q", keys, want)
	}
	for name := range want {
		s.server.remove(name[len("ns/"):])
	}
	for _, h := range handlers {
		h.r.Remove()
	}
}
