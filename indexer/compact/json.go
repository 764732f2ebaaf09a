package compact

import (
	"encoding/json"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// JSON is the Codec of a type that is kept as JSON, such as
//
//	compact.JSON[unstructured.Unstructured]()
//
// which is a Codec[*unstructured.Unstructured]. It decodes as apimachinery does:
// names by their case, whole numbers in an interface as int64. It is for custom
// resources and types of one's own; where there is a protobuf form that is read
// several times as fast.
func JSON[E any]() Codec[*E] { return jsonCodec[E]{} }

type jsonCodec[E any] struct{}

// Encode appends obj in JSON.
func (jsonCodec[E]) Encode(dst []byte, obj *E) ([]byte, error) {
	text, err := json.Marshal(obj)
	return append(dst, text...), err
}

// Decode reads what Encode wrote.
func (jsonCodec[E]) Decode(data []byte) (*E, error) {
	obj := new(E)
	if err := utiljson.Unmarshal(data, obj); err != nil {
		return nil, err
	}
	return obj, nil
}
