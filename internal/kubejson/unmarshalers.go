package kubejson

import (
	"bytes"
	stdjson "encoding/json"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/json"
)

// ownMethods do what the methods UnmarshalJSON of types do that are all over an
// object. These methods call encoding/json for a few bytes, which makes a decoder of
// 400 bytes each time: a fifth of all that is allocated for a pod of 2 KB. What is
// out of the ordinary, null and escapes among it, is left to the methods themselves.
var ownMethods = jsonv2.JoinUnmarshalers(
	jsonv2.UnmarshalFunc(readTime), jsonv2.UnmarshalFunc(readMicroTime), jsonv2.UnmarshalFunc(readIntOrString))

func readTime(raw []byte, into *metav1.Time) error {
	return readInstant(raw, time.RFC3339, &into.Time, into)
}

func readMicroTime(raw []byte, into *metav1.MicroTime) error {
	return readInstant(raw, metav1.RFC3339Micro, &into.Time, into)
}

// readInstant sets into to the time that raw is a string of, in the layout. Anything
// else is left to its own method.
func readInstant(raw []byte, layout string, into *time.Time, own stdjson.Unmarshaler) error {
	if text, ok := unquoted(raw); ok {
		if t, err := time.Parse(layout, string(text)); err == nil {
			*into = t.Local()
			return nil
		}
	}
	return own.UnmarshalJSON(raw)
}

func readIntOrString(raw []byte, into *intstr.IntOrString) error {
	if text, ok := unquoted(raw); ok {
		into.Type, into.StrVal = intstr.String, string(text)
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return into.UnmarshalJSON(raw)
	}
	into.Type, into.IntVal = intstr.Int, int32(n)
	return nil
}

// unquoted is what is in a string without escapes. raw is JSON, and UTF-8.
func unquoted(raw []byte) ([]byte, bool) {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// readAny decodes an any by the definition.
func readAny(d *jsontext.Decoder, into *any) error {
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
