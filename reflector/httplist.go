package reflector

import (
	"fmt"
	"io"
	"strings"

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
	url      string
	scan     *scanner
	part     func(Part[T]) error

	kind, apiVersion string
	meta             metav1.ListMeta
	hasItems         bool

	pending Part[T]
	bytes   int // of the raw items in pending

	// nameless is true once there are items in pending that do not say their
	// kind, while the list has not said it either. They wait for it.
	nameless bool
}

// decodeList decodes one list from body.
func (h *HTTP[T]) decodeList(body io.Reader, part func(Part[T]) error) (metav1.ListMeta, error) {
	d := &listDecoder[T]{
		codec:    &h.codec,
		listKind: h.config.ListKind,
		url:      h.URL(),
		scan:     newScanner(body, listBuffer, h.config.MaxObjectBytes),
		part:     part,
	}
	return d.run()
}

func (d *listDecoder[T]) run() (metav1.ListMeta, error) {
	if err := d.scan.object(d.field); err != nil {
		return metav1.ListMeta{}, d.explain(err)
	}
	switch c, err := d.scan.peek(); {
	case err == nil:
		return metav1.ListMeta{}, d.explain(fmt.Errorf("the list is followed by %q", c))
	case err != io.EOF:
		return metav1.ListMeta{}, d.explain(err)
	}
	if err := d.checkKind(true); err != nil {
		return metav1.ListMeta{}, err
	}
	if err := d.flush(); err != nil {
		return metav1.ListMeta{}, d.explain(err)
	}
	return d.meta, nil
}

// explain names the request. An error of part is the caller's own and stays as
// it is.
func (d *listDecoder[T]) explain(err error) error {
	if given, ok := err.(*partError); ok {
		return given.err
	}
	return fmt.Errorf("reflector: the list from %s cannot be read: %w", d.url, err)
}

// partError marks an error that part returned.
type partError struct{ err error }

func (e *partError) Error() string { return e.err.Error() }

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
	_, err := d.scan.checked()
	return err
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
	return json.Unmarshal(raw, into)
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
	if err != nil {
		if _, large := err.(*tooLargeError); !large {
			return err
		}
		d.pending.Refused = append(d.pending.Refused, d.codec.refuse(nil, err))
		return nil
	}
	d.bytes += len(raw)
	obj, err := d.codec.item(raw)
	if err != nil {
		d.pending.Refused = append(d.pending.Refused, err)
		return nil
	}
	if !d.codec.typed {
		d.inherit(obj)
	}
	d.pending.Items = append(d.pending.Items, obj)
	if d.nameless || (len(d.pending.Items) < partItems && d.bytes < partBytes) {
		return nil
	}
	return d.flush()
}

// inherit gives obj the kind of its list, if it has none, as client-go's
// dynamic client does.
func (d *listDecoder[T]) inherit(obj T) {
	kind := obj.GetObjectKind()
	if !kind.GroupVersionKind().Empty() {
		return
	}
	if d.kind == "" || d.apiVersion == "" {
		d.nameless = true
		return
	}
	kind.SetGroupVersionKind(schema.FromAPIVersionAndKind(d.apiVersion, strings.TrimSuffix(d.kind, "List")))
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

// checkKind tells whether the answer is the list that was asked for, as soon
// as it has said what it is. At the end of it, it must have been a list.
func (d *listDecoder[T]) checkKind(complete bool) error {
	if d.kind == "" || d.apiVersion == "" {
		if complete && !d.hasItems {
			return fmt.Errorf("reflector: the answer from %s is no list: it has neither kind nor items", d.url)
		}
		return nil
	}
	gv, err := schema.ParseGroupVersion(d.apiVersion)
	switch {
	case err != nil:
		return fmt.Errorf("reflector: the list from %s: %w", d.url, err)
	case isTable(gv.Group, d.kind):
		return fmt.Errorf("reflector: the answer from %s cannot be used: %w", d.url, errTable)
	case gv != d.codec.gv || !d.codec.isKind(d.kind, d.listKind):
		return fmt.Errorf("reflector: the answer from %s cannot be used: %w", d.url, errOtherKind(gv.WithKind(d.kind), d.codec.gv.WithKind(d.listKind)))
	case complete && !d.hasItems && !strings.HasSuffix(d.kind, "List"):
		return fmt.Errorf("reflector: the answer from %s is a %s and no list", d.url, d.kind)
	}
	return nil
}
