package compact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ProtobufObject is what Protobuf asks of an API type: the methods that
// Kubernetes' generated types have. T is *E.
type ProtobufObject[E any] interface {
	*E
	runtime.Object
	Size() int
	MarshalToSizedBuffer(buf []byte) (int, error)
	Unmarshal(data []byte) error
}

// Protobuf is the Codec of an API type that has a protobuf form, such as
//
//	compact.Protobuf[corev1.Pod]()
//
// which is a Codec[*corev1.Pod]. Kind and API version, which the protobuf form
// has not, are kept beside it. What else it does not tell apart, as any client does
// not that speaks protobuf: an empty map or slice comes back as nil, and a time
// in whole seconds and in the local time zone.
func Protobuf[E any, T ProtobufObject[E]]() Codec[T] { return protobuf[E, T]{} }

type protobuf[E any, T ProtobufObject[E]] struct{}

// Encode writes API version and kind, each behind its length, and then obj.
func (protobuf[E, T]) Encode(dst []byte, obj T) ([]byte, error) {
	version, kind := obj.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	dst = appendText(appendText(dst, version), kind)
	from, size := len(dst), obj.Size()
	dst = slices.Grow(dst, size)[:from+size]
	n, err := obj.MarshalToSizedBuffer(dst[from:])
	if err == nil && n != size {
		err = fmt.Errorf("its protobuf form has %d bytes, and not the %d that it says", n, size)
	}
	return dst, err
}

// Decode reads what Encode wrote.
func (protobuf[E, T]) Decode(data []byte) (T, error) {
	version, data, ok := cutText(data)
	kind, data, also := cutText(data)
	if !ok || !also {
		return nil, errors.New("the bytes end within API version or kind")
	}
	obj := T(new(E))
	if err := obj.Unmarshal(data); err != nil {
		return nil, err
	}
	if len(version)+len(kind) > 0 {
		obj.GetObjectKind().SetGroupVersionKind(schema.FromAPIVersionAndKind(string(version), string(kind)))
	}
	return obj, nil
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func cutText(data []byte) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return nil, nil, false
	}
	end := n + int(size)
	return data[n:end], data[end:], true
}
