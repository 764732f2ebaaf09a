package httpsource

import (
	"bytes"
	"encoding/json"
	"io"
)

// scanner cuts a stream of JSON into values without decoding them, so that no
// more than one value needs to be in memory. It checks the structure that it
// walks through itself; what is inside a value is for its decoder to check.
// Its work grows with what it reads and never with the square of it, whatever
// that is: who may write one object must not be able to stop a cache.
//
// What is returned as bytes is valid until the next call.
type scanner struct{ buffer }

// newScanner returns a scanner over r with a buffer of size to begin with.
func newScanner(r io.Reader, size, max int) *scanner {
	return &scanner{newBuffer(r, size, max)}
}

// over makes s a scanner over b alone.
func (s *scanner) over(b []byte) {
	s.buffer = buffer{buf: b, end: len(b), max: len(b), err: io.EOF}
}

// malformed is a syntaxError about what comes next.
func (s *scanner) malformed(want string) error {
	return &syntaxError{want: want, at: s.gone + int64(s.pos)}
}

// peek returns the next byte that is no white space, without consuming it.
func (s *scanner) peek() (byte, error) {
	for !s.waiting() {
		if _, err := s.more(s.pos); err != nil {
			return 0, err
		}
	}
	return s.buf[s.pos], nil
}

// need is peek where the stream must go on.
func (s *scanner) need() (byte, error) {
	c, err := s.peek()
	return c, cutShort(err)
}

// waiting reports whether something other than white space has been read and not
// consumed.
func (s *scanner) waiting() bool {
	for ; s.pos < s.end; s.pos++ {
		s.work++
		switch s.buf[s.pos] {
		case ' ', '\n', '\t', '\r':
		default:
			return true
		}
	}
	return false
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
