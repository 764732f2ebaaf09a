package kubejson

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The parts of types as users write them.
type (
	Sub struct {
		X string `json:"x"`
	}
	unexported struct{ X string }
	Text       string
	textKey    struct{ S string }
	byValue    map[string]string
	fussy      struct{ got string }
	newer      struct{}
	numbers    []uint8
	digit      uint8
	Looped     struct {
		*Looped
		A string `json:"a"`
	}
)

func (t *textKey) UnmarshalText(b []byte) error          { t.S = "t" + string(b); return nil }
func (t textKey) MarshalText() ([]byte, error)           { return []byte(t.S), nil }
func (v byValue) UnmarshalJSON(b []byte) error           { v["seen"] = string(b); return nil }
func (f *fussy) UnmarshalJSON(b []byte) error            { f.got = string(b); return nil }
func (*newer) UnmarshalJSONFrom(*jsontext.Decoder) error { return errors.ErrUnsupported }

// tagged is a struct of strings with names and tags in turn, which linters would not let
// stand here.
func tagged(fields ...string) any {
	var made []reflect.StructField
	for i := 0; i < len(fields); i += 2 {
		f := reflect.StructField{Name: fields[i], Type: reflect.TypeFor[string](), Tag: reflect.StructTag(fields[i+1])}
		if f.Name > "Z" {
			f.PkgPath = "kubejson"
		}
		made = append(made, f)
	}
	return reflect.New(reflect.StructOf(made)).Elem().Interface()
}

// A type as users write it, and JSON for it that decoders differ in.
type written struct {
	of    any
	plain bool
	docs  []string
}

