package indexer

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"
)

// TestIndexErrorsAreToldAndListed proves S4: who failed where is told once and
// listed until a later state of the object has its place.
func TestIndexErrorsAreToldAndListed(t *testing.T) {
	var told []string
	c := newThings(t, Options[*thing]{
		Name:         "things",
		Indexers:     Indexers[*thing]{"color": byColor},
		OnIndexError: func(e *IndexError) { told = append(told, e.Key) },
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

// TestPanicOnIndexErrorComesLast proves S4's option: the writer panics as with
// client-go, and one object costs no other its place, in the store or in an index
// (TestReviewOneBadObjectCostsNoOther). The panic of a function is its own, and
// names it (TestReviewACrashNamesTheIndexFunction).
func TestPanicOnIndexErrorComesLast(t *testing.T) {
	for bad, is := range map[string]func(any) bool{
		"gray":  func(r any) bool { e, ok := r.(*IndexError); return ok && errors.Is(e, errGray) && e.Key == "a/gray" },
		"black": func(r any) bool { return r == "black" },
	} {
		items := []*thing{
			{key: "a/blue", version: "1", colors: []string{"blue"}},
			{key: "a/" + bad, version: "2", colors: []string{bad}},
			{key: "a/red", version: "3", colors: []string{"red"}},
		}
		var keys []string
		var changes []Change[*thing]
		for _, o := range items {
			keys = append(keys, o.key)
			changes = append(changes, Change[*thing]{Key: o.key, Object: o, Type: ChangePut})
		}
		told := 0
		for name, write := range map[string]func(c *Cache[*thing]){
			"Replace":    func(c *Cache[*thing]) { _ = c.Replace(items, "3") },
			"ReplaceAll": func(c *Cache[*thing]) { c.ReplaceAll(keys, items, "3", func(Change[*thing]) { told++ }) },
			"Apply":      func(c *Cache[*thing]) { c.Apply(changes, "") },
			"Add":        func(c *Cache[*thing]) { _ = c.Add(items[0]); _ = c.Add(items[2]); _ = c.Add(items[1]) },
		} {
			c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}, PanicOnIndexError: true})
			panicked, stack := panicOf(func() { write(c) })
			if !is(panicked) || bad == "black" && !strings.Contains(stack, "byColor") {
				t.Errorf("%s, %s: panics with %v at\n%s", bad, name, panicked, stack)
			}
			if c.Len() != 3 || c.LastStoreSyncResourceVersion() != "3" || len(c.IndexErrors()) != 1 {
				t.Errorf("%s, %s: %d objects, version %q, %v", bad, name, c.Len(), c.LastStoreSyncResourceVersion(), c.IndexErrors())
			}
			if red, err := c.IndexKeys("color", "red"); err != nil || len(red) != 1 {
				t.Errorf("%s, %s: red are %v, %v", bad, name, red, err)
			}
			if err := check(c); err != nil {
				t.Error(err)
			}
		}
		if told != 3 {
			t.Errorf("%d changes are told, want 3", told)
		}
		for _, c := range changes {
			if !c.Done {
				t.Errorf("Apply does not say that %q is done", c.Key)
			}
		}
	}
}

// panicOf returns what f panics with, and the stack of it.
func panicOf(f func()) (value any, stack string) {
	defer func() { value, stack = recover(), string(debug.Stack()) }()
	f()
	return nil, ""
}

// TestAFunctionThatPanicsOnceIsTold proves that a crash names an index function
// that does not panic again when it is asked to.
func TestAFunctionThatPanicsOnceIsTold(t *testing.T) {
	calls := 0
	c := newThings(t, Options[*thing]{PanicOnIndexError: true, Indexers: Indexers[*thing]{"once": func(*thing) ([]string, error) {
		if calls++; calls == 1 {
			panicInAFunction()
		}
		return nil, nil
	}}})
	panicked, _ := panicOf(func() { _ = c.Add(&thing{key: "a/x", version: "1"}) })
	err, ok := panicked.(error)
	var failure *IndexError
	if !ok || !errors.As(err, &failure) || failure.Key != "a/x" || !strings.Contains(err.Error(), "panicInAFunction(") {
		t.Errorf("panics with %v", panicked)
	}
}

//go:noinline
func panicInAFunction() { panic("once") }

// TestAddIndexersThatPanicsHasAddedThem proves S4's option for an index over
// objects that are there: as in client-go it is added all the same.
func TestAddIndexersThatPanicsHasAddedThem(t *testing.T) {
	c := newThings(t, Options[*thing]{PanicOnIndexError: true})
	if err := errors.Join(c.Add(&thing{key: "a/gray", version: "1", colors: []string{"gray"}}),
		c.Add(&thing{key: "a/red", version: "2", colors: []string{"red"}})); err != nil {
		t.Fatal(err)
	}
	if panicked, _ := panicOf(func() { _ = c.AddIndexers(Indexers[*thing]{"color": byColor}) }); panicked == nil {
		t.Error("AddIndexers does not panic")
	}
	if keys, err := c.IndexKeys("color", "red"); err != nil || len(keys) != 1 {
		t.Errorf("IndexKeys: %v, %v", keys, err)
	}
}

