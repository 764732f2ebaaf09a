package informer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
)

// Bad input is refused with an error that names the informer, and nothing is
// started.
func TestBadInput(t *testing.T) {
	named := Options[item]{Name: "pods"}
	var noRunner *script
	var noHandler *recorder
	var noFunc HandlerFunc[item]
	in, _ := scripted(t, named)
	byName := func(obj item) ([]string, error) { return []string{obj.Name}, nil }
	for name, c := range map[string]struct {
		try  func() error
		want error
	}{
		"nil ListerWatcher": {func() error { _, err := New[item](nil, named); return err }, ErrNoSource},
		"nil ListWatch":     {func() error { _, err := New((*reflector.ListWatch[item])(nil), named); return err }, ErrNoSource},
		"nil Runner":        {func() error { _, err := NewFromRunner[item](nil, object.Meta[item](), named); return err }, ErrNoSource},
		"nil pointer as Runner": {func() error {
			_, err := NewFromRunner(noRunner, object.Meta[item](), named)
			return err
		}, ErrNoSource},
		"no access": {func() error {
			_, err := NewFromRunner(newScript(), object.Access[item]{}, named)
			return err
		}, object.ErrNoAccess},
		"nil Handler":            {func() error { _, err := in.AddHandler(nil, HandlerOptions{}); return err }, ErrNoHandler},
		"nil pointer as Handler": {func() error { _, err := in.AddHandler(noHandler, HandlerOptions{}); return err }, ErrNoHandler},
		"nil HandlerFunc":        {func() error { _, err := in.AddHandler(noFunc, HandlerOptions{}); return err }, ErrNoHandler},
		"nil Handler of a controller": {func() error {
			_, err := NewControllerFromRunner[item](newScript(), object.Meta[item](), nil, named)
			return err
		}, ErrNoHandler},
		"nil ListerWatcher of a controller": {func() error {
			_, err := NewController[item](nil, noFunc, named)
			return err
		}, ErrNoSource},
		"an index twice": {func() error {
			if err := in.AddIndexers(indexer.Indexers[item]{"name": byName}); err != nil {
				return err
			}
			return in.AddIndexers(indexer.Indexers[item]{"name": byName})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.try()
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), "pods") {
				t.Errorf("%q does not name the informer", err)
			}
		})
	}
}

// An informer without a name is called by the type of its objects.
func TestDefaultName(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	if want := "*v1.PartialObjectMetadata"; in.Name() != want {
		t.Errorf("the name is %q, want %q", in.Name(), want)
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
		in, err := NewFromRunner(source, access, Options[item]{Name: "pods"})
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
		`index "late" has no index function`: {Indexer: indexer.New(indexer.Options[item]{}), Indexers: indexer.Indexers[item]{"late": nil}},
	} {
		_, err := NewFromRunner(newScript(), newAccess(), opts)
		_, err2 := NewControllerFromRunner(newScript(), newAccess(), &recorder{}, opts)
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

// Cache has the methods that are no part of the seam.
func TestCacheIsTheWholeStore(t *testing.T) {
	in, _ := scripted(t, Options[item]{})
	if c := in.Cache(); c == nil || indexer.Indexer[item](c) != in.Indexer() {
		t.Errorf("Cache is %v", c)
	}
	foreign, _ := scripted(t, Options[item]{Indexer: indexer.New(indexer.Options[item]{})})
	if c := foreign.Cache(); c != nil {
		t.Errorf("Cache of a store that was given is %v", c)
	}
}
