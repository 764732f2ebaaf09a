package httpsource

import (
	"encoding/base64"
	"math"
	"sync"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

// unstructuredCBORDecoder returns a decoder of unstructured objects, which any number of
// goroutines may call.
func unstructuredCBORDecoder() func(raw []byte) (*unstructured.Unstructured, error) {
	walkers := sync.Pool{New: func() any { return new(cborWalker) }}
	return func(raw []byte) (*unstructured.Unstructured, error) {
		w := walkers.Get().(*cborWalker)
		defer walkers.Put(w)
		object, err := w.object(raw)
		if err != nil {
			// Whether it is an error at all, and which, is for apimachinery to say.
			object = nil
			err = direct.Unmarshal(raw, &object)
		}
		return &unstructured.Unstructured{Object: object}, err
	}
}

// A cborWalker makes maps of CBOR as a walker does of JSON: those that apimachinery's
// decoder makes of it. What no server writes is left to that decoder.
type cborWalker struct {
	b    []byte
	at   int
	keys recent
}

const (
	// expectBase64 is the tag of bytes that are a string in base64.
	expectBase64 = 22

	// roomAhead is for how many parts room is made before they are there.
	roomAhead = 64

	// maxPairs is how many a map has at most that a walker decodes.
	maxPairs = 64 << 10
)

// object decodes raw, which has to be a map.
func (w *cborWalker) object(raw []byte) (map[string]any, error) {
	w.b, w.at = raw, 0
	defer func() { w.b = nil }()
	if len(raw) > len(selfDescribed) && string(raw[:len(selfDescribed)]) == selfDescribed {
		w.at = len(selfDescribed)
	}
	h, err := w.head()
	if err != nil || h.major != cborMap {
		return nil, errLeft
	}
	object, err := w.fields(h.n, 0)
	if err == nil && w.at < len(w.b) {
		err = errLeft
	}
	return object, err
}

// head consumes a head that says how long what follows is.
func (w *cborWalker) head() (head, error) {
	h, size := readHead(w.b[w.at:])
	if size <= 0 || h.indefinite() {
		return h, errLeft
	}
	w.at += size
	return h, nil
}

func (w *cborWalker) value(depth int) (any, error) {
	h, err := w.head()
	if err != nil {
		return nil, err
	}
	switch h.major {
	case cborUint, cborNegative:
		return integer(h)
	case cborBytes, cborText:
		b, err := w.str(h)
		return string(b), err
	case cborArray:
		return w.items(h.n, depth)
	case cborMap:
		return w.fields(h.n, depth)
	case cborTag:
		return w.tagged(h)
	}
	return simple(h)
}

func integer(h head) (any, error) {
	switch {
	case h.n > math.MaxInt64:
		return nil, errLeft
	case h.major == cborNegative:
		return -1 - int64(h.n), nil
	}
	return int64(h.n), nil
}

// str consumes a string whose head is h. Bytes are what they are, as those of a string
// that its writer did not look at.
func (w *cborWalker) str(h head) ([]byte, error) {
	if h.n > uint64(len(w.b)-w.at) {
		return nil, errLeft
	}
	b := w.b[w.at : w.at+int(h.n)]
	w.at += len(b)
	if h.major == cborText && !utf8.Valid(b) {
		return nil, errLeft
	}
	return b, nil
}

// fields decodes n pairs of a map.
func (w *cborWalker) fields(n uint64, depth int) (map[string]any, error) {
	if depth > maxDepth || n > maxPairs {
		return nil, errLeft
	}
	object := make(map[string]any, min(n, roomAhead))
	for range n {
		h, err := w.head()
		if err != nil || !h.isString() {
			return nil, errLeft
		}
		key, err := w.str(h)
		if err != nil {
			return nil, err
		}
		if object[w.keys.of(key)], err = w.value(depth + 1); err != nil {
			return nil, err
		}
	}
	if uint64(len(object)) < n {
		return nil, errLeft // some are there twice
	}
	return object, nil
}

// items decodes n parts of an array.
func (w *cborWalker) items(n uint64, depth int) ([]any, error) {
	if depth > maxDepth || n > uint64(len(w.b)-w.at) {
		return nil, errLeft
	}
	items := make([]any, 0, min(n, roomAhead))
	for range n {
		item, err := w.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// tagged decodes what follows the tag h: bytes that are to be in base64.
func (w *cborWalker) tagged(h head) (any, error) {
	if h.n != expectBase64 {
		return nil, errLeft
	}
	h, err := w.head()
	if err != nil || h.major != cborBytes {
		return nil, errLeft
	}
	b, err := w.str(h)
	return base64.StdEncoding.EncodeToString(b), err
}

// simple is the value of h, which is a word or a number with a fraction.
func simple(h head) (any, error) {
	var f float64
	switch h.info {
	case 20:
		return false, nil
	case 21:
		return true, nil
	case 22:
		return nil, nil
	case 25:
		f = half(uint16(h.n))
	case 26:
		f = float64(math.Float32frombits(uint32(h.n)))
	case 27:
		f = math.Float64frombits(h.n)
	default:
		return nil, errLeft
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errLeft
	}
	return f, nil
}

// half is the number that bits are in half precision; infinite for one that is none.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	f := math.Ldexp(fraction, -24)
	switch exponent {
	case 0:
	case 31:
		f = math.Inf(1)
	default:
		f = math.Ldexp(1024+fraction, exponent-25)
	}
	return math.Copysign(f, 1-2*float64(bits>>15))
}
