package compact

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	objects "github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// script is a source that does one thing after the other, each when it is told to.
type script chan func(context.Context, reflector.Sink[*Object]) error

func (s script) Run(ctx context.Context, sink reflector.Sink[*Object]) error {
	for {
		select {
		case step := <-s:
			if err := step(ctx, sink); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func listOf(version string, items ...*Object) func(context.Context, reflector.Sink[*Object]) error {
	return func(ctx context.Context, sink reflector.Sink[*Object]) error {
		if err := sink.Begin(ctx); err != nil {
			return err
		}
		if err := sink.Page(ctx, items); err != nil {
			return err
		}
		return sink.Commit(ctx, version)
	}
}

// withoutKnown is the queue that doc.go recommends: it asks the store for no object.
func withoutKnown(a objects.Access[*Object], o deltafifo.Options[*Object]) (deltafifo.Queue[*Object], error) {
	o.KnownObjects = nil
	return deltafifo.NewInOrderWithAccess(a, o)
}

// TestAnInformerOnACompactStore proves I1, I2 and I4 of package informer and C6: handlers get
// old and new objects, deletions that a list shows included, a handler that joins
// later gets what is there, and a list that shows nothing new decodes nothing.
func TestAnInformerOnACompactStore(t *testing.T) {
	codec := &counting{Codec: Protobuf[Object]()}
	cache := newCache(t, codec, Options[*Object]{Compressor: new(prefix), OnError: func(err *Error) { t.Error(err) }}, 100)
	source := make(script)
	in, err := informer.NewFromRunner(objects.Meta[*Object](), reflector.Runner[*Object](source), informer.Options[*Object]{
		Name: "objects", Indexer: cache, Indexers: byColor, NewQueue: withoutKnown,
	})
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 100)
	handler := informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) {
		old, now := "-", "-"
		if e.Old != nil {
			old = e.Old.ResourceVersion
		}
		if e.Object != nil {
			now = e.Object.ResourceVersion
		}
		events <- fmt.Sprint(e.Type, " ", e.Key, " ", old, " ", now, " ", e.FinalStateUnknown)
	})
	want := func(all ...string) {
		t.Helper()
		var got []string
		for range all {
			got = append(got, <-events)
		}
		slices.Sort(got)
		if !slices.Equal(got, all) {
			t.Errorf("events %q, want %q", got, all)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := in.AddHandler(handler, informer.HandlerOptions{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()

	source <- listOf("3", colored("x", "1", "red"), colored("y", "2", "red"), colored("z", "3"))
	want("Add a/x - 1 false", "Add a/y - 2 false", "Add a/z - 3 false")
	source <- func(ctx context.Context, sink reflector.Sink[*Object]) error {
		return sink.Update(ctx, colored("x", "4", "blue"))
	}
	want("Update a/x 1 4 false")
	if blue, err := in.Indexer().ByIndex("color", "blue"); err != nil || len(blue) != 1 || blue[0].ResourceVersion != "4" {
		t.Errorf("blue: %v, %v", blue, err)
	}
	source <- func(ctx context.Context, sink reflector.Sink[*Object]) error {
		return sink.Delete(ctx, colored("z", "5"))
	}
	want("Delete a/z 3 5 false")

	encoded, decoded := codec.encoded.Load(), codec.decoded.Load()
	source <- listOf("6", colored("x", "4", "blue"), colored("y", "2", "red"))
	if err := in.Indexer().WaitFor(ctx, "6"); err != nil {
		t.Fatal(err)
	}
	source <- listOf("7", colored("x", "4", "blue"))
	want("Delete a/y 2 2 true")
	if e, d := codec.encoded.Load()-encoded, codec.decoded.Load()-decoded; e != 0 || d != 1 {
		t.Errorf("two lists in which one object was gone: %d encoded, %d decoded, want 0 and 1", e, d)
	}

	if _, err := in.AddHandler(handler, informer.HandlerOptions{}); err != nil {
		t.Fatal(err)
	}
	want("Add a/x - 4 false")
	if s := cache.Stats(); s.Objects != 1 || s.Decoded != 0 {
		t.Errorf("%+v", s)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestAnInformerOverWhatCannotBeDecoded proves C6 and I1: handlers are called with
// objects, and with none for the deletion of what cannot be read.
func TestAnInformerOverWhatCannotBeDecoded(t *testing.T) {
	l := new(told)
	cache := newCache(t, faulty{Protobuf[Object]()}, Options[*Object]{Store: indexer.Options[*Object]{Name: "objects"}, OnError: l.add}, 100)
	source := make(script)
	in, err := informer.NewFromRunner(objects.Meta[*Object](), reflector.Runner[*Object](source), informer.Options[*Object]{Indexer: cache, NewQueue: withoutKnown})
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan informer.Event[*Object], 10)
	if _, err := in.AddHandler(informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) { events <- e }), informer.HandlerOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	source <- listOf("1", colored(noDecode, "1"))
	if e := <-events; e.Type != informer.EventAdd {
		t.Errorf("%+v", e)
	}
	source <- func(ctx context.Context, sink reflector.Sink[*Object]) error {
		return sink.Update(ctx, colored(noDecode, "2"))
	}
	if e := <-events; e.Type != informer.EventAdd || e.Object.ResourceVersion != "2" {
		t.Errorf("%+v", e)
	}
	source <- listOf("3")
	if e := <-events; e.Type != informer.EventDelete || e.Key != "a/"+noDecode || !e.FinalStateUnknown || e.Object != nil {
		t.Errorf("%+v", e)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	l.want(t, "decode a/"+noDecode, "decode a/"+noDecode)
}

// informed runs an informer on a compact store until the end of the test. It returns its
// source and the number of panics that went to HandleCrash, which would end a process.
// It is called in a bubble of synctest.
func informed(t *testing.T, codec Codec[*Object], handler informer.Handler[*Object], opts informer.HandlerOptions) (source script, panics *atomic.Int64) {
	really, handlers := utilruntime.ReallyCrash, utilruntime.PanicHandlers
	t.Cleanup(func() { utilruntime.ReallyCrash, utilruntime.PanicHandlers = really, handlers })
	source, panics = make(script), new(atomic.Int64)
	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = []func(context.Context, any){func(context.Context, any) { panics.Add(1) }}
	cache := newCache(t, codec, Options[*Object]{OnError: func(*Error) {}}, 100)
	in, err := informer.NewFromRunner(objects.Meta[*Object](), reflector.Runner[*Object](source), informer.Options[*Object]{Indexer: cache, NewQueue: withoutKnown})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.AddHandler(handler, opts); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return source, panics
}

// TestADeletionOfWhatCannotBeDecoded proves C6 and I1, I8 of package informer: a
// deletion, watched or not, comes without Old, through every kind of filter, and nobody
// is asked about no object.
func TestADeletionOfWhatCannotBeDecoded(t *testing.T) {
	var events []informer.Event[*Object]
	take := informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) { events = append(events, e) })
	named := func(obj *Object) bool { return obj.Name != "" }
	filters := map[string]struct {
		handler informer.Handler[*Object]
		opts    informer.HandlerOptions
	}{
		"none":      {handler: take},
		"options":   {take, informer.HandlerOptions{Namespace: "a"}},
		"a handler": {handler: informer.FilteringHandler[*Object]{Filter: named, Handler: take}},
	}
	deletions := map[string]func(context.Context, reflector.Sink[*Object]) error{
		"missed": listOf("2"),
		"watched": func(ctx context.Context, sink reflector.Sink[*Object]) error {
			return sink.Delete(ctx, colored(noDecode, "2"))
		},
	}
	for name, filter := range filters {
		for how, deletion := range deletions {
			t.Run(name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					events = nil
					source, panics := informed(t, faulty{Protobuf[Object]()}, filter.handler, filter.opts)
					source <- listOf("1", colored(noDecode, "1"))
					source <- deletion
					synctest.Wait()
					if len(events) != 2 || panics.Load() != 0 {
						t.Fatalf("told of %d events, with %d panics", len(events), panics.Load())
					}
					e := events[1]
					if d := e.Deleted(); e.Type != informer.EventDelete || e.Old != nil || d.NoObject != (how == "missed") || d.GetName() != noDecode {
						t.Errorf("%v, %+v", e.Type, d)
					}
				})
			})
		}
	}
}

