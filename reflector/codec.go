package reflector

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// Object is what HTTP can decode: an API object with kind and metadata. Any
// pointer to a struct that embeds metav1.TypeMeta and metav1.ObjectMeta is
// one, and so is *unstructured.Unstructured.
type Object interface {
	metav1.Object
	GetObjectKind() schema.ObjectKind
}

// codec makes objects of their wire form. The objects are those that client-go
// makes of the same bytes: its typed clients for a typed T, its dynamic client
// for *unstructured.Unstructured.
type codec[T Object] struct {
	// decode makes an object of JSON.
	decode func(raw []byte) (T, error)

	typ  string // for errors
	gv   schema.GroupVersion
	kind string // "" when any will do

	// loose is set where kind is a guess: upper and lower case are the same.
	loose bool

	// typed is true for a T whose kind is that of its Go type. Its items in
	// a list carry none, and it loses the one that it has in an event.
	typed bool
}

// newCodec returns the codec for T. fresh makes an empty T; nil means a new
// value of what T points to.
func newCodec[T Object](config HTTPConfig[T]) (codec[T], error) {
	c := codec[T]{
		typ:  reflect.TypeFor[T]().String(),
		gv:   schema.GroupVersion{Group: config.Group, Version: config.Version},
		kind: config.Kind,
	}
	if decode, ok := any(decodeUnstructured).(func([]byte) (T, error)); ok {
		c.decode = decode
		return c, nil
	}
	c.typed = true
	fresh, name, err := newObject(config.New)
	if err != nil {
		return c, err
	}
	if c.kind == "" {
		c.kind, c.loose = name, true
	}
	c.decode = func(raw []byte) (T, error) {
		obj := fresh()
		return obj, json.Unmarshal(raw, obj)
	}
	return c, nil
}

// newObject completes fresh and names the type of what it makes.
func newObject[T Object](fresh func() T) (func() T, string, error) {
	t := reflect.TypeFor[T]()
	if fresh != nil {
		t = reflect.TypeOf(fresh())
	}
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, "", fmt.Errorf("cannot make a %v: use a pointer to a struct, or set New", reflect.TypeFor[T]())
	}
	if fresh == nil {
		fresh = func() T { return reflect.New(t.Elem()).Interface().(T) }
	}
	return fresh, t.Elem().Name(), nil
}

func decodeUnstructured(raw []byte) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{Object: make(map[string]any)}
	return u, json.Unmarshal(raw, &u.Object)
}

// object decodes raw. An error is a *DecodeError.
func (c *codec[T]) object(raw []byte) (T, error) {
	if string(raw) == "null" {
		var none T
		return none, c.refuse(raw, errors.New("it is null"))
	}
	obj, err := c.decode(raw)
	if err != nil {
		return obj, c.refuse(raw, err)
	}
	return obj, nil
}

// item decodes an item of a list. Where only the list knows the kind, the
// object has none yet.
func (c *codec[T]) item(raw []byte) (T, error) {
	obj, err := c.object(raw)
	if err == nil {
		err = c.check(obj, false)
	}
	return obj, err
}

// event decodes the object of an event.
func (c *codec[T]) event(t watch.EventType, raw []byte) (Event[T], error) {
	obj, err := c.object(raw)
	if err == nil {
		err = c.check(obj, !c.typed)
	}
	if err != nil {
		var bad *DecodeError
		if errors.As(err, &bad) {
			bad.Event = t
		}
		return Event[T]{}, err
	}
	if c.typed {
		obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return Event[T]{Type: t, Object: obj, ResourceVersion: obj.GetResourceVersion()}, nil
}

// check tells whether obj is what was asked for. An object may keep silent on
// its kind unless mustSay.
func (c *codec[T]) check(obj T, mustSay bool) error {
	got := obj.GetObjectKind().GroupVersionKind()
	var err error
	switch {
	case got.Kind == "" && mustSay:
		err = errors.New("it does not say its kind")
	case got.Kind != "" && isTable(got.Group, got.Kind):
		err = errTable
	case got.Kind != "" && !c.matches(got):
		err = errOtherKind(got, c.want())
	case obj.GetName() == "":
		err = errors.New("it has no name")
	}
	if err == nil {
		return nil
	}
	return &DecodeError{
		Type:            c.typ,
		Key:             keyOf(obj.GetNamespace(), obj.GetName()),
		ResourceVersion: obj.GetResourceVersion(),
		Err:             err,
	}
}

func (c *codec[T]) want() schema.GroupVersionKind { return c.gv.WithKind(c.kind) }

func (c *codec[T]) matches(got schema.GroupVersionKind) bool {
	return got.GroupVersion() == c.gv && c.isKind(got.Kind, c.kind)
}

// isKind compares a kind with an expected one, "" being any.
func (c *codec[T]) isKind(got, want string) bool {
	return want == "" || got == want || (c.loose && strings.EqualFold(got, want))
}

// refuse is the DecodeError of raw.
func (c *codec[T]) refuse(raw []byte, err error) error {
	var large *tooLargeError
	if errors.As(err, &large) {
		raw = large.head
	}
	key, version := identify(raw)
	return &DecodeError{Type: c.typ, Key: key, ResourceVersion: version, Err: err}
}

// identify reads key and version of an object that cannot be decoded, as far
// as it can: raw may be cut off.
func identify(raw []byte) (key, version string) {
	var namespace, name string
	var s scanner
	s.over(raw)
	_ = s.object(func(field []byte) error {
		if string(field) != "metadata" {
			_, err := s.value()
			return err
		}
		return s.object(func(field []byte) error {
			var into *string
			switch string(field) {
			case "namespace":
				into = &namespace
			case "name":
				into = &name
			case "resourceVersion":
				into = &version
			}
			v, err := s.value()
			if err == nil && into != nil {
				_ = json.Unmarshal(v, into)
			}
			return err
		})
	})
	return keyOf(namespace, name), version
}
