package kubejson

import (
	"encoding"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Plain returns nil if what json/v2 accepts for t, a struct, is what the definition
// makes of it, or else why that is not sure. It is for types as they are in
// Kubernetes' API and as most write them: structs with exported fields, each of them
// with a name of its own; maps with strings for keys; slices; numbers, strings and
// bytes; an any; and whatever has a method UnmarshalJSON. What hardly anybody writes
// is not plain, whether the decoders differ in it or not.
func Plain(t reflect.Type) error {
	_, err := plain(t)
	return err
}

// plain is Plain. It returns the types that an object of t is made of as well.
func plain(t reflect.Type) (walk, error) {
	w := walk{}
	if t.Kind() != reflect.Struct || has(t, unmarshaler) {
		return w, fmt.Errorf("%v is no struct, or decodes itself", t)
	}
	return w, w.value(t)
}

// A walk has the types that it has come by.
type walk map[reflect.Type]bool

var (
	unmarshaler     = reflect.TypeFor[stdjson.Unmarshaler]()
	fromUnmarshaler = reflect.TypeFor[jsonv2.UnmarshalerFrom]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	anything        = reflect.TypeFor[any]()

	// special are types that one of the decoders knows by name.
	special = map[reflect.Type]bool{
		reflect.TypeFor[time.Time]():      true,
		reflect.TypeFor[time.Duration]():  true,
		reflect.TypeFor[stdjson.Number](): true,
		reflect.TypeFor[jsontext.Value](): true,
	}
)

// has reports whether t or a pointer to it has the methods of one of those.
func has(t reflect.Type, of ...reflect.Type) bool {
	for _, i := range of {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

func (w walk) value(t reflect.Type) error {
	switch {
	case w[t]:
		return nil
	case special[t] || has(t, fromUnmarshaler):
		return fmt.Errorf("%v is decoded in a way of its own", t)
	}
	w[t] = true
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() != reflect.Pointer {
			return w.value(t.Elem())
		}
	case reflect.Interface:
		if t == anything {
			return nil
		}
	default:
		switch {
		case t.Implements(unmarshaler): // by value, as only a map can sensibly
		case has(t, unmarshaler):
			return nil
		case !has(t, textUnmarshaler):
			return w.kind(t)
		}
	}
	return fmt.Errorf("%v is not plain", t)
}

// kind is value for what has no method to decode it.
func (w walk) kind(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Slice:
		if e := t.Elem(); e.Kind() != reflect.Uint8 || e == reflect.TypeFor[byte]() {
			return w.value(e)
		}
	case reflect.Map:
		if k := t.Key(); k.Kind() == reflect.String && !special[k] && !has(k, unmarshaler, fromUnmarshaler, textUnmarshaler) {
			return w.value(t.Elem())
		}
	case reflect.Struct:
		return w.structure(t)
	}
	return fmt.Errorf("%v is not plain", t)
}

func (w walk) structure(t reflect.Type) error {
	s := structure{walk: w, names: map[string]bool{}, within: map[reflect.Type]bool{}}
	if err := s.fields(t); err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	if !accept([]byte("{}"), reflect.New(t).Interface(), plainly) {
		return fmt.Errorf("json/v2 refuses %v", t)
	}
	return nil
}

// A structure is a struct with those that are embedded in it.
type structure struct {
	walk   walk
	names  map[string]bool       // of its fields
	within map[reflect.Type]bool // the structs
}

func (s *structure) fields(t reflect.Type) error {
	if s.within[t] {
		return errors.New("one struct is embedded twice")
	}
	s.within[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if err := s.field(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func (s *structure) field(f reflect.StructField) error {
	tag, tagged := f.Tag.Lookup("json")
	name, options, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-":
		return nil
	case !f.IsExported():
		if f.Anonymous || tagged {
			return errors.New("it is not exported")
		}
		return nil
	case f.Anonymous && name == "":
		return s.embedded(f.Type, options)
	case name == "":
		name = f.Name
	}
	switch {
	case !plainName(name) || !plainOptions(options):
		return errors.New("its tag is not plain")
	case s.names[name]:
		return fmt.Errorf("%s is there twice", name)
	}
	s.names[name] = true
	return s.walk.value(f.Type)
}

// embedded adds the fields of what is embedded without a name of its own.
func (s *structure) embedded(t reflect.Type, options string) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || special[t] || has(t, unmarshaler, fromUnmarshaler, textUnmarshaler) || options != "" && options != "inline" {
		return errors.New("it is embedded, and no plain struct")
	}
	return s.fields(t)
}

// plainName reports whether both decoders take name as it is.
func plainName(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.$/") == ""
}

// plainOptions reports whether options mean nothing to who decodes.
func plainOptions(options string) bool {
	switch options {
	case "", "omitempty", "omitzero", "omitempty,omitzero", "omitzero,omitempty":
		return true
	}
	return false
}
