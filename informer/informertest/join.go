package informertest

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
)

// byParity indexes by a label that changes with the version.
var byParity = indexer.Indexers[*Object]{
	"parity": func(obj *Object) ([]string, error) { return []string{obj.Labels["parity"]}, nil },
}

func containsVersion(objs []*Object, want *Object) bool {
	for _, obj := range objs {
		if describeObject(obj) == describeObject(want) {
			return true
		}
	}
	return false
}

var joinTests = []test{
	{"I4/LateHandlerGetsASnapshotAndWhatFollows", func(s *suite) {
		s.server.put("a")
		s.server.put("b")
		in := s.informer(Config{})
		first, _ := s.watcher("first", in)
		s.start(in)
		s.rest()
		s.server.put("a")
		s.server.remove("b")
		s.server.put("c")
		s.rest()
		first.take()
		late, _ := s.watcher("late", in)
		s.rest()
		s.expectSet("after joining", late, "Add ns/a Initial", "Add ns/c Initial")
		s.expect("when another joins", first)
		s.server.put("a")
		s.server.remove("c")
		s.rest()
		s.expectSet("after it has joined", late, "Update ns/a", "Delete ns/c") // an engine may tell one key before another
		late.expectState("at rest", s.server.state())
	}},
	{"I4/HandlersJoinWhileObjectsChange", func(s *suite) {
		in := s.informer(Config{})
		s.start(in)
		s.rest()
		var handlers []*oracle
		join := func() {
			o, _ := s.watcher(fmt.Sprintf("handler %d", len(handlers)), in)
			handlers = append(handlers, o)
		}
		join() // is told of every change, should the writer be done before the others join
		writing := make(chan struct{})
		go func() {
			defer close(writing)
			for i := range 400 {
				if name := fmt.Sprintf("object-%d", i%13); i%4 == 3 {
					s.server.remove(name)
				} else {
					s.server.put(name)
				}
			}
		}()
		for range 40 {
			join()
		}
		s.await("the writer", writing)
		s.settle()
		for _, o := range handlers {
			o.expectState("at rest", s.server.state())
			initial := true
			for _, line := range o.take() {
				switch {
				case !strings.HasSuffix(line, " Initial"):
					initial = false
				case !initial:
					s.errorf("%s was told %q after its snapshot", o.name, line)
				}
			}
		}
	}},
	{"I4/LateHandlerDuringASlowIndexFunction", func(s *suite) {
		// The store is ahead of the handlers while the index function runs:
		// a handler that joins now must neither miss the object nor get it twice.
		entered, leave := make(chan struct{}), make(chan struct{})
		var slow bool
		in := s.informer(Config{Indexers: indexer.Indexers[*Object]{"slow": func(obj *Object) ([]string, error) {
			if slow && obj.Name == "b" {
				slow = false
				close(entered)
				<-leave
			}
			return nil, nil
		}}})
		s.server.put("a")
		s.start(in)
		s.rest()
		slow = true
		s.server.put("b")
		s.await("the index function", entered)
		late := s.oracle("late", in)
		joined := make(chan struct{})
		go func() {
			defer close(joined)
			s.add(in, late, informer.HandlerOptions{})
		}()
		for range 100 {
			runtime.Gosched() // an engine that makes AddHandler wait is not at rest
		}
		close(leave)
		s.await("AddHandler", joined)
		s.rest()
		late.expectState("at rest", s.server.state())
		s.server.remove("b")
		s.rest()
		late.expectState("at rest", s.server.state())
	}},
}
