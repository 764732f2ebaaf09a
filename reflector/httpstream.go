package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// watchBuffer is what a watch of small objects needs; it grows with them.
const watchBuffer = 4 << 10

// httpStream is a watch over HTTP: JSON values one after another, read and
// decoded by the goroutine that calls Next. No other goroutine works for it.
type httpStream[T Object] struct {
	codec  *codec[T]
	url    string
	body   io.ReadCloser
	scan   *scanner
	frame  scanner // over the frame that is being decoded
	cancel context.CancelFunc
	close  sync.Once
	err    error // after which there is nothing more to read
}

func newHTTPStream[T Object](h *HTTP[T], resp *http.Response, cancel context.CancelFunc) *httpStream[T] {
	return &httpStream[T]{
		codec:  &h.codec,
		url:    h.URL(),
		body:   resp.Body,
		scan:   newScanner(resp.Body, watchBuffer, h.config.MaxObjectBytes),
		cancel: cancel,
	}
}

// Close ends the request. A Next that waits returns.
func (s *httpStream[T]) Close() {
	s.close.Do(func() {
		s.cancel()
		_ = s.body.Close() // nobody waits for what it might say
	})
}

// Next reads one frame. A frame that was cut off is an io.ErrUnexpectedEOF.
func (s *httpStream[T]) Next() (Event[T], error) {
	if s.err != nil {
		return Event[T]{}, s.err
	}
	if _, err := s.scan.peek(); err != nil {
		if err != io.EOF {
			err = s.explain(err)
		}
		s.err = err
		return Event[T]{}, err
	}
	raw, err := s.scan.value()
	if err == nil {
		return s.decode(raw)
	}
	if _, large := err.(*tooLargeError); large {
		return Event[T]{}, s.codec.refuse(nil, err)
	}
	var malformed *syntaxError
	if errors.As(err, &malformed) {
		// Where a frame ends is not known any more.
		s.err = s.explain(io.ErrUnexpectedEOF)
		return Event[T]{}, s.codec.refuse(nil, s.explain(err))
	}
	s.err = s.explain(err)
	return Event[T]{}, s.err
}

func (s *httpStream[T]) explain(err error) error {
	return fmt.Errorf("reflector: the watch of %s broke off: %w", s.url, err)
}

// decode decodes one frame.
func (s *httpStream[T]) decode(raw []byte) (Event[T], error) {
	kind, obj, err := s.cut(raw)
	if err != nil {
		return Event[T]{}, s.codec.refuse(raw, err)
	}
	switch t := watch.EventType(kind); t {
	case watch.Added, watch.Modified, watch.Deleted:
		return s.codec.event(t, obj)
	case watch.Bookmark:
		return s.bookmark(obj)
	case watch.Error:
		return Event[T]{}, s.failure(obj)
	default:
		return Event[T]{}, s.codec.refuse(obj, fmt.Errorf("the event has the unknown type %q", kind[:min(len(kind), 60)]))
	}
}

// cut takes a frame apart into type and object.
func (s *httpStream[T]) cut(raw []byte) (kind string, obj []byte, err error) {
	s.frame.over(raw)
	err = s.frame.object(func(key []byte) error {
		switch string(key) {
		case "type":
			v, err := s.frame.value()
			if err != nil {
				return err
			}
			kind, err = eventType(v)
			return err
		case "object":
			obj, err = s.frame.value()
			return err
		}
		_, err := s.frame.checked()
		return err
	})
	if err == nil && obj == nil {
		err = errors.New("the event has no object")
	}
	return kind, obj, err
}

// eventType decodes the type of an event; those that are common cost nothing.
func eventType(raw []byte) (string, error) {
	switch string(raw) {
	case `"ADDED"`:
		return string(watch.Added), nil
	case `"MODIFIED"`:
		return string(watch.Modified), nil
	case `"DELETED"`:
		return string(watch.Deleted), nil
	}
	var t string
	err := json.Unmarshal(raw, &t)
	return t, err
}

// bookmark decodes the object of a bookmark, of which only the metadata counts.
func (s *httpStream[T]) bookmark(raw []byte) (Event[T], error) {
	var obj metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &obj); err != nil {
		err := s.codec.refuse(raw, err)
		return Event[T]{}, err
	}
	return Event[T]{
		Type:             watch.Bookmark,
		ResourceVersion:  obj.ResourceVersion,
		InitialEventsEnd: obj.Annotations[metav1.InitialEventsAnnotationKey] == "true",
	}, nil
}

// failure is the error that an ERROR event holds.
func (s *httpStream[T]) failure(raw []byte) error {
	if status := decodeStatus(raw); status != nil {
		return status
	}
	return apierrors.NewInternalError(fmt.Errorf("the watch of %s sent an error that is no Status: %s", s.url, quote(raw)))
}
