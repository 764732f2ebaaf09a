package informertest

import (
	"fmt"
	"time"

	"github.com/informant-go/informant/informer"
)

var runTests = []test{
	{"I9/RunEndsWithItsContext", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{ResyncPeriod: time.Second})
		s.watcher("handler", in)
		r := s.start(in)
		s.pass(10 * time.Second)
		s.stop(r)
	}},
	{"I9/RunEndsWhileTheServerIsSilent", func(s *suite) {
		s.server.close()
		in := s.informer(Config{})
		s.watcher("handler", in)
		r := s.start(in)
		s.rest()
		s.stop(r)
	}},
	{"I9/NothingIsToldAfterRun", func(s *suite) {
		in := s.informer(Config{})
		o, _ := s.watcher("handler", in)
		o.before = func(informer.Event[*Object]) { <-time.After(time.Second) }
		r := s.start(in)
		s.rest()
		for i := range 10 {
			s.server.put(fmt.Sprintf("object-%d", i))
		}
		s.pass(2500 * time.Millisecond)
		s.stop(r)
		if n := len(o.take()); n != 3 {
			s.errorf("told %d times, want 3: the third callback was running", n)
		}
		s.settle()
		s.expect("after Run", o)
	}},
	{"I9/AnInformerRunsAgain", func(s *suite) {
		s.server.put("changed")
		s.server.put("gone")
		s.server.put("same")
		in := s.informer(Config{})
		o, registration := s.watcher("handler", in)
		s.stop(s.startAndSettle(in))
		o.take()
		s.server.put("changed")
		s.server.remove("gone")
		s.server.put("new")
		r := s.startAndSettle(in)
		s.expectSet("after the second Run", o, "Update ns/changed Relist", "Delete ns/gone unseen Relist", "Add ns/new Relist")
		o.expectState("after the second Run", s.server.state())
		s.synced("in the second Run", "informer", in.Synced(), in.HasSynced(), true)
		s.server.put("new")
		s.rest()
		s.expect("in the second Run", o, "Update ns/new")
		registration.Remove()
		s.await("Done after Remove", registration.Done())
		s.stop(r)
	}},
	{"I9/WhatAStopLeftIsToldByTheNextRun", func(s *suite) {
		for i := range 10 {
			s.server.put(fmt.Sprintf("old-%d", i))
		}
		in := s.informer(Config{})
		r := s.startAndSettle(in)
		o := s.oracle("late", in)
		o.before = func(informer.Event[*Object]) { <-time.After(time.Second) }
		s.add(in, o, informer.HandlerOptions{})
		for i := range 10 {
			s.server.put(fmt.Sprintf("new-%d", i))
		}
		for _, d := range []time.Duration{2500, 10000} { // in the snapshot, and in what follows it
			s.pass(d * time.Millisecond)
			s.stop(r)
			s.server.put("old-0")
			s.server.remove("new-1")
			r = s.start(in)
		}
		s.settle()
		o.expectState("at rest", s.server.state())
	}},
	{"I9/HandlersJoinBetweenRuns", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		s.stop(s.startAndSettle(in))
		o, registration := s.watcher("between", in)
		s.rest()
		s.expect("before the second Run", o)
		s.server.put("b")
		s.startAndSettle(in)
		s.expect("in the second Run", o, "Add ns/a Initial", "Add ns/b Relist")
		s.synced("in the second Run", "handler", registration.Synced(), registration.HasSynced(), true)
	}},
	{"I9/OneRunAtATime", func(s *suite) {
		in := s.informer(Config{})
		s.startAndSettle(in)
		second := s.start(in)
		s.await("a second Run", second.ended)
		if second.err == nil {
			s.errorf("a second Run returned no error")
		}
	}},
}

func (s *suite) startAndSettle(in Informer) *running {
	r := s.start(in)
	s.settle()
	return r
}
