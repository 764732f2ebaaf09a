package httpsource

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/informant-go/informant/internal/apikind"
	"github.com/informant-go/informant/internal/kubejson"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// Object is what a Source can decode: an API object with kind and metadata. Any
// pointer to a struct that embeds metav1.TypeMeta and metav1.ObjectMeta is
// one, and so is *unstructured.Unstructured.
type Object interface {
	metav1.Object
	GetObjectKind() schema.ObjectKind
}

// The kinds of metadata alone, which a server sends to who asks for it.
var (
	metadataAlone = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")
	metadataList  = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList")
)

// codec makes objects of their wire form. The objects are those that client-go
// makes of the same bytes: its typed clients for a typed T, its dynamic client
// for *unstructured.Unstructured.
type codec[T Object] struct {
	json     dialect[T]
	protobuf *dialect[T] // nil for a T that has no protobuf
	cbor     *dialect[T] // nil for a T that is not decoded from CBOR
	jsonOnly bool        // protobuf is not asked for
	wantCBOR bool        // CBOR is, of a T that has no protobuf

	target target // for errors
	typ    string // for errors
	gv     schema.GroupVersion
	kind   string // "" when any will do

	// loose is set where kind is a guess: upper and lower case are the same.
	loose bool

	// carries is true for a T whose objects carry their kind. One whose kind
	// is that of its Go type has none in a list, and loses the one that it
	// has in an event.
	carries bool

	// mustSay is true where only the objects of events themselves say what
	// they are; partial where they may be metadata alone.
	mustSay, partial bool
}

// newCodec returns the codec for T. fresh makes an empty T; nil means a new
// value of what T points to.
func newCodec[T Object](config Config[T]) (codec[T], error) {
	c := codec[T]{
		typ:  reflect.TypeFor[T]().String(),
		gv:   schema.GroupVersion{Group: config.Group, Version: config.Version},
		kind: config.Kind,

		jsonOnly: config.JSONOnly,
		wantCBOR: config.CBOR,
	}
	if decode, ok := any(unstructuredCBORDecoder()).(func([]byte) (T, error)); ok {
		c.cbor = cborDialect(decode)
	}
	if decode, ok := any(unstructuredDecoder()).(func([]byte) (T, error)); ok {
		c.json, c.carries, c.mustSay = jsonDialect(decode), true, true
		return c, nil
	}
	fresh, made, err := newObject(config.New)
	if err != nil {
		return c, err
	}
	c.partial = made == reflect.TypeFor[metav1.PartialObjectMetadata]()
	c.carries = c.partial
	if c.kind == "" && !c.carries {
		c.kind, c.loose = made.Name(), true
	}
	c.json = jsonDialect(kubejson.Decoder(made, fresh))
	if hasProtobuf(made) {
		c.protobuf = protobufDialect(fresh)
	}
	if decode := typedCBOR(made, fresh); decode != nil {
		c.cbor = cborDialect(decode)
	} else if c.wantCBOR {
		return c, fmt.Errorf("Config.CBOR is set, and a %v cannot be decoded from it, since it is no runtime.Object: give it a method DeepCopyObject, as controller-gen makes them, or leave CBOR unset", made)
	}
	return c, nil
}

// newObject completes fresh and returns the type that it makes a pointer to.
func newObject[T Object](fresh func() T) (func() T, reflect.Type, error) {
	t := reflect.TypeFor[T]()
	if fresh != nil {
		made := reflect.ValueOf(fresh())
		if !made.IsValid() || made.Kind() == reflect.Pointer && made.IsNil() {
			return nil, nil, errors.New("Config.New returns nil: let it return a new object, or leave it nil")
		}
		t = made.Type()
	}
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, nil, fmt.Errorf("cannot make a %v: use a pointer to a struct, or set New", reflect.TypeFor[T]())
	}
	if fresh == nil {
		fresh = func() T { return reflect.New(t.Elem()).Interface().(T) }
	}
	return fresh, t.Elem(), nil
}

// errNull refuses what stands for no object.
var errNull = errors.New("it is null")

// object decodes the object of f, which came in an event of the type t if that is
// not "". An error is a *DecodeError.
func (c *codec[T]) object(in *dialect[T], t watch.EventType, f *frame) (T, error) {
	obj, err := in.decode(f.object)
	if err == nil {
		if f.of != (metav1.TypeMeta{}) {
			obj.GetObjectKind().SetGroupVersionKind(f.of.GroupVersionKind())
		}
		err = c.check(obj, c.mustSay && t != "")
	}
	if err != nil {
		return obj, c.refuse(in, f.object, t, err)
	}
	return obj, nil
}

// item decodes an item of a list. Where only the list knows the kind, the
// object has none yet.
func (c *codec[T]) item(in *dialect[T], f *frame) (T, error) {
	if f.bad != nil {
		var none T
		return none, c.refuse(in, f.object, "", f.bad)
	}
	return c.object(in, "", f)
}

