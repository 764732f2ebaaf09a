package perturb_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/reflector/perturb"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type widget = *metav1.PartialObjectMetadata

var widgets = apitest.Resource{Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}

func newWidget(name, phase string) widget {
	w := &metav1.PartialObjectMetadata{}
	w.SetGroupVersionKind(widgets.GroupVersionKind())
	w.Namespace, w.Name, w.Labels = "default", name, map[string]string{"phase": phase}
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is a server in a bubble, with a source that asks it.
type world struct {
	t       *testing.T
	objects apitest.Collection[widget]
	source  reflector.ListerWatcher[widget]
}

func inWorld(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		server := must(apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{widgets}}))
		defer server.Close()
		source := must(httpsource.New(httpsource.Config[widget]{
			Client: server.Client(), BaseURL: server.URL,
			Group: "example.io", Version: "v1", Resource: "widgets", Kind: "Widget",
		}))
		defer source.CloseIdleConnections()
		f(&world{t: t, objects: apitest.Of[widget](server, widgets), source: source})
	})
}

// told is an informer with a handler that writes down what it is told.
type told struct {
	in    *informer.SharedIndexInformer[widget]
	lines []string
}

// start runs an informer of lw until stop is called.
func (w *world) start(lw reflector.ListerWatcher[widget]) (h *told, stop func()) {
	return w.startWith(lw, reflector.Options{})
}

func (w *world) startWith(lw reflector.ListerWatcher[widget], o reflector.Options) (h *told, stop func()) {
	o.OnError = func(context.Context, error) {}
	h = &told{in: must(informer.New(lw, informer.Options[widget]{Reflector: o}))}
	must(h.in.AddHandler(informer.HandlerFunc[widget](func(_ context.Context, e informer.Event[widget]) {
		line := e.Type.String() + " " + e.Object.Name
		if e.Type != informer.EventDelete {
			line += " " + e.Object.Labels["phase"]
		}
		h.lines = append(h.lines, line)
	}), informer.HandlerOptions{}))
	ended := make(chan error, 1)
	go func() { ended <- h.in.Run(w.t.Context()) }()
	synctest.Wait()
	return h, func() {
		if err := h.in.Stop(context.Background()); err != nil {
			w.t.Error(err)
		}
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	}
}

// expect checks what was told since the last time, at most a minute later.
func (w *world) expect(h *told, want ...string) {
	w.t.Helper()
	<-time.After(time.Minute)
	synctest.Wait()
	if !slices.Equal(h.lines, want) {
		w.t.Errorf("told %q, want %q", h.lines, want)
	}
	h.lines = nil
}

// write brings an object through phases, and deletes it after "".
func (w *world) write(name string, phases ...string) {
	for i, phase := range phases {
		switch {
		case phase == "":
			must(w.objects.Delete("default", name))
		case i == 0:
			must(w.objects.Create(newWidget(name, phase)))
		case phases[i-1] == "":
			must(w.objects.Create(newWidget(name, phase)))
		default:
			w.change(name, phase)
		}
	}
}

func (w *world) change(name, phase string) {
	must(w.objects.Modify("default", name, func(obj widget) widget {
		obj.Labels = map[string]string{"phase": phase}
		return obj
	}))
}

// Behind a Stale nothing is lost and nothing comes before its time.
func TestStaleLagsAndLosesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		gate := perturb.NewStale(w.source)
		w.write("a", "1")
		h, stop := w.start(gate)
		defer stop()
		w.expect(h, "Add a 1")
		gate.Hold()
		gate.Hold()
		w.write("b", "1", "2", "")
		w.write("c", "1")
		w.expect(h)
		gate.Release()
		gate.Release()
		w.expect(h, "Add b 1", "Update b 2", "Delete b", "Add c 1")
		if len(h.in.Indexer().List()) != 2 {
			w.t.Error("the store is not that of the server")
		}
	})
}

