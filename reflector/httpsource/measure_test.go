package httpsource

import (
	"bytes"
	"testing"
)

// The first quote or backslash is found wherever it is, among bytes that differ from one
// in a bit, and with another one behind it.
func TestAQuoteOrABackslashIsFoundWhereverItIs(t *testing.T) {
	for _, like := range []byte{'a', 0, '!', '#', ' ', '"' ^ 0x80, '[', ']', '\\' ^ 0x80, '^', 0x7f, 0x80, 0xff} {
		for length := range 26 {
			for from := range length + 1 {
				buf := bytes.Repeat([]byte{like}, length+8)
				if got := quoteOrSlash(buf, from, length); got != length {
					t.Fatalf("among %#x there is something at %d of %d, from %d", like, got, length, from)
				}
				for at := from; at < length; at++ {
					for _, found := range []string{`"`, `\`, `"\`, `\"`, `""`, `"!`, `"#`, `\]`, `\[`} {
						copy(buf, bytes.Repeat([]byte{like}, length))
						copy(buf[at:], found)
						if got := quoteOrSlash(buf, from, length); got != at {
							t.Fatalf("among %#x %s at %d of %d is found at %d, from %d", like, found, at, length, got, from)
						}
					}
				}
			}
		}
	}
}
