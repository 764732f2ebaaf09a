package httpsource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// watchBuffer is what a watch of small objects needs; it grows with them.
const watchBuffer = 4 << 10

// stream is a watch over HTTP: JSON values one after another, read and
// decoded by the goroutine that calls Next. No other goroutine works for it.
type stream[T Object] struct {
	codec  *codec[T]
	body   io.ReadCloser
	scan   *scanner
	frame  frame                  // the one that is being read
	field  func(key []byte) error // readField, made once
	cancel context.CancelFunc
	close  sync.Once
	err    error // after which there is nothing more to read
}

// frame is one value of a watch, which should be an event.
type frame struct {
	kind   string // of the event, "" when it has none
	object []byte // nil when there is none
	rest   strayFields
	bad    error // why it cannot be used
}

func newStream[T Object](from *Source[T], resp *http.Response, cancel context.CancelFunc) *stream[T] {
	s := &stream[T]{
		codec:  &from.codec,
		body:   resp.Body,
		scan:   newScanner(resp.Body, watchBuffer, from.config.MaxObjectBytes),
		cancel: cancel,
	}
	s.field = s.readField
	return s
}

// Close ends the request. A Next that waits returns.
func (s *stream[T]) Close() {
	s.close.Do(func() {
		s.cancel()
		_ = s.body.Close() // nobody waits for what it might say
	})
}

// Next reads one frame. A frame that was cut off is an io.ErrUnexpectedEOF.
func (s *stream[T]) Next() (reflector.Event[T], error) {
	if s.err != nil {
		return reflector.Event[T]{}, s.err
	}
	c, err := s.scan.peek()
	if err == io.EOF {
		s.err = err
		return reflector.Event[T]{}, err
	}
	if err == nil {
		err = s.read(c)
	}
	var malformed *syntaxError
	switch {
	case errors.As(err, &malformed):
		// Where a frame ends is not known any more.
		s.err = s.broken(io.ErrUnexpectedEOF)
		return reflector.Event[T]{}, s.refuse(err)
	case err != nil:
		s.err = s.broken(err)
		return reflector.Event[T]{}, s.err
	}
	return s.decode()
}

func (s *stream[T]) broken(err error) error {
	return s.codec.target.failed(fmt.Errorf("the watch broke off: %w", err))
}

// refuse refuses the frame.
func (s *stream[T]) refuse(err error) error {
	t := watch.EventType(s.frame.kind)
	switch t {
	case watch.Added, watch.Modified, watch.Deleted, watch.Bookmark, watch.Error:
	default:
		t = ""
	}
	return s.codec.refuse(s.frame.object, t, err)
}

// read reads a frame that begins with c, up to its end. An error is one after
// which there is no next frame.
func (s *stream[T]) read(c byte) error {
	s.frame = frame{}
	if c == '{' {
		return s.scan.object(s.field)
	}
	s.frame.bad = s.scan.malformed("an object")
	_, err := s.scan.value()
	return s.frame.spoilt(err)
}

// readField reads a field of the frame.
func (s *stream[T]) readField(key []byte) (err error) {
	f := &s.frame
	switch string(key) {
	case "type":
		err = s.eventType()
	case "object":
		f.object, err = s.scan.value()
		if f.object != nil && !s.scan.follows('}') {
			// What is left to read of the frame would move it.
			f.object = bytes.Clone(f.object)
		}
	default:
		err = f.rest.read(s.scan, key)
	}
	return f.spoilt(err)
}

// spoilt returns err if it ends the stream. Otherwise it spoils the frame; that
// its object is too large counts for more than anything else, as it says which
// object that is.
func (f *frame) spoilt(err error) error {
	large, ok := err.(*tooLargeError)
	if !ok {
		return err
	}
	if f.bad == nil || large.id != (identity{}) {
		f.bad = err
	}
	return nil
}

// eventType reads the type of an event; those that are common cost nothing.
func (s *stream[T]) eventType() error {
	raw, err := s.scan.value()
	if err != nil {
		return err
	}
	f := &s.frame
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

// decode makes an event of the frame.
func (s *stream[T]) decode() (reflector.Event[T], error) {
	f := &s.frame
	t := watch.EventType(f.kind)
	if f.bad == nil && f.object == nil {
		if status := f.rest.status(""); status != nil {
			return reflector.Event[T]{}, s.codec.target.failed(statusInstead(status, "watch"))
		}
		f.bad = errors.New("the event has no object")
	}
	if f.bad != nil {
		return reflector.Event[T]{}, s.refuse(f.bad)
	}
	switch t {
	case watch.Added, watch.Modified, watch.Deleted:
		return s.codec.event(t, f.object)
	case watch.Bookmark:
		return s.bookmark()
	case watch.Error:
		return reflector.Event[T]{}, s.codec.target.failed(failure(f.object))
	}
	return reflector.Event[T]{}, s.refuse(fmt.Errorf("the event has the unknown type %s", typeName(f.kind)))
}

// typeName shows the type of an event, if it can be one.
func typeName(t string) string {
	if len(t) <= 30 && strings.Trim(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return fmt.Sprintf("%q", t)
	}
	return fmt.Sprintf("of %d bytes", len(t))
}

// bookmark decodes the object of a bookmark, of which only the metadata counts.
func (s *stream[T]) bookmark() (reflector.Event[T], error) {
	var obj metav1.PartialObjectMetadata
	if err := json.Unmarshal(s.frame.object, &obj); err != nil {
		return reflector.Event[T]{}, s.refuse(discreet(s.frame.object, err))
	}
	return reflector.Event[T]{
		Type:             watch.Bookmark,
		ResourceVersion:  obj.ResourceVersion,
		InitialEventsEnd: obj.Annotations[metav1.InitialEventsAnnotationKey] == "true",
	}, nil
}

// failure is the error that an ERROR event holds.
func failure(raw []byte) error {
	if status := statusIn(raw); status != nil && status.Status != metav1.StatusSuccess {
		return failureOf(status)
	}
	var is metav1.TypeMeta
	_ = json.Unmarshal(raw, &is) // what says no kind has none
	return apierrors.NewInternalError(fmt.Errorf("an ERROR event holds no Status that is a failure, but an object of the kind %.100q", is.Kind))
}