// A Stale that is held keeps lists back too, and lets go who gives up.
func TestStaleHoldsLists(t *testing.T) {
	inWorld(t, func(w *world) {
		gate := perturb.NewStale(w.source)
		gate.Hold()
		w.write("a", "1")
		h, stop := w.start(gate)
		w.expect(h)
		stop()
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		if _, err := gate.List(ctx, metav1.ListOptions{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			w.t.Errorf("List: %v", err)
		}
		gate.Release()
		h, stop = w.start(gate)
		defer stop()
		w.expect(h, "Add a 1")
	})
}

// Behind a Skipping there are no states in between, and no object that came and went:
// code that waits for one of them waits for ever.
func TestSkippingShowsLastStatesOnly(t *testing.T) {
	inWorld(t, func(w *world) {
		gate := perturb.NewSkipping(w.source)
		w.write("changed", "pending")
		w.write("deleted", "pending")
		w.write("renewed", "pending")
		h, stop := w.start(gate)
		defer stop()
		w.expect(h, "Add changed pending", "Add deleted pending", "Add renewed pending")
		gate.Hold()
		w.change("changed", "running")
		w.change("changed", "done")
		must(w.objects.Delete("default", "deleted"))
		must(w.objects.Delete("default", "renewed"))
		w.write("renewed", "new")
		w.write("brief", "pending", "")
		w.expect(h)
		gate.Release()
		w.expect(h, "Delete deleted", "Delete renewed", "Update changed done", "Add renewed new")
		w.write("later", "pending")
		w.expect(h, "Add later pending")
	})
}

// An informer that is made anew behind a Back sees what was deleted long ago, and then
// what has happened since.
func TestBackShowsThePast(t *testing.T) {
	inWorld(t, func(w *world) {
		gate := perturb.NewStale(w.source)
		back := perturb.NewBack(gate, (*metav1.PartialObjectMetadata).DeepCopy)
		w.write("a", "1")
		w.write("b", "1")
		if err := back.Mark(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.change("a", "2")
		must(w.objects.Delete("default", "b"))
		gate.Hold()
		h, stop := w.startWith(back, reflector.Options{FirstListAnyVersion: true})
		defer stop()
		w.expect(h, "Add a 1", "Add b 1")
		gate.Release()
		w.expect(h, "Update a 2", "Delete b")
	})
}

// R8: a program sees a deletion, is started anew, and asks another server, whose cache
// lags. Who takes any version for the first list is taken back into the past; who does
// not, and that is the default, is not.
func TestTheFirstListIsNoJourneyIntoThePast(t *testing.T) {
	for anyVersion, want := range map[bool][]string{
		true:  {"Add deleted 1", "Add stays 1", "Update stays 2", "Delete deleted"},
		false: {"Add stays 2"},
	} {
		inWorld(t, func(w *world) {
			o := reflector.Options{FirstListAnyVersion: anyVersion}
			back := perturb.NewBack(w.source, (*metav1.PartialObjectMetadata).DeepCopy)
			w.write("deleted", "1")
			w.write("stays", "1")
			if err := back.Mark(w.t.Context()); err != nil { // the state that the other server has
				w.t.Fatal(err)
			}
			h, stop := w.startWith(w.source, o)
			w.change("stays", "2")
			must(w.objects.Delete("default", "deleted"))
			w.expect(h, "Add deleted 1", "Add stays 1", "Update stays 2", "Delete deleted")
			stop()
			h, stop = w.startWith(back, o)
			defer stop()
			w.expect(h, want...)
		})
	}
}

// Without a mark a Back is its source, and a mark that fails is none.
func TestBackWithoutAMark(t *testing.T) {
	inWorld(t, func(w *world) {
		back := perturb.NewBack(w.source, (*metav1.PartialObjectMetadata).DeepCopy)
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		if err := back.Mark(ctx); err == nil {
			w.t.Error("a list under a context that has ended succeeds")
		}
		w.write("a", "1")
		h, stop := w.start(back)
		defer stop()
		w.expect(h, "Add a 1")
	})
}

// What is shown twice is not the same object.
func TestBackCopies(t *testing.T) {
	inWorld(t, func(w *world) {
		back := perturb.NewBack(w.source, (*metav1.PartialObjectMetadata).DeepCopy)
		w.write("a", "1")
		if err := back.Mark(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		var seen []widget
		for range 2 {
			must(back.List(w.t.Context(), metav1.ListOptions{ResourceVersion: "0"}, func(p reflector.Part[widget]) error {
				seen = append(seen, p.Items...)
				return nil
			}))
		}
		if len(seen) != 2 || seen[0] == seen[1] || seen[0].Name != "a" {
			w.t.Errorf("seen: %v", seen)
		}
	})
}

// A nil is refused where it is given, with a panic that says what to give.
func TestNilIsRefused(t *testing.T) {
	for name, f := range map[string]func(){
		"NewStale":             func() { perturb.NewStale[widget](nil) },
		"NewSkipping":          func() { perturb.NewSkipping[widget](nil) },
		"NewBack":              func() { perturb.NewBack[widget](nil, (*metav1.PartialObjectMetadata).DeepCopy) },
		"NewBack without copy": func() { perturb.NewBack[widget](perturb.NewStale[widget](new(reflector.ListWatch[widget])), nil) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "perturb: ") {
					t.Errorf("%s: panics with %q", name, text)
				}
			}()
			f()
		}()
	}
}
