package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/mutation"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
)

// refusal is an input that is refused, and with which error.
type refusal struct {
	try  func() error
	want error
}

// unused is a ListerWatcher that nothing is asked of.
type unused struct{ reflector.ListerWatcher[item] }

func failure[V any](_ V, err error) error { return err }

// What a constructor cannot use is refused by each that takes it, with an error
// that names the informer and says what to give instead.
func TestConstructorsRefuse(t *testing.T) {
	named := Options[item]{Name: "pods"}
	type lister = reflector.ListerWatcher[item]
	type runner = reflector.Runner[item]
	meta, lw, from, h := object.Meta[item](), lister(unused{}), runner(newScript()), Handler[item](&recorder{})
	var noAccess object.Access[item]
	for name, c := range map[string]refusal{
		"New: nil ListerWatcher":                               {func() error { return failure(New[item](nil, named)) }, ErrNoSource},
		"New: nil pointer as ListerWatcher":                    {func() error { return failure(New((*reflector.ListWatch[item])(nil), named)) }, ErrNoSource},
		"NewWithAccess: nil ListerWatcher":                     {func() error { return failure(NewWithAccess(meta, lister(nil), named)) }, ErrNoSource},
		"NewWithAccess: zero Access":                           {func() error { return failure(NewWithAccess(noAccess, lw, named)) }, object.ErrNoAccess},
		"NewFromRunner: nil Runner":                            {func() error { return failure(NewFromRunner(meta, runner(nil), named)) }, ErrNoSource},
		"NewFromRunner: nil pointer as Runner":                 {func() error { return failure(NewFromRunner(meta, runner((*script)(nil)), named)) }, ErrNoSource},
		"NewFromRunner: nil function as Runner":                {func() error { return failure(NewFromRunner(meta, runner(runnerFunc(nil)), named)) }, ErrNoSource},
		"NewFromRunner: zero Access":                           {func() error { return failure(NewFromRunner(noAccess, from, named)) }, object.ErrNoAccess},
		"NewController: nil ListerWatcher":                     {func() error { return failure(NewController(lister(nil), h, named)) }, ErrNoSource},
		"NewController: nil Handler":                           {func() error { return failure(NewController(lw, nil, named)) }, ErrNoHandler},
		"NewControllerWithAccess: nil ListerWatcher":           {func() error { return failure(NewControllerWithAccess(meta, lister(nil), h, named)) }, ErrNoSource},
		"NewControllerWithAccess: nil HandlerFunc":             {func() error { return failure(NewControllerWithAccess(meta, lw, HandlerFunc[item](nil), named)) }, ErrNoHandler},
		"NewControllerWithAccess: zero Access":                 {func() error { return failure(NewControllerWithAccess(noAccess, lw, h, named)) }, object.ErrNoAccess},
		"NewControllerFromRunner: nil pointer as Runner":       {func() error { return failure(NewControllerFromRunner(meta, runner((*script)(nil)), h, named)) }, ErrNoSource},
		"NewControllerFromRunner: nil Handler":                 {func() error { return failure(NewControllerFromRunner(meta, from, nil, named)) }, ErrNoHandler},
		"NewControllerFromRunner: nil pointer as Handler":      {func() error { return failure(NewControllerFromRunner(meta, from, (*recorder)(nil), named)) }, ErrNoHandler},
		"NewControllerFromRunner: zero Access":                 {func() error { return failure(NewControllerFromRunner(noAccess, from, h, named)) }, object.ErrNoAccess},
		"NewFromRunner: a Detector that cannot copy":           {func() error { return failure(NewFromRunner(meta, from, withoutCopy("pods"))) }, ErrNoCopy},
		"NewControllerFromRunner: a Detector that cannot copy": {func() error { return failure(NewControllerFromRunner(meta, from, h, withoutCopy("pods"))) }, ErrNoCopy},
	} {
		t.Run(name, func(t *testing.T) { c.check(t) })
	}
}

