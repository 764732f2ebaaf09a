package httpsource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/util/json"
)

// selfDescribed is what an answer in CBOR begins with: a tag that means nothing.
const selfDescribed = "\xd9\xd9\xf7"

// cborDialect is that of CBOR, with decode for objects.
func cborDialect[T Object](decode func(raw []byte) (T, error)) *dialect[T] {
	metadata := cborDecoder(func() runtime.Object { return &metav1.PartialObjectMetadata{} })
	return &dialect[T]{
		decode: func(raw []byte) (T, error) {
			if bare := bytes.TrimPrefix(raw, []byte(selfDescribed)); len(bare) == 1 && bare[0] == cborNull {
				var none T
				return none, errNull
			}
			obj, err := decode(raw)
			return obj, discreetCBOR(err)
		},
		metadata: func(raw []byte, into *metav1.PartialObjectMetadata) error {
			obj, err := metadata(raw)
			if err != nil {
				return discreetCBOR(err)
			}
			*into = *obj.(*metav1.PartialObjectMetadata)
			return nil
		},
		identify: identifyCBOR,
		status:   cborStatus,
		frames:   newCBORFrames,
		list:     newCBORList[T],
	}
}

// typedCBOR returns the decoder of what fresh makes, nil if apimachinery cannot decode
// that: it is no runtime.Object.
func typedCBOR[T Object](made reflect.Type, fresh func() T) func(raw []byte) (T, error) {
	if !reflect.PointerTo(made).Implements(reflect.TypeFor[runtime.Object]()) {
		return nil
	}
	decode := cborDecoder(func() runtime.Object { return any(fresh()).(runtime.Object) })
	return func(raw []byte) (none T, err error) {
		obj, err := decode(raw)
		if err != nil {
			return none, err
		}
		return obj.(T), nil
	}
}

// cborDecoder returns apimachinery's decoder, as client-go uses it, which any number of
// goroutines may call. It decodes into what fresh makes, whatever the kind is.
func cborDecoder(fresh func() runtime.Object) func(raw []byte) (runtime.Object, error) {
	s := cbor.NewSerializer(creater(fresh), nil)
	return func(raw []byte) (runtime.Object, error) {
		kind := schema.GroupVersionKind{Version: "v1", Kind: "Any"} // of what says none
		obj, _, err := s.Decode(raw, &kind, nil)
		return obj, err
	}
}

// creater is a runtime.ObjectCreater that makes the same of every kind.
type creater func() runtime.Object

func (c creater) New(schema.GroupVersionKind) (runtime.Object, error) { return c(), nil }

// wrongCBORType is the type of the error about a value of a wrong type. It says which,
// and where that stands; what it quotes is in parentheses.
const wrongCBORType = "*cbor.UnmarshalTypeError"

// discreetCBOR is err, of a decoder of CBOR, without what it may quote. It is nil for
// nil.
func discreetCBOR(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return errors.New("malformed CBOR: it ends early")
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if reflect.TypeOf(cause).String() == wrongCBORType {
			said, _, _ := strings.Cut(cause.Error(), " (")
			return errors.New(said)
		}
	}
	return fmt.Errorf("malformed CBOR, or a field whose value is refused, with a %T, whose words may quote it", err)
}

// cborStatus is dialect.status.
func cborStatus(f *frame) (*metav1.Status, string) {
	kind := cborKind(f.object)
	if kind != "Status" {
		return nil, kind
	}
	return cborStatusIn(f.object), kind
}

// cborKind is the kind of raw, as far as it can be read.
func cborKind(raw []byte) (kind string) {
	var s sequence
	s.over(raw)
	_ = s.fieldsIfAny(func(key []byte, _ bool) error {
		if string(key) == "kind" {
			return s.short(&kind)
		}
		return s.skip()
	})
	return kind
}

var decodeCBORStatus = cborDecoder(func() runtime.Object { return &metav1.Status{} })

// cborStatusIn returns the Status that raw is, nil if it is none.
func cborStatusIn(raw []byte) *metav1.Status {
	obj, err := decodeCBORStatus(raw)
	if err != nil {
		return nil
	}
	status := obj.(*metav1.Status)
	if status.Kind != "Status" {
		return nil
	}
	return soon(status)
}

// readCBOR is read for CBOR.
func (f *strayFields) readCBOR(s *sequence, key []byte) error {
	name, err := json.Marshal(string(key))
	if err != nil {
		return err
	}
	raw, err := s.value()
	if err != nil || len(*f)+len(name)+len(raw) >= maxErrorBody {
		return err
	}
	s.work += len(raw)
	var value any
	if direct.Unmarshal(raw, &value) != nil {
		return nil // it is skipped, as client-go skips it
	}
	asJSON, err := json.Marshal(value)
	if err == nil {
		*f = append(append(append(append(*f, ','), name...), ':'), asJSON...)
	}
	return err
}
