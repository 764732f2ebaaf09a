package compact

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	objects "github.com/informant-go/informant/object"
)

// told collects what OnError is told.
type told struct {
	mu   sync.Mutex
	errs []*Error
}

func (l *told) add(err *Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

// take returns what was told since the last call, as "op key".
func (l *told) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, err := range l.errs {
		all = append(all, string(err.Op)+" "+err.Key)
	}
	l.errs = nil
	slices.Sort(all)
	return all
}

func (l *told) want(t *testing.T, want ...string) {
	t.Helper()
	if got := l.take(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

func faultyCache(t *testing.T) (*Cache[*Object], *told) {
	l := new(told)
	return newCache(t, faulty{Protobuf[Object]()}, Options[*Object]{
		Store: indexer.Options[*Object]{Name: "shop", Indexers: byColor}, OnError: l.add,
	}, 1), l
}

// TestC3WhatCannotBeEncodedIsKept proves C3.
func TestC3WhatCannotBeEncodedIsKept(t *testing.T) {
	for _, name := range []string{noEncode, panicEncode} {
		c, l := faultyCache(t)
		obj := colored(name, "1", "red")
		if err := c.Add(obj); err != nil {
			t.Fatal(err)
		}
		l.want(t, "encode a/"+name)
		if got, exists, err := c.GetByKey("a/" + name); got != obj || !exists || err != nil {
			t.Errorf("GetByKey: %v, %v, %v", got, exists, err)
		}
		if red, err := c.ByIndex("color", "red"); len(red) != 1 || red[0] != obj || err != nil {
			t.Errorf("ByIndex: %v, %v", red, err)
		}
		if s := c.Stats(); s.Objects != 1 || s.Decoded != 1 || s.Bytes != 0 {
			t.Errorf("Stats: %+v", s)
		}
		if err := c.Replace([]*Object{obj, colored("good", "2")}, "2"); err != nil {
			t.Fatal(err)
		}
		l.want(t) // the same state is there, and is not tried again
		if n := len(c.List()); n != 2 {
			t.Errorf("%d objects", n)
		}
		c.Apply([]indexer.Change[*Object]{{Key: "a/" + name, Object: colored(name, "3"), Type: indexer.ChangePut}}, "")
		l.want(t, "encode a/"+name)
	}
}

// TestC3CompressionThatFailsKeepsTheBytes proves C3 for dictionaries.
func TestC3CompressionThatFailsKeepsTheBytes(t *testing.T) {
	l := new(told)
	for name, compressor := range map[string]Compressor{"no dictionary": broken{noDictionary: true}, "no compression": broken{}} {
		c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: compressor, OnError: l.add}, 1)
		for i := range 8 {
			if err := c.Add(colored(string(rune('a'+i)), "1")); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(c.List()); n != 8 {
			t.Errorf("%s: %d objects, want 8", name, n)
		}
		if s := c.Stats(); s.Dictionaries != 0 || s.Decoded != 0 {
			t.Errorf("%s: %+v", name, s)
		}
		if len(l.take()) == 0 {
			t.Errorf("%s: nobody is told", name)
		}
	}
}

// broken compresses nothing but what it is tried with.
type broken struct{ noDictionary bool }

func (b broken) NewDictionary(samples [][]byte) (Dictionary, error) {
	if b.noDictionary {
		panic("no dictionary")
	}
	return &once{}, nil
}

type once struct{ calls int }

// Compress succeeds for the one probe that there is among few objects.
func (o *once) Compress(dst, src []byte) ([]byte, error) {
	if o.calls++; o.calls > 1 {
		return nil, errFaulty
	}
	return append(dst, 1), nil
}

func (o *once) Decompress(dst, src []byte) ([]byte, error) { return nil, errFaulty }

// choosy compresses nothing that is large.
type choosy struct{ prefix }

func (c *choosy) NewDictionary(samples [][]byte) (Dictionary, error) {
	d, err := c.prefix.NewDictionary(samples)
	return choosyDictionary{d}, err
}

type choosyDictionary struct{ Dictionary }

func (c choosyDictionary) Compress(dst, src []byte) ([]byte, error) {
	if len(src) > 400 {
		return nil, errFaulty
	}
	return c.Dictionary.Compress(dst, src)
}

// TestC3ADictionaryThatFailsIsToldOnce proves C3: bytes that a dictionary cannot compress
// are tried once with it, and once with the next one.
func TestC3ADictionaryThatFailsIsToldOnce(t *testing.T) {
	l := new(told)
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: new(choosy), OnError: l.add}, 1000)
	large := wide("large", 100, "era")
	large.Kind = strings.Repeat("x", 300)
	// fill writes small objects until all have a new dictionary.
	fill := func(era string) {
		before := c.packer.current.Load()
		for i := range 1000 {
			if s := c.Stats(); s.Dictionaries == 1 && s.Moving == 0 && c.packer.current.Load() != before {
				c.packer.due.Store(1 << 40) // it is the last
				return
			}
			if err := c.Update(wide(fmt.Sprint(i%40), i, era)); err != nil {
				t.Fatal(err)
			}
		}
		t.Fatalf("there is no new dictionary: %+v", c.Stats())
	}
	fill("first")
	l.take() // of the objects that a dictionary was tried on
	if err := c.Add(large); err != nil {
		t.Fatal(err)
	}
	l.want(t, "compress a/large")
	c.packer.due.Store(0)
	fill("second")
	l.want(t, "compress a/large")
	if got, _, err := c.GetByKey("a/large"); err != nil || got.Kind != large.Kind {
		t.Errorf("GetByKey: %v, %v", got, err)
	}
}

