package union_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/union"
	"pgregory.net/rapid"
)

// pool has the queries of the model: namespaces, selectors over all, and both.
var pool = []string{"a/", "b/", "/red", "/blue", "a/red", "b/blue"}

// step is something that happens in the model.
type step struct {
	what            string
	namespace, name string
	color           string
	queries         []string
	pause           time.Duration
}

func (s step) String() string {
	return strings.TrimSpace(fmt.Sprint(s.what, " ", s.namespace, " ", s.name, " ", s.color, " ", s.queries, " ", s.pause))
}

func drawSteps(t *rapid.T) []step {
	what := rapid.SampledFrom([]string{"paint", "paint", "paint", "paint", "delete", "delete", "set", "cut", "expire", "refuse", "lag", "pause", "pause", "tick"})
	pause := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, time.Minute, 20 * time.Minute})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		s := step{what: what.Draw(t, "what"), namespace: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "namespace")}
		switch s.what {
		case "paint", "delete":
			s.name = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "name")
			s.color = rapid.SampledFrom([]string{"red", "blue"}).Draw(t, "color")
		case "set":
			s.queries = drawQueries(t)
		case "pause":
			s.pause = pause.Draw(t, "pause")
		}
		return s
	}), 1, 40).Draw(t, "steps")
}

func drawQueries(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 0, 4, rapid.ID).Draw(t, "queries")
}

// play does a step and returns the queries that are asked for then.
func (w *world) play(r *union.Runner[widget], s step, asked []string) []string {
	match := apitest.Match{Namespace: s.namespace}
	switch s.what {
	case "paint":
		if _, err := w.objects.Get(s.namespace, s.name); err != nil {
			w.create(s.namespace, s.name, s.color)
		} else {
			w.paint(s.namespace, s.name, s.color)
		}
	case "delete":
		_, _ = w.objects.Delete(s.namespace, s.name) // if it is there
	case "set":
		must(0, r.Set(w.queries(s.queries...)...))
		return s.queries
	case "cut":
		w.server.Cut(match, apitest.Abruptly)
	case "expire":
		w.server.Cut(match, apitest.Abruptly)
		w.server.Expire()
	case "refuse":
		w.server.Inject(apitest.Fault{Match: match, Times: 2, Do: apitest.Fail(503)})
	case "lag":
		w.server.Stall(match)
	case "tick":
		w.server.Advance(1)
	case "pause":
		<-time.After(s.pause)
	}
	return asked
}

// U1 to U6: whatever happens to the objects, the queries and their watches, the sink
// ends with the OR of the queries, was told nothing that a Sink must not be told, and
// never of an older state of a life of an object behind a newer one.
func TestTheSinkEndsWithTheOrOfTheQueries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		asked, steps := drawQueries(rt), drawSteps(rt)
		streamed, restored := rapid.Bool().Draw(rt, "streamed"), rapid.IntRange(0, 3).Draw(rt, "restored") == 0
		var failures []string
		inWorld(t, func(w *world) {
			o := union.Options{Reflector: quiet()}
			o.Reflector.DisableStreaming = !streamed
			r := must(union.New(o, w.queries(asked...)...))
			p := &union.Tape[widget]{}
			stop := start(t, r, p)
			backup := w.server.Backup()
			for i, s := range steps {
				asked = w.play(r, s, asked)
				if i == len(steps)/2 {
					backup = w.server.Backup()
				}
			}
			if restored {
				w.server.Advance(1000)
				settle()
				w.server.Restore(backup)
				w.play(r, step{what: "paint", namespace: "a", name: "x", color: "red"}, nil)
			}
			<-time.After(2 * time.Hour)
			synctest.Wait()
			w.server.Advance(1)
			settle()
			state, wrong := p.Holds()
			failures = wrong
			if want := w.want(asked...); fmt.Sprint(state) != fmt.Sprint(want) {
				failures = append(failures, fmt.Sprintf("the sink has %v, want %v of %q", state, want, asked))
			}
			if s := r.Status(); len(asked) > 0 && s.ResourceVersion != w.server.ResourceVersion() {
				failures = append(failures, fmt.Sprintf("the sink was told of %q, the server is at %s", s.ResourceVersion, w.server.ResourceVersion()))
			}
			stop()
		})
		if len(failures) > 0 {
			rt.Fatalf("%s", strings.Join(failures, "\n"))
		}
	})
}

// table is what a handler makes of its events.
type table struct {
	state map[string]string
	wrong []string
}

func (h *table) handle(e informer.Event[widget]) {
	before, there := h.state[e.Key]
	if there == (e.Type == informer.EventAdd) || there && e.Old != nil && e.Old.ResourceVersion != before {
		h.wrong = append(h.wrong, fmt.Sprintf("%v %s where %q was", e.Type, e.Key, before))
	}
	if e.Type == informer.EventDelete {
		delete(h.state, e.Key)
		return
	}
	h.state[e.Key] = e.Object.ResourceVersion
}

// newInformer returns an informer of r, with either queue.
func newInformer(r *union.Runner[widget], fifo bool) *informer.SharedIndexInformer[widget] {
	o := informer.Options[widget]{SourceStatus: r.Status, VersionsByBookmark: true, Logger: quiet().Logger}
	if fifo {
		o.NewQueue = newDeltaFIFO
	}
	return must(informer.NewFromRunner(object.Meta[widget](), reflector.Runner[widget](r), o))
}

// I1 behind a Runner of several queries, with both queues: a handler can rebuild the
// store from its events; and what the store says to include, it includes (U6).
func TestHandlersSeeTheOrOfTheQueries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		asked, steps := drawQueries(rt), drawSteps(rt)
		fifo := rapid.Bool().Draw(rt, "a DeltaFIFO")
		var failures []string
		inWorld(t, func(w *world) {
			r := must(union.New(union.Options{Reflector: quiet()}, w.queries(asked...)...))
			in := newInformer(r, fifo)
			h := &table{state: map[string]string{}}
			must(in.AddHandler(handlerOf(h.handle), informer.HandlerOptions{}))
			ended := make(chan error, 1)
			go func() { ended <- in.Run(w.t.Context()) }()
			for _, s := range steps {
				asked = w.play(r, s, asked)
				synctest.Wait()
			}
			<-time.After(2 * time.Hour)
			synctest.Wait()
			failures = h.wrong
			want := w.want(asked...)
			if got := stateOf(in.Indexer()); fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(h.state) != fmt.Sprint(want) {
				failures = append(failures, fmt.Sprintf("the store has %v, the handler %v, want %v of %q", got, h.state, want, asked))
			}
			if err := in.Stop(w.t.Context()); err != nil {
				failures = append(failures, err.Error())
			}
			if err := <-ended; err != nil {
				failures = append(failures, err.Error())
			}
		})
		if len(failures) > 0 {
			rt.Fatalf("%s", strings.Join(failures, "\n"))
		}
	})
}

func stateOf(store indexer.Store[widget]) map[string]string {
	state := map[string]string{}
	for _, obj := range store.List() {
		state[must(object.MetaKey(obj))] = obj.ResourceVersion
	}
	return state
}
