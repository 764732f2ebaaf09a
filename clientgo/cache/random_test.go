package cache_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"
)

// verdict is a failer for a test inside a bubble inside a property: the bubble
// has to be left in good order before the property may fail.
type verdict struct{ reason string }

type failed struct{}

func (*verdict) Helper() {}

func (v *verdict) Fatalf(format string, args ...any) {
	v.reason = fmt.Sprintf(format, args...)
	panic(failed{})
}

// inBubble runs body in virtual time and fails rt if body fails.
func inBubble(t *testing.T, rt *rapid.T, body func(v *verdict, cleanup func(func()))) {
	v := &verdict{}
	synctest.Test(t, func(*testing.T) {
		var undo []func()
		defer func() {
			for _, f := range undo {
				f()
			}
			if r := recover(); r != nil {
				if _, ok := r.(failed); !ok {
					panic(r)
				}
			}
		}()
		body(v, func(f func()) { undo = append(undo, f) })
	})
	if v.reason != "" {
		rt.Fatalf("%s", v.reason)
	}
}

// step is one thing that happens to both worlds.
type step struct {
	what, name, node string
	seconds          int
}

func drawSteps(rt *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{
			what: rapid.SampledFrom([]string{
				"add", "modify", "delete", "add unseen", "modify unseen", "delete unseen",
				"cut", "time", "handler", "remove handler",
			}).Draw(rt, "what"),
			name:    rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "name"),
			node:    rapid.SampledFrom([]string{"n1", "n2"}).Draw(rt, "node"),
			seconds: rapid.IntRange(1, 100).Draw(rt, "seconds"),
		}
	}), 1, 25).Draw(rt, "steps")
}

// do makes a step in one world. What cannot happen on a server is left out.
func (w *world) do(s step) {
	pod := newPod("ns", s.name, s.node)
	switch s.what {
	case "add":
		w.source.Add(pod)
	case "add unseen":
		w.source.AddDropWatch(pod)
	case "modify":
		w.source.Modify(pod)
	case "modify unseen":
		w.source.ModifyDropWatch(pod)
	case "delete":
		w.source.Delete(pod)
	case "delete unseen":
		w.source.DeleteDropWatch(pod)
	case "remove handler":
		if n := len(w.handles); n > 0 {
			if err := w.informer.RemoveEventHandler(w.handles[s.seconds%n]); err != nil {
				panic(err)
			}
		}
	}
}

// possible reports whether a server can do that to an object, and notes that it
// did. An unseen change is followed by a broken watch: a server does not keep
// quiet about one change and tell of the next.
func (s step) possible(live map[string]bool) bool {
	switch s.what {
	case "add", "add unseen":
		if live[s.name] {
			return false
		}
		live[s.name] = true
	case "modify", "modify unseen":
		return live[s.name]
	case "delete", "delete unseen":
		if !live[s.name] {
			return false
		}
		delete(live, s.name)
	}
	return true
}

func (s step) unseen() bool {
	switch s.what {
	case "add unseen", "modify unseen", "delete unseen":
		return true
	}
	return false
}

// I1, I2, I4, F1, F2: whatever happens, in whatever order, handlers and stores
// of both engines see the same.
func TestWhateverHappensBothEnginesTellTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := drawSteps(rt)
		resync := rapid.SampledFrom([]time.Duration{0, 30 * time.Second}).Draw(rt, "resync")
		before := rapid.IntRange(0, len(steps)).Draw(rt, "steps before the informer runs")
		inBubble(t, rt, func(v *verdict, cleanup func(func())) {
			p := newPair(func() upstream.SharedIndexInformerOptions {
				return upstream.SharedIndexInformerOptions{ResyncPeriod: resync}
			})
			live := map[string]bool{}
			for _, s := range steps[:before] {
				if s.what == "handler" {
					p.handle(upstream.HandlerOptions{ResyncPeriod: ptr.To(resync)})
				} else if s.possible(live) {
					p.each(func(w *world) { w.do(s) })
				}
			}
			p.handle(upstream.HandlerOptions{})
			p.run()
			cleanup(p.stop)
			// client-go lists again after a watch that was very short or ended
			// with an error; ours only when it has to (R2).
			overlook := tolerance{repeats: true}
			p.compareBut(v, overlook)
			for _, s := range steps[before:] {
				p.step(s, live)
				p.compareBut(v, overlook)
			}
		})
	})
}

func (p pair) step(s step, live map[string]bool) {
	switch {
	case s.what == "time":
		pass(time.Duration(s.seconds) * time.Second)
	case s.what == "handler":
		p.handle(upstream.HandlerOptions{})
	case s.what == "cut":
		p.each(func(w *world) { w.source.ResetWatch() })
		pass(relist)
	case s.possible(live):
		p.each(func(w *world) { w.do(s) })
		if s.unseen() {
			p.each(func(w *world) { w.source.ResetWatch() })
			pass(relist)
		}
	}
	settle()
}
