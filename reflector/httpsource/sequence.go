package httpsource

import (
	"io"
	"math"

	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

// sequence cuts a stream of CBOR into data items without decoding them, as a scanner
// does with JSON: no more than one item is in memory, what is inside of it is for its
// decoder to check, and the work grows with what is read and never with the square of
// it. What an item says of its size is believed when that much has come.
//
// What is returned as bytes is valid until the next call.
type sequence struct {
	buffer

	// open is what is still to come of each container that is open, while the end
	// of an item is looked for.
	open []uint64
}

// The major types of data items.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

const (
	cborNull  = 0xf6
	cborBreak = 0xff // ends what does not say how long it is

	// unending is how many parts something has that ends with a break.
	unending = math.MaxUint64

	// maxNesting is how deep an item may be nested whose end is found. Servers
	// and decoders take 10,000 levels.
	maxNesting = 16 << 10
)

// head is the beginning of a data item: its type, and a number, which is the value, or
// how many bytes, parts or pairs of them follow.
type head struct {
	major byte
	info  byte // the rest of its first byte
	n     uint64
}

// readHead returns the head that b begins with and its size: 0 where it is cut off, -1
// where it is none.
func readHead(b []byte) (h head, size int) {
	if len(b) == 0 {
		return h, 0
	}
	h = head{major: b[0] >> 5, info: b[0] & 31}
	switch {
	case h.info < 24:
		h.n = uint64(h.info)
		return h, 1
	case h.info == 31 && h.major != cborUint && h.major != cborNegative && h.major != cborTag:
		return h, 1
	case h.info > 27:
		return h, -1
	}
	more := 1 << (h.info - 24)
	if len(b) <= more {
		return h, 0
	}
	for _, c := range b[1 : 1+more] {
		h.n = h.n<<8 | uint64(c)
	}
	if (h.major == cborArray || h.major == cborMap) && h.n > math.MaxInt64/2 {
		return h, -1
	}
	if h.major == cborSimple && more == 1 && h.n < 32 {
		return h, -1 // RFC 8949, 3.3: what has a short form has no other
	}
	return h, 1 + more
}

func (h head) indefinite() bool { return h.info == 31 }
func (h head) isBreak() bool    { return h.major == cborSimple && h.info == 31 }
func (h head) isString() bool   { return h.major == cborBytes || h.major == cborText }

// parts is how many items follow that are parts of this one. A string that ends with a
// break has some as well.
func (h head) parts() uint64 {
	switch {
	case h.major == cborTag || h.major == cborSimple:
		return 0
	case h.indefinite():
		return unending
	case h.major == cborArray:
		return h.n
	case h.major == cborMap:
		return 2 * h.n
	}
	return 0
}

// newSequence returns a sequence over r with a buffer of size to begin with.
func newSequence(r io.Reader, size, max int) *sequence {
	return &sequence{buffer: newBuffer(r, size, max)}
}

// over makes s a sequence over b alone.
func (s *sequence) over(b []byte) {
	s.buffer = buffer{buf: b, end: len(b), max: len(b), err: io.EOF}
}

// malformed is a syntaxError about what comes next.
func (s *sequence) malformed(want string) error { return s.malformedAt(s.pos, want) }

func (s *sequence) malformedAt(at int, want string) error {
	return &syntaxError{of: "CBOR", want: want, at: s.gone + int64(at)}
}

// waiting reports whether something has been read and not consumed.
func (s *sequence) waiting() bool { return s.unread() > 0 }

// await reads on until something is. At the end of the stream it returns io.EOF.
func (s *sequence) await() error {
	for !s.waiting() {
		if _, err := s.more(s.pos); err != nil {
			return err
		}
	}
	return nil
}

// selfDescribedTag is the number of the tag that means nothing.
const selfDescribedTag = 55799

// begin consumes the head of the next item, and that tag before it.
func (s *sequence) begin() (head, error) {
	for {
		e := extent{s: s, at: s.pos, skip: true}
		h, err := e.head()
		if err != nil {
			return h, cutShort(err)
		}
		s.pos = e.at
		if h.major != cborTag || h.n != selfDescribedTag {
			return h, nil
		}
	}
}

// fields walks through the next item, which has to be a map: for each key it calls
// field, which must consume the value. The key is valid until then; one that is no
// string, or is too large, is nil. last says that no other follows, as far as that is
// known.
func (s *sequence) fields(field func(key []byte, last bool) error) error {
	h, err := s.begin()
	if err == nil && h.major != cborMap {
		err = s.malformed("a map")
	}
	if err != nil {
		return err
	}
	return s.pairs(h, field)
}

// pairs is fields behind the head of the map.
func (s *sequence) pairs(h head, field func(key []byte, last bool) error) error {
	return s.each(h, func(last bool) error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return field(key, last)
	})
}

