package informertest

import (
	"time"

	"github.com/informant-go/informant/informer"
)

var resyncTests = []test{
	{"Resync/OnlyThoseWhoAskedAreTold", func(s *suite) {
		s.server.put("a")
		s.server.put("b")
		in := s.informer(Config{ResyncPeriod: 10 * time.Second})
		often, _ := s.watcher("the default", in)
		seldom := s.oracle("every 30 s", in)
		s.add(in, seldom, informer.HandlerOptions{ResyncPeriod: 30 * time.Second})
		never := s.oracle("never", in)
		s.add(in, never, informer.HandlerOptions{ResyncPeriod: -1})
		s.start(in)
		s.pass(9 * time.Second)
		for _, o := range []*oracle{often, seldom, never} {
			s.expectSet("before the first resync", o, "Add ns/a Initial", "Add ns/b Initial")
		}
		s.pass(2 * time.Second)
		s.resynced("after 11 s", often, 1)
		s.resynced("after 11 s", seldom, 0)
		s.pass(20 * time.Second)
		s.resynced("after 31 s", often, 2)
		s.resynced("after 31 s", seldom, 1)
		s.resynced("after 31 s", never, 0)
		often.expectState("after 31 s", s.server.state())
	}},
	{"Resync/SaysSo", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{ResyncPeriod: 10 * time.Second})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.pass(time.Second)
		o.take()
		s.pass(10 * time.Second)
		s.expect("after a resync", o, "Update ns/a unchanged Resync")
	}},
	{"Resync/PeriodsAreRaisedToASecond", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{ResyncPeriod: time.Second})
		o := s.oracle("every millisecond", in)
		s.add(in, o, informer.HandlerOptions{ResyncPeriod: time.Millisecond})
		s.start(in)
		s.pass(500 * time.Millisecond)
		o.take()
		s.pass(5 * time.Second)
		s.resynced("after 5.5 s", o, 5)
	}},
	{"Resync/LatePeriodsAreRaisedToTheInformers", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{ResyncPeriod: 10 * time.Second})
		s.start(in)
		s.pass(time.Second)
		o := s.oracle("every 2 s", in)
		s.add(in, o, informer.HandlerOptions{ResyncPeriod: 2 * time.Second})
		s.rest()
		o.take()
		s.pass(40 * time.Second)
		if n := len(o.take()); n < 3 || n > 4 {
			s.errorf("%d resyncs in 40 s", n)
		}
	}},
	{"Resync/NeverBringsAnOlderState", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{ResyncPeriod: time.Second})
		o, _ := s.watcher("handler", in)
		o.before = func(informer.Event[*Object]) { <-time.After(700 * time.Millisecond) }
		s.start(in)
		for range 10 {
			s.pass(600 * time.Millisecond)
			s.server.put("a")
		}
		s.server.remove("a") // the oracle refuses any Update after this
		s.settle()
		o.expectState("at rest", s.server.state())
	}},
}

// resynced checks that o was told of everything n times since the last look,
// and of nothing else.
func (s *suite) resynced(when string, o *oracle, n int) {
	lines := o.take()
	for _, line := range lines {
		if !isNothing(line) {
			s.errorf("%s: %s was told %q", when, o.name, line)
		}
	}
	if want := n * len(s.server.state()); len(lines) != want {
		s.errorf("%s: %s was told %d times, want %d", when, o.name, len(lines), want)
	}
}
