package httpsource

import (
	"errors"
	"io"
)

// cborFrames cuts a watch in CBOR: maps one after another, with their fields in any
// order.
type cborFrames struct {
	*sequence
	f     *frame                            // the one that is being cut
	field func(key []byte, last bool) error // readField, made once
	kept  []byte                            // the object of f, where more of the frame follows it
}

func newCBORFrames(r io.Reader, max int) frameCutter {
	c := &cborFrames{sequence: newSequence(r, watchBuffer, max)}
	c.field = c.readField
	return c
}

var errFieldTwice = errors.New("it has a field twice")

func (c *cborFrames) cut(f *frame) error {
	*f = frame{}
	c.f = f
	if err := c.await(); err != nil {
		return err
	}
	h, err := c.begin()
	if err != nil {
		return err
	}
	if h.major == cborMap {
		return c.pairs(h, c.field)
	}
	f.bad = c.malformed("a map")
	return c.rest(h)
}

// readField reads a field of the frame.
func (c *cborFrames) readField(key []byte, last bool) (err error) {
	f := c.f
	switch string(key) {
	case "type":
		if f.kind != "" {
			f.bad = errFieldTwice
		}
		err = c.eventType()
	case "object":
		if f.object != nil {
			f.bad = errFieldTwice
		}
		f.object, err = c.value()
		if f.object != nil && !last {
			f.object = c.keep(f.object) // what is left to read would move it
		}
	default:
		if key == nil && f.bad == nil {
			f.bad = errors.New("it has a key that is no string")
		}
		err = f.rest.readCBOR(c.sequence, key)
	}
	return f.spoilt(err)
}

// keep copies raw to where it stays until the next frame.
func (c *cborFrames) keep(raw []byte) []byte {
	if cap(c.kept) > roomyBuffer && len(raw) < smallBuffer {
		c.kept = nil
	}
	c.work += len(raw)
	c.kept = append(c.kept[:0], raw...)
	return c.kept
}

// eventType reads the type of an event.
func (c *cborFrames) eventType() error {
	raw, err := c.value()
	if err != nil {
		return err
	}
	if t, ok := text(raw); ok {
		c.f.kind = eventKind(t)
	} else if c.f.bad == nil {
		c.f.bad = errors.New("the type of the event is no string")
	}
	return nil
}
