package cache_test

import (
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// relist is longer than a backoff and what comes before it.
const relist = time.Minute

func TestHandlersAreToldWhatClientGoTells(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPair(noOptions)
		p.each(func(w *world) {
			w.source.Add(newPod("a", "old", "n1"))
			w.source.Add(newPod("b", "kept", "n1"))
		})
		p.handle(upstream.HandlerOptions{})
		p.compare(t)
		p.run()
		p.compare(t)
		p.each(func(w *world) {
			w.source.Add(newPod("a", "new", "n1"))
			w.source.Modify(newPod("a", "old", "n2"))
			w.source.Modify(newPod("a", "new", "n2"))
			w.source.Delete(newPod("a", "old", "n3"))
		})
		settle()
		p.compare(t)
		p.handle(upstream.HandlerOptions{})
		p.compare(t)
		p.stop()
		p.compare(t)
	})
}

// I1, F2: what a broken watch hid is told as client-go tells it, and what the
// new list repeats is repeated.
func TestMissedEventsAreToldWhatClientGoTells(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPair(noOptions)
		p.each(func(w *world) {
			w.source.Add(newPod("a", "gone", "n1"))
			w.source.Add(newPod("a", "kept", "n1"))
			w.source.Add(newPod("a", "moved", "n1"))
		})
		p.handle(upstream.HandlerOptions{})
		p.run()
		p.each(func(w *world) {
			w.source.DeleteDropWatch(newPod("a", "gone", "n1"))
			w.source.ModifyDropWatch(newPod("a", "moved", "n2"))
			w.source.AddDropWatch(newPod("a", "new", "n1"))
			w.source.ResetWatch()
		})
		pass(relist)
		p.compare(t)
		if len(p[1].recorders[0].events()["a/kept"]) != 2 {
			t.Fatalf("the list was not made again: %v", p[1].recorders[0].events())
		}
		p.stop()
	})
}

func TestResyncsComeAsFromClientGo(t *testing.T) {
	for name, c := range map[string]struct {
		informer time.Duration
		handler  *time.Duration
		passes   []time.Duration
	}{
		"by default":             {20 * time.Second, nil, []time.Duration{19 * time.Second, 2 * time.Second, 20 * time.Second}},
		"slower":                 {20 * time.Second, ptr.To(50 * time.Second), []time.Duration{45 * time.Second, 20 * time.Second}},
		"never":                  {20 * time.Second, ptr.To(time.Duration(0)), []time.Duration{70 * time.Second}},
		"not by this informer":   {0, ptr.To(10 * time.Second), []time.Duration{70 * time.Second}},
		"faster, before it runs": {20 * time.Second, ptr.To(5 * time.Second), []time.Duration{6 * time.Second, 5 * time.Second}},
		"below zero":             {20 * time.Second, ptr.To(time.Duration(-1)), []time.Duration{21 * time.Second, 20 * time.Second}},
		"below zero, by none":    {0, ptr.To(-time.Minute), []time.Duration{70 * time.Second}},
		"under a second":         {20 * time.Second, ptr.To(time.Millisecond), []time.Duration{1500 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPair(func() upstream.SharedIndexInformerOptions {
					return upstream.SharedIndexInformerOptions{ResyncPeriod: c.informer}
				})
				p.each(func(w *world) { w.source.Add(newPod("a", "one", "n1")) })
				p.handle(upstream.HandlerOptions{ResyncPeriod: c.handler})
				p.run()
				for _, d := range c.passes {
					pass(d)
					p.compare(t)
				}
				p.handle(upstream.HandlerOptions{ResyncPeriod: c.handler})
				pass(2 * time.Minute)
				p.compare(t)
				p.stop()
			})
		})
	}
}

// A handler that is a nil pointer whose methods need none.
type needsNothing struct{}

var needed atomic.Int64

func (*needsNothing) OnAdd(any, bool) { needed.Add(1) }

func (*needsNothing) OnUpdate(any, any) {}

func (*needsNothing) OnDelete(any) {}

// The one handler of a Controller may be a nil pointer; an informer refuses it.
func TestAHandlerThatIsANilPointerIsTold(t *testing.T) {
	var got [2]int64
	for i, engine := range plains {
		bubble(t, func(t *testing.T) {
			needed.Store(0)
			source := newSource(t, newPod("ns", "p", "n1"))
			_, c := engine.make(upstream.InformerOptions{ListerWatcher: fakeSource{source}, ObjectType: &corev1.Pod{}, Handler: (*needsNothing)(nil)})
			run(t, c.RunWithContext)
			got[i] = needed.Load()
		})
	}
	if got[0] != 1 || got[1] != 1 {
		t.Errorf("client-go tells it of %d pods, informant of %d", got[0], got[1])
	}
}
