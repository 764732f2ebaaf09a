package httpsource

import (
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
)

// A dialect is how an encoding writes what an API server says.
type dialect[T Object] struct {
	// decode makes an object of its bytes. An error holds nothing of them.
	decode func(raw []byte) (T, error)

	// metadata decodes the metadata of an object.
	metadata func(raw []byte, into *metav1.PartialObjectMetadata) error

	// identify reads what an object says of itself, as far as it can.
	identify func(raw []byte) identity

	// status is the Status in a frame, nil if it holds none, and the kind of
	// what it holds.
	status func(f *frame) (*metav1.Status, string)

	// frames cuts a watch, list a list. max is the size of an object.
	frames func(r io.Reader, max int) frameCutter
	list   func(r io.Reader, max int, head *listHead[T]) listCutter
}

// The content types of an API.
const (
	jsonType     = "application/json"
	protobufType = "application/vnd.kubernetes.protobuf"
	cborType     = "application/cbor" // a watch is application/cbor-seq, and is asked for as this
)

// What asks for metadata alone, behind a content type.
const (
	metadataOfOne  = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	metadataOfList = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// accept is the header that asks for what c can decode. plain asks for nothing but
// JSON.
func (c *codec[T]) accept(watch, plain bool) string {
	if plain {
		return jsonType
	}
	var types []string
	switch {
	case c.protobuf != nil && !c.jsonOnly:
		types = append(types, protobufType)
	case c.wantCBOR:
		types = append(types, cborType)
	}
	types = append(types, jsonType)
	if !c.partial {
		return strings.Join(types, ",")
	}
	as := metadataOfList
	if watch {
		as = metadataOfOne
	}
	for i := range types {
		types[i] += as
	}
	return strings.Join(append(types, jsonType), ",") // whole objects will do
}

// dialectOf is the dialect of resp, nil when that is none that c can decode. What
// says nothing is JSON.
func (c *codec[T]) dialectOf(resp *http.Response) *dialect[T] {
	switch t := resp.Header.Get("Content-Type"); {
	case t == "" || says(resp, jsonType):
		return &c.json
	case says(resp, protobufType):
		return c.protobuf
	case says(resp, cborType):
		return c.cbor
	}
	return nil
}

// says reports whether resp says that it is of that type, or of one that begins so.
func says(resp *http.Response, contentType string) bool {
	return strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), contentType)
}

// isBinary reports whether resp says that it is what nobody can read.
func isBinary(resp *http.Response) bool { return says(resp, protobufType) || says(resp, cborType) }

// jsonDialect is that of JSON, with decode for objects.
func jsonDialect[T Object](decode func(raw []byte) (T, error)) dialect[T] {
	return dialect[T]{
		decode: func(raw []byte) (T, error) {
			if string(raw) == "null" {
				var none T
				return none, errNull
			}
			obj, err := decode(raw)
			return obj, discreet(raw, err)
		},
		metadata: func(raw []byte, into *metav1.PartialObjectMetadata) error {
			return discreet(raw, json.Unmarshal(raw, into))
		},
		identify: identify,
		status:   jsonStatus,
		frames:   newJSONFrames,
		list:     newJSONList[T],
	}
}

func jsonStatus(f *frame) (*metav1.Status, string) {
	var is metav1.TypeMeta
	_ = json.Unmarshal(f.object, &is) // what says no kind has none
	return statusIn(f.object), is.Kind
}
