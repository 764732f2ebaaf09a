package httpsource

import (
	"bytes"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// jsonFrames cuts a watch in JSON: values one after another.
type jsonFrames struct {
	*scanner
	f     *frame                 // the one that is being cut
	field func(key []byte) error // readField, made once
}

func newJSONFrames(r io.Reader, max int) frameCutter {
	j := &jsonFrames{scanner: newScanner(r, watchBuffer, max)}
	j.field = j.readField
	return j
}

func (j *jsonFrames) cut(f *frame) error {
	*f = frame{}
	j.f = f
	c, err := j.peek()
	if err != nil {
		return err
	}
	if c == '{' {
		return j.object(j.field)
	}
	f.bad = j.malformed("an object")
	_, err = j.value()
	return f.spoilt(err)
}

// readField reads a field of the frame.
func (j *jsonFrames) readField(key []byte) (err error) {
	f := j.f
	switch string(key) {
	case "type":
		err = j.eventType()
	case "object":
		f.object, err = j.value()
		if f.object != nil && !j.follows('}') {
			// What is left to read of the frame would move it.
			f.object = bytes.Clone(f.object)
		}
	default:
		err = f.rest.read(j.scanner, key)
	}
	return f.spoilt(err)
}

// eventType reads the type of an event; those that are common cost nothing.
func (j *jsonFrames) eventType() error {
	raw, err := j.value()
	if err != nil {
		return err
	}
	f := j.f
	switch string(raw) {
	case `"ADDED"`:
		f.kind = string(watch.Added)
	case `"MODIFIED"`:
		f.kind = string(watch.Modified)
	case `"DELETED"`:
		f.kind = string(watch.Deleted)
	default:
		if err := json.Unmarshal(raw, &f.kind); err != nil && f.bad == nil {
			f.bad = fmt.Errorf("the type of the event: %w", discreet(raw, err))
		}
	}
	return nil
}