// TestC4WhatCannotBeDecodedIsAnError proves C4, for each way of reading.
func TestC4WhatCannotBeDecodedIsAnError(t *testing.T) {
	for _, name := range []string{noDecode, panicDecode} {
		c, l := faultyCache(t)
		key, decode := "a/"+name, "decode a/"+name
		bad := colored(name, "1", "red")
		if err := c.Replace([]*Object{bad, colored("good", "2", "red")}, "2"); err != nil {
			t.Fatal(err)
		}
		l.want(t)
		isOurs := func(what string, err error) {
			t.Helper()
			var failure *Error
			if !errors.As(err, &failure) || failure.Key != key || failure.Op != OpDecode || failure.Cache != "shop" || !errors.Is(err, errFaulty) {
				t.Errorf("%s: %v", what, err)
			}
			l.want(t, decode)
		}
		isGood := func(what string, all []*Object) {
			t.Helper()
			if len(all) != 1 || all[0].Name != "good" {
				t.Errorf("%s: %v", what, all)
			}
		}
		got, exists, err := c.GetByKey(key)
		if got != nil || !exists {
			t.Errorf("GetByKey: %v, %v", got, exists)
		}
		isOurs("GetByKey", err)
		_, _, err = c.Get(bad)
		isOurs("Get", err)
		all, err := c.ByIndex("color", "red")
		isGood("ByIndex", all)
		isOurs("ByIndex", err)
		all, err = c.Index("color", colored("any", "", "red"))
		isGood("Index", all)
		isOurs("Index", err)
		isGood("List", c.List())
		l.want(t, decode)

		snapshot := c.Snapshot()
		l.want(t)
		if got, exists := snapshot.Get(key); got != nil || exists {
			t.Errorf("Get of a snapshot: %v, %v", got, exists)
		}
		l.want(t, decode)
		isGood("List of a snapshot", snapshot.List())
		l.want(t, decode)
		all, err = snapshot.ByIndex("color", "red")
		isGood("ByIndex of a snapshot", all)
		isOurs("ByIndex of a snapshot", err)
		for k, o := range snapshot.All() {
			isGood(k, []*Object{o})
		}
		l.want(t, decode)
		for k, o := range snapshot.ByIndexSeq("color", "red") {
			isGood(k, []*Object{o})
		}
		l.want(t, decode)

		// Keys need no bytes.
		if n, keys := c.Len(), c.ListKeys(); n != 2 || len(keys) != 2 || snapshot.Len() != 2 || len(snapshot.ListKeys()) != 2 {
			t.Errorf("Len %d, keys %q", n, keys)
		}
		if keys, err := c.IndexKeys("color", "red"); len(keys) != 2 || err != nil {
			t.Errorf("IndexKeys: %q, %v", keys, err)
		}
		// A new index has no place for it.
		if err := c.AddIndexers(indexer.Indexers[*Object]{"more": byColor["color"]}); err != nil {
			t.Fatal(err)
		}
		if errs := c.IndexErrors(); len(errs) != 1 || errs[0].Key != key || !errors.Is(errs[0], errFaulty) || strings.Contains(errs[0].Error(), "cell") {
			t.Errorf("IndexErrors: %v", errs)
		}
		l.take()
		// It can be written anew, and removed.
		if err := c.Delete(bad); err != nil || c.Len() != 1 {
			t.Errorf("Delete: %v, %d objects", err, c.Len())
		}
		l.want(t)
	}
}

