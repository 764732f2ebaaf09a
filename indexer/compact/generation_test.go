package compact

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/informant-go/informant/indexer"
)

// wide makes an object whose bytes begin with what all of an era have in common.
func wide(name string, version int, era string) *Object {
	o := colored(name, fmt.Sprint(version))
	o.APIVersion = strings.Repeat(era, 200/len(era))
	return o
}

// TestC5NoMoreThanTwoDictionaries proves C5: a collection that changes all the time,
// of which some objects never do, uses two dictionaries at most, and one once its
// objects have moved.
func TestC5NoMoreThanTwoDictionaries(t *testing.T) {
	compressor := new(prefix)
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: compressor, OnError: func(err *Error) { t.Error(err) }}, 2000)
	for i := range 20 {
		if err := c.Add(wide(fmt.Sprint("stays-", i), 1, "first")); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2000 {
		if err := c.Update(wide(fmt.Sprint("changes-", n%20), n+2, fmt.Sprint("era-", n/400))); err != nil {
			t.Fatal(err)
		}
		s := c.Stats()
		if s.Dictionaries > 2 || s.Decoded > 0 || s.Moving == 0 && s.Dictionaries > 1 {
			t.Fatalf("after %d writes: %+v", n, s)
		}
	}
	if n := compressor.number.Load(); n < 4 {
		t.Errorf("%d dictionaries were made", n)
	}
	for _, o := range c.List() {
		if strings.HasPrefix(o.Name, "stays-") && o.APIVersion != strings.Repeat("first", 40) {
			t.Fatalf("%s is %s", o.Name, o.APIVersion)
		}
	}
}

