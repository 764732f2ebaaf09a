package compact

import (
	"errors"
	"fmt"
)

// ErrNoCodec is returned by the constructors when they are given no codec.
var ErrNoCodec = errors.New("compact: no codec was given: use Protobuf, JSON, or one of your own")

// Op is what was done with an object, or with the collection, when it failed.
type Op string

// The Ops of an Error.
const (
	// OpEncode failed in Codec.Encode. The object is kept as it is.
	OpEncode Op = "encode"
	// OpCompress failed in Dictionary.Compress. The bytes are kept as they are.
	OpCompress Op = "compress"
	// OpDecode failed in Dictionary.Decompress or Codec.Decode. The bytes are
	// kept, and the object cannot be read until it is written again.
	OpDecode Op = "decode"
	// OpDictionary failed in Compressor.NewDictionary. What was used before is
	// used on.
	OpDictionary Op = "make a dictionary of"
)

// Error says that a codec or a dictionary failed for an object. Other objects are
// as they were.
type Error struct {
	// Cache is the name of the cache, Key the key of the object, "" for an
	// OpDictionary.
	Cache, Key string
	Op         Op
	// Err is what the codec or the dictionary returned, or an
	// *indexer.PanicError.
	Err error
}

// Error names cache, key, operation and reason, and says what follows.
func (e *Error) Error() string {
	switch e.Op {
	case OpDictionary:
		return fmt.Sprintf("compact: %s: no dictionary could be made, objects are compressed as before: %v", e.Cache, e.Err)
	case OpEncode:
		return fmt.Sprintf("compact: %s: object %q could not be encoded and is kept decoded: mend its codec: %v", e.Cache, e.Key, e.Err)
	case OpCompress:
		return fmt.Sprintf("compact: %s: object %q could not be compressed and is kept as it is encoded: %v", e.Cache, e.Key, e.Err)
	}
	return fmt.Sprintf("compact: %s: the bytes of object %q cannot be decoded, it cannot be read until it is stored anew: %v", e.Cache, e.Key, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// failures are what went wrong in one call.
type failures []*Error

func (f *failures) add(err *Error) {
	if err != nil {
		*f = append(*f, err)
	}
}

// first returns the first one as an error, nil for none.
func (f failures) first() error {
	if len(f) == 0 {
		return nil
	}
	return f[0]
}

// tell reports what went wrong in a call. It comes last in that, since it calls the
// user's code.
func (c *Cache[T]) tell(f failures) {
	if len(f) == 0 {
		return
	}
	if c.onError != nil {
		for _, err := range f {
			c.onError(err)
		}
		return
	}
	c.logger().Error(f[0], "A codec or dictionary failed", "cache", c.name, "key", f[0].Key, "failures", len(f))
}