// each calls part for each part, or pair, of what h is the head of.
func (s *sequence) each(h head, part func(last bool) error) error {
	for n := h.n; n > 0 || h.indefinite(); n-- {
		if h.indefinite() {
			if ended, err := s.ended(); err != nil || ended {
				return err
			}
		}
		if err := part(n == 1 && !h.indefinite()); err != nil {
			return err
		}
	}
	return nil
}

// ended consumes a break, if one comes next.
func (s *sequence) ended() (bool, error) {
	if err := s.await(); err != nil {
		return false, cutShort(err)
	}
	if s.buf[s.pos] != cborBreak {
		return false, nil
	}
	s.pos++
	return true, nil
}

// key consumes a key.
func (s *sequence) key() ([]byte, error) {
	raw, err := s.small()
	if err != nil {
		return nil, err
	}
	key, _ := text(raw)
	return key, nil
}

// text is the string that raw, an item, is, if it is one.
func text(raw []byte) ([]byte, bool) {
	if h, size := readHead(raw); size > 0 && h.isString() && !h.indefinite() {
		return raw[size:], true
	}
	var s string
	if len(raw) == 0 || raw[0] == cborNull || direct.Unmarshal(raw, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// value consumes the next item, whose bytes it returns. One that is too large is
// consumed all the same and gives a tooLargeError.
func (s *sequence) value() ([]byte, error) {
	raw, err := s.whole()
	if err == errOverflow {
		return nil, s.tooLarge()
	}
	return raw, err
}

// whole consumes the next item, whose bytes it returns. One that is too large is not
// consumed and gives errOverflow.
func (s *sequence) whole() ([]byte, error) {
	e := extent{s: s, at: s.pos}
	err := e.item()
	if err == errOverflow || err == nil && e.at-s.pos > s.max {
		return nil, errOverflow
	}
	if err != nil {
		return nil, cutShort(err)
	}
	raw := s.buf[s.pos:e.at]
	s.pos = e.at
	return raw, nil
}

// small consumes the next item, whose bytes it returns, nil if it is too large: whose
// that is does not matter. It is what skim reads with, which has to look at no item
// once more for each that it stands in.
func (s *sequence) small() ([]byte, error) {
	raw, err := s.whole()
	if err == errOverflow {
		return nil, s.skip()
	}
	return raw, err
}

// tooLarge consumes an item that is.
func (s *sequence) tooLarge() error {
	id, err := s.skim()
	if err != nil {
		return err
	}
	return &tooLargeError{max: s.max, id: id}
}

// skim walks through the next item, of any size, and keeps nothing of it but its
// identity.
func (s *sequence) skim() (id identity, err error) {
	err = s.fieldsIfAny(func(key []byte, _ bool) error {
		if string(key) != "metadata" {
			return s.skip()
		}
		return s.fieldsIfAny(func(key []byte, _ bool) error {
			switch string(key) {
			case "namespace":
				return s.short(&id.namespace)
			case "name":
				return s.short(&id.name)
			case "resourceVersion":
				return s.short(&id.version)
			}
			return s.skip()
		})
	})
	return id, err
}

// fieldsIfAny is fields for an item that need not be a map.
func (s *sequence) fieldsIfAny(field func(key []byte, last bool) error) error {
	h, err := s.begin()
	if err != nil {
		return err
	}
	if h.major != cborMap {
		return s.rest(h)
	}
	return s.pairs(h, field)
}

// short reads a string that is no longer than a name, and skips anything else.
func (s *sequence) short(into *string) error {
	raw, err := s.small()
	if err == nil && len(raw) <= longestName {
		if name, ok := text(raw); ok {
			*into = string(name)
		}
	}
	return err
}

// skip consumes the next item, of any size, without a look at what it is.
func (s *sequence) skip() error {
	h, err := s.begin()
	if err != nil {
		return err
	}
	return s.rest(h)
}

// rest consumes what follows h, the head of an item.
func (s *sequence) rest(h head) error {
	e := extent{s: s, at: s.pos, skip: true}
	if err := e.rest(h); err != nil {
		return cutShort(err)
	}
	s.pos = e.at
	return nil
}

// identifyCBOR reads the identity of raw, which may be anything, as far as it can.
func identifyCBOR(raw []byte) identity {
	var s sequence
	s.over(raw)
	id, _ := s.skim()
	return id
}
