package fifotest

import (
	"context"
	"errors"
	"strings"
)

var errBad = errors.New("it is bad")

// refuseBad refuses the object named bad.
func refuseBad(obj *Object) (*Object, error) {
	if obj.Name == "bad" {
		return nil, errBad
	}
	return obj, nil
}

// count marks an object each time that it is called with it.
func count(obj *Object) (*Object, error) {
	out := *obj
	out.ResourceVersion += "t"
	return &out, nil
}

var transformTests = []test{
	{"Transform/AppliedOnceToWhatComesIn", func(s *suite) {
		k := s.consume(Config{Transform: count})
		k.list(object("a", "1"), object("b", "2"))
		k.update("a", "3")
		k.add("c", "4")
		k.drain()
		k.must("Resync", k.q.Resync())
		k.list(object("a", "5"), object("b", "6"))
		k.remove("b", "7")
		k.drain()
		k.expect("a", "Replaced 1t", "Updated 3t", "Sync 3t", "Replaced 5t")
		k.expect("b", "Replaced 2t", "Sync 2t", "Replaced 6t", "Deleted 7t")
		k.expect("c", "Added 4t", "Sync 4t", "Deleted 4t?")
	}},
	{"Transform/RefusedEventIsReported", func(s *suite) {
		k := s.consume(Config{Transform: refuseBad})
		ctx := context.Background()
		for name, call := range map[string]func(context.Context, *Object) error{
			"Add": k.q.Add, "Update": k.q.Update,
		} {
			if err := call(ctx, object("bad", "1")); !errors.Is(err, errBad) || !strings.Contains(err.Error(), "ns/bad") {
				s.errorf("%s of a refused object returns %v", name, err)
			}
			if err := call(ctx, nil); err == nil {
				s.errorf("%s takes nil", name)
			}
		}
		k.add("a", "1")
		k.drain()
		k.expect("a", "Added 1")
		k.expect("bad")
	}},
	{"Transform/PanicLeavesTheQueueUsable", func(s *suite) {
		bad := true
		k := s.consume(Config{Transform: func(obj *Object) (*Object, error) {
			if bad {
				panic(errBad)
			}
			return obj, nil
		}})
		ctx := context.Background()
		panics := func(name string, f func() error) {
			defer func() {
				if recover() == nil {
					s.errorf("%s swallows a panic of the transform", name)
				}
			}()
			_ = f()
		}
		panics("Add", func() error { return k.q.Add(ctx, object("a", "1")) })
		k.must("Begin", k.q.Begin(ctx))
		panics("Page", func() error { return k.q.Page(ctx, []*Object{object("a", "1"), object("b", "2")}) })
		if err := k.q.Commit(ctx, "3"); err == nil {
			s.errorf("a list with a hole was committed")
		}
		bad = false
		k.within("Add after a panic", func() { k.add("c", "4") })
		k.drain()
		k.expect("a")
		k.expect("b")
		k.expect("c", "Added 4")
	}},
}
