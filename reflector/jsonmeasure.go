package reflector

import (
	"bytes"
	"errors"
	"io"
)

// measure finds the end of the value that begins at s.pos.
type measure struct {
	s    *scanner
	at   int    // what comes before is looked at
	head []byte // the beginning of a value that has outgrown s.max
}

// more makes buf[at] readable.
func (v *measure) more() error {
	s := v.s
	if s.end-s.pos > s.max {
		if v.head == nil {
			v.head = bytes.Clone(s.buf[s.pos:min(s.end, s.pos+headBytes)])
		}
		s.pos = v.at // what is too large need not be kept
	}
	moved, err := s.more(s.pos)
	v.at -= moved
	return err
}

// container steps over an object or array.
func (v *measure) container() error {
	depth := 0
	for {
		for v.at < v.s.end {
			c := v.s.buf[v.at]
			v.at++
			switch c {
			case '"':
				if err := v.str(); err != nil {
					return err
				}
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return nil
				}
			}
		}
		if err := v.more(); err != nil {
			return err
		}
	}
}

// str steps over the rest of a string whose quote is behind.
func (v *measure) str() error {
	for {
		for v.at < v.s.end {
			rest := v.s.buf[v.at:v.s.end]
			quote := bytes.IndexByte(rest, '"')
			span := rest
			if quote >= 0 {
				span = rest[:quote]
			}
			slash := bytes.IndexByte(span, '\\')
			if slash < 0 {
				v.at += len(span)
				if quote >= 0 {
					v.at++
					return nil
				}
				break
			}
			if slash+1 >= len(rest) {
				v.at += slash
				if err := v.escape(); err != nil {
					return err
				}
				continue
			}
			v.at += slash + 2
		}
		if err := v.more(); err != nil {
			return err
		}
	}
}

// escape steps over a backslash at the end of the buffer and what follows it.
func (v *measure) escape() error {
	for v.at+1 >= v.s.end {
		if err := v.more(); err != nil {
			return err
		}
	}
	v.at += 2
	return nil
}

// literal steps over a number or a word: up to what can follow a value.
func (v *measure) literal() error {
	for {
		for ; v.at < v.s.end; v.at++ {
			if bytes.IndexByte([]byte(" \n\t\r,]}:\"{["), v.s.buf[v.at]) >= 0 {
				if v.at == v.s.pos && v.head == nil {
					return v.s.malformed("a value")
				}
				return nil
			}
		}
		err := v.more()
		if errors.Is(err, io.EOF) && v.at > v.s.pos {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
