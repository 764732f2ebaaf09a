package httpsource

import (
	"io"
	"math"
	"strings"
)

// protobufList cuts a list in protobuf: a runtime.Unknown that says what it is and
// then holds the list.
type protobufList[T Object] struct {
	*listHead[T]
	wire
	f frame // the item that is being cut
}

func newProtobufList[T Object](r io.Reader, max int, head *listHead[T]) listCutter {
	return &protobufList[T]{listHead: head, wire: wire{newBuffer(r, listBuffer, max)}}
}

func (l *protobufList[T]) run() error {
	if err := l.document(); err != nil {
		return unreadable(err)
	}
	return l.checkKind(true)
}

func (l *protobufList[T]) document() error {
	begin, err := l.take(len(magic))
	if err != nil {
		return err
	}
	if string(begin) != magic {
		return &unusableError{errNoMagic}
	}
	for {
		number, size, isBytes, err := l.wire.field()
		switch {
		case err == io.EOF && l.hasItems:
			return nil
		case err != nil:
			return cutShort(err)
		case !isBytes && (number == unknownTypeMeta || number == unknownRaw):
			err = l.malformed("a field of another type")
		case !isBytes:
		case number == unknownTypeMeta:
			err = l.typeMeta(size)
		case number == unknownRaw:
			err = l.contents(size)
		default:
			err = l.skip(size)
		}
		if err != nil {
			return err
		}
	}
}

// typeMeta reads what the answer is, and judges it.
func (l *protobufList[T]) typeMeta(size int64) error {
	if size > maxErrorBody {
		return l.malformed("a kind")
	}
	raw, err := l.take(int(size))
	if err != nil {
		return err
	}
	if l.of, err = readTypeMeta(raw, l.of); err != nil {
		return inFrame(err)
	}
	return l.checkKind(false)
}

// contents reads the list itself. What it is has to be known: another message could
// be taken for one.
func (l *protobufList[T]) contents(size int64) error {
	switch {
	case l.hasItems:
		return errItemsTwice
	case l.of.Kind == "" || l.of.APIVersion == "":
		return &unusableError{errNoKind}
	case l.of.Kind == "Status":
		return l.instead(size)
	case !strings.HasSuffix(l.of.Kind, "List"):
		return l.noList()
	case size > math.MaxInt64-l.place():
		return l.malformed("a length")
	}
	l.hasItems = true
	end := l.place() + size
	for l.place() < end {
		number, size, isBytes, err := l.wire.field()
		switch {
		case err != nil:
			return cutShort(err)
		case l.place() > end || size > end-l.place():
			return l.malformed("the end of the list")
		case !isBytes && (number == listMetadata || number == listItems):
			return l.malformed("a field of another type")
		case !isBytes:
		case number == listMetadata:
			err = l.metadata(size)
		case number == listItems:
			err = l.next(size)
		default:
			err = l.skip(size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *protobufList[T]) metadata(size int64) error {
	if size > int64(l.max) {
		return &tooLargeError{max: l.max}
	}
	raw, err := l.take(int(size))
	if err != nil {
		return err
	}
	return discreetly(l.meta.Unmarshal(raw))
}

// next cuts one item.
func (l *protobufList[T]) next(size int64) error {
	if size > int64(l.max) {
		return l.tooLarge(size)
	}
	raw, err := l.take(int(size))
	if err != nil {
		return err
	}
	l.f = frame{object: raw}
	return l.item(l.of, &l.f)
}

// tooLarge skips an item of that size, but for what it says of itself.
func (l *protobufList[T]) tooLarge(size int64) error {
	begin, err := l.take(int(min(size, identityBytes)))
	if err != nil {
		return err
	}
	l.f = frame{bad: &tooLargeError{max: l.max, id: identifyProtobuf(begin)}}
	if err := l.skip(size - int64(len(begin))); err != nil {
		return err
	}
	return l.item(l.of, &l.f)
}

// instead reads the Status that came instead of a list.
func (l *protobufList[T]) instead(size int64) error {
	if size > maxErrorBody {
		return l.malformed("the end of a Status")
	}
	raw, err := l.take(int(size))
	if err != nil {
		return err
	}
	if status := readStatus(raw); status != nil {
		return &insteadError{statusInstead(status, "list")}
	}
	return l.malformed("a Status")
}
