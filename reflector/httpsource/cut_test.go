package httpsource

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// BenchmarkCut cuts lists into items, which are not decoded: with the scanner, and with
// jsontext. They are about as fast, so that this decides nothing. What does: jsontext
// has each value in memory whole, 256 MiB for a string of 64, where the scanner holds
// no more than MaxObjectBytes of it and skims the rest for the name (W6); and it stops
// for good at what is malformed inside of an item, which costs only that item here (W3).
func BenchmarkCut(b *testing.B) {
	for _, size := range []int{300, 2 << 10, 10 << 10} {
		list := cutList(size)
		for _, cutter := range []struct {
			name string
			cut  func(io.Reader) (int, error)
		}{{"scanner", cutByScanner}, {"jsontext", cutByJSONText}} {
			b.Run(fmt.Sprintf("%.1fKB/cutter=%s", float64(size)/1024, cutter.name), func(b *testing.B) {
				b.SetBytes(int64(len(list)))
				for b.Loop() {
					if n, err := cutter.cut(bytes.NewReader(list)); n != 400 || err != nil {
						b.Fatal(n, err)
					}
				}
			})
		}
	}
}

// cutList is a list of 400 objects of about so many bytes each, with short strings, as
// managed fields and status have them.
func cutList(size int) []byte {
	var list bytes.Buffer
	list.WriteString(`{"kind":"WidgetList","apiVersion":"example.org/v1","metadata":{"resourceVersion":"9"},"items":[`)
	for i := range 400 {
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"metadata":{"name":"widget-%d","namespace":"default","labels":{"app":"shop","pod-template-hash":"5f6d7c8b9"}},"status":[`, i)
		const condition = `{"type":"Ready","status":"True","lastTransitionTime":"2026-03-01T08:00:00Z","count":3},`
		list.WriteString(strings.Repeat(condition, (size-130)/len(condition)))
		list.WriteString(`null]}`)
	}
	list.WriteString(`]}`)
	return list.Bytes()
}

func cutByScanner(r io.Reader) (items int, err error) {
	s := newScanner(r, listBuffer, DefaultMaxObjectBytes)
	err = s.object(func(key []byte) error {
		if string(key) != "items" {
			_, err := s.value()
			return err
		}
		return s.array(func() error {
			items++
			_, err := s.value()
			return err
		})
	})
	return items, err
}

func cutByJSONText(r io.Reader) (items int, err error) {
	d := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return 0, err
	}
	for d.PeekKind() == '"' {
		key, err := d.ReadToken()
		if err != nil {
			return items, err
		}
		if key.String() != "items" {
			if err := d.SkipValue(); err != nil {
				return items, err
			}
			continue
		}
		if _, err := d.ReadToken(); err != nil {
			return items, err
		}
		for d.PeekKind() != ']' {
			if _, err := d.ReadValue(); err != nil {
				return items, err
			}
			items++
		}
		if _, err := d.ReadToken(); err != nil {
			return items, err
		}
	}
	_, err = d.ReadToken()
	return items, err
}
