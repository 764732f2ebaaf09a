package httpsource

import (
	"cmp"
	"fmt"
	"io"
)

const (
	// roomyBuffer is the size above which a buffer is given back once what
	// is in it is smaller than smallBuffer.
	roomyBuffer = 1 << 20
	smallBuffer = 64 << 10
)

// buffer holds what has been read of an answer and is not consumed.
type buffer struct {
	r   io.Reader
	buf []byte
	// buf[pos:end] is read and not consumed.
	pos, end int
	gone     int64 // bytes of r before buf[0]

	max int   // the most bytes that a value may have
	err error // of r, once it gave one

	// work counts bytes that were looked at, moved or checked, for the test
	// that holds it to what was read.
	work int
}

func newBuffer(r io.Reader, size, max int) buffer {
	return buffer{r: r, buf: make([]byte, size), max: max}
}

// more reads on. What lies between keep and end stays; it returns by how much
// that was moved towards the front.
func (b *buffer) more(keep int) (moved int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	if keep > 0 {
		moved = b.shift(keep)
	}
	if b.end == len(b.buf) {
		grown := make([]byte, max(2*len(b.buf), 512))
		b.work += copy(grown, b.buf[:b.end])
		b.buf = grown
	}
	for tries := 0; tries < 100; tries++ {
		n, err := b.r.Read(b.buf[b.end:])
		b.end += n
		b.err = err
		if n > 0 {
			return moved, nil
		}
		if err != nil {
			return moved, err
		}
	}
	b.err = io.ErrNoProgress
	return moved, b.err
}

// shift moves buf[keep:end] to the front, into a small buffer where the old
// one is far too large.
func (b *buffer) shift(keep int) int {
	live := b.buf[keep:b.end]
	if len(b.buf) > roomyBuffer && len(live) < smallBuffer {
		b.buf = make([]byte, smallBuffer)
	}
	b.end = copy(b.buf, live)
	b.work += b.end
	b.pos -= keep
	b.gone += int64(keep)
	return keep
}

// resize makes the buffer one of size bytes, if what is in it fits.
func (b *buffer) resize(size int) {
	live := b.buf[b.pos:b.end]
	if len(b.buf) == size || len(live) > size {
		return
	}
	resized := make([]byte, size)
	b.work += copy(resized, live)
	b.gone += int64(b.pos)
	b.buf, b.pos, b.end = resized, 0, len(live)
}

// unread is how many bytes are read and not consumed.
func (b *buffer) unread() int { return b.end - b.pos }

// tooLargeError is the error of a value that was skipped, with what it was.
type tooLargeError struct {
	max int
	id  identity
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("it is larger than %d bytes: raise httpsource.Config.MaxObjectBytes if that is right", e.max)
}

// syntaxError says where an answer is not in its encoding, and not what is found
// there: that may be out of a Secret.
type syntaxError struct {
	of   string // the encoding, "" for JSON
	want string
	at   int64
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("malformed %s at byte %d: expected %s", cmp.Or(e.of, "JSON"), e.at, e.want)
}