// TestC5AnOldDictionaryGoes proves C5: a dictionary lives as long as an object in
// the store or a snapshot that was compressed with it.
func TestC5AnOldDictionaryGoes(t *testing.T) {
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: new(prefix)}, 2000)
	fill := func(era string) {
		for i := range 40 {
			if err := c.Update(wide(fmt.Sprint(i%20), i, era)); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill("first")
	first := weak.Make(c.packer.current.Load())
	snapshot := c.Snapshot()
	for range 10 {
		fill("second")
	}
	runtime.GC()
	if first.Value() == nil {
		t.Error("a dictionary has gone that a snapshot needs")
	}
	if o, ok := snapshot.Get("a/3"); !ok || !strings.HasPrefix(o.APIVersion, "first") {
		t.Errorf("the snapshot has %v", o)
	}
	snapshot = nil
	fill("second")
	for range 10 { // what a pool or the last write of the store holds goes, too
		runtime.GC()
	}
	if first.Value() != nil {
		t.Error("an old dictionary is still there")
	}
}

// TestC5WhatIsGoneIsKeptByNobody proves C5: what is to be moved to a dictionary and goes
// before its turn comes is not kept for it, nor counted.
func TestC5WhatIsGoneIsKeptByNobody(t *testing.T) {
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: new(prefix)}, 20000)
	for i := 0; c.Stats().Moving <= 20; i++ {
		if i == 1000 {
			t.Fatalf("nothing is to be moved: %+v", c.Stats())
		}
		if err := c.Add(wide(fmt.Sprint(i), i+1, "era")); err != nil {
			t.Fatal(err)
		}
	}
	of, _, _ := c.store.GetByKey("a/0") // the oldest, which is moved last
	gone := weak.Make(of)
	of = nil
	for i := range 5 { // what the last write of the store holds goes, too
		if err := c.Add(colored("other", fmt.Sprint(5000+2*i))); err != nil {
			t.Fatal(err)
		}
		if err := c.Replace(nil, fmt.Sprint(5001+2*i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		runtime.GC()
	}
	if s := c.Stats(); s.Moving != 0 || gone.Value() != nil {
		t.Errorf("the store is empty, and there are still bytes: %+v", s)
	}
	_ = of
	runtime.KeepAlive(c)
}

// TestC5ADictionaryIsTriedSeldom proves C5: once for as many bytes as the collection
// has, and not taken if it is no better.
func TestC5ADictionaryIsTriedSeldom(t *testing.T) {
	compressor := new(deflate)
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: compressor}, 1000)
	var items []*Object
	for i := range 1000 {
		items = append(items, wide(fmt.Sprint(i), i+1, "same"))
	}
	if err := c.Replace(items, "1000"); err != nil {
		t.Fatal(err)
	}
	first := c.packer.current.Load()
	if n := compressor.made.Load(); n != 1 || first == nil {
		t.Errorf("%d dictionaries were tried by a list, want 1", n)
	}
	if s := c.Stats(); s.Dictionaries != 1 || s.Bytes > int64(len(items))*60 {
		t.Errorf("%+v", s)
	}
	for range 2 {
		for i, o := range items {
			if err := c.Update(wide(o.Name, i+2000, "same")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := compressor.made.Load(); n < 2 || n > 4 {
		t.Errorf("%d dictionaries were tried in three times the collection, want 2 to 4", n)
	}
	if c.packer.current.Load() != first {
		t.Error("a dictionary was taken that is no better")
	}
}

// TestC5WithoutACompressor proves that nothing is compressed that need not be.
func TestC5WithoutACompressor(t *testing.T) {
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: (*deflate)(nil)}, 1)
	for i := range 10 {
		if err := c.Add(wide(fmt.Sprint(i), i, "x")); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.Dictionaries != 0 || s.Bytes < 2000 {
		t.Errorf("%+v", s)
	}
}

// TestWritersAndReadersAtOnce proves S1, C3 and C5 with the race detector: several
// writers, each with keys of its own, and readers, while dictionaries change.
func TestWritersAndReadersAtOnce(t *testing.T) {
	const writers, rounds, keys = 4, 300, 12
	c := newCache(t, Protobuf[Object](), Options[*Object]{Compressor: new(prefix), OnError: func(err *Error) { t.Error(err) }}, 1000)
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 0))
			for n := range rounds {
				name := fmt.Sprint(w, "-", random.IntN(keys))
				if err := c.Update(wide(name, n+1, fmt.Sprint("era-", n/50))); err != nil {
					t.Error(err)
				}
				o, exists, err := c.GetByKey("a/" + name)
				if err != nil || !exists || o.ResourceVersion != fmt.Sprint(n+1) {
					t.Errorf("a writer does not find what it wrote: %v, %v, %v", o, exists, err)
				}
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				snapshot := c.Snapshot()
				for key, o := range snapshot.All() {
					if key != "a/"+o.Name || !strings.HasPrefix(o.APIVersion, "era-") {
						t.Errorf("%q has %v", key, o)
					}
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
	if s := c.Stats(); s.Decoded != 0 || s.Dictionaries > 2 {
		t.Errorf("%+v", s)
	}
}

// hidden is a codec that looks whether anybody can have an object that it encodes.
type hidden struct {
	Codec[*Object]
	t     *testing.T
	cache *Cache[*Object]
}

func (h *hidden) Encode(dst []byte, obj *Object) ([]byte, error) {
	if of, exists, _ := h.cache.store.GetByKey("a/" + obj.Name); exists && of.content.Load().obj == obj {
		h.t.Errorf("%s %s is encoded although readers have it", obj.Name, obj.ResourceVersion)
	}
	return h.Codec.Encode(dst, obj)
}

// TestC2NobodyHasAnObjectThatIsEncoded proves C2: an object is encoded before anybody
// can read it, by each way of writing, so that a codec may change what the object
// keeps for itself.
func TestC2NobodyHasAnObjectThatIsEncoded(t *testing.T) {
	codec := &hidden{Codec: faulty{Protobuf[Object]()}, t: t}
	c := newCache(t, codec, Options[*Object]{Store: indexer.Options[*Object]{Indexers: byColor}, Compressor: new(prefix), OnError: func(*Error) {}}, 200)
	codec.cache = c
	for n := range 60 {
		var items []*Object
		var keys []string
		for _, name := range []string{"x", "y", noEncode, "z"} {
			o := wide(name, 10*n+len(items)*(n%3), fmt.Sprint("era-", n/20))
			items, keys = append(items, o), append(keys, "a/"+name)
		}
		switch n % 4 {
		case 0:
			c.ReplaceAll(keys, items, "", nil)
		case 1:
			if err := c.Replace(items, ""); err != nil {
				t.Fatal(err)
			}
		case 2:
			var changes []indexer.Change[*Object]
			for i, o := range items {
				changes = append(changes, indexer.Change[*Object]{Key: keys[i], Object: o, Type: indexer.ChangePut})
			}
			c.Apply(changes, "")
		case 3:
			for _, o := range items {
				if err := c.Add(o); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, o := range items {
			got, exists, err := c.GetByKey(keys[i])
			if !exists || err != nil || got == o && o.Name != noEncode || got.ResourceVersion != o.ResourceVersion {
				t.Fatalf("%s: %v, %v, %v", keys[i], got, exists, err)
			}
		}
		if s := c.Stats(); s.Decoded != 1 || s.Dictionaries > 2 {
			t.Fatalf("%+v", s)
		}
	}
}
