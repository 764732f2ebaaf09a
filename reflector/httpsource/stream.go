package httpsource

import (
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
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// watchBuffer is what a watch of small objects needs; it grows with them.
	watchBuffer = 4 << 10

	// crowd is how many frames in a row have to be followed by more before
	// they are decoded on several goroutines.
	crowd = 4
)

// frame is one value of a watch, which should be an event, or an item of a list.
type frame struct {
	kind   string          // of the event, "" when it has none
	of     metav1.TypeMeta // of the object, where it does not say that itself
	object []byte          // nil when there is none; valid until the next frame is cut
	rest   strayFields
	bad    error // why it cannot be used
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

// A frameCutter cuts a watch into frames.
type frameCutter interface {
	// cut cuts the next frame. io.EOF is the regular end; after any error there
	// is no next frame, and after a *syntaxError f is what is known of the
	// one that is malformed.
	cut(f *frame) error

	// waiting reports whether at least a part of the next frame has been read.
	waiting() bool

	// resize makes the buffer one of size bytes, if what is in it fits.
	resize(size int)
}

// stream is a watch over HTTP: frames one after another. As long as they come one
// by one, they are read and decoded by the goroutine that calls Next, and no other
// works for it. Where more come at once, one goroutine cuts them and several decode
// them, until Next has caught up with them.
type stream[T Object] struct {
	codec    *codec[T]
	in       *dialect[T]
	ctx      context.Context
	cancel   context.CancelFunc
	body     io.ReadCloser
	list     *boundedReader // around body
	cutter   frameCutter
	reader   *hookedReader // what cutter reads from
	decoders int
	close    sync.Once

	// Of the goroutine that calls Next.
	frame frame // the one that is being read
	row   int   // frames in a row that were followed by more
	batch *batch[T]
	taken int   // outcomes of batch
	err   error // after which there is nothing more to read

	mu     sync.Mutex
	closed bool      // guarded by mu
	ahead  *lanes[T] // nil unless frames are read ahead; written under mu by the goroutine that calls Next
}

func newStream[T Object](ctx context.Context, from *Source[T], resp *http.Response, list *boundedReader, cancel context.CancelFunc) *stream[T] {
	s := &stream[T]{
		codec:    &from.codec,
		in:       from.codec.dialectOf(resp),
		ctx:      ctx,
		cancel:   cancel,
		body:     resp.Body,
		list:     list,
		reader:   &hookedReader{r: list},
		decoders: from.config.decoders(),
	}
	s.cutter = s.in.frames(s.reader, from.config.MaxObjectBytes)
	return s
}

// Close ends the request. A Next that waits returns.
func (s *stream[T]) Close() {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		ahead := s.ahead
		s.mu.Unlock()
		s.cancel()
		_ = s.body.Close() // nobody waits for what it might say
		if ahead != nil {
			ahead.halt()
		}
	})
}

// Next reads one frame. A frame that was cut off is an io.ErrUnexpectedEOF.
func (s *stream[T]) Next() (reflector.Event[T], error) {
	if s.err != nil {
		return reflector.Event[T]{}, s.err
	}
	if s.ahead != nil {
		if o, ok := s.nextAhead(); ok {
			return o.event, o.err
		}
	}
	if err := s.cut(&s.frame); err != nil {
		return reflector.Event[T]{}, s.ended(&s.frame, err)
	}
	crowded := s.decoders > 1 && s.crowded()
	event, err := s.decode(&s.frame)
	if crowded {
		s.readAhead()
	}
	return event, err
}

// cut cuts the next frame. A bookmark is not of a streamed list any more.
func (s *stream[T]) cut(f *frame) error {
	err := s.cutter.cut(f)
	if err == nil && f.kind == string(watch.Bookmark) {
		s.list.ended = true
	}
	return err
}

// ended notes that the cutter has ended with err, which may be about f. It
// returns what Next says to that.
func (s *stream[T]) ended(f *frame, err error) error {
	var malformed *syntaxError
	var instead *insteadError
	switch {
	case err == io.EOF:
		s.err = err
	case errors.As(err, &malformed):
		// Where a frame ends is not known any more.
		s.err = s.broken(io.ErrUnexpectedEOF)
		return s.refuse(f, err)
	case errors.As(err, &instead):
		s.err = s.codec.target.failed(instead.err)
	default:
		s.err = s.broken(err)
	}
	return s.err
}

func (s *stream[T]) broken(err error) error {
	return s.codec.target.failed(fmt.Errorf("the watch broke off: %w", err))
}

// refuse refuses the frame f.
func (s *stream[T]) refuse(f *frame, err error) error {
	t := watch.EventType(f.kind)
	switch t {
	case watch.Added, watch.Modified, watch.Deleted, watch.Bookmark, watch.Error:
	default:
		t = ""
	}
	return s.codec.refuse(s.in, f.object, t, err)
}

// decode makes an event of the frame f. Several goroutines may call it.
func (s *stream[T]) decode(f *frame) (reflector.Event[T], error) {
	t := watch.EventType(f.kind)
	bad := f.bad
	if bad == nil && f.object == nil {
		if status := f.rest.status(""); status != nil {
			return reflector.Event[T]{}, s.codec.target.failed(statusInstead(status, "watch"))
		}
		bad = errors.New("the event has no object")
	}
	if bad != nil {
		return reflector.Event[T]{}, s.refuse(f, bad)
	}
	switch t {
	case watch.Added, watch.Modified, watch.Deleted:
		return s.codec.event(s.in, t, f)
	case watch.Bookmark:
		return s.bookmark(f)
	case watch.Error:
		return reflector.Event[T]{}, s.codec.target.failed(s.failure(f))
	}
	return reflector.Event[T]{}, s.refuse(f, fmt.Errorf("the event has the unknown type %s", typeName(f.kind)))
}

// typeName shows the type of an event, if it can be one.
func typeName(t string) string {
	if len(t) <= 30 && strings.Trim(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return fmt.Sprintf("%q", t)
	}
	return fmt.Sprintf("of %d bytes", len(t))
}

// bookmark decodes the object of a bookmark, of which only the metadata counts.
func (s *stream[T]) bookmark(f *frame) (reflector.Event[T], error) {
	var obj metav1.PartialObjectMetadata
	if err := s.in.metadata(f.object, &obj); err != nil {
		return reflector.Event[T]{}, s.refuse(f, err)
	}
	return reflector.Event[T]{
		Type:             watch.Bookmark,
		ResourceVersion:  obj.ResourceVersion,
		InitialEventsEnd: obj.Annotations[metav1.InitialEventsAnnotationKey] == "true",
	}, nil
}

// failure is the error that an ERROR event holds.
func (s *stream[T]) failure(f *frame) error {
	status, kind := s.in.status(f)
	if status != nil && status.Status != metav1.StatusSuccess {
		return failureOf(status)
	}
	return apierrors.NewInternalError(fmt.Errorf("an ERROR event holds no Status that is a failure, but an object of the kind %.100q", kind))
}
