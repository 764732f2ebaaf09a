package informertest

import (
	"fmt"
	"time"

	"github.com/informant-go/informant/informer"
)

var orderTests = []test{
	{"I2/TheStoreComesFirst", func(s *suite) {
		in := s.informer(Config{Indexers: byParity})
		o := s.oracle("handler", in)
		o.before = func(e informer.Event[*Object]) {
			if e.Type == informer.EventDelete {
				return
			}
			stored, exists := in.Get(e.Key)
			if !exists || number(stored) != number(e.Object) {
				return // a later state: the oracle checks that
			}
			objs, err := in.ByIndex("parity", e.Object.Labels["parity"])
			if err != nil || !containsVersion(objs, e.Object) {
				s.errorf("%s: the index lacks it: %v", describe(e), err)
			}
		}
		s.add(in, o, informer.HandlerOptions{})
		s.start(in)
		for i := range 50 {
			s.server.put(fmt.Sprintf("object-%d", i%7))
			if i%5 == 0 {
				s.rest()
			}
		}
		s.settle()
		o.expectState("at rest", s.server.state())
	}},
	{"I3/ASlowHandlerKeepsNobodyWaiting", func(s *suite) {
		in := s.informer(Config{})
		slow, _ := s.watcher("slow", in)
		slow.before = func(informer.Event[*Object]) { <-time.After(time.Second) }
		fast, _ := s.watcher("fast", in)
		s.start(in)
		s.rest()
		for i := range 20 {
			s.server.put(fmt.Sprintf("object-%d", i))
		}
		s.rest() // no time has passed
		fast.expectState("beside a slow handler", s.server.state())
		if keys := in.Keys(); len(keys) != 20 {
			s.errorf("the store has %d objects beside a slow handler", len(keys))
		}
		if state := slow.state(); len(state) != 0 {
			s.errorf("the slow handler is at %v already", state)
		}
		s.settle()
		slow.expectState("at rest", s.server.state())
	}},
	{"I3/AHandlerMayReadTheStoreAndAddHandlers", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		var second *oracle
		first := s.oracle("first", in)
		first.before = func(informer.Event[*Object]) {
			in.Keys()
			if second == nil {
				second, _ = s.watcher("second", in)
			}
		}
		s.add(in, first, informer.HandlerOptions{})
		s.start(in)
		s.rest()
		s.server.put("b")
		s.rest()
		first.expectState("at rest", s.server.state())
		second.expectState("at rest", s.server.state())
	}},
}
