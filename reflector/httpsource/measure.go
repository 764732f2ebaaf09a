package httpsource

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// errOverflow is the error of a value that has outgrown what may be kept of it.
var errOverflow = errors.New("larger than may be kept")

// measure finds the end of the value that begins at s.pos. Each byte is looked
// at once, in to, or twice, in index, however the value arrives.
type measure struct {
	s    *scanner
	at   int  // what comes before is looked at
	skip bool // what is looked at need not be kept
}

// byteSet is a set of bytes.
type byteSet [256]bool

func setOf(bytes string) *byteSet {
	var set byteSet
	for _, c := range []byte(bytes) {
		set[c] = true
	}
	return &set
}

// What ends a stretch of bytes that mean nothing to the scanner.
var (
	structure  = setOf(`"{}[]`)
	endLiteral = setOf(" \n\t\r,]}:\"{[")
)

// value steps over the value that begins with c.
func (v *measure) value(c byte) error {
	switch c {
	case '{', '[':
		return v.container()
	case '"':
		v.at++
		return v.str()
	}
	if endLiteral[c] {
		return v.s.malformed("a value")
	}
	return v.literal()
}

// to steps up to the next byte of set and returns it.
func (v *measure) to(set *byteSet) (byte, error) {
	for {
		rest := v.s.buf[v.at:v.s.end]
		for i, c := range rest {
			if set[c] {
				v.at += i
				v.s.work += i + 1
				return c, nil
			}
		}
		v.at += len(rest)
		v.s.work += len(rest)
		if err := v.more(); err != nil {
			return 0, err
		}
	}
}

// more makes buf[at] readable.
func (v *measure) more() error {
	s := v.s
	if v.skip {
		s.pos = v.at
	} else if s.end-s.pos > s.max {
		return errOverflow
	}
	moved, err := s.more(s.pos)
	v.at -= moved
	return err
}

// container steps over an object or array.
func (v *measure) container() error {
	for depth := 0; ; {
		c, err := v.to(structure)
		if err != nil {
			return err
		}
		v.at++
		switch c {
		case '"':
			if err := v.str(); err != nil {
				return err
			}
		case '{', '[':
			depth++
		default:
			if depth--; depth == 0 {
				return nil
			}
		}
	}
}

// str steps over the rest of a string whose quote is behind.
func (v *measure) str() error {
	for {
		buf, end := v.s.buf, v.s.end
		at := quoteOrSlash(buf, v.at, end)
		v.s.work += at - v.at
		switch {
		case at < end && buf[at] == '"':
			v.at = at + 1
			return nil
		case at+1 < end:
			v.at = at + 2 // with what it escapes, which may be a quote
			continue
		}
		escapes := end - at // 1 where a backslash is the last byte
		v.at = end
		if err := v.more(); err != nil {
			return err
		}
		v.at += escapes
	}
}

// quoteOrSlash returns where buf[at:end] has its first quote or backslash, or end. Most
// strings of an object are short: eight bytes at a time are faster than what looks for
// one of the two in many bytes, which has to be called twice.
func quoteOrSlash(buf []byte, at, end int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= end; at += 8 {
		word := binary.LittleEndian.Uint64(buf[at:])
		quote, slash := word^'"'*ones, word^'\\'*ones
		// The lowest bit is that of the first zero byte of one of the two.
		if found := ((quote-ones)&^quote | (slash-ones)&^slash) & highs; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < end && buf[at] != '"' && buf[at] != '\\' {
		at++
	}
	return at
}

// literal steps over a number or a word: up to what can follow a value.
func (v *measure) literal() error {
	_, err := v.to(endLiteral)
	if err == io.EOF {
		return nil
	}
	return err
}
