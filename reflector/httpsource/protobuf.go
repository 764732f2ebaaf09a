package httpsource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// unmarshaler is what a type has that can be had in protobuf, as those of k8s.io/api.
type unmarshaler interface {
	Reset()
	Unmarshal(raw []byte) error
}

var unmarshals = reflect.TypeFor[unmarshaler]()

// hasProtobuf reports whether t, a struct, is decoded from protobuf by a method of
// its own. One that it has from the only type that it embeds may be that of a part
// of it, as the metadata is.
func hasProtobuf(t reflect.Type) bool {
	if !reflect.PointerTo(t).Implements(unmarshals) {
		return false
	}
	embedded := 0
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && (f.Type.Implements(unmarshals) || reflect.PointerTo(f.Type).Implements(unmarshals)) {
			embedded++
		}
	}
	return embedded != 1
}

// magic is what the protobuf of an API object begins with.
const magic = "k8s\x00"

// The fields of the messages that are read here: runtime.Unknown, which is around
// an object; its TypeMeta; any list; any object, its metadata; a watch event.
const (
	unknownTypeMeta = 1
	unknownRaw      = 2

	typeAPIVersion = 1
	typeKind       = 2

	listMetadata = 1
	listItems    = 2

	objectMetadata = 1

	metadataName      = 1
	metadataNamespace = 3
	metadataVersion   = 6

	eventType   = 1
	eventObject = 2
	rawBytes    = 1
)

var (
	errNoMagic = errors.New("it does not begin as the protobuf of an API object: check the address (httpsource.Config.BaseURL) and what is in between")
	errNoKind  = errors.New("it does not say its kind")
)

// protobufDialect is that of protobuf, with fresh for empty objects, which have
// protobuf.
func protobufDialect[T Object](fresh func() T) *dialect[T] {
	return &dialect[T]{
		decode: func(raw []byte) (T, error) {
			obj := fresh()
			return obj, discreetly(any(obj).(unmarshaler).Unmarshal(raw))
		},
		metadata: func(raw []byte, into *metav1.PartialObjectMetadata) error {
			return discreetly(into.Unmarshal(raw)) // each object has its metadata in the same field
		},
		identify: identifyProtobuf,
		status:   protobufStatus,
		frames:   newProtobufFrames,
		list:     newProtobufList[T],
	}
}

// wrongField is what a generated decoder says of a field of a wrong type, and holds
// nothing of an object.
var wrongField = regexp.MustCompile(`^proto: wrong wireType = \d+ for field \w{1,100}$`)

// discreetly is err, of a decoder of protobuf, without what it may quote. It is nil
// for nil.
func discreetly(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("malformed protobuf: it ends early")
	case wrongField.MatchString(err.Error()):
		return err
	}
	return fmt.Errorf("malformed protobuf, or a field whose value is refused, with a %T, whose words may quote it", err)
}

// openUnknown opens what is around an object. Where raw ends early, so does the object,
// and the error is io.ErrUnexpectedEOF. Strings of last are used again.
func openUnknown(raw []byte, last metav1.TypeMeta) (of metav1.TypeMeta, object []byte, err error) {
	raw, found := bytes.CutPrefix(raw, []byte(magic))
	if !found {
		return of, nil, errNoMagic
	}
	object = raw[:0] // an object without a field is no field
	err = message(raw, func(number int32, value []byte, _ bool) (err error) {
		switch number {
		case unknownTypeMeta:
			of, err = readTypeMeta(value, last)
		case unknownRaw:
			object = value
		}
		return err
	})
	return of, object, err
}

func readTypeMeta(raw []byte, last metav1.TypeMeta) (of metav1.TypeMeta, err error) {
	err = message(raw, func(number int32, value []byte, _ bool) error {
		switch number {
		case typeAPIVersion:
			of.APIVersion = again(last.APIVersion, value)
		case typeKind:
			of.Kind = again(last.Kind, value)
		}
		return nil
	})
	return of, err
}

// again is value, which often is last.
func again(last string, value []byte) string {
	if string(value) == last {
		return last
	}
	return string(value)
}

// identifyProtobuf reads the identity of raw, an object or the beginning of one.
func identifyProtobuf(raw []byte) (id identity) {
	_ = message(raw, func(number int32, value []byte, _ bool) error {
		if number != objectMetadata {
			return nil
		}
		return message(value, func(number int32, value []byte, cut bool) error {
			if cut || len(value) > longestName {
				return nil
			}
			switch number {
			case metadataName:
				id.name = string(value)
			case metadataNamespace:
				id.namespace = string(value)
			case metadataVersion:
				id.version = string(value)
			}
			return nil
		})
	}) // as far as it goes
	return id
}

// protobufStatus is dialect.status.
func protobufStatus(f *frame) (*metav1.Status, string) {
	if f.of.Kind != "Status" {
		return nil, f.of.Kind
	}
	return readStatus(f.object), f.of.Kind
}

// readStatus decodes a Status, nil if raw is none.
func readStatus(raw []byte) *metav1.Status {
	var status metav1.Status
	if status.Unmarshal(raw) != nil {
		return nil
	}
	return soon(&status)
}

// protobufStatusIn returns the Status that is in raw, nil if there is none.
func protobufStatusIn(raw []byte) *metav1.Status {
	of, object, err := openUnknown(raw, metav1.TypeMeta{})
	if err != nil || of.Kind != "Status" {
		return nil
	}
	return readStatus(object)
}
