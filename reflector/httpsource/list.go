package httpsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const listBuffer = 128 << 10

// A listCutter takes the answer to a list apart while it arrives. It has a head, in
// which it notes what the list says of itself.
type listCutter interface {
	// run cuts the whole answer.
	run() error
}

// listHead is what a list says of itself, as far as it has come.
type listHead[T Object] struct {
	codec    *codec[T]
	listKind string // expected, "" when any will do

	// item is called for each item. of is what the list has said of itself by
	// then: lists of custom resources have the items before the kind.
	item func(of metav1.TypeMeta, f *frame) error

	of       metav1.TypeMeta
	meta     metav1.ListMeta
	rest     strayFields
	hasItems bool
}

// decodeList decodes one list from body, which is in the encoding of in. abort ends
// the request.
func (s *Source[T]) decodeList(ctx context.Context, body io.Reader, in *dialect[T], abort func(), part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	p := &parts[T]{codec: &s.codec, max: s.config.MaxObjectBytes, part: part}
	head := &listHead[T]{codec: &s.codec, listKind: s.config.ListKind}
	var err error
	if n := s.config.decoders(); n > 1 {
		err = s.cutListAhead(ctx, n, body, in, abort, head, p)
	} else {
		err = s.cutList(body, in, head, p)
	}
	if err == nil {
		err = p.end(head.of)
	}
	if err != nil {
		return metav1.ListMeta{}, err
	}
	return head.meta, nil
}

// cutList cuts and decodes a list on one goroutine.
func (s *Source[T]) cutList(body io.Reader, in *dialect[T], head *listHead[T], p *parts[T]) error {
	head.item = func(of metav1.TypeMeta, f *frame) error {
		obj, err := s.codec.item(in, f)
		return p.take(of, obj, err, len(f.object))
	}
	return in.list(body, s.config.MaxObjectBytes, head).run()
}

// cutListAhead cuts a list on one goroutine and has it decoded by so many others.
func (s *Source[T]) cutListAhead(ctx context.Context, decoders int, body io.Reader, in *dialect[T], abort func(), head *listHead[T], p *parts[T]) error {
	l := newLanes(ctx, decoders, func(f *frame) (reflector.Event[T], error) {
		obj, err := s.codec.item(in, f)
		return reflector.Event[T]{Object: obj}, err
	})
	head.item = l.put
	cutter := in.list(&hookedReader{r: body, before: l.flush}, s.config.MaxObjectBytes, head)
	defer func() {
		abort()
		l.halt()
	}()
	l.start(func(*frame) error { return cutter.run() })
	return p.takeAll(l)
}

// unreadable says that err is about the answer as such. An error that part has
// returned, or that the answer is, stays as it is.
func unreadable(err error) error {
	switch err := err.(type) {
	case *partError, *unusableError:
		return err
	case *insteadError:
		return err.err
	}
	return fmt.Errorf("the list cannot be read: %w", err)
}

// partError marks an error that part returned.
type partError struct{ err error }

func (e *partError) Error() string { return e.err.Error() }

// unusableError says that an answer is something else than was asked for.
type unusableError struct{ err error }

func (e *unusableError) Error() string { return "the answer cannot be used: " + e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

// checkKind returns why the answer is not the list that was asked for, or nil, as
// soon as it has said what it is. At the end of it, it must have been a list.
func (h *listHead[T]) checkKind(complete bool) error {
	if h.of.Kind == "Status" && !h.hasItems {
		if !complete {
			return nil // the rest of it is still to come
		}
		if status := h.rest.status(h.of.Kind); status != nil {
			return statusInstead(status, "list")
		}
	}
	if h.of.Kind == "" || h.of.APIVersion == "" {
		switch {
		case !complete:
		case h.of.Kind != "" && !strings.HasSuffix(h.of.Kind, "List"):
			return h.noList()
		case !h.hasItems:
			return &unusableError{errors.New("it is no list: it has neither kind nor items")}
		}
		return nil
	}
	got := schema.FromAPIVersionAndKind(h.of.APIVersion, h.of.Kind)
	if err := h.codec.checkList(got, h.listKind); err != nil {
		return &unusableError{err}
	}
	if complete && !h.hasItems && !strings.HasSuffix(h.of.Kind, "List") {
		return h.noList()
	}
	return nil
}

func (h *listHead[T]) noList() error {
	return &unusableError{fmt.Errorf("it is a %.100s and no list", h.of.Kind)}
}
