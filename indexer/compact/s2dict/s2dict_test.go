package s2dict_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/compact"
	"github.com/informant-go/informant/indexer/compact/s2dict"
	"github.com/informant-go/informant/indexer/indexertest"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newDictionary(tb testing.TB, samples ...[]byte) compact.Dictionary {
	tb.Helper()
	d, err := s2dict.New().NewDictionary(samples)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// TestRoundTrip proves guarantee 1, and that both methods append.
func TestRoundTrip(t *testing.T) {
	text := bytes.Repeat([]byte("what all pods have in common; "), 300)
	for name, samples := range map[string][][]byte{
		"one":       {text},
		"many":      {text, []byte("short"), nil, bytes.Repeat([]byte("x"), 100_000)},
		"too large": {bytes.Repeat(text, 100)},
	} {
		d := newDictionary(t, samples...)
		for _, src := range [][]byte{nil, {0}, []byte("short"), text, text[7:5000], bytes.Repeat(text, 200), bytes.Repeat([]byte{0}, 1<<20)} {
			for _, room := range []int{0, 3, 1 << 21} {
				packed, err := d.Compress(append(make([]byte, 0, room), "ab"...), src)
				if err != nil || !bytes.HasPrefix(packed, []byte("ab")) {
					t.Fatalf("%s: Compress of %d bytes: %v", name, len(src), err)
				}
				got, err := d.Decompress(append(make([]byte, 0, room), "cd"...), packed[2:])
				if err != nil || !bytes.Equal(got, append([]byte("cd"), src...)) {
					t.Fatalf("%s: Decompress to %d bytes, want %d: %v", name, len(got)-2, len(src), err)
				}
			}
		}
	}
	packed, err := newDictionary(t, text).Compress(nil, text)
	if err != nil || len(packed) > 50 {
		t.Errorf("what is in the dictionary takes %d bytes: %v", len(packed), err)
	}
}

// TestChangedBytesAreRefused proves guarantee 2: no change of a bit goes unnoticed.
func TestChangedBytesAreRefused(t *testing.T) {
	text := bytes.Repeat([]byte("what all pods have in common; "), 30)
	d := newDictionary(t, text)
	packed, err := d.Compress(nil, append([]byte("and not; "), text...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(packed) * 8 {
		packed[i/8] ^= 1 << (i % 8)
		if got, err := d.Decompress(nil, packed); !errors.Is(err, s2dict.ErrChanged) || got != nil {
			t.Errorf("bit %d: %v", i, err)
		}
		packed[i/8] ^= 1 << (i % 8)
	}
	for n := range packed {
		if _, err := d.Decompress(nil, packed[:n]); !errors.Is(err, s2dict.ErrChanged) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestNoDictionaryOfNothing(t *testing.T) {
	for _, samples := range [][][]byte{nil, {nil}, {[]byte("short")}} {
		if _, err := s2dict.New().NewDictionary(samples); err == nil {
			t.Errorf("%q made a dictionary", samples)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("what all pods have in common"), []byte("all pods have in common: much"))
	f.Add(bytes.Repeat([]byte("ab"), 40_000), bytes.Repeat([]byte("ba"), 70_000))
	f.Fuzz(func(t *testing.T, sample, src []byte) {
		d, err := s2dict.New().NewDictionary([][]byte{sample})
		if err != nil {
			return
		}
		packed, err := d.Compress(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Decompress(nil, packed); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("%d bytes of %d: %v", len(got), len(src), err)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	text := []byte("what all pods have in common")
	d := newDictionary(f, text)
	packed, err := d.Compress(nil, text)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:4])
	f.Fuzz(func(t *testing.T, src []byte) {
		if got, err := d.Decompress(nil, src); err == nil {
			if again, err := d.Compress(nil, got); err != nil || len(again) > len(src)+32 {
				t.Fatalf("%d bytes made of %d: %v", len(got), len(src), err)
			}
		}
	})
}

// TestConformance proves S1 to S5 of package indexer with dictionaries of S2.
func TestConformance(t *testing.T) {
	const copied = "a read makes a new object"
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		return compact.New(compact.Protobuf[metav1.PartialObjectMetadata](), compact.Options[*indexertest.Object]{
			Store: indexer.Options[*indexertest.Object]{
				Indexers:     c.Indexers,
				OnIndexError: func(*indexer.IndexError) {},
			},
			Compressor: s2dict.New(),
			OnError:    func(err *compact.Error) { t.Error(err) },
		})
	}, indexertest.Known{
		"store/replace tells what it changed":             "an unchanged object is told as the item that came",
		"store/add, update and delete":                    copied,
		"store/apply tells what it found":                 copied,
		"store/an object of the same version stays":       copied,
		"S1/a snapshot keeps its state":                   copied,
		"S4/a function that fails costs that place only":  copied,
		"S4/a function that panics costs that place only": copied,
	})
}

// TestDictionariesOfACache proves that a cache takes dictionaries, and gives back
// what was stored.
func TestDictionariesOfACache(t *testing.T) {
	c, err := compact.New(compact.Protobuf[metav1.PartialObjectMetadata](), compact.Options[*indexertest.Object]{
		Compressor: s2dict.New(),
		OnError:    func(err *compact.Error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = 2000
	annotation := func(i int) string {
		return fmt.Sprint(string(bytes.Repeat([]byte("the same; "), 100)), "but ", i)
	}
	for i := range n {
		o := &metav1.PartialObjectMetadata{}
		o.Namespace, o.Name, o.ResourceVersion = "shop", fmt.Sprint("pod-", i), fmt.Sprint(i+1)
		o.Annotations = map[string]string{"example.com/note": annotation(i)}
		if err := c.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.Objects != n || s.Decoded > 0 || s.Dictionaries < 1 || s.Dictionaries > 2 || s.Bytes > n*100 {
		t.Errorf("%+v", s)
	}
	for key, o := range c.Snapshot().All() {
		var i int
		if _, err := fmt.Sscanf(key, "shop/pod-%d", &i); err != nil || o.Annotations["example.com/note"] != annotation(i) {
			t.Fatalf("%s: %v", key, o)
		}
	}
}
