package httpsource

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

const (
	listBuffer = 128 << 10

	// partItems and partBytes are how much of a list is handed over at once.
	partItems = 128
	partBytes = 512 << 10
)

// listDecoder takes a list apart while it arrives. The fields of a list may
// come in any order: lists of custom resources have the items before the kind.
type listDecoder[T Object] struct {
	codec    *codec[T]
	listKind string // expected, "" when any will do
	max      int    // the most bytes that wait for the kind of the list
	scan     *scanner
	part     func(reflector.Part[T]) error

	kind, apiVersion string
	meta             metav1.ListMeta
	rest             strayFields
	hasItems         bool

	pending reflector.Part[T]
	bytes   int // of the raw items in pending

	// nameless is true once there are items in pending that do not say their
	// kind, while nobody else has said it either. They wait for it.
	nameless bool
}

// decodeList decodes one list from body.
func (s *Source[T]) decodeList(body io.Reader, part func(reflector.Part[T]) error) (metav1.ListMeta, error) {
	d := &listDecoder[T]{
		codec:    &s.codec,
		listKind: s.config.ListKind,
		max:      s.config.MaxObjectBytes,
		scan:     newScanner(body, listBuffer, s.config.MaxObjectBytes),
		part:     part,
	}
	return d.run()
}

func (d *listDecoder[T]) run() (metav1.ListMeta, error) {
	if err := d.scan.object(d.field); err != nil {
		return metav1.ListMeta{}, unreadable(err)
	}
	switch _, err := d.scan.peek(); {
	case err == nil:
		return metav1.ListMeta{}, unreadable(d.scan.malformed("the end"))
	case err != io.EOF:
		return metav1.ListMeta{}, unreadable(err)
	}
	if err := d.checkKind(true); err != nil {
		return metav1.ListMeta{}, err
	}
	if err := d.flush(); err != nil {
		return metav1.ListMeta{}, err
	}
	return d.meta, nil
}

// unreadable says that err is about the answer as such. An error that part has
// returned, or that the answer is, stays as it is.
func unreadable(err error) error {
	switch err.(type) {
	case *partError, *unusableError:
		return err
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

func (d *listDecoder[T]) field(key []byte) error {
	switch string(key) {
	case "kind":
		return d.header(&d.kind)
	case "apiVersion":
		return d.header(&d.apiVersion)
	case "metadata":
		return d.decode(&d.meta)
	case "items":
		return d.items()
	}
	return d.rest.read(d.scan, key)
}

// header decodes kind or apiVersion, and judges them once both are known.
func (d *listDecoder[T]) header(into *string) error {
	if err := d.decode(into); err != nil {
		return err
	}
	return d.checkKind(false)
}

func (d *listDecoder[T]) decode(into any) error {
	raw, err := d.scan.value()
	if err != nil {
		return err
	}
	return discreet(raw, json.Unmarshal(raw, into))
}

func (d *listDecoder[T]) items() error {
	if d.hasItems {
		return fmt.Errorf("it has items twice")
	}
	d.hasItems = true
	c, err := d.scan.need()
	if err != nil {
		return err
	}
	if c == 'n' {
		_, err := d.scan.checked()
		return err
	}
	return d.scan.array(d.item)
}

// item decodes one item. What cannot be decoded does not fail the list (R4).
func (d *listDecoder[T]) item() error {
	raw, err := d.scan.value()
	if _, large := err.(*tooLargeError); err != nil && !large {
		return err
	}
	d.bytes += len(raw)
	var obj T
	if err == nil {
		obj, err = d.codec.item(raw)
	} else {
		err = d.codec.refuse(nil, "", err)
	}
	if err != nil {
		d.pending.Refused = append(d.pending.Refused, err)
	} else {
		if d.codec.carries {
			d.inherit(obj)
		}
		d.pending.Items = append(d.pending.Items, obj)
	}
	return d.flushFull()
}

// flushFull hands over what has been decoded if it is enough. Items that wait
// for the kind of their list are held up to a bound.
func (d *listDecoder[T]) flushFull() error {
	n := len(d.pending.Items) + len(d.pending.Refused)
	switch {
	case !d.nameless && (n >= partItems || d.bytes >= partBytes):
		return d.flush()
	case d.nameless && d.bytes > d.max:
		return &unusableError{fmt.Errorf("more than %d bytes of items came without a kind, and their list has not said its own: set httpsource.Config.Kind", d.max)}
	}
	return nil
}

// inherit gives obj the kind that is expected or that of its list, if it has
// none, as client-go's dynamic client does.
func (d *listDecoder[T]) inherit(obj T) {
	kind := obj.GetObjectKind()
	switch {
	case !kind.GroupVersionKind().Empty():
	case d.codec.kind != "":
		kind.SetGroupVersionKind(d.codec.want())
	case d.kind == "" || d.apiVersion == "":
		d.nameless = true
	default:
		kind.SetGroupVersionKind(schema.FromAPIVersionAndKind(d.apiVersion, strings.TrimSuffix(d.kind, "List")))
	}
}

// flush hands over what has been decoded.
func (d *listDecoder[T]) flush() error {
	if d.nameless {
		d.nameless = false
		for _, obj := range d.pending.Items {
			d.inherit(obj)
		}
	}
	if len(d.pending.Items) == 0 && len(d.pending.Refused) == 0 {
		return nil
	}
	err := d.part(d.pending)
	clear(d.pending.Items)
	clear(d.pending.Refused)
	d.pending.Items, d.pending.Refused, d.bytes = d.pending.Items[:0], d.pending.Refused[:0], 0
	if err != nil {
		return &partError{err}
	}
	return nil
}

// checkKind returns why the answer is not the list that was asked for, or nil, as
// soon as it has said what it is. At the end of it, it must have been a list.
func (d *listDecoder[T]) checkKind(complete bool) error {
	if d.kind == "Status" && !d.hasItems {
		if !complete {
			return nil // the rest of it is still to come
		}
		if status := d.rest.status(d.kind); status != nil {
			return statusInstead(status, "list")
		}
	}
	if d.kind == "" || d.apiVersion == "" {
		if complete && !d.hasItems {
			return &unusableError{errors.New("it is no list: it has neither kind nor items")}
		}
		return nil
	}
	got := schema.FromAPIVersionAndKind(d.apiVersion, d.kind)
	if err := d.codec.checkList(got, d.listKind); err != nil {
		return &unusableError{err}
	}
	if complete && !d.hasItems && !strings.HasSuffix(d.kind, "List") {
		return &unusableError{fmt.Errorf("it is a %.100s and no list", d.kind)}
	}
	return nil
}
