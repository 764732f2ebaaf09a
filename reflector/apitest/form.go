package apitest

import (
	"encoding/json"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// The kinds of metadata alone.
const (
	partialKind     = "PartialObjectMetadata"
	partialListKind = "PartialObjectMetadataList"
)

// unexpected is the type of a disguised object.
var unexpected = metav1.TypeMeta{Kind: "Unexpected", APIVersion: "apitest.example.com/v1"}

// A form is how the objects of an answer are written: in which encoding, whole or
// metadata alone. What it makes is appended to buf.
type form interface {
	// contentType is that of an answer, or of a watch.
	contentType(watch bool) string

	// value is what is no object of a resource.
	value(v value) []byte

	// object is one object by itself, as of a version.
	object(buf []byte, rec *record, rv uint64) []byte

	// list is a list of n frames that item has made: what comes before them, and after.
	list(meta metav1.ListMeta, kind metav1.TypeMeta, n, size int) (head, end []byte)

	// item is one of a list, of another type than the others if disguised. All but
	// the first of a list follow another.
	item(buf []byte, rec *record, rv uint64, first, disguised bool) []byte

	// event is a frame of a watch.
	event(buf []byte, t watch.EventType, rec *record, rv uint64, disguised bool) []byte

	// status is a frame of a watch that says what went wrong.
	status(s *metav1.Status) []byte

	// malformed is what cannot be read, begun the beginning of what can: of an item
	// of a list, or of an event.
	malformed(list bool) []byte
	begun(list bool) []byte
}

// value is what a server sends besides the objects of its resources.
type value interface {
	runtime.Object
	Marshal() ([]byte, error)
}

// subject is whose objects are written, and what of them.
type subject struct {
	t *table // nil where there are no objects

	// partial is the API version of metadata alone, "" for whole objects.
	partial string
}

// form is that of a choice for the objects of t.
func (c choice) form(t *table) form {
	s := subject{t: t}
	if !c.as.Empty() {
		s.partial = c.as.GroupVersion().String()
	}
	switch c.encoding {
	case protobufType:
		return protobufForm{s}
	case cborType:
		return cborForm{s}
	}
	return jsonForm{s}
}

// typeOf is what an object says of its type.
func (s subject) typeOf(disguised bool) metav1.TypeMeta {
	switch {
	case disguised:
		return unexpected
	case s.partial != "":
		return metav1.TypeMeta{Kind: partialKind, APIVersion: s.partial}
	}
	return metav1.TypeMeta{Kind: s.t.res.Kind, APIVersion: s.t.res.apiVersion()}
}

// jsonForm is JSON.
type jsonForm struct{ subject }

func (jsonForm) contentType(bool) string { return jsonType }

func (jsonForm) value(v value) []byte {
	raw, err := json.Marshal(v)
	if err != nil { // no field of a Status, and none of discovery, can fail
		panic(fmt.Sprintf("apitest: encoding a %T: %v", v, err))
	}
	return append(raw, '\n')
}

func (j jsonForm) object(buf []byte, rec *record, rv uint64) []byte {
	return append(j.typed(buf, j.typeOf(false), rec, rv), '\n')
}

// typed writes an object with a type, or without one.
func (j jsonForm) typed(buf []byte, of metav1.TypeMeta, rec *record, rv uint64) []byte {
	buf = append(buf, '{')
	if of.Kind != "" {
		buf = strconv.AppendQuote(append(buf, `"kind":`...), of.Kind)
		buf = strconv.AppendQuote(append(buf, `,"apiVersion":`...), of.APIVersion)
		buf = append(buf, ',')
	}
	buf = append(buf, `"metadata":{"resourceVersion":"`...)
	buf = strconv.AppendUint(buf, rv, 10)
	if j.partial != "" {
		return append(append(buf, rec.tail[:rec.metaEnd]...), '}')
	}
	return append(buf, rec.tail...)
}

func (j jsonForm) list(meta metav1.ListMeta, kind metav1.TypeMeta, n, _ int) (head, end []byte) {
	raw, err := json.Marshal(meta)
	if err != nil { // strings and a number cannot fail
		panic(fmt.Sprintf("apitest: encoding the metadata of a list: %v", err))
	}
	if j.partial == "" && !j.t.res.builtIn() && meta.Continue == "" {
		raw = append([]byte(`{"continue":"",`), raw[1:]...) // lists of custom resources always have it
	}
	head = fmt.Appendf(nil, `{"kind":%q,"apiVersion":%q,"metadata":%s,"items":`, kind.Kind, kind.APIVersion, raw)
	if n == 0 && j.partial != "" { // as a real server says it
		return append(head, "null"...), []byte("}\n")
	}
	return append(head, '['), []byte("]}\n")
}

// item writes the type only where a real server does: those of built-in resources
// have none.
func (j jsonForm) item(buf []byte, rec *record, rv uint64, first, disguised bool) []byte {
	of := j.typeOf(disguised)
	if j.partial == "" && j.t.res.builtIn() && !disguised {
		of = metav1.TypeMeta{}
	}
	if !first {
		buf = append(buf, ',')
	}
	return j.typed(buf, of, rec, rv)
}

func (j jsonForm) event(buf []byte, t watch.EventType, rec *record, rv uint64, disguised bool) []byte {
	buf = append(buf, `{"type":"`...)
	buf = append(buf, t...)
	buf = append(buf, `","object":`...)
	return append(j.typed(buf, j.typeOf(disguised), rec, rv), "}\n"...)
}

func (j jsonForm) status(s *metav1.Status) []byte {
	raw := j.value(s)
	return fmt.Appendf(nil, `{"type":%q,"object":%s}`+"\n", watch.Error, raw[:len(raw)-1])
}

func (jsonForm) malformed(list bool) []byte {
	if list {
		return []byte(`,,{"kind":]`)
	}
	return []byte(`{"type":"MODIFIED","object":{"kind":]}` + "\n")
}

func (jsonForm) begun(list bool) []byte {
	if list {
		return []byte(`{"metadata":{"resourceVersion":"`)
	}
	return []byte(`{"type":"MODIFIED","object":{"kind":"`)
}
