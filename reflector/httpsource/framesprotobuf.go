package httpsource

import (
	"encoding/binary"
	"errors"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// frameRoom is how much larger than its object a frame may be.
	frameRoom = 4 << 10

	// identityBytes is how much is read of an object that is too large: its
	// name stands at its beginning.
	identityBytes = 16 << 10
)

// protobufFrames cuts a watch in protobuf: events, each with its length ahead, in four
// bytes.
type protobufFrames struct {
	wire
	of metav1.TypeMeta // of the last object
}

func newProtobufFrames(r io.Reader, max int) frameCutter {
	return &protobufFrames{wire: wire{newBuffer(r, watchBuffer, max)}}
}

func (p *protobufFrames) waiting() bool { return p.unread() > 0 }

func (p *protobufFrames) cut(f *frame) error {
	*f = frame{}
	if err := p.fill(1); err != nil {
		return err
	}
	head, err := p.take(4)
	if err != nil {
		return err
	}
	if string(head) == magic {
		return p.instead()
	}
	size := int64(binary.BigEndian.Uint32(head))
	if size > int64(p.max)+frameRoom {
		return p.tooLarge(f, size)
	}
	raw, err := p.take(int(size))
	if err != nil {
		return err
	}
	if err := p.read(f, raw); err != nil {
		f.bad = inFrame(err)
	} else if len(f.object) > p.max {
		f.bad = &tooLargeError{max: p.max, id: identifyProtobuf(f.object)}
	}
	return nil
}

// read reads the event raw.
func (p *protobufFrames) read(f *frame, raw []byte) error {
	var holder []byte // a runtime.RawExtension
	err := message(raw, func(number int32, value []byte, _ bool) error {
		switch number {
		case eventType:
			f.kind = eventKind(value)
		case eventObject:
			holder = value
		}
		return nil
	})
	inner := message(holder, func(number int32, value []byte, _ bool) (err error) {
		if number == rawBytes {
			f.of, f.object, err = openUnknown(value, p.of)
			p.of = f.of
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case inner != nil:
		return inner
	case f.object != nil && f.of.Kind == "":
		return errNoKind
	}
	return nil
}

// eventKind is the type of an event; those that are common cost nothing.
func eventKind(raw []byte) string {
	for _, t := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted, watch.Bookmark} {
		if string(raw) == string(t) {
			return string(t)
		}
	}
	return string(raw)
}

// inFrame is err as the reason for which a frame cannot be used.
func inFrame(err error) error {
	if err == io.ErrUnexpectedEOF {
		return errors.New("malformed protobuf: it ends early") // it does not, the stream goes on
	}
	return err
}

// tooLarge skips a frame of that size, but for what it says of itself.
func (p *protobufFrames) tooLarge(f *frame, size int64) error {
	if err := p.fill(1); err != nil {
		return cutShort(err)
	}
	if tag := p.buf[p.pos]; tag != eventType<<3|bytesField && tag != eventObject<<3|bytesField {
		return p.malformed("an event")
	}
	begin, err := p.take(int(min(size, identityBytes)))
	if err != nil {
		return err
	}
	_ = p.read(f, begin) // as far as it goes
	f.bad = &tooLargeError{max: p.max, id: identifyProtobuf(f.object)}
	f.object = nil
	return p.skip(size - int64(len(begin)))
}

// insteadError is what came in place of what was asked for.
type insteadError struct{ err error }

func (e *insteadError) Error() string { return e.err.Error() }

// instead reads an object that came instead of events: a Status.
func (p *protobufFrames) instead() error {
	for p.unread() < maxErrorBody && p.fill(p.unread()+1) == nil {
	}
	if status := protobufStatusIn(append([]byte(magic), p.buf[p.pos:p.end]...)); status != nil {
		return &insteadError{statusInstead(status, "watch")}
	}
	return p.malformed("an event")
}
