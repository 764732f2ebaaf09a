package indexer

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestIndexErrorsAreToldAndListed proves S4: who failed where is told once and
// listed until a later state of the object has its place.
func TestIndexErrorsAreToldAndListed(t *testing.T) {
	var told []string
	c := newThings(t, Options[*thing]{
		Name:         "things",
		Indexers:     Indexers[*thing]{"color": byColor},
		OnIndexError: func(e IndexError) { told = append(told, e.Key) },
	})
	gray := &thing{key: "a/gray", version: "1", colors: []string{"gray"}}
	black := &thing{key: "a/black", version: "2", colors: []string{"black"}}
	if err := errors.Join(c.Add(gray), c.Add(black)); err != nil {
		t.Fatal(err)
	}
	listed := c.IndexErrors()
	if len(listed) != 2 || listed[0].Key != "a/black" || listed[1].Key != "a/gray" {
		t.Fatalf("IndexErrors: %v", listed)
	}
	if !errors.Is(listed[1], errGray) || listed[1].Index != "color" || listed[1].Cache != "things" {
		t.Errorf("the error of gray: %v", listed[1])
	}
	var panicked *PanicError
	if !errors.As(listed[0], &panicked) || panicked.Value != "black" || !strings.Contains(string(panicked.Stack), "byColor") {
		t.Errorf("the error of black: %v", listed[0])
	}
	// A relist that finds the objects unchanged tells of nothing anew.
	same := *gray
	if err := c.Replace([]*thing{&same, {key: "a/black", version: "3", colors: []string{"blue"}}}, "3"); err != nil {
		t.Fatal(err)
	}
	if listed := c.IndexErrors(); len(listed) != 1 || listed[0].Key != "a/gray" {
		t.Errorf("IndexErrors after Replace: %v", listed)
	}
	if fmt.Sprint(told) != "[a/gray a/black]" {
		t.Errorf("told of %v", told)
	}
	if err := c.Replace(nil, "4"); err != nil {
		t.Fatal(err)
	}
	if listed := c.IndexErrors(); len(listed) != 0 {
		t.Errorf("IndexErrors of nothing: %v", listed)
	}
}

// TestPanicOnIndexErrorLeavesTheStoreAlone proves S4's option: the writer
// panics as with client-go, and nothing was written.
func TestPanicOnIndexErrorLeavesTheStoreAlone(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}, PanicOnIndexError: true})
	gray := &thing{key: "a/gray", version: "1", colors: []string{"gray"}}
	for name, write := range map[string]func(){
		"Add":     func() { _ = c.Add(gray) },
		"Replace": func() { _ = c.Replace([]*thing{gray}, "1") },
		"Apply":   func() { c.Apply([]Change[*thing]{{Key: gray.key, Object: gray, Type: Put}}, "") },
	} {
		func() {
			defer func() {
				if e, ok := recover().(IndexError); !ok || e.Key != gray.key {
					t.Errorf("%s panics with %v", name, e)
				}
			}()
			write()
		}()
		if c.Len() != 0 || c.LastStoreSyncResourceVersion() != "" {
			t.Errorf("%s left something behind", name)
		}
	}
	if err := c.Add(&thing{key: "a/blue", version: "2", colors: []string{"blue"}}); err != nil || c.Len() != 1 {
		t.Errorf("a later write: %v, %d objects", err, c.Len())
	}
}

// TestAddIndexersThatPanicsCanBeTriedAgain proves S4's option for an index over
// objects that are there.
func TestAddIndexersThatPanicsCanBeTriedAgain(t *testing.T) {
	c := newThings(t, Options[*thing]{PanicOnIndexError: true})
	if err := c.Add(&thing{key: "a/gray", version: "1", colors: []string{"gray"}}); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("AddIndexers does not panic")
			}
		}()
		_ = c.AddIndexers(Indexers[*thing]{"color": byColor})
	}()
	if err := c.AddIndexers(Indexers[*thing]{"color": byFirst}); err != nil {
		t.Fatal(err)
	}
	if keys, err := c.IndexKeys("color", "a"); err != nil || len(keys) != 1 {
		t.Errorf("IndexKeys: %v, %v", keys, err)
	}
}

// TestIndexesAddedDuringWritesAreComplete proves S3 for AddIndexers at the same
// time as writes and replaces.
func TestIndexesAddedDuringWritesAreComplete(t *testing.T) {
	for range 30 {
		c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}})
		var writers sync.WaitGroup
		for w := range 2 {
			writers.Go(func() {
				for i := range 200 {
					o := &thing{key: fmt.Sprintf("%c/%d", 'a'+w, i%50), version: fmt.Sprint(i), colors: []string{"red", "blue"}[i%2 : i%2+1]}
					switch {
					case i%7 == 6:
						_ = c.Delete(o)
					case i%50 == 49:
						_ = c.Replace([]*thing{o, {key: "q/1", version: fmt.Sprint(i)}}, "")
					default:
						_ = c.Add(o)
					}
				}
			})
		}
		for _, more := range []Indexers[*thing]{{"first": byFirst}, {"version": byVersion, "fussy": byColor}} {
			if err := c.AddIndexers(more); err != nil {
				t.Fatal(err)
			}
		}
		writers.Wait()
		want := map[string][]string{}
		for key := range c.All() {
			want[key[:1]] = append(want[key[:1]], key)
		}
		for value, keys := range want {
			if got, err := c.IndexKeys("first", value); err != nil || len(got) != len(keys) {
				t.Fatalf("index %q has %v (%v), want %v", value, got, err, keys)
			}
		}
		if err := check(c); err != nil {
			t.Fatal(err)
		}
	}
}