// TestC6ChangesOfWhatCannotBeDecoded proves C6: a Put is that of a new object, a
// removal comes without an object.
func TestC6ChangesOfWhatCannotBeDecoded(t *testing.T) {
	c, l := faultyCache(t)
	put := func() {
		t.Helper()
		if err := c.Add(colored(noDecode, "1")); err != nil {
			t.Fatal(err)
		}
	}
	key := "a/" + noDecode
	put()
	changes := []indexer.Change[*Object]{{Key: key, Object: colored(noDecode, "2"), Type: indexer.ChangePut}}
	c.Apply(changes, "")
	if changes[0].Existed || changes[0].Old != nil || !changes[0].Done {
		t.Errorf("Put: %+v", changes[0])
	}
	l.want(t, "decode "+key)
	changes = []indexer.Change[*Object]{{Key: key, Type: indexer.ChangeRemove}}
	c.Apply(changes, "")
	if !changes[0].Existed || changes[0].Old != nil {
		t.Errorf("Remove: %+v", changes[0])
	}
	l.want(t, "decode "+key)
	put()
	var told []indexer.Change[*Object]
	note := func(change indexer.Change[*Object]) { told = append(told, change) }
	c.ReplaceAll([]string{key}, []*Object{colored(noDecode, "3")}, "3", note)
	c.ReplaceAll(nil, nil, "4", note)
	if len(told) != 2 || told[0].Existed || told[0].Old != nil || !told[1].Existed || told[1].Old != nil || told[1].Type != indexer.ChangeRemove {
		t.Errorf("ReplaceAll: %+v", told)
	}
	l.want(t, "decode "+key, "decode "+key)
}

// TestC1TheLastOfARepeatedKeyIsPacked proves C1 and C2: of items with one key the last
// counts, and nothing is kept of it but bytes, also where it has the stored version.
func TestC1TheLastOfARepeatedKeyIsPacked(t *testing.T) {
	c := newCache(t, Protobuf[Object](), Options[*Object]{}, 1)
	if err := c.Add(colored("x", "1", "red")); err != nil {
		t.Fatal(err)
	}
	last := colored("x", "1", "red")
	if err := c.Replace([]*Object{colored("x", "1"), colored("x", "2", "blue"), last}, "2"); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.GetByKey("a/x")
	if s := c.Stats(); s.Objects != 1 || s.Decoded != 0 || got == last || err != nil || got.ResourceVersion != "1" {
		t.Errorf("%+v; %v, %v", s, got, err)
	}
}

// TestC6AReplaceTellsWhatItChanged proves the rest of C6, and that nothing is decoded
// or encoded for what has not changed.
func TestC6AReplaceTellsWhatItChanged(t *testing.T) {
	codec := &counting{Codec: Protobuf[Object]()}
	c := newCache(t, codec, Options[*Object]{}, 1)
	if err := c.Replace([]*Object{colored("same", "1"), colored("changed", "2"), colored("gone", "3")}, "3"); err != nil {
		t.Fatal(err)
	}
	codec.encoded.Store(0)
	items := []*Object{colored("same", "1"), colored("changed", "4"), colored("new", "5")}
	told := map[string]indexer.Change[*Object]{}
	c.ReplaceAll([]string{"a/same", "a/changed", "a/new"}, items, "6", func(change indexer.Change[*Object]) {
		told[change.Key] = change
	})
	if same := told["a/same"]; same.Object != items[0] || same.Old != items[0] || !same.Existed || same.Type != indexer.ChangeUnchanged {
		t.Errorf("same: %+v", same)
	}
	if changed := told["a/changed"]; changed.Object != items[1] || changed.Old.ResourceVersion != "2" || !changed.Existed || changed.Type != indexer.ChangePut {
		t.Errorf("changed: %+v", changed)
	}
	if fresh := told["a/new"]; fresh.Object != items[2] || fresh.Old != nil || fresh.Existed || fresh.Type != indexer.ChangePut {
		t.Errorf("new: %+v", fresh)
	}
	if gone := told["a/gone"]; gone.Object != nil || gone.Old.ResourceVersion != "3" || !gone.Existed || gone.Type != indexer.ChangeRemove {
		t.Errorf("gone: %+v", gone)
	}
	if len(told) != 4 {
		t.Errorf("%d keys are told, want 4", len(told))
	}
	if encoded, decoded := codec.encoded.Load(), codec.decoded.Load(); encoded != 2 || decoded != 2 {
		t.Errorf("%d encoded, %d decoded, want 2 and 2", encoded, decoded)
	}
}