// TestOnIndexErrorMayPanic proves S4: whoever is told of a failure is told last.
func TestOnIndexErrorMayPanic(t *testing.T) {
	c := newThings(t, Options[*thing]{Indexers: Indexers[*thing]{"color": byColor}, OnIndexError: func(e *IndexError) { panic(e.Key) }})
	told := 0
	panicked, _ := panicOf(func() {
		c.ReplaceAll([]string{"a/gray", "a/red"}, []*thing{
			{key: "a/gray", version: "1", colors: []string{"gray"}}, {key: "a/red", version: "2", colors: []string{"red"}},
		}, "2", func(Change[*thing]) { told++ })
	})
	if panicked != "a/gray" || told != 2 || c.Len() != 2 {
		t.Errorf("panics with %v, %d changes told, %d objects", panicked, told, c.Len())
	}
}

// TestNilIndexFunctionsAreRefused proves that an index without a function is
// told of where it is asked for, and not at the first write.
func TestNilIndexFunctionsAreRefused(t *testing.T) {
	none := Indexers[*thing]{"color": byColor, "none": nil}
	clear := func(err error) bool {
		return err != nil && strings.Contains(err.Error(), `index "none" has no index function`)
	}
	if _, err := NewWithAccess(thingAccess(), Options[*thing]{Indexers: none}); !clear(err) {
		t.Errorf("NewWithAccess: %v", err)
	}
	c := newThings(t, Options[*thing]{})
	if err := c.AddIndexers(none); !clear(err) || len(c.GetIndexers()) != 0 {
		t.Errorf("AddIndexers: %v, %d indexes", err, len(c.GetIndexers()))
	}
}

// TestNothingIsNotIndexed proves that index functions see no nil object, however
// it came into the store (TestReviewStoresAndQueues).
func TestNothingIsNotIndexed(t *testing.T) {
	untyped := newBare(t, Options[any]{PanicOnIndexError: true, Indexers: Indexers[any]{
		"type": func(obj any) ([]string, error) { return []string{obj.(*thing).key}, nil },
	}}, nil)
	typed := newThings(t, Options[*thing]{PanicOnIndexError: true, Indexers: Indexers[*thing]{"color": byColor}})
	putKey(untyped, "a", nil)
	putKey[any](untyped, "b", (*thing)(nil))
	untyped.ReplaceAll([]string{"a", "c"}, []any{nil, &thing{key: "c"}}, "1", nil)
	removeKey(untyped, "a")
	putKey(typed, "a", nil)
	typed.ReplaceAll([]string{"a"}, []*thing{nil}, "1", nil)
	if err := errors.Join(untyped.AddIndexers(Indexers[any]{"more": func(obj any) ([]string, error) { return []string{obj.(*thing).key}, nil }}),
		typed.AddIndexers(Indexers[*thing]{"more": byFirst})); err != nil {
		t.Error(err)
	}
	if keys, err := untyped.IndexKeys("type", "c"); err != nil || len(keys) != 1 {
		t.Errorf("IndexKeys: %v, %v", keys, err)
	}
	if typed.Len() != 1 || len(typed.IndexErrors()) != 0 {
		t.Errorf("%d objects, %v", typed.Len(), typed.IndexErrors())
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

// TestALoggedPanicShowsItsFunction proves S4: who is told by the log alone learns
// where an index function panicked.
func TestALoggedPanicShowsItsFunction(t *testing.T) {
	var said string
	logger := funcr.New(func(_, args string) { said += args }, funcr.Options{})
	c, err := NewWithAccess(thingAccess(), Options[*thing]{Logger: logger, Indexers: Indexers[*thing]{"color": byColor}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(&thing{key: "a/black", version: "1", colors: []string{"black"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said, "a/black") || !strings.Contains(said, "byColor(") {
		t.Errorf("said %s", said)
	}
}

// TestAnUnreadableVersionIsTold proves that an object whose version cannot be
// read is stored, and that this is said once; nil stands for no object.
func TestAnUnreadableVersionIsTold(t *testing.T) {
	var said []string
	logger := funcr.New(func(_, args string) { said = append(said, args) }, funcr.Options{})
	s := newBare(t, Options[*thing]{Logger: logger}, func(o *thing) string {
		if o.key == "bad" {
			panic("bad")
		}
		return o.version
	})
	removeKey(s, "a")
	if len(said) != 0 {
		t.Errorf("said %q of nothing", said)
	}
	putKey(s, "a", &thing{key: "bad"})
	putKey(s, "b", &thing{key: "bad"})
	if s.Len() != 2 || len(said) != 1 || !strings.Contains(said[0], "version panicked") {
		t.Errorf("%d objects, said %q", s.Len(), said)
	}
}
