package union_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/union"
)

func newDeltaFIFO(a object.Access[widget], o deltafifo.Options[widget]) (deltafifo.Queue[widget], error) {
	return deltafifo.NewDeltaFIFOWithAccess(a, o)
}

func handlerOf(f func(informer.Event[widget])) informer.Handler[widget] {
	return informer.HandlerFunc[widget](func(_ context.Context, e informer.Event[widget]) { f(e) })
}

// U6: WaitFor through an informer returns when the slowest query has reached the
// version, not when the write itself is there.
func TestWaitForWaitsForTheSlowestQuery(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		inWorld(t, func(w *world) {
			w.create("a", "x", "red")
			r := must(union.New(union.Options{Reflector: quiet()}, w.queries("a/", "b/")...))
			in := newInformer(r, fifo)
			ctx, cancel := context.WithCancel(w.t.Context())
			ended := make(chan error, 1)
			go func() { ended <- in.Run(ctx) }()
			synctest.Wait()
			if err := informer.WaitForSync(ctx, in); err != nil {
				t.Fatal(err)
			}
			w.server.Stall(apitest.Match{Namespace: "b"})
			w.create("b", "y", "red")
			last := w.paint("a", "x", "blue").ResourceVersion

			waited := make(chan error, 1)
			go func() { waited <- in.Indexer().WaitFor(ctx, last) }()
			synctest.Wait()
			<-time.After(time.Second)
			if got := stateOf(in.Indexer()); got["a/x"] != last || len(got) != 1 {
				t.Fatalf("the store has %v, want the write to a alone", got)
			}
			if err := in.Indexer().WaitForKey(ctx, "a/x", last); err != nil {
				t.Error(err)
			}
			if len(waited) > 0 {
				t.Errorf("WaitFor returned while a query lags; the store is at %s", in.Indexer().LastStoreSyncResourceVersion())
			}
			w.server.Resume(apitest.Match{Namespace: "b"})
			if err := <-waited; err != nil {
				t.Error(err)
			}
			if got, want := stateOf(in.Indexer()), w.want("a/", "b/"); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("after WaitFor the store has %v, want %v", got, want)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// U2, U5: handlers hear of a deletion that a watch reports, with the last state; of one
// that a list shows or a removed query brings, with one that may not be the last.
func TestWhatHandlersHearOfDeletions(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		inWorld(t, func(w *world) {
			w.create("a", "x", "red")
			w.create("a", "y", "red")
			w.create("a", "z", "red")
			r := must(union.New(union.Options{Reflector: lasting()}, w.queries("a/", "b/")...))
			in := newInformer(r, fifo)
			var told []string
			must(in.AddHandler(handlerOf(func(e informer.Event[widget]) {
				told = append(told, fmt.Sprint(e.Type, " ", e.Object.Name, " ", e.Reason, " ", e.FinalStateUnknown))
			}), informer.HandlerOptions{}))
			ended := make(chan error, 1)
			go func() { ended <- in.Run(w.t.Context()) }()
			synctest.Wait()
			expect := func(want ...string) {
				t.Helper()
				settle()
				if !slices.Equal(told, want) {
					t.Errorf("told %q, want %q", told, want)
				}
				told = nil
			}
			expect("Add x Initial false", "Add y Initial false", "Add z Initial false")
			must(w.objects.Delete("a", "x"))
			expect("Delete x Watch false")
			w.server.Down()
			must(w.objects.Delete("a", "y"))
			w.server.Expire()
			must(0, w.server.Up())
			expect("Delete y Relist true")
			must(0, r.Set(w.queries("b/")...))
			expect("Delete z Relist true")
			if err := errors.Join(in.Stop(w.t.Context()), <-ended); err != nil {
				t.Error(err)
			}
		})
	}
}
