// Package kubejson decodes the JSON of API objects into Go types, as fast as that
// can be had without another result.
//
// # What it is
//
// The definition of what JSON means to Kubernetes is apimachinery's decoder,
// sigs.k8s.io/json: names are case-sensitive, unknown ones are skipped, of two
// equal ones the later counts, numbers in an any are int64 where they can be. It is
// encoding/json of old, and no faster. The decoder of
// github.com/go-json-experiment/json, which is to become encoding/json/v2, takes about
// half of its time, and does the same for most types and most documents:
//
//	          plain type             accepted
//	document ────────────► json/v2 ────────────► object
//	    │                     │                     ▲
//	    │ other type          │ refused             │
//	    └─────────────────────┴────► sigs.k8s.io/json ───► object, or the error
//
// # Why it is the same
//
// What json/v2 refuses, the definition decides, in a fresh object. So it matters only
// what json/v2 accepts, and it is strict: it refuses what is not UTF-8, and lax base64.
// What it accepts, both make the same of, if the type is plain: Plain says whether it
// is, by a walk over the type.
package kubejson

import (
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"k8s.io/apimachinery/pkg/util/json"
)

// plainly has json/v2 do what the definition does in what it accepts: a later value is
// merged into an earlier one of the same name, and null leaves that. To refuse names
// that are there twice would do, too, at a tenth of the time. withAny is for types that
// have an any somewhere, which the definition decodes.
var (
	merging = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsonv1.MergeWithLegacySemantics(true))
	plainly = jsonv2.JoinOptions(merging, jsonv2.WithUnmarshalers(ownMethods))
	withAny = jsonv2.JoinOptions(merging, jsonv2.WithUnmarshalers(
		jsonv2.JoinUnmarshalers(ownMethods, jsonv2.UnmarshalFromFunc(readAny))))
)

// Decoder returns a function that makes an object of its JSON: what apimachinery's
// decoder makes of it, errors included. Any number of goroutines may call it. fresh
// makes an empty object, a pointer to a made; it may be called twice for one object.
func Decoder[T any](made reflect.Type, fresh func() T) func(raw []byte) (T, error) {
	define := func(raw []byte) (T, error) {
		obj := fresh()
		return obj, json.Unmarshal(raw, obj)
	}
	parts, err := plain(made)
	if err != nil {
		return define
	}
	options := plainly
	if parts[anything] {
		options = withAny
	}
	pointer := reflect.PointerTo(made)
	return func(raw []byte) (T, error) {
		obj := fresh()
		if reflect.TypeOf(obj) == pointer && accept(raw, obj, options) {
			return obj, nil
		}
		return define(raw)
	}
}

// accept decodes raw with json/v2, unless that refuses it.
func accept(raw []byte, into any, options jsonv2.Options) bool {
	return jsonv2.Unmarshal(raw, into, options) == nil
}