// event decodes the object of an event.
func (c *codec[T]) event(in *dialect[T], t watch.EventType, f *frame) (reflector.Event[T], error) {
	obj, err := c.object(in, t, f)
	if err != nil {
		return reflector.Event[T]{}, err
	}
	if !c.carries {
		obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return reflector.Event[T]{Type: t, Object: obj, ResourceVersion: obj.GetResourceVersion()}, nil
}

// check returns why obj is not what was asked for, or nil. An object may keep silent on
// its kind unless mustSay. One that is metadata alone is given the kind that it
// is the metadata of.
func (c *codec[T]) check(obj T, mustSay bool) error {
	kind := obj.GetObjectKind()
	switch got := kind.GroupVersionKind(); {
	case got.Kind == "" && mustSay:
		return &kindError{errors.New("it does not say its kind")}
	case got.Kind == "" && c.mustSay && hasAPIVersion(obj):
		return &kindError{errors.New("it has an apiVersion and no kind")}
	case got.Kind != "" && apikind.IsTable(got):
		return apikind.ErrTable
	case got.Kind != "" && !c.matches(got):
		return otherKind(got, c.want())
	}
	if obj.GetName() == "" {
		return errors.New("it has no name")
	}
	if c.partial && c.kind != "" {
		kind.SetGroupVersionKind(c.want())
	}
	return nil
}

// hasAPIVersion reports whether obj has an apiVersion, whatever that is worth.
func hasAPIVersion(obj Object) bool {
	if u, ok := obj.(interface{ GetAPIVersion() string }); ok {
		return u.GetAPIVersion() != ""
	}
	return !obj.GetObjectKind().GroupVersionKind().Empty()
}

// checkList returns why a list of the kind got is not what was asked for, or nil.
func (c *codec[T]) checkList(got schema.GroupVersionKind, kind string) error {
	switch {
	case apikind.IsTable(got):
		return apikind.ErrTable
	case c.partial && got == metadataList:
		return nil
	case got.GroupVersion() != c.gv || !c.isKind(got.Kind, kind):
		return otherKind(got, c.gv.WithKind(kind))
	}
	return nil
}

// otherKind refuses what is of another kind than the config says or implies.
func otherKind(got, want schema.GroupVersionKind) error {
	what := "set httpsource.Config.Kind to the kind of the resource"
	if got.GroupVersion() != want.GroupVersion() {
		what = "check httpsource.Config.Group, Version and Kind"
	}
	return &kindError{fmt.Errorf("%w: %s", apikind.Other(got, want), what)}
}

// kindError refuses what is of another kind than was asked for.
type kindError struct{ err error }

func (e *kindError) Error() string { return e.err.Error() }
func (e *kindError) Unwrap() error { return e.err }

func (c *codec[T]) want() schema.GroupVersionKind { return c.gv.WithKind(c.kind) }

func (c *codec[T]) matches(got schema.GroupVersionKind) bool {
	return c.partial && got == metadataAlone || got.GroupVersion() == c.gv && c.isKind(got.Kind, c.kind)
}

// isKind compares a kind with an expected one, "" being any.
func (c *codec[T]) isKind(got, want string) bool {
	return want == "" || got == want || (c.loose && strings.EqualFold(got, want))
}

// refuse is the DecodeError of raw, which came in an event of the type t if
// that is not "". It leaves out what is in the object.
func (c *codec[T]) refuse(in *dialect[T], raw []byte, t watch.EventType, err error) error {
	var id identity
	var large *tooLargeError
	if errors.As(err, &large) {
		id = large.id
	} else {
		id = in.identify(raw)
	}
	return &reflector.DecodeError{Type: c.typ, Key: id.key(), ResourceVersion: id.version, Event: t, Cause: causeOf(err), Err: c.target.failed(err)}
}

// causeOf is the cause by which err is counted.
func causeOf(err error) reflector.RefusalCause {
	switch {
	case errors.As(err, new(*tooLargeError)):
		return reflector.RefusalTooLarge
	case errors.As(err, new(*kindError)) || errors.Is(err, apikind.ErrTable):
		return reflector.RefusalKind
	}
	return reflector.RefusalUndecodable
}

// discreet is err, of a decoder of raw, without what it quotes: that may be out
// of a Secret, and errors go into logs. It names fields, kinds of values and
// places. It is nil for nil.
func discreet(raw []byte, err error) error {
	if err == nil {
		return nil
	}
	var wrong *stdjson.UnmarshalTypeError
	if errors.As(err, &wrong) {
		said := *wrong
		said.Value, _, _ = strings.Cut(wrong.Value, " ") // number 123
		return &said
	}
	var malformed *stdjson.SyntaxError
	if errors.As(stdjson.Unmarshal(raw, new(stdjson.RawMessage)), &malformed) {
		return fmt.Errorf("malformed JSON: invalid character or early end at byte %d", malformed.Offset)
	}
	return fmt.Errorf("the decoder of a field refuses its value with a %T, whose words may quote it", err)
}