// What is given to an informer later is refused at once as well.
func TestMethodsRefuse(t *testing.T) {
	in, _ := scripted(t, Options[item]{Name: "pods"})
	byName := func(obj item) ([]string, error) { return []string{obj.Name}, nil }
	for name, c := range map[string]refusal{
		"nil Handler":            {func() error { return failure(in.AddHandler(nil, HandlerOptions{})) }, ErrNoHandler},
		"nil pointer as Handler": {func() error { return failure(in.AddHandler((*recorder)(nil), HandlerOptions{})) }, ErrNoHandler},
		"nil HandlerFunc":        {func() error { return failure(in.AddHandler(HandlerFunc[item](nil), HandlerOptions{})) }, ErrNoHandler},
		"nil index function":     {func() error { return in.AddIndexers(indexer.Indexers[item]{"none": nil}) }, nil},
		"an index twice": {func() error {
			if err := in.AddIndexers(indexer.Indexers[item]{"name": byName}); err != nil {
				return err
			}
			return in.AddIndexers(indexer.Indexers[item]{"name": byName})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) { c.check(t) })
	}
}

func (c refusal) check(t *testing.T) {
	t.Helper()
	err := c.try()
	if err == nil || c.want != nil && !errors.Is(err, c.want) {
		t.Fatalf("error %v, want %v", err, c.want)
	}
	if text := err.Error(); !strings.HasPrefix(text, "informer: ") || !strings.Contains(text, "pods") {
		t.Errorf("%q does not begin with the package or does not name the informer", text)
	}
}

// WaitForSync refuses what cannot sync before it waits.
func TestWaitForSyncRefusesNil(t *testing.T) {
	in, _ := scripted(t, Options[item]{Name: "pods"})
	for name, s := range map[string]Syncer{
		"nil":                         nil,
		"nil pointer to Registration": (*Registration[item])(nil),
		"nil pointer to informer":     (*SharedIndexInformer[item])(nil),
	} {
		err := WaitForSync(t.Context(), in, s)
		if !errors.Is(err, ErrNoSyncer) || !strings.Contains(err.Error(), "number 2 of 2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// The status of a Runner's source is what Options say.
func TestSourceStatus(t *testing.T) {
	in, _ := scripted(t, Options[item]{SourceStatus: func() reflector.Status { return reflector.Status{Source: "/pods"} }})
	if s := in.Status().Source; s == nil || s.Source != "/pods" {
		t.Errorf("the source is %+v", s)
	}
	without, _ := scripted(t, Options[item]{})
	if s := without.Status().Source; s != nil {
		t.Errorf("a Runner that says nothing has the status %+v", s)
	}
}

// withoutCopy are Options with a Detector that lacks what it needs.
func withoutCopy(name string) Options[item] {
	return Options[item]{Name: name, Detector: &mutation.Options[item]{}}
}

// An informer without a name is called by the type of its objects.
func TestDefaultName(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	if want := "*v1.PartialObjectMetadata"; in.Name() != want {
		t.Errorf("the name is %q, want %q", in.Name(), want)
	}
}

// The name of a handler is unique in its informer, also if what would be added to it is
// the name of another one.
func TestHandlersHaveDifferentNames(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	var names []string
	for _, name := range []string{"h", "h#3", "h", "h"} {
		names = append(names, addWith(t, in, &recorder{}, HandlerOptions{Name: name}).Name())
	}
	if want := []string{"h", "h#3", "h#4", "h#5"}; !slices.Equal(names, want) {
		t.Errorf("they are called %q, want %q", names, want)
	}
}

// An object without a key is refused, with its type, and nothing else suffers.
func TestObjectsWithoutAKeyAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		access := object.Meta[item]().WithKey(func(obj item) (string, error) {
			if obj.Name == "keyless" {
				return "", errors.New("no key today")
			}
			return object.MetaKey(obj)
		})
		source := newScript()
		in, err := NewFromRunner(access, source, Options[item]{Name: "pods"})
		if err != nil {
			t.Fatal(err)
		}
		r := &recorder{}
		add(t, in, r)
		running(t, in)
		var refused error
		source.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
			refused = sink.Add(ctx, newItem("keyless", 1))
			return sink.Add(ctx, newItem("a", 2))
		})
		if refused == nil || !strings.Contains(refused.Error(), "no key today") || !strings.Contains(refused.Error(), "pods") {
			t.Errorf("the source was told %v", refused)
		}
		if got := r.take(); len(got) != 1 || got[0] != "Add a ->2 Watch" {
			t.Errorf("told %q", got)
		}
	})
}

