package informertest

import (
	"fmt"

	"github.com/informant-go/informant/informer"
)

var removeTests = []test{
	{"I5/NothingAfterRemove", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		o, r := s.watcher("handler", in)
		s.start(in)
		s.rest()
		r.Remove()
		r.Remove()
		s.await("Done after Remove", r.Done())
		o.take()
		s.server.put("a")
		s.settle()
		s.expect("after Remove", o)
	}},
	{"I5/RemoveDoesNotWaitAndDoneDoes", func(s *suite) {
		in := s.informer(Config{})
		o := s.oracle("handler", in)
		entered, leave := make(chan struct{}), make(chan struct{})
		o.before = func(e informer.Event[*Object]) {
			if e.Key == "ns/a" {
				close(entered)
				<-leave
			}
		}
		r := s.add(in, o, informer.HandlerOptions{})
		s.start(in)
		s.rest()
		s.server.put("a")
		s.server.put("b")
		s.await("the callback", entered)
		removed := make(chan struct{})
		go func() {
			defer close(removed)
			r.Remove()
		}()
		s.await("Remove beside a callback", removed)
		s.rest()
		select {
		case <-r.Done():
			s.errorf("Done is closed while a callback runs")
		default:
		}
		close(leave)
		s.await("Done after the callback", r.Done())
		s.settle()
		s.expect("after Remove", o, "Add ns/a")
	}},
	{"I5/RemoveInACallbackMakesItTheLast", func(s *suite) {
		for _, name := range []string{"a", "b", "c"} {
			s.server.put(name)
		}
		in := s.informer(Config{})
		// Many handlers, so that an implementation which leaves it to chance
		// does not pass by chance.
		var handlers []*oracle
		var removed []Registration
		for i := range 20 {
			o := s.oracle(fmt.Sprintf("handler %d", i), in)
			var r Registration
			o.before = func(informer.Event[*Object]) { r.Remove() }
			r = s.add(in, o, informer.HandlerOptions{})
			handlers, removed = append(handlers, o), append(removed, r)
		}
		s.start(in)
		for _, r := range removed {
			s.await("Done after Remove", r.Done())
		}
		s.server.put("d")
		s.settle()
		for _, o := range handlers {
			s.expect("when it removes itself", o, "Add ns/a Initial")
		}
	}},
	{"I5/RemoveBeforeRun", func(s *suite) {
		in := s.informer(Config{})
		o, r := s.watcher("handler", in)
		r.Remove()
		s.await("Done after Remove", r.Done())
		s.server.put("a")
		s.start(in)
		s.settle()
		s.expect("when it was removed before", o)
	}},
	{"I5/OthersGoOn", func(s *suite) {
		in := s.informer(Config{})
		_, r := s.watcher("first", in)
		second, _ := s.watcher("second", in)
		s.start(in)
		s.rest()
		s.server.put("a")
		r.Remove()
		s.server.put("b")
		s.rest()
		second.expectState("when another was removed", s.server.state())
	}},
}
