package httpsource

import (
	stdjson "encoding/json"
	"errors"
	"strconv"
	"sync"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

// unstructuredDecoder returns a decoder of unstructured objects, which any number of
// goroutines may call.
func unstructuredDecoder() func(raw []byte) (*unstructured.Unstructured, error) {
	walkers := sync.Pool{New: func() any { return new(walker) }}
	return func(raw []byte) (*unstructured.Unstructured, error) {
		w := walkers.Get().(*walker)
		defer walkers.Put(w)
		object, err := w.object(raw)
		if err != nil {
			// Whether it is an error at all, and which, is for apimachinery to say.
			object = make(map[string]any)
			err = json.Unmarshal(raw, &object)
		}
		return &unstructured.Unstructured{Object: object}, err
	}
}

// A walker makes maps of JSON, those that apimachinery's decoder makes of it. It
// takes about half of the time, as it looks at each byte once and makes the same
// keys once. What it cannot decode is left to that decoder, odd numbers and strings
// too.
type walker struct {
	b    []byte
	at   int
	keys recent
}

const (
	// maxDepth is how deep the values are nested that a walker decodes.
	maxDepth = 1000

	// maxDigits is how many digits a number may have that fits into an int64
	// whatever they are.
	maxDigits = 18
)

// errLeft leaves a value to another decoder.
var errLeft = errors.New("not decoded here")

// object decodes raw, which has to be an object.
func (w *walker) object(raw []byte) (map[string]any, error) {
	w.b, w.at = raw, 0
	defer func() { w.b = nil }()
	if w.peek() != '{' {
		return nil, errLeft
	}
	object, err := w.fields(0)
	if w.peek(); err == nil && w.at < len(w.b) {
		err = errLeft
	}
	return object, err
}

// peek returns the next byte that is no white space, 0 at the end.
func (w *walker) peek() byte {
	for ; w.at < len(w.b); w.at++ {
		switch c := w.b[w.at]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

func (w *walker) value(depth int) (any, error) {
	switch w.peek() {
	case '{':
		return w.fields(depth)
	case '[':
		return w.items(depth)
	case '"':
		return w.text()
	case 't':
		return true, w.word("true")
	case 'f':
		return false, w.word("false")
	case 'n':
		return nil, w.word("null")
	}
	return w.number()
}

// fields decodes an object.
func (w *walker) fields(depth int) (map[string]any, error) {
	object := make(map[string]any)
	err := w.each('}', depth, func() error {
		key, err := w.key()
		if err == nil && w.peek() != ':' {
			err = errLeft
		}
		if err != nil {
			return err
		}
		w.at++
		object[key], err = w.value(depth + 1)
		return err
	})
	return object, err
}

// items decodes an array.
func (w *walker) items(depth int) ([]any, error) {
	items := []any{}
	err := w.each(']', depth, func() error {
		item, err := w.value(depth + 1)
		items = append(items, item)
		return err
	})
	return items, err
}

// each calls one for each part of an object or array, up to its end.
func (w *walker) each(end byte, depth int, one func() error) error {
	if depth > maxDepth {
		return errLeft
	}
	w.at++
	if w.peek() == end {
		w.at++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		c := w.peek()
		w.at++
		switch c {
		case ',':
		case end:
			return nil
		default:
			return errLeft
		}
	}
}

func (w *walker) key() (string, error) {
	if w.peek() != '"' {
		return "", errLeft
	}
	raw, plain, err := w.str()
	if err != nil || !plain {
		return unquoted(raw, err)
	}
	return w.keys.of(raw[1 : len(raw)-1]), nil
}

func (w *walker) text() (any, error) {
	raw, plain, err := w.str()
	if err != nil || !plain {
		return unquoted(raw, err)
	}
	return string(raw[1 : len(raw)-1]), nil
}

// unquoted decodes a string that is not plain, unless there is an error.
func unquoted(raw []byte, err error) (s string, _ error) {
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	return s, err
}

func (w *walker) word(word string) error {
	if len(w.b)-w.at < len(word) || string(w.b[w.at:w.at+len(word)]) != word {
		return errLeft
	}
	w.at += len(word)
	return nil
}

// special are the bytes that are not simply part of a string.
var special = func() (set byteSet) {
	for c := range set {
		set[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return set
}()

// str steps over a string and returns it with its quotes. It is plain where it means
// what it is.
func (w *walker) str() (raw []byte, plain bool, err error) {
	from, wide := w.at, false
	plain = true
	for i := w.at + 1; i < len(w.b); i++ {
		c := w.b[i]
		switch {
		case !special[c]:
		case c == '"':
			w.at = i + 1
			raw = w.b[from:w.at]
			return raw, plain && (!wide || utf8.Valid(raw)), nil
		case c == '\\':
			plain = false
			i++ // with what it escapes
		case c >= utf8.RuneSelf:
			wide = true
		default:
			return nil, false, errLeft
		}
	}
	return nil, false, errLeft
}

// number decodes a number.
func (w *walker) number() (any, error) {
	from := w.at
	if w.at < len(w.b) && w.b[w.at] == '-' {
		w.at++
	}
	digits := w.at
	n := int64(0)
	for ; w.at < len(w.b) && isDigit(w.b[w.at]); w.at++ {
		n = 10*n + int64(w.b[w.at]-'0')
	}
	size := w.at - digits
	if size > maxDigits || size == 0 || size > 1 && w.b[digits] == '0' || w.at < len(w.b) && inNumber(w.b[w.at]) || n == 0 && digits > from {
		return w.oddNumber(from)
	}
	if digits > from {
		n = -n
	}
	return n, nil
}

// oddNumber decodes the number at from that is not a plain one: an int64 if it can be
// one and is written like one, a float64 otherwise.
func (w *walker) oddNumber(from int) (any, error) {
	whole := true
	for w.at = from; w.at < len(w.b) && inNumber(w.b[w.at]); w.at++ {
		whole = whole && (isDigit(w.b[w.at]) || w.b[w.at] == '-')
	}
	raw := w.b[from:w.at]
	if !stdjson.Valid(raw) {
		return nil, errLeft
	}
	if whole {
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return nil, errLeft // too large
	}
	return f, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func inNumber(c byte) bool {
	return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+'
}

// recent keeps short strings that were made lately.
type recent struct{ slots [512]string }

// longestKey is the length of those that are kept.
const longestKey = 64

// of returns b as a string.
func (r *recent) of(b []byte) string {
	if len(b) > longestKey {
		return string(b)
	}
	slot := &r.slots[place(b)%uint32(len(r.slots))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

// place is a hash of b, of its ends and its length where it is long.
func place(b []byte) uint32 {
	h := uint32(len(b))
	if len(b) > 8 {
		h = mixed(h, b[:4])
		b = b[len(b)-4:]
	}
	h = mixed(h, b)
	return h ^ h>>15
}

func mixed(h uint32, b []byte) uint32 {
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