// A RelistUpdates informer takes what a list shows under the same version, as
// client-go does; the default takes it for the same state.
func TestOneVersionTwoContents(t *testing.T) {
	queues := map[string]func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error){
		"InOrder": nil,
		"DeltaFIFO": func(a object.Access[item], o deltafifo.Options[item]) (deltafifo.Queue[item], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		},
	}
	for name, newQueue := range queues {
		for relist, want := range map[bool]string{false: "", true: "default"} {
			t.Run(fmt.Sprint(name, "/", relist), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					in, source := scripted(t, Options[item]{RelistUpdates: relist, NewQueue: newQueue})
					var told []string
					add(t, in, HandlerFuncs[item]{OnUpdate: func(old, obj item) {
						told = append(told, old.Labels["color"]+">"+obj.Labels["color"])
					}})
					running(t, in)
					source.list(t, 5, newItem("a", 1))
					changed := newItem("a", 1)
					changed.Labels = map[string]string{"color": "default"}
					source.list(t, 6, changed)
					obj, _, _ := in.Indexer().GetByKey("ns/a")
					if obj.Labels["color"] != want {
						t.Errorf("the store has %q, want %q", obj.Labels["color"], want)
					}
					if got := strings.Join(told, " "); relist && got != ">default" || !relist && got != "" {
						t.Errorf("told %q", got)
					}
				})
			})
		}
	}
}

// What is nil is told of at construction, with what to set instead.
func TestNothingIsRefusedAtConstruction(t *testing.T) {
	for want, opts := range map[string]Options[item]{
		`index "none" has no index function`: {Indexers: indexer.Indexers[item]{"none": nil}},
		"Options.Indexer is a nil":           {Indexer: (*indexer.Cache[item])(nil)},
		`index "late" has no index function`: {Indexer: newCache(indexer.Options[item]{}), Indexers: indexer.Indexers[item]{"late": nil}},
	} {
		_, err := NewFromRunner(newAccess(), newScript(), opts)
		_, err2 := NewControllerFromRunner(newAccess(), newScript(), &recorder{}, opts)
		for _, err := range []error{err, err2} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: does not say %s", err, want)
			}
		}
	}
	in, _ := scripted(t, Options[item]{NewQueue: brokenQueue(nil)})
	if err := in.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "NewQueue") {
		t.Errorf("a queue that is nil: %v", err)
	}
	if err := in.AddIndexers(indexer.Indexers[item]{"none": nil}); err == nil {
		t.Error("AddIndexers takes a nil function")
	}
}

// What waits for the store and watches it is a part of the seam: it is there for
// a store that was given as for the informer's own.
func TestTheIndexerWaitsAndWatches(t *testing.T) {
	given, err := indexer.NewWithAccess(newAccess(), indexer.Options[item]{})
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]Options[item]{"its own": {}, "given": {Indexer: given}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, source := scripted(t, opts)
				running(t, in)
				watch := in.Indexer().WatchKey("ns/a")
				defer watch.Stop()
				source.list(t, 7, newItem("a", 1))
				select {
				case <-watch.Done():
				default:
					t.Error("the watch does not close with its object")
				}
				if err := in.Indexer().WaitForKey(t.Context(), "ns/a", "1"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
