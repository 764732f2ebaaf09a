package compact

import (
	"runtime/debug"

	"github.com/informant-go/informant/indexer"
)

// Codec makes bytes of an object, and the object of the bytes. Protobuf and JSON
// make ready ones.
//
// Both methods are called by any goroutine, several at once, under no lock. What
// they panic with counts as their error.
type Codec[T any] interface {
	// Encode appends the bytes of obj to dst and returns the whole. It may change
	// what obj keeps for itself, since no reader has it yet, but not its state, and
	// must not keep dst. obj is never a nil pointer or interface. With an error obj is
	// kept as it is.
	Encode(dst []byte, obj T) ([]byte, error)

	// Decode returns a new object, which is the one that data was made of. It must
	// not change data, which is valid until Decode returns: the object must have
	// no part of it.
	Decode(data []byte) (T, error)
}

// Compressor makes dictionaries. Package s2dict, a module of its own, has a ready
// one.
type Compressor interface {
	// NewDictionary makes a dictionary of samples: encoded objects, taken
	// evenly from the whole collection, 64 KiB of them or less, and at least
	// one. An object of more than 16 KiB is cut off there. It must neither change
	// nor keep the samples. With an error the collection goes on without, or with
	// the dictionary that it has.
	//
	// It is called by a goroutine that writes, one at a time, under no lock.
	NewDictionary(samples [][]byte) (Dictionary, error)
}

// Dictionary compresses with what it was made of. It must be immutable: its
// methods are called by any goroutine, several at once, under no lock, for as long
// as there is an object that was compressed with it. What they panic with counts as
// their error.
type Dictionary interface {
	// Compress appends the compressed form of src to dst and returns the whole.
	// With an error the object is kept as src.
	Compress(dst, src []byte) ([]byte, error)
	// Decompress appends what src was made of to dst and returns the whole.
	// It must refuse a src that Compress did not make, as far as it can tell.
	Decompress(dst, src []byte) ([]byte, error)
}

// guard calls f and makes an error of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &indexer.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return f()
}