var types = []written{
	{struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata,omitempty"`
		Spec              Sub  `json:"spec"`
		Next              *Sub `json:"next,omitempty,omitzero"`
	}{}, true, []string{`{"kind":"k","metadata":{"name":"a"},"spec":{"x":"y"}}`, `{"name":"a"}`, `{"Spec":{"x":"y"}}`}},
	{struct{ *Sub }{}, true, []string{`{"x":"a"}`, `{"x":null}`, `{}`, `{"Sub":{"x":"a"}}`}},
	{struct {
		F  fussy
		P  *fussy
		L  []fussy
		M  map[string]fussy
		MP map[string]*fussy
	}{}, true, []string{`{"F":1,"P":2,"L":[3, 4 ],"M":{"a": {"b" : 1}},"MP":{"a":null}}`, `{"F":null,"P":null,"L":[null],"M":{"a":null}}`, `{"F":{"a":1,"a":2},"L":["\ud800"]}`}},
	{struct {
		R stdjson.RawMessage
		P *stdjson.RawMessage
		E runtime.RawExtension
	}{}, true, []string{`{"R":{"a": 1},"P":null,"E":null}`, `{"R":null,"P":5}`}},
	{struct{ T metav1.Time }{}, true, []string{`{"T":"2026-01-01T00:00:00,5Z"}`, `{"T":null}`}},
	{struct {
		A any
		L []any
		M map[string]any
	}{}, true, []string{`{"A":1,"L":[1,1.5,{"x":2}],"M":{"a":1,"b":{"c":9007199254740993}}}`, `{"M":{"a":1},"M":{"b":2}}`, `{"A":-0,"L":[1e400]}`, `{"A":{"a":[null,true,"x"]}}`}},
	{struct{ U numbers }{}, true, []string{`{"U":"AQI="}`, `{"U":[1,2]}`, `{"U":""}`, `{"U":null}`}},
	{struct {
		F32 float32
		I8  int8
		U8  uint8
	}{}, true, []string{`{"F32":1e39}`, `{"I8":128}`, `{"U8":-1}`, `{"F32":0.1,"I8":-128,"U8":255}`, `{"I8":1.0}`}},
	{struct{ M map[Text]Text }{}, true, []string{`{"M":{"a":"b","ü":null}}`}},
	{struct {
		hidden int
		Shown  int    `json:"shown"`
		Not    func() `json:"-"`
	}{}, true, []string{`{"hidden":1,"shown":2,"Not":3,"-":4}`}},
	{struct{}{}, true, []string{`{}`, `{"a":1}`, `[]`}},
	{struct{ L []struct{ A []Sub } }{}, true, []string{`{"L":[{"A":[{"x":"y"},null]}]}`}},

	{tagged("x", `json:"x"`, "Y", ``), false, []string{`{"x":"a","Y":"b"}`}},
	{tagged("A", `json:"n"`, "B", `json:"n"`), false, []string{`{"n":"a"}`}},
	{struct {
		Spec Sub `json:",inline"`
	}{}, false, []string{`{"Spec":{"x":"a"}}`, `{"x":"a"}`}},
	{struct{ unexported }{}, false, []string{`{"X":"a"}`}},
	{struct{ *unexported }{}, false, []string{`{"X":"a"}`, `{}`}},
	{struct{ Text }{}, false, []string{`{"Text":"a"}`}},
	{struct {
		fmt.Stringer
		X string
	}{}, false, []string{`{"X":"a"}`, `{"Stringer":null}`, `{"Stringer":{}}`}},
	{struct{ M map[int]string }{}, false, []string{`{"M":{"1":"a","-2":"b"}}`, `{"M":{"01":"a"}}`, `{"M":{"1.0":"a"}}`}},
	{struct{ M map[textKey]string }{}, false, []string{`{"M":{"a":"b"}}`}},
	{struct{ M map[stdjson.Number]string }{}, false, []string{`{"M":{"a":"b"}}`}},
	{struct{ T textKey }{}, false, []string{`{"T":"a"}`, `{"T":null}`, `{"T":5}`}},
	{struct{ D time.Duration }{}, false, []string{`{"D":5}`, `{"D":"5s"}`, `{"D":null}`, `{}`}},
	{struct{ T time.Time }{}, false, []string{`{"T":"2026-01-01T00:00:00Z"}`, `{"T":"2026-01-01T00:00:00,5Z"}`, `{"T":null}`}},
	{struct{ B [4]byte }{}, false, []string{`{"B":[1,2,3,4]}`, `{"B":"AQIDBA=="}`, `{"B":[1]}`}},
	{struct{ L []digit }{}, false, []string{`{"L":[1,2]}`, `{"L":"AQI="}`}},
	{struct {
		A int    `json:",string"`
		B bool   `json:"b,string"`
		C string `json:"c,string"`
	}{}, false, []string{`{"A":"5","b":"true","c":"\"x\""}`, `{"A":5}`, `{"A":"null"}`, `{"c":"x"}`, `{"b":true}`}},
	{struct {
		C chan int
		X string
	}{}, false, []string{`{"X":"a"}`, `{"C":null,"X":"a"}`, `{"C":1,"X":"a"}`}},
	{tagged("A", `json:"-"`, "B", `json:"-,"`), false, []string{`{"A":"x","-":"y"}`}},
	{struct {
		A string `json:"foo bar"`
	}{}, false, []string{`{"foo bar":"x"}`}},
	{tagged("A", `json:"foo,omitEmpty"`), false, []string{`{"foo":"y"}`}},
	{tagged("A", `json:"a,omitempty,omitempty"`), false, []string{`{"a":"x"}`}},
	{tagged("A", `json:"a, omitempty"`), false, []string{`{"a":"x"}`}},
	{tagged("A", `json:"a,"`), false, []string{`{"a":"x"}`}},
	{tagged("A", `json:"it's"`, "B", `json:"'b'"`), false, []string{`{"it's":"y","B":"z","a":"q","b":"r","'b'":"s"}`}},
	{struct{ N stdjson.Number }{}, false, []string{`{"N":5}`, `{"N":"5"}`, `{"N":"x"}`, `{"N":null}`}},
	{struct{ V jsontext.Value }{}, false, []string{`{"V":5}`, `{"V":null}`}},
	{struct{ P **int }{}, false, []string{`{"P":5}`, `{"P":null}`}},
	{struct{ V byValue }{}, false, []string{`{}`}},
	{struct{ N newer }{}, false, []string{`{"N":{}}`, `{"N":{"got":"x"}}`}},
	{struct {
		Sub
		X string `json:"x"`
	}{}, false, []string{`{"x":"a"}`}},
	{struct {
		Sub `json:"sub,inline"`
	}{}, false, []string{`{"sub":{"x":"a"}}`, `{"x":"a"}`}},
	{struct {
		Sub `json:",inline,omitempty"`
	}{}, false, []string{`{"x":"a"}`}},
	{struct {
		M map[string]string `json:",inline"`
	}{}, false, []string{`{"M":{"b":"c"},"y":"z"}`}},
	{struct {
		M map[string]string `json:",unknown"`
	}{}, false, []string{`{"M":{"b":"c"},"y":"z"}`}},
	{struct {
		E Sub `json:",embed"`
	}{}, false, []string{`{"E":{"x":"b"},"x":"c"}`}},
	{struct {
		F string `json:"f,format:hex"`
	}{}, false, []string{`{"f":"x"}`}},
	{struct {
		C string `json:"c,case:ignore"`
	}{}, false, []string{`{"c":"2","C":"3"}`}},
	{struct{ I fmt.Stringer }{}, false, []string{`{"I":null}`, `{"I":{}}`}},
	{struct{ metav1.Time }{}, false, []string{`"2026-01-01T00:00:00Z"`, `{"Time":"2026-01-01T00:00:00Z"}`}},
	{struct {
		metav1.Time
		fussy
	}{}, false, []string{`{"Time":"2026-01-01T00:00:00Z"}`}},
	{struct {
		metav1.Time
		D metav1.Duration
		metav1.Duration
	}{}, false, []string{`{"Time":"2026-01-01T00:00:00Z"}`, `{"D":"5s"}`}},
	{Looped{}, false, []string{`{"a":"x"}`}},
	{struct{ L []struct{ X chan int } }{}, false, []string{`{"L":null}`, `{"L":[{"X":null}]}`}},
	{fussy{}, false, []string{`{"a":1}`}},
}

// The walk takes the types that it should, and whatever it says, an object is that of
// the definition.
func TestOnlyPlainTypesAreDecodedByTheFasterOne(t *testing.T) {
	for _, w := range types {
		made := reflect.TypeOf(w.of)
		if err := Plain(made); (err == nil) != w.plain {
			t.Errorf("Plain(%v) says %v", made, err)
		}
		decode := decoderOf(made)
		for _, doc := range append(w.docs, `null`, `{}`, `{"unknown":1}`, `{"x":{}}`) {
			compare(t, made, decode, doc)
		}
	}
}

// A type that is not plain says where.
func TestWhyATypeIsNotPlain(t *testing.T) {
	type spec struct {
		Count map[int]string `json:"count"`
	}
	type thing struct {
		Spec []spec `json:"spec"`
	}
	const want = "kubejson.thing: Spec: kubejson.spec: Count: map[int]string is not plain"
	if err := Plain(reflect.TypeFor[thing]()); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if Plain(reflect.TypeFor[map[string]any]()) == nil {
		t.Error("a map is taken for a struct")
	}
}
