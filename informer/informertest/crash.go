package informertest

import (
	"context"

	"github.com/informant-go/informant/informer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

var crashTests = []test{
	{"I8/APanicOfAHandlerHarmsNobodyElse", func(s *suite) {
		panics := surviveCrashes()
		defer panics.restore()
		in := s.informer(Config{})
		calls := 0
		s.add(in, informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) {
			if calls++; e.Key == "ns/b" {
				panic("b")
			}
		}), informer.HandlerOptions{Name: "panicking"})
		o, _ := s.watcher("handler", in)
		s.start(in)
		s.rest()
		for _, name := range []string{"a", "b", "c"} {
			s.server.put(name)
		}
		s.settle()
		o.expectState("beside a handler that panicked", s.server.state())
		if calls != 3 {
			s.errorf("the handler was called %d times, want 3: the panic, and what follows it", calls)
		}
		if panics.seen != 1 {
			s.errorf("%d panics were reported, want 1", panics.seen)
		}
		late, _ := s.watcher("late", in)
		s.rest()
		late.expectState("after a panic", s.server.state())
	}},
	{"I8/APanicInTheInitialListIsSkipped", func(s *suite) {
		panics := surviveCrashes()
		defer panics.restore()
		for _, name := range []string{"a", "b", "c"} {
			s.server.put(name)
		}
		in := s.informer(Config{})
		s.start(in)
		s.rest()
		var told []string
		r := s.add(in, informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) {
			told = append(told, e.Key)
			if len(told) == 1 {
				panic(e.Key)
			}
		}), informer.HandlerOptions{Name: "panicking"})
		s.settle()
		if len(told) != 3 {
			s.errorf("told of %q, want each object once", told)
		}
		s.synced("after its snapshot", "handler", r.Synced(), r.HasSynced(), true)
	}},
}

// crashes lets the process survive panics, and counts them.
type crashes struct {
	seen     int
	really   bool
	handlers []func(context.Context, any)
}

// surviveCrashes sets apimachinery's switches, which are global; restore sets
// them back. No two subtests run at once.
func surviveCrashes() *crashes {
	c := &crashes{really: utilruntime.ReallyCrash, handlers: utilruntime.PanicHandlers}
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = []func(context.Context, any){func(context.Context, any) { c.seen++ }}
	return c
}

func (c *crashes) restore() {
	utilruntime.ReallyCrash, utilruntime.PanicHandlers = c.really, c.handlers
}
