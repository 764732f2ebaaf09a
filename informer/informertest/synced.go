package informertest

import (
	"time"

	"github.com/informant-go/informant/informer"
)

// synced checks HasSynced and Synced, which have to agree.
func (s *suite) synced(when, what string, c <-chan struct{}, has bool, want bool) {
	closed := false
	select {
	case <-c:
		closed = true
	default:
	}
	if has != want || closed != want {
		s.errorf("%s: HasSynced of the %s is %v, Synced closed %v, want %v", when, what, has, closed, want)
	}
}

var syncTests = []test{
	{"I6/SyncedWhenTheInitialListIsDelivered", func(s *suite) {
		s.server.put("a")
		s.server.put("b")
		s.server.close()
		in := s.informer(Config{})
		o := s.oracle("handler", in)
		last := make(chan struct{})
		o.before = func(e informer.Event[*Object]) {
			if e.Key == "ns/b" {
				<-last
			}
		}
		r := s.add(in, o, informer.HandlerOptions{})
		s.synced("before Run", "informer", in.Synced(), in.HasSynced(), false)
		s.synced("before Run", "handler", r.Synced(), r.HasSynced(), false)
		s.start(in)
		s.rest()
		s.synced("before the list", "informer", in.Synced(), in.HasSynced(), false)
		s.synced("before the list", "handler", r.Synced(), r.HasSynced(), false)
		s.server.open()
		s.rest()
		s.synced("with the list stored", "informer", in.Synced(), in.HasSynced(), true)
		s.synced("in the last callback of it", "handler", r.Synced(), r.HasSynced(), false)
		close(last)
		s.rest()
		s.synced("after it", "handler", r.Synced(), r.HasSynced(), true)
		if len(o.state()) != 2 {
			s.errorf("synced with %v", o.state())
		}
	}},
	{"I6/AnEmptyListSyncs", func(s *suite) {
		in := s.informer(Config{})
		_, r := s.watcher("handler", in)
		s.start(in)
		s.settle()
		s.synced("after an empty list", "informer", in.Synced(), in.HasSynced(), true)
		s.synced("after an empty list", "handler", r.Synced(), r.HasSynced(), true)
	}},
	{"I6/LateHandlerSyncsWithItsSnapshot", func(s *suite) {
		s.server.put("a")
		s.server.put("b")
		in := s.informer(Config{})
		s.start(in)
		s.rest()
		o := s.oracle("late", in)
		o.before = func(informer.Event[*Object]) { <-time.After(time.Second) }
		r := s.add(in, o, informer.HandlerOptions{})
		s.pass(1500 * time.Millisecond)
		s.synced("half way", "late handler", r.Synced(), r.HasSynced(), false)
		s.pass(time.Second)
		s.synced("after its snapshot", "late handler", r.Synced(), r.HasSynced(), true)
	}},
	{"I6/WaitingNeedsNoPolling", func(s *suite) {
		s.server.put("a")
		in := s.informer(Config{})
		_, r := s.watcher("handler", in)
		s.server.close()
		s.start(in)
		<-time.After(10 * time.Second)
		s.server.open()
		opened := time.Now()
		s.await("the informer to sync", in.Synced())
		s.await("the handler to sync", r.Synced())
		if d := time.Since(opened); d != 0 {
			s.errorf("it took %v to notice", d)
		}
	}},
}
