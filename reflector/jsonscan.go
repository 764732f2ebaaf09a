package reflector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

const (
	// roomyBuffer is the size above which a buffer is given back once what
	// is in it is small again.
	roomyBuffer = 1 << 20

	// headBytes is how much of a value that is too large is kept, to find
	// out what it was.
	headBytes = 64 << 10
)

// scanner cuts a stream of JSON into values without decoding them, so that no
// more than one value needs to be in memory. It checks the structure that it
// walks through itself; what is inside a value is for its decoder to check.
//
// What is returned as bytes is valid until the next call.
type scanner struct {
	r   io.Reader
	buf []byte
	// buf[pos:end] is read and not consumed.
	pos, end int

	max int   // the most bytes that a value may have
	err error // of r, once it gave one
}

// newScanner returns a scanner over r with a buffer of size to begin with.
func newScanner(r io.Reader, size, max int) *scanner {
	return &scanner{r: r, buf: make([]byte, size), max: max}
}

// over makes s a scanner over b alone.
func (s *scanner) over(b []byte) {
	*s = scanner{buf: b, end: len(b), max: len(b), err: io.EOF}
}

// tooLargeError tells that a value was skipped, and how it began.
type tooLargeError struct {
	max  int
	head []byte
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("it is larger than %d bytes: raise MaxObjectBytes if that is right", e.max)
}

// syntaxError tells that the stream is no JSON, with what was found instead.
type syntaxError struct {
	want string
	got  []byte
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("malformed JSON: expected %s, found %q", e.want, e.got)
}

// malformed is a syntaxError about what comes next.
func (s *scanner) malformed(want string) error {
	return &syntaxError{want: want, got: bytes.Clone(s.buf[s.pos:min(s.end, s.pos+60)])}
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
		copy(grown, s.buf[:s.end])
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
	if len(s.buf) > roomyBuffer && len(live) < headBytes {
		s.buf = make([]byte, headBytes)
	}
	s.end = copy(s.buf, live)
	s.pos -= keep
	return keep
}

// peek returns the next byte that is no white space, without consuming it.
func (s *scanner) peek() (byte, error) {
	for {
		for ; s.pos < s.end; s.pos++ {
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

// cutShort turns the end of the stream into an unexpected one.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object walks through the next value, which has to be an object: for each key
// it calls field, which must consume the value. The key is valid until then.
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
	raw, err := s.value()
	if err != nil {
		return nil, err
	}
	key := raw[1 : len(raw)-1]
	if bytes.IndexByte(key, '\\') >= 0 || !json.Valid(raw) {
		var unquoted string
		if err := json.Unmarshal(raw, &unquoted); err != nil {
			return nil, err
		}
		key = []byte(unquoted)
	}
	err = s.colon(&key)
	return key, err
}

// colon consumes a colon. The key before it is copied where reading on would
// move it.
func (s *scanner) colon(key *[]byte) error {
	if s.pos < s.end && s.buf[s.pos] == ':' {
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
	if err == nil && !json.Valid(raw) {
		err = &syntaxError{want: "a value", got: bytes.Clone(raw[:min(len(raw), 60)])}
	}
	return raw, err
}

// value consumes the next value, whose bytes it returns. One that is too large
// is consumed all the same and gives a tooLargeError.
func (s *scanner) value() ([]byte, error) {
	c, err := s.need()
	if err != nil {
		return nil, err
	}
	v := measure{s: s, at: s.pos}
	switch c {
	case '{', '[':
		err = v.container()
	case '"':
		v.at++
		err = v.str()
	default:
		err = v.literal()
	}
	if err != nil {
		return nil, cutShort(err)
	}
	raw := s.buf[s.pos:v.at]
	s.pos = v.at
	if v.head != nil || len(raw) > s.max {
		if v.head == nil {
			v.head = bytes.Clone(raw[:min(len(raw), headBytes)])
		}
		return nil, &tooLargeError{max: s.max, head: v.head}
	}
	if isLiteral(c) && !json.Valid(raw) {
		return nil, &syntaxError{want: "a value", got: bytes.Clone(raw[:min(len(raw), 60)])}
	}
	return raw, nil
}

func isLiteral(c byte) bool { return c != '{' && c != '[' && c != '"' }
