package informer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

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
		}, object.ErrNoKey},
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
		access := object.Meta[item]()
		key := access.Key
		access.Key = func(obj item) (string, error) {
			if obj.Name == "keyless" {
				return "", errors.New("no key today")
			}
			return key(obj)
		}
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
