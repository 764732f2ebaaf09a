package httpsource

import (
	"fmt"
	"strings"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// partItems and partBytes are how much of a list is handed over at once.
	partItems = 128
	partBytes = 512 << 10
)

// parts gather the items of a list and hand them over.
type parts[T Object] struct {
	codec *codec[T]
	max   int // the most bytes that wait for the kind of the list
	part  func(reflector.Part[T]) error

	of      metav1.TypeMeta // what the list has said of itself
	pending reflector.Part[T]
	bytes   int // of the raw items in pending

	// nameless is true once there are items in pending that do not say their
	// kind, while nobody else has said it either. They wait for it.
	nameless bool
}

// takeAll takes what comes out of l, up to the end of the list.
func (p *parts[T]) takeAll(l *lanes[T]) error {
	for {
		b, err := l.next()
		if err != nil {
			return unreadable(err)
		}
		for i := range b.outcomes {
			o := &b.outcomes[i]
			if err := p.take(b.of, o.event.Object, o.err, len(b.frames[i].object)); err != nil {
				return err
			}
		}
		if b.last != nil {
			return b.last.err
		}
		l.giveBack(b)
	}
}

// end hands over the rest of a list that has come whole. of is what it has said of
// itself.
func (p *parts[T]) end(of metav1.TypeMeta) error {
	p.of = of
	return p.flush()
}

// take takes an item that was decoded from so many bytes, or could not be: that
// does not fail the list (R4).
func (p *parts[T]) take(of metav1.TypeMeta, obj T, err error, bytes int) error {
	p.of = of
	p.bytes += bytes
	if err != nil {
		p.pending.Refused = append(p.pending.Refused, err)
	} else {
		if p.codec.carries {
			p.inherit(obj)
		}
		p.pending.Items = append(p.pending.Items, obj)
	}
	return p.flushFull()
}

// flushFull hands over what has been decoded if it is enough. Items that wait
// for the kind of their list are held up to a bound.
func (p *parts[T]) flushFull() error {
	n := len(p.pending.Items) + len(p.pending.Refused)
	switch {
	case !p.nameless && (n >= partItems || p.bytes >= partBytes):
		return p.flush()
	case p.nameless && p.bytes > p.max:
		return &unusableError{fmt.Errorf("more than %d bytes of items came without a kind, and their list has not said its own: set httpsource.Config.Kind", p.max)}
	}
	return nil
}

// inherit gives obj the kind that is expected or that of its list, if it has
// none, as client-go's dynamic client does.
func (p *parts[T]) inherit(obj T) {
	kind := obj.GetObjectKind()
	switch {
	case !kind.GroupVersionKind().Empty():
	case p.codec.kind != "":
		kind.SetGroupVersionKind(p.codec.want())
	case p.of.Kind == "" || p.of.APIVersion == "":
		p.nameless = true
	default:
		kind.SetGroupVersionKind(schema.FromAPIVersionAndKind(p.of.APIVersion, strings.TrimSuffix(p.of.Kind, "List")))
	}
}

// flush hands over what has been decoded.
func (p *parts[T]) flush() error {
	if p.nameless {
		p.nameless = false
		for _, obj := range p.pending.Items {
			p.inherit(obj)
		}
	}
	if len(p.pending.Items) == 0 && len(p.pending.Refused) == 0 {
		return nil
	}
	err := p.part(p.pending)
	clear(p.pending.Items)
	clear(p.pending.Refused)
	p.pending.Items, p.pending.Refused, p.bytes = p.pending.Items[:0], p.pending.Refused[:0], 0
	if err != nil {
		return &partError{err}
	}
	return nil
}
