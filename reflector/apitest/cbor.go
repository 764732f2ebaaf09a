package apitest

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// selfDescribed is the tag that what is by itself begins with: an answer, an
	// event, and the object of one.
	selfDescribed = "\xd9\xd9\xf7"

	// cborSequenceType is that of a watch, which is asked for as cborType.
	cborSequenceType = "application/cbor-seq"

	cborArray = 0x80
	cborMap   = 0xa0
	cborNull  = 0xf6
	noCBOR    = 0x1c // begins nothing
)

// cborForm is CBOR: what JSON says, and the same of the same at any time, where a real
// server writes fields in another order each time.
type cborForm struct{ subject }

func (cborForm) contentType(watch bool) string {
	if watch {
		return cborSequenceType
	}
	return cborType
}

func (cborForm) value(v value) []byte {
	return append([]byte(selfDescribed), transcoded(jsonForm{}.value(v))...)
}

// transcoded is the CBOR of what is JSON.
func transcoded(raw []byte) []byte {
	var v any
	err := json.Unmarshal(raw, &v)
	if err == nil {
		raw, err = direct.Marshal(v)
	}
	if err != nil { // it was stored, or made here
		panic(fmt.Sprintf("apitest: encoding %q in CBOR: %v", raw, err))
	}
	return raw
}

// str is a string, as a server writes them.
func str(s string) []byte { return must(direct.Marshal(s)) }

// must is what cannot fail.
func must(raw []byte, err error) []byte {
	if err != nil {
		panic(fmt.Sprintf("apitest: encoding in CBOR: %v", err))
	}
	return raw
}

func (c cborForm) object(buf []byte, rec *record, rv uint64) []byte {
	return append(append(buf, selfDescribed...), transcoded(jsonForm(c).object(nil, rec, rv))...)
}

func (c cborForm) list(meta metav1.ListMeta, kind metav1.TypeMeta, n, _ int) (head, end []byte) {
	head = append([]byte(selfDescribed), cborMap|4)
	for _, field := range [][]byte{str("kind"), str(kind.Kind), str("apiVersion"), str(kind.APIVersion), str("metadata"), must(direct.Marshal(&meta)), str("items")} {
		head = append(head, field...)
	}
	if n == 0 && c.partial != "" {
		return append(head, cborNull), nil
	}
	return append(head, cborArray|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), nil
}

// item writes the type where it is written in JSON.
func (c cborForm) item(buf []byte, rec *record, rv uint64, _, disguised bool) []byte {
	return append(buf, transcoded(jsonForm(c).item(nil, rec, rv, true, disguised))...)
}

func (c cborForm) event(buf []byte, t watch.EventType, rec *record, rv uint64, disguised bool) []byte {
	object := transcoded(jsonForm(c).typed(nil, c.typeOf(disguised), rec, rv))
	return append(append(append(buf, begunEvent(t)...), selfDescribed...), object...)
}

// begunEvent is an event up to its object.
func begunEvent(t watch.EventType) []byte {
	buf := append([]byte(selfDescribed), cborMap|2)
	for _, s := range []string{"type", string(t), "object"} {
		buf = append(buf, str(s)...)
	}
	return buf
}

func (c cborForm) status(s *metav1.Status) []byte {
	return append(begunEvent(watch.Error), c.value(s)...)
}

func (cborForm) malformed(list bool) []byte {
	if list {
		return []byte{noCBOR}
	}
	return append(begunEvent(watch.Modified), noCBOR)
}

func (cborForm) begun(list bool) []byte {
	if list {
		return append([]byte{cborMap | 1}, str("metadata")...)
	}
	return begunEvent(watch.Modified)
}
