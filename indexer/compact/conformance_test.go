package compact

import (
	"testing"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/indexertest"
)

// conforms runs the suite of all stores.
func conforms(t *testing.T, codec func() Codec[*Object], compressor func() Compressor, known indexertest.Known) {
	indexertest.Run(t, func(c indexertest.Config) (indexertest.Indexer, error) {
		cache, err := New(codec(), Options[*Object]{
			Store: indexer.Options[*Object]{
				Indexers:     c.Indexers,
				OnIndexError: func(*indexer.IndexError) {},
			},
			Compressor: compressor(),
			OnError:    func(err *Error) { t.Error(err) },
		})
		if err == nil {
			cache.packer.least = 100
			cache.packer.due.Store(100)
		}
		return cache, err
	}, known)
}

// unchangedAsItCame is the difference of C6.
const unchangedAsItCame = "an unchanged object is told as the item that came, so that it need not be decoded"

// TestConformance proves S1 to S5 with a codec that keeps the addresses of objects,
// which the suite compares.
func TestConformance(t *testing.T) {
	known := indexertest.Known{"store/replace tells what it changed": unchangedAsItCame}
	t.Run("bytes", func(t *testing.T) {
		conforms(t, func() Codec[*Object] { return new(registry) }, func() Compressor { return nil }, known)
	})
	t.Run("dictionaries", func(t *testing.T) {
		conforms(t, func() Codec[*Object] { return new(registry) }, func() Compressor { return new(prefix) }, known)
	})
}

// TestConformanceOfCodecs proves S1 to S5 with the ready codecs. What fails are the
// subtests that ask for the address of the object that was stored (C2).
func TestConformanceOfCodecs(t *testing.T) {
	const copied = "a read makes a new object"
	known := indexertest.Known{
		"store/replace tells what it changed":             unchangedAsItCame,
		"store/add, update and delete":                    copied,
		"store/apply tells what it found":                 copied,
		"store/an object of the same version stays":       copied,
		"S1/a snapshot keeps its state":                   copied,
		"S4/a function that fails costs that place only":  copied,
		"S4/a function that panics costs that place only": copied,
	}
	for name, codec := range codecs {
		t.Run(name, func(t *testing.T) {
			conforms(t, func() Codec[*Object] { return codec }, func() Compressor { return new(prefix) }, known)
		})
	}
}

var codecs = map[string]Codec[*Object]{"protobuf": Protobuf[Object](), "JSON": JSON[Object]()}
