package apitest

import (
	"encoding/binary"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// Message is an object that is encoded in protobuf by a method of its own, as pointers
// to the types of k8s.io/api are, and *metav1.PartialObjectMetadata.
type Message interface {
	metav1.Object
	Marshal() ([]byte, error)
}

// magic is what the protobuf of an API object begins with.
const magic = "k8s\x00"

// The fields of bytes that are written here: 1 and 2 of a runtime.Unknown, which is
// around an object and says its type, and of a list, which has metadata and items.
const (
	firstField  = 1<<3 | 2
	secondField = 2<<3 | 2
)

// unknownEnd are the two fields that follow in a runtime.Unknown, both empty.
const unknownEnd = "\x1a\x00\x22\x00"

// message makes an object of the type that the resource has in protobuf of its JSON.
func (t *table) message(raw []byte) (Message, error) {
	m := reflect.New(reflect.TypeOf(t.res.Protobuf).Elem()).Interface().(Message)
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, err
	}
	_, err := m.Marshal()
	return m, err
}

// messageOf is the object of rec, without a version. One has been made when rec was
// stored, unless it is a bookmark or was stored where there was no protobuf.
func (t *table) messageOf(rec *record) Message {
	if rec.message != nil {
		return rec.message
	}
	m, err := t.message(t.encode(nil, rec, 0))
	if err != nil {
		panic(fmt.Sprintf("apitest: an object of resource %q does not fit into a %T: %v", t.res.Resource, t.res.Protobuf, err))
	}
	return m
}

// versioned is m as of a version. m is not changed.
func versioned(m Message, rv uint64) Message {
	copied := reflect.New(reflect.TypeOf(m).Elem())
	copied.Elem().Set(reflect.ValueOf(m).Elem())
	v := copied.Interface().(Message)
	v.SetResourceVersion(formatVersion(rv))
	return v
}

// marshal is the protobuf of what cannot fail, or has not failed before.
func marshal(m interface{ Marshal() ([]byte, error) }) []byte {
	raw, err := m.Marshal()
	if err != nil {
		panic(fmt.Sprintf("apitest: encoding a %T: %v", m, err))
	}
	return raw
}

// protobufForm is protobuf.
type protobufForm struct{ subject }

func (protobufForm) contentType(watch bool) string {
	if watch {
		return protobufType + ";stream=watch"
	}
	return protobufType
}

func (protobufForm) value(v value) []byte {
	version, kind := v.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	return enveloped(metav1.TypeMeta{Kind: kind, APIVersion: version}, marshal(v))
}

// enveloped is an object as it is sent: raw behind its type.
func enveloped(of metav1.TypeMeta, raw []byte) []byte {
	head, end := envelope(of, len(raw))
	return append(append(head, raw...), end...)
}

// envelope is what comes before an object of that size, and after it.
func envelope(of metav1.TypeMeta, size int) (head, end []byte) {
	head = appendField([]byte(magic), firstField, marshal(&runtime.TypeMeta{APIVersion: of.APIVersion, Kind: of.Kind}))
	head = binary.AppendUvarint(append(head, secondField), uint64(size))
	return head, []byte(unknownEnd)
}

func appendField(buf []byte, tag byte, value []byte) []byte {
	buf = binary.AppendUvarint(append(buf, tag), uint64(len(value)))
	return append(buf, value...)
}

// raw is the protobuf of an object without what is around it.
func (p protobufForm) raw(rec *record, rv uint64) []byte {
	if p.partial == "" {
		return marshal(versioned(p.t.messageOf(rec), rv))
	}
	alone := metav1.PartialObjectMetadata{ObjectMeta: *rec.meta}
	alone.ResourceVersion = formatVersion(rv)
	return marshal(&alone)
}

func (p protobufForm) object(buf []byte, rec *record, rv uint64) []byte {
	return append(buf, enveloped(p.typeOf(false), p.raw(rec, rv))...)
}

func (protobufForm) list(meta metav1.ListMeta, kind metav1.TypeMeta, _, size int) (head, end []byte) {
	metadata := appendField(nil, firstField, marshal(&meta))
	head, end = envelope(kind, len(metadata)+size)
	return append(head, metadata...), end
}

// item says nothing of its type: there is no place for it.
func (p protobufForm) item(buf []byte, rec *record, rv uint64, _, _ bool) []byte {
	return appendField(buf, secondField, p.raw(rec, rv))
}

func (p protobufForm) event(buf []byte, t watch.EventType, rec *record, rv uint64, disguised bool) []byte {
	return append(buf, eventOf(t, enveloped(p.typeOf(disguised), p.raw(rec, rv)))...)
}

// eventOf is a frame: its length, in four bytes, and the event.
func eventOf(t watch.EventType, object []byte) []byte {
	return delimited(marshal(&metav1.WatchEvent{Type: string(t), Object: runtime.RawExtension{Raw: object}}))
}

func delimited(raw []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...)
}

func (p protobufForm) status(s *metav1.Status) []byte { return eventOf(watch.Error, p.value(s)) }

// malformed is a field of a type that there is not.
func (protobufForm) malformed(list bool) []byte {
	if list {
		return []byte{secondField | 7}
	}
	return delimited([]byte{secondField | 7})
}

func (protobufForm) begun(list bool) []byte {
	if list {
		return []byte{secondField, 4, firstField}
	}
	return []byte{0, 0, 0, 0x7f, firstField}
}
