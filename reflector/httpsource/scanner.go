package httpsource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// roomyBuffer is the size above which a buffer is given back once what
	// is in it is smaller than smallBuffer.
	roomyBuffer = 1 << 20
	smallBuffer = 64 << 10
)

// scanner cuts a stream of JSON into values without decoding them, so that no
// more than one value needs to be in memory. It checks the structure that it
// walks through itself; what is inside a value is for its decoder to check.
// Its work grows with what it reads and never with the square of it, whatever
// that is: who may write one object must not be able to stop a cache.
//
// What is returned as bytes is valid until the next call.
type scanner struct {
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

// newScanner returns a scanner over r with a buffer of size to begin with.
func newScanner(r io.Reader, size, max int) *scanner {
	return &scanner{r: r, buf: make([]byte, size), max: max}
}

// over makes s a scanner over b alone.
func (s *scanner) over(b []byte) {
	*s = scanner{buf: b, end: len(b), max: len(b), err: io.EOF}
}

// tooLargeError is the error of a value that was skipped, with what it was.
type tooLargeError struct {
	max int
	id  identity
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("it is larger than %d bytes: raise httpsource.Config.MaxObjectBytes if that is right", e.max)
}

// syntaxError says where the stream is no JSON, and not what is found there: that
// may be out of a Secret.
type syntaxError struct {
	want string
	at   int64
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("malformed JSON at byte %d: expected %s", e.at, e.want)
}

// malformed is a syntaxError about what comes next.
func (s *scanner) malformed(want string) error {
	return &syntaxError{want: want, at: s.gone + int64(s.pos)}
}

// more reads on. What lies between keep and end stays; it returns by how much
// that was moved towards the front.
func (s *scanner) more(keep int) (moved int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if keep > 0 {
		moved = s.shift(keep)
	}
	if s.end == len(s.buf) {
		grown := make([]byte, max(2*len(s.buf), 512))
		s.work += copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for tries := 0; tries < 100; tries++ {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			return moved, nil
		}
		if err != nil {
			return moved, err
		}
	}
	s.err = io.ErrNoProgress
	return moved, s.err
}

// shift moves buf[keep:end] to the front, into a small buffer where the old
// one is far too large.
func (s *scanner) shift(keep int) int {
	live := s.buf[keep:s.end]
	if len(s.buf) > roomyBuffer && len(live) < smallBuffer {
		s.buf = make([]byte, smallBuffer)
	}
	s.end = copy(s.buf, live)
	s.work += s.end
	s.pos -= keep
	s.gone += int64(keep)
	return keep
}

// peek returns the next byte that is no white space, without consuming it.
func (s *scanner) peek() (byte, error) {
	for {
		for ; s.pos < s.end; s.pos++ {
			s.work++
			switch c := s.buf[s.pos]; c {
			case ' ', '\n', '\t', '\r':
			default:
				return c, nil
			}
		}
		if _, err := s.more(s.pos); err != nil {
			return 0, err
		}
	}
}

// need is peek where the stream must go on.
func (s *scanner) need() (byte, error) {
	c, err := s.peek()
	return c, cutShort(err)
}

// follows reports whether c comes next and is read already.
func (s *scanner) follows(c byte) bool { return s.pos < s.end && s.buf[s.pos] == c }

// cutShort turns the end of the stream into an unexpected one.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object walks through the next value, which has to be an object: for each key
// it calls field, which must consume the value. The key is valid until then; one
// that is too large is nil, as nobody knows it.
func (s *scanner) object(field func(key []byte) error) error {
	return s.list('{', '}', "an object", func() error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return field(key)
	})
}

// array walks through the next value, which has to be an array: item must
// consume one.
func (s *scanner) array(item func() error) error { return s.list('[', ']', "an array", item) }

func (s *scanner) list(open, end byte, what string, item func() error) error {
	c, err := s.need()
	if err != nil {
		return err
	}
	if c != open {
		return s.malformed(what)
	}
	s.pos++
	if c, err = s.need(); err != nil {
		return err
	}
	if c == end {
		s.pos++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if c, err = s.need(); err != nil {
			return err
		}
		if c != ',' && c != end {
			return s.malformed("a comma or the end of " + what)
		}
		s.pos++
		if c == end {
			return nil
		}
	}
}

// key consumes a key and its colon.
func (s *scanner) key() ([]byte, error) {
	c, err := s.need()
	if err != nil {
		return nil, err
	}
	if c != '"' {
		return nil, s.malformed("a key")
	}
	var key []byte
	raw, err := s.value()
	switch _, large := err.(*tooLargeError); {
	case err == nil:
		key, err = s.unquote(raw)
	case large:
		err = nil
	}
	if err == nil {
		err = s.colon(&key)
	}
	return key, err
}

// unquote decodes a key.
func (s *scanner) unquote(raw []byte) ([]byte, error) {
	s.work += len(raw)
	if bytes.IndexByte(raw, '\\') < 0 && json.Valid(raw) {
		return raw[1 : len(raw)-1], nil
	}
	var key string
	if err := json.Unmarshal(raw, &key); err != nil {
		return nil, &syntaxError{want: "a key", at: s.gone + int64(s.pos-len(raw))}
	}
	return []byte(key), nil
}

// colon consumes a colon. The key before it is copied where reading on would
// move it.
func (s *scanner) colon(key *[]byte) error {
	if s.follows(':') {
		s.pos++
		return nil
	}
	*key = bytes.Clone(*key)
	c, err := s.need()
	if err != nil {
		return err
	}
	if c != ':' {
		return s.malformed("a colon")
	}
	s.pos++
	return nil
}

// checked is value for a value that no decoder looks at.
func (s *scanner) checked() ([]byte, error) {
	raw, err := s.value()
	if err != nil {
		return nil, err
	}
	return raw, s.valid(raw)
}

// valid checks the value raw, which was just consumed.
func (s *scanner) valid(raw []byte) error {
	s.work += len(raw)
	if json.Valid(raw) {
		return nil
	}
	return &syntaxError{want: "a value", at: s.gone + int64(s.pos-len(raw))}
}

// value consumes the next value, whose bytes it returns. One that is too large
// is consumed all the same and gives a tooLargeError.
func (s *scanner) value() ([]byte, error) {
	c, err := s.need()
	if err != nil {
		return nil, err
	}
	v := measure{s: s, at: s.pos}
	err = v.value(c)
	if err == errOverflow || err == nil && v.at-s.pos > s.max {
		return nil, s.tooLarge()
	}
	if err != nil {
		return nil, cutShort(err)
	}
	raw := s.buf[s.pos:v.at]
	s.pos = v.at
	if isLiteral(c) {
		return raw, s.valid(raw)
	}
	return raw, nil
}

// tooLarge consumes a value that is.
func (s *scanner) tooLarge() error {
	id, err := s.skim()
	if err != nil {
		return err
	}
	return &tooLargeError{max: s.max, id: id}
}

func isLiteral(c byte) bool { return c != '{' && c != '[' && c != '"' }