// moody is a codec that decodes nothing while it is broken.
type moody struct {
	Codec[*Object]
	broken atomic.Bool
}

func (m *moody) Decode(data []byte) (*Object, error) {
	if m.broken.Load() {
		return nil, errFaulty
	}
	return m.Codec.Decode(data)
}

// TestAResyncOfWhatCannotBeDecoded proves C4 and I13 of package informer: a resync, at
// once or with a rate, leaves out what cannot be decoded.
func TestAResyncOfWhatCannotBeDecoded(t *testing.T) {
	for _, rate := range []int{0, 1} {
		t.Run(fmt.Sprint("rate ", rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				codec, told := &moody{Codec: Protobuf[Object]()}, 0
				source, panics := informed(t, codec, informer.HandlerFunc[*Object](func(_ context.Context, e informer.Event[*Object]) {
					if e.Object == nil {
						t.Errorf("%v %s without an object", e.Type, e.Key)
					}
					if e.Reason == informer.ReasonResync {
						codec.broken.Store(true)
						told++
					}
				}), informer.HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: rate})
				source <- listOf("1", colored("x", "1"), colored("y", "1"))
				<-time.After(90 * time.Second)
				synctest.Wait()
				if told != 1 || panics.Load() != 0 {
					t.Errorf("told of %d objects, one can be decoded; %d panics", told, panics.Load())
				}
			})
		})
	}
}
