package httpsource

import (
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// cborList cuts a list in CBOR. Its fields come in any order, and the order is another
// in each answer.
type cborList[T Object] struct {
	*listHead[T]
	seq *sequence
	f   frame // the item that is being cut
}

func newCBORList[T Object](r io.Reader, max int, head *listHead[T]) listCutter {
	return &cborList[T]{listHead: head, seq: newSequence(r, listBuffer, max)}
}

func (l *cborList[T]) run() error {
	if err := l.seq.fields(l.field); err != nil {
		return unreadable(err)
	}
	switch err := l.seq.await(); {
	case err == nil:
		return unreadable(l.seq.malformed("the end"))
	case err != io.EOF:
		return unreadable(err)
	}
	return l.checkKind(true)
}

func (l *cborList[T]) field(key []byte, _ bool) error {
	switch string(key) {
	case "kind":
		return l.header(&l.of.Kind)
	case "apiVersion":
		return l.header(&l.of.APIVersion)
	case "metadata":
		return l.metadata()
	case "items":
		return l.items()
	}
	if key == nil {
		return l.seq.malformed("a key that is a string")
	}
	return l.rest.readCBOR(l.seq, key)
}

// header decodes kind or apiVersion, and judges them once both are known.
func (l *cborList[T]) header(into *string) error {
	raw, err := l.seq.value()
	if err != nil {
		return err
	}
	said, ok := text(raw)
	if !ok {
		return l.seq.malformed("a kind and an apiVersion that are strings")
	}
	*into = string(said)
	return l.checkKind(false)
}

var decodeCBORList = cborDecoder(func() runtime.Object { return &metav1.PartialObjectMetadataList{} })

// metadata decodes the metadata of the list, as that of a list without items.
func (l *cborList[T]) metadata() error {
	raw, err := l.seq.value()
	if err != nil {
		return err
	}
	list, err := decodeCBORList(append([]byte("\xa1\x68metadata"), raw...))
	if err != nil {
		return discreetCBOR(err)
	}
	l.meta = list.(*metav1.PartialObjectMetadataList).ListMeta
	return nil
}

func (l *cborList[T]) items() error {
	if l.hasItems {
		return errItemsTwice
	}
	l.hasItems = true
	h, err := l.seq.begin()
	switch {
	case err != nil:
		return err
	case h.major == cborArray:
		return l.seq.each(h, func(bool) error { return l.next() })
	case h.major == cborSimple && h.n == cborNull&31:
		return nil
	}
	return l.seq.malformed("an array")
}

// next cuts one item.
func (l *cborList[T]) next() error {
	raw, err := l.seq.value()
	if _, large := err.(*tooLargeError); err != nil && !large {
		return err
	}
	l.f = frame{object: raw, bad: err}
	return l.item(l.of, &l.f)
}
