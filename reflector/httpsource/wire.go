package httpsource

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// wire reads protobuf from a stream, field by field. No more of it than one field
// is in memory, and its work grows with what it reads.
//
// What is returned as bytes is valid until the next call.
type wire struct{ buffer }

// The types of fields that there are.
const (
	varintField  = 0
	fixed64Field = 1
	bytesField   = 2
	fixed32Field = 5
)

// errMalformed is what is no protobuf, in memory.
var errMalformed = errors.New("malformed protobuf")

// place is where the next byte stands.
func (w *wire) place() int64 { return w.gone + int64(w.pos) }

// malformed is a syntaxError about what comes next.
func (w *wire) malformed(want string) error {
	return &syntaxError{of: "protobuf", want: want, at: w.place()}
}

// fill reads on until n bytes are unread. At the end of the stream there are fewer,
// and an error.
func (w *wire) fill(n int) error {
	for w.unread() < n {
		if _, err := w.more(w.pos); err != nil {
			return err
		}
	}
	return nil
}

// take consumes n bytes and returns them.
func (w *wire) take(n int) ([]byte, error) {
	if err := w.fill(n); err != nil {
		return nil, cutShort(err)
	}
	raw := w.buf[w.pos : w.pos+n]
	w.pos += n
	w.work += n
	return raw, nil
}

// skip consumes n bytes.
func (w *wire) skip(n int64) error {
	for n > 0 {
		if w.unread() == 0 {
			if err := w.fill(1); err != nil {
				return cutShort(err)
			}
		}
		some := int(min(n, int64(w.unread())))
		w.pos += some
		n -= int64(some)
	}
	return nil
}

// varint consumes a number. An io.EOF comes before its first byte.
func (w *wire) varint() (uint64, error) {
	for n := 1; ; n++ {
		if err := w.fill(n); err != nil {
			if n > 1 {
				err = cutShort(err)
			}
			return 0, err
		}
		switch v, size := uvarint(w.buf[w.pos : w.pos+n]); {
		case size > 0:
			w.pos += n
			w.work += n
			return v, nil
		case size < 0:
			return 0, w.malformed("a number")
		}
	}
}

// uvarint returns the number at the beginning of b and its size: 0 where it is cut
// off, -1 where it is too long. As in the generated decoders, what does not fit into
// 64 bits is lost.
func uvarint(b []byte) (v uint64, size int) {
	for i, c := range b {
		if i == binary.MaxVarintLen64 {
			return 0, -1
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	if len(b) >= binary.MaxVarintLen64 {
		return 0, -1
	}
	return 0, 0
}

// fieldNumber is that of a tag, which is right where it is above 0.
func fieldNumber(tag uint64) int32 { return int32(tag >> 3) }

// field consumes the head of a field: its number, and how many bytes follow if it
// is one of bytes. The value of any other is consumed, and isBytes false. An
// io.EOF comes before its first byte.
func (w *wire) field() (number int32, size int64, isBytes bool, err error) {
	tag, err := w.varint()
	if err != nil {
		return 0, 0, false, err
	}
	number = fieldNumber(tag)
	if number <= 0 {
		return 0, 0, false, w.malformed("a field")
	}
	switch tag & 7 {
	case bytesField:
		size, err = w.length()
		return number, size, true, err
	case varintField:
		_, err = w.varint()
	case fixed64Field:
		err = w.skip(8)
	case fixed32Field:
		err = w.skip(4)
	default:
		err = w.malformed("a field")
	}
	return number, 0, false, cutShort(err)
}

// length consumes the length of what follows.
func (w *wire) length() (int64, error) {
	n, err := w.varint()
	switch {
	case err != nil:
		return 0, cutShort(err)
	case n > math.MaxInt64:
		return 0, w.malformed("a length")
	}
	return int64(n), nil
}

// message walks through what is in memory, and calls field for each field of bytes.
// Where it ends early, the last field is what there is of it, cut is true, and the
// error io.ErrUnexpectedEOF.
func message(b []byte, field func(number int32, value []byte, cut bool) error) error {
	for len(b) > 0 {
		tag, n := uvarint(b)
		number := fieldNumber(tag)
		if n <= 0 || number <= 0 {
			return malformedOrCut(n)
		}
		b = b[n:]
		size, prefix := uint64(0), 0
		switch tag & 7 {
		case varintField:
			if _, prefix = uvarint(b); prefix <= 0 {
				return malformedOrCut(prefix)
			}
		case bytesField:
			if size, prefix = uvarint(b); prefix <= 0 {
				return malformedOrCut(prefix)
			}
		case fixed64Field:
			prefix = 8
		case fixed32Field:
			prefix = 4
		default:
			return errMalformed
		}
		if len(b) < prefix {
			return io.ErrUnexpectedEOF
		}
		b = b[prefix:]
		value := b[:min(size, uint64(len(b)))]
		if tag&7 == bytesField {
			if err := field(number, value, uint64(len(value)) < size); err != nil {
				return err
			}
		}
		if uint64(len(value)) < size {
			return io.ErrUnexpectedEOF
		}
		b = b[size:]
	}
	return nil
}

// malformedOrCut is the error for what uvarint says with n.
func malformedOrCut(n int) error {
	if n == 0 {
		return io.ErrUnexpectedEOF
	}
	return errMalformed
}