// TestAPanicOfAnIndexFunctionComesAfterTheWrite proves that a write is packed and
// told whatever its index functions do.
func TestAPanicOfAnIndexFunctionComesAfterTheWrite(t *testing.T) {
	c := newCache(t, Protobuf[Object](), Options[*Object]{Store: indexer.Options[*Object]{
		PanicOnIndexError: true,
		Indexers:          indexer.Indexers[*Object]{"none": func(*Object) ([]string, error) { return nil, errFaulty }},
	}}, 1)
	panics := func(write func()) {
		t.Helper()
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, errFaulty) {
				t.Errorf("the write panics with %v", err)
			}
		}()
		write()
	}
	changes := []indexer.Change[*Object]{{Key: "a/x", Object: colored("x", "1"), Type: indexer.ChangePut}}
	panics(func() { c.Apply(changes, "") })
	if !changes[0].Done {
		t.Error("the change is not marked as done")
	}
	panics(func() { _ = c.Add(colored("y", "2")) })
	panics(func() { _ = c.Replace([]*Object{colored("x", "1"), colored("z", "3")}, "3") })
	if s := c.Stats(); s.Objects != 2 || s.Decoded != 0 {
		t.Errorf("%+v", s)
	}
}

// TestWhatIsRefused proves the errors of the constructors, and what is done with an
// object that is nil.
func TestWhatIsRefused(t *testing.T) {
	if _, err := New[*Object](nil, Options[*Object]{}); !errors.Is(err, ErrNoCodec) {
		t.Errorf("no codec: %v", err)
	}
	if _, err := NewWithAccess(objects.Access[*Object]{}, JSON[Object](), Options[*Object]{}); !errors.Is(err, objects.ErrNoAccess) {
		t.Errorf("no access: %v", err)
	}
	if c, err := New(JSON[Object](), Options[*Object]{Store: indexer.Options[*Object]{Indexers: indexer.Indexers[*Object]{"none": nil}}}); err == nil || !nils.Is(c) {
		t.Errorf("a nil index function: %v, %v", c, err)
	}
	c := newCache(t, JSON[Object](), Options[*Object]{Store: indexer.Options[*Object]{Indexers: byColor}, OnError: func(err *Error) { t.Error(err) }}, 1)
	c.Apply([]indexer.Change[*Object]{{Key: "a/nil", Type: indexer.ChangePut}}, "")
	if got, exists, err := c.GetByKey("a/nil"); got != nil || !exists || err != nil {
		t.Errorf("a nil object: %v, %v, %v", got, exists, err)
	}
	for _, o := range c.Snapshot().All() {
		if o != nil {
			t.Errorf("a nil object became %v", o)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("ReplaceAll takes one key for no item")
		}
	}()
	c.ReplaceAll([]string{"a/x"}, nil, "", nil)
}

// TestIndexersAreThoseThatWereGiven proves that GetIndexers gives functions of objects.
func TestIndexersAreThoseThatWereGiven(t *testing.T) {
	c := newCache(t, JSON[Object](), Options[*Object]{Store: indexer.Options[*Object]{Indexers: byColor}}, 1)
	values, err := c.GetIndexers()["color"](colored("x", "1", "red", "blue"))
	if err != nil || !slices.Equal(values, []string{"red", "blue"}) {
		t.Errorf("%q, %v", values, err)
	}
}
