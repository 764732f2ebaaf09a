package swap

import (
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

// act is one thing that happens to a server and those who follow it.
type act struct {
	name string
	do   func(w *world, p *pipeline, o order)
}

// history is what every pipeline goes through, one act after the other with changes before
// and after each. Every act makes the reflectors watch anew, so that at the next one there
// is a watch which is not near its timeout, of five minutes or more. There is no event of
// another kind: client-go's reflector skips such a one,
// and shows the old state until the object is next written.
var history = []act{
	{"a watch ends", func(w *world, _ *pipeline, _ order) { w.cut(apitest.Cleanly) }},
	{"a watch breaks off", func(w *world, _ *pipeline, _ order) { w.cut(apitest.Abruptly) }},
	{"a watch breaks off within an event", func(w *world, _ *pipeline, _ order) { w.cut(apitest.MidFrame) }},
	{"the server is away", func(w *world, _ *pipeline, _ order) { w.away(func() {}) }},
	{"the history is compacted meanwhile", func(w *world, _ *pipeline, _ order) { w.away(w.server.Compact) }},
	{"all versions expire meanwhile", func(w *world, _ *pipeline, _ order) { w.away(w.server.Expire) }},
	{"a watch is answered with 410", func(w *world, _ *pipeline, _ order) {
		w.inject("410", w.watching(), 1, apitest.Gone())
		w.cut(apitest.Cleanly)
	}},
	{"watches are refused with 503", func(w *world, _ *pipeline, _ order) {
		w.inject("503", w.watching(), 3, apitest.Fail(503))
		w.cut(apitest.Cleanly)
	}},
	{"watches are asked to wait", func(w *world, _ *pipeline, _ order) {
		w.inject("429", w.watching(), 2, apitest.TooManyRequests(1))
		w.cut(apitest.Cleanly)
	}},
	{"everything fails with 500", func(w *world, _ *pipeline, _ order) {
		w.inject("500", apitest.Match{}, 3, apitest.Fail(500))
		w.cut(apitest.Abruptly)
	}},
	{"connections are closed without an answer", func(w *world, _ *pipeline, _ order) {
		w.inject("refused", apitest.Match{}, 3, apitest.Refuse())
		w.cut(apitest.Abruptly)
	}},
	{"a proxy answers with its own page", func(w *world, _ *pipeline, _ order) {
		w.inject("page", apitest.Match{}, 2, apitest.HTML())
		w.cut(apitest.Abruptly)
	}},
	{"an event is no JSON", func(w *world, _ *pipeline, _ order) {
		w.inject("malformed", w.watching(), 1, apitest.Malformed(2))
		w.cut(apitest.Cleanly)
	}},
	{"an event comes twice", func(w *world, _ *pipeline, _ order) {
		w.inject("twice", w.watching(), 1, apitest.Duplicate(1))
		w.cut(apitest.Cleanly)
	}},
	{"a list breaks off", func(w *world, _ *pipeline, _ order) {
		w.inject("a list", w.listing(), 2, apitest.CutAfter(3, apitest.Abruptly))
		w.away(w.server.Expire)
	}},
	{"objects change during a slow list", func(w *world, _ *pipeline, _ order) {
		w.inject("slow", w.listing(), 1, apitest.Slow(3*time.Second))
		w.away(w.server.Expire)
		pass(20 * time.Second)
		w.write(10)
	}},
	{"a watch is silent for a minute", func(w *world, _ *pipeline, _ order) {
		open := apitest.Match{Verb: apitest.VerbWatch}
		if w.server.Stall(open) == 0 {
			w.t.Error("no watch was open")
		}
		w.write(5)
		pass(time.Minute)
		w.server.Resume(open)
		pass(time.Second)
		w.cut(apitest.Cleanly)
	}},
	{"bookmarks carry a quiet collection over a compaction", bookmarks},
}

// bookmarks lets a collection rest while others are written, and forgets the history: who
// has taken the bookmark goes on where it was, without a list.
func bookmarks(w *world, p *pipeline, o order) {
	w.cut(apitest.Cleanly)
	pass(time.Minute)
	lists := w.lists()
	w.server.Advance(1000)
	pass(2*time.Minute + time.Second)
	if reached := p.store.version(); o == inOrder && reached != w.server.ResourceVersion() {
		w.t.Errorf("after a bookmark the store is at %s, the server at %s", reached, w.server.ResourceVersion())
	}
	w.server.Compact()
	w.cut(apitest.Cleanly)
	pass(time.Minute)
	if more := w.lists() - lists; more != 0 {
		w.t.Errorf("%d lists although there were bookmarks; the last requests:\n%s", more, w.lastRequests(8))
	}
}

// play goes through the history, and lets join be called in the middle of it.
func (w *world) play(p *pipeline, o order, join func()) {
	for i, a := range history {
		if i == len(history)/2 {
			join()
		}
		failed := w.t.Failed()
		w.write(5)
		a.do(w, p, o)
		w.write(5)
		// Longer than any pause of either reflector. Timeouts are of whole seconds: none
		// ends when the next act begins.
		pass(3*time.Minute + 13*time.Millisecond)
		w.lift()
		if !failed && w.t.Failed() {
			w.t.Errorf("… in: %s", a.name)
		}
	}
}

// settle gives a pipeline the time of the longest watch and the longest pause, with a
// change now and then.
func (w *world) settle() {
	for range 4 {
		pass(15 * time.Minute)
		w.write(3)
	}
	w.put("pod-0") // lostKey
	pass(5 * time.Minute)
}
