package httpsource

import (
	"errors"
	"io"

	"k8s.io/apimachinery/pkg/util/json"
)

// jsonList cuts a list in JSON. Its fields may come in any order.
type jsonList[T Object] struct {
	*listHead[T]
	scan *scanner
	f    frame // the item that is being cut
}

func newJSONList[T Object](r io.Reader, max int, head *listHead[T]) listCutter {
	return &jsonList[T]{listHead: head, scan: newScanner(r, listBuffer, max)}
}

func (l *jsonList[T]) run() error {
	if err := l.scan.object(l.field); err != nil {
		return unreadable(err)
	}
	switch _, err := l.scan.peek(); {
	case err == nil:
		return unreadable(l.scan.malformed("the end"))
	case err != io.EOF:
		return unreadable(err)
	}
	return l.checkKind(true)
}

func (l *jsonList[T]) field(key []byte) error {
	switch string(key) {
	case "kind":
		return l.header(&l.of.Kind)
	case "apiVersion":
		return l.header(&l.of.APIVersion)
	case "metadata":
		return l.decode(&l.meta)
	case "items":
		return l.items()
	}
	return l.rest.read(l.scan, key)
}

// header decodes kind or apiVersion, and judges them once both are known.
func (l *jsonList[T]) header(into *string) error {
	if err := l.decode(into); err != nil {
		return err
	}
	return l.checkKind(false)
}

func (l *jsonList[T]) decode(into any) error {
	raw, err := l.scan.value()
	if err != nil {
		return err
	}
	return discreet(raw, json.Unmarshal(raw, into))
}

func (l *jsonList[T]) items() error {
	if l.hasItems {
		return errItemsTwice
	}
	l.hasItems = true
	c, err := l.scan.need()
	if err != nil {
		return err
	}
	if c == 'n' {
		_, err := l.scan.checked()
		return err
	}
	return l.scan.array(l.next)
}

var errItemsTwice = errors.New("it has items twice")

// next cuts one item.
func (l *jsonList[T]) next() error {
	raw, err := l.scan.value()
	if _, large := err.(*tooLargeError); err != nil && !large {
		return err
	}
	l.f = frame{object: raw, bad: err}
	return l.item(l.of, &l.f)
}
