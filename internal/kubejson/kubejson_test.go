package kubejson

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/json"
)

type part struct {
	A string `json:"a,omitempty"`
	N int32  `json:"n,omitempty"`
}

type Shared struct {
	Mode  string `json:"mode,omitempty"`
	Count *int64 `json:"count,omitempty"`
}

type color string

// widget is a custom resource that has a field of each sort.
type widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	*Shared           `json:",inline"`

	S        string                               `json:"s,omitempty"`
	B        bool                                 `json:"b"`
	I8       int8                                 `json:"i8,omitzero"`
	I32      int32                                `json:"i32"`
	I64      int64                                `json:"i64"`
	U32      uint32                               `json:"u32"`
	F        float64                              `json:"f"`
	F32      float32                              `json:"f32"`
	PI       *int64                               `json:"pi,omitempty"`
	PS       *string                              `json:"ps,omitempty"`
	P        *part                                `json:"p,omitempty"`
	V        part                                 `json:"v"`
	L        []part                               `json:"l,omitempty"`
	LP       []*part                              `json:"lp,omitempty"`
	LS       []string                             `json:"ls,omitempty"`
	LL       [][]string                           `json:"ll,omitempty"`
	M        map[string]string                    `json:"m,omitempty"`
	MV       map[string]part                      `json:"mv,omitempty"`
	MP       map[string]*part                     `json:"mp,omitempty"`
	MB       map[string][]byte                    `json:"mb,omitempty"`
	MM       map[string]map[string]string         `json:"mm,omitempty"`
	Colors   map[color]color                      `json:"colors,omitempty"`
	By       []byte                               `json:"by,omitempty"`
	RL       map[string]resource.Quantity         `json:"rl,omitempty"`
	T        metav1.Time                          `json:"t"`
	TP       *metav1.Time                         `json:"tp,omitempty"`
	MT       metav1.MicroTime                     `json:"mt"`
	MTP      *metav1.MicroTime                    `json:"mtp,omitempty"`
	D        metav1.Duration                      `json:"d"`
	Q        resource.Quantity                    `json:"q"`
	QP       *resource.Quantity                   `json:"qp,omitempty"`
	IS       intstr.IntOrString                   `json:"is"`
	ISP      *intstr.IntOrString                  `json:"isp,omitempty"`
	Raw      runtime.RawExtension                 `json:"raw"`
	RawP     *runtime.RawExtension                `json:"rawp,omitempty"`
	Fields   *metav1.FieldsV1                     `json:"fields,omitempty"`
	Selector *metav1.LabelSelector                `json:"selector,omitempty"`
	U        *unstructured.Unstructured           `json:"u,omitempty"`
	Partial  metav1.PartialObjectMetadata         `json:"partial"`
	IsMap    map[string]intstr.IntOrString        `json:"isMap,omitempty"`
	Self     *widget                              `json:"self,omitempty"`
	Children []widget                             `json:"children,omitempty"`
	Meta     map[string]metav1.ManagedFieldsEntry `json:"meta,omitempty"`
	Untagged string
	Skipped  func() `json:"-"`
}

// open is one with an any.
type open struct {
	part
	Any any            `json:"any"`
	L   []any          `json:"l"`
	M   map[string]any `json:"m"`
	P   *any           `json:"p"`
	S   string         `json:"s"`
}

// Open is open without what is not exported.
type Open struct {
	Any any                       `json:"any"`
	L   []any                     `json:"l"`
	M   map[string]any            `json:"m"`
	MM  map[string]map[string]any `json:"mm"`
	S   string                    `json:"s"`
}

// documents is JSON that decoders have differed in, for widget and Open.
var documents = func() []string {
	docs := []string{
		`null`, `[]`, `5`, `""`, ``, ` {} `, `{} {}`, `{`, `{"s":"x"`, `{"s":"x",}`, `{"l":[{},]}`, `{,}`, "\ufeff{}", `{"s" "x"}`, `{s:"x"}`, `{"s":tru}`, `{"b":tru}`,
		`{"apiVersion":"v1","kind":"Widget","metadata":{"name":"a","namespace":"b","labels":{"x":"y"},"creationTimestamp":"2026-01-01T00:00:00Z","managedFields":[{"manager":"m","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:metadata":{"f:name":{}}}}]},"s":"x"}`,
		`{"metadata":{"creationTimestamp":null,"annotations":{"a":null},"ownerReferences":[null],"finalizers":null,"deletionGracePeriodSeconds":3}}`,
		`{"S":"x"}`, `{"untagged":"x"}`, `{"Untagged":"x"}`, `{"UNTAGGED":"x"}`, `{"Metadata":{"name":"a"}}`, `{"KIND":"x"}`, `{"metadata":{"Name":"a"}}`, `{"s":"x","S":"y"}`, `{"\u0073":"x"}`, `{"Skipped":1,"-":3}`,
		`{"mode":"x","count":5}`, `{"mode":null}`, `{"count":null}`, `{"Shared":{"mode":"x"}}`,
		`{"m":{"` + "\xff" + `":"a","` + "\xfe" + `":"b"}}`, `{"` + "\xff" + `":1}`, `{"unknown":{"a":[1,{"b":null}],"c":"\ud800","d":1e400}}`, `{"unknown":{"a":1,"a":2}}`, `{"unknown":tru}`, `{"unknown":01}`, `{"unknown":"` + "\x01" + `"}`,
		`{"metadata":{"name":"a"},"metadata":{"namespace":"b"}}`, `{"raw":{"a":1,"a":2}}`, `{"any":{"a":{"x":1},"a":{"y":1}}}`, `{"mm":{"a":{"x":"1"}},"mm":{"a":{"y":"1"}}}`, `{"l":[{"a":"x","n":1}],"l":[{"n":2},{"n":3}]}`, `{"ls":["a","b"],"ls":[null,null]}`, `{"mv":{"k":{"a":"x"},"k":{"n":2}}}`, `{"v":{"a":"x"},"v":null}`,
		`{"l":[null],"lp":[null],"ls":[null],"ll":[null,[null]],"m":{"a":null},"mv":{"a":null},"mp":{"a":null},"mb":{"a":null},"mm":{"a":null},"rl":{"a":null},"isMap":{"a":null},"children":[null],"meta":{"a":null},"colors":{"red":null}}`,
		`{"l":[],"lp":[],"ls":[],"m":{},"mv":{},"mb":{},"by":"","rl":{},"children":[],"p":{},"self":{},"partial":{},"u":{}}`,
		`{"self":{"self":{"children":[{"s":"x","l":[{"a":"y"}]},{"self":null}]}}}`, `{"mm":{"a":{"b":"c"},"d":{}}}`, `{"partial":{"kind":"x","metadata":{"name":"y"},"spec":1}}`, `{"u":{"kind":"x","apiVersion":"v1","a":[1,1.5]}}`, `{"selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]}}`,
		`{"any":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990) + `}`,
	}
	for _, depth := range []int{9997, 9998, 9999, 10_000, 10_001} {
		docs = append(docs, `{"unknown":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`, `{"raw":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`)
	}
	values := []string{
		`null`, `true`, `false`, `"true"`, `[]`, `{}`, `[null]`, `{"a":null}`, `[[]]`, `[{}]`, `{"a":{}}`, `{"a":{"b":1,"b":2}}`, `[1,2]`, `["x"]`, `{"a":"x"}`, `{"a":"x","n":5}`, `{"A":"x","N":5}`, `{"a": 1 }`, `{"a":[ 1 , 2.5 , {"b":9007199254740993} ]}`, `[{"a":"x","n":1},{"n":2}]`, `tru`, `nul`, ``, `]`,
		`0`, `-0`, `1`, `-1`, `127`, `128`, `255`, `-128`, `2147483647`, `2147483648`, `4294967296`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `123456789012345678901234567890`, `1.0`, `1.5`, `0.1`, `1e2`, `1E5`, `1e39`, `1e400`, `-1e400`, `-0.0`, `1e-400`, `01`, `+1`, `.5`, `1.`, `1e`, `1e5 `,
		`"x"`, `""`, `"1"`, `"5.0"`, `" 5"`, `"a\u0041"`, `"\ud800"`, `"\ud800\udc00"`, `"\ud800x"`, `"\x"`, "\"a\nb\"", "\"\x00\"", "\"\xff\"", "\"\xed\xa0\x80\"", `"\/\b\f"`, `"ü"`, `"\u0000"`, `"<&>\u2028"`,
		`"2026-01-01T00:00:00Z"`, `"2026-01-01T00:00:00.123Z"`, `"2026-01-01T00:00:00+02:00"`, `"2026-01-01t00:00:00z"`, `"2026-02-31T00:00:00Z"`, `"2026-01-01T24:00:00Z"`, `"2026-01-01T23:59:60Z"`, `"2026-01-01T0:00:00Z"`, `"2026-01-01T00:00:00,5Z"`, `"2026\u002d01-01T00:00:00Z"`, `"2026-01-01T00:00:00.000001Z"`, `"0000-01-01T00:00:00Z"`, `"1h"`, `"1s"`, `"1 s"`,
		`"100m"`, `"1e3"`, `" 1 "`, `"1Ki"`, `"\u0031"`, `"99999999999999999999999"`, `"+1"`, `"0.5"`,
		`"YQ=="`, `"YQ"`, `"YQ=\n="`, `"Y Q=="`, `"-_=="`, `"YR=="`, `"YQ==\r\n"`, `"\u0059Q=="`, `"AAAA"`, `{"f:a":{ }}`, `{"matchLabels":{"a":"b"}}`, `{"metadata":{"name":"n","labels":null}}`, `{"kind":"x"}`,
	}
	for _, of := range []any{widget{}, Open{}} {
		for _, name := range fieldsOf(reflect.TypeOf(of)) {
			for _, v := range values {
				docs = append(docs, `{"`+name+`":`+v+`}`)
			}
			for _, v := range []string{`null`, `"x"`, `5`, `{"b":"y"}`, `[{"n":3}]`} {
				docs = append(docs, `{"`+name+`":{"a":"x"},"`+name+`":`+v+`}`, `{"`+name+`":[{"a":"x"},{"n":1}],"`+name+`":`+v+`}`, `{"`+name+`":1,"`+name+`":`+v+`}`)
			}
		}
	}
	return docs
}()

// fieldsOf are the names of t's fields in JSON.
func fieldsOf(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// compare decodes doc with decode, and as the definition does.
func compare(t *testing.T, made reflect.Type, decode func([]byte) (any, error), doc string) {
	t.Helper()
	want := reflect.New(made).Interface()
	wantErr := json.Unmarshal([]byte(doc), want)
	got, err := decode([]byte(doc))
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%v of %.300q: %v, by definition %v", made, doc, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) { // as cmp takes hours for what is nested
		t.Fatalf("%v of %.300q:\n%+v, by definition\n%+v", made, doc, got, want)
	}
}

// decoderOf is a Decoder for objects of the type made.
func decoderOf(made reflect.Type) func([]byte) (any, error) {
	return Decoder(made, func() any { return reflect.New(made).Interface() })
}

var (
	widgetType  = reflect.TypeFor[widget]()
	openType    = reflect.TypeFor[Open]()
	partialType = reflect.TypeFor[metav1.PartialObjectMetadata]()
)

// Whatever comes, a Decoder makes of it what the definition makes of it.
func TestObjectsAreThoseOfTheDefinition(t *testing.T) {
	for _, made := range []reflect.Type{widgetType, openType, partialType, reflect.TypeFor[open]()} {
		decode := decoderOf(made)
		for _, doc := range documents {
			compare(t, made, decode, doc)
		}
	}
}

// What an API server sends is left to json/v2, or it would be of no use.
func TestWhatIsCommonIsDecodedByTheFasterOne(t *testing.T) {
	for _, made := range []reflect.Type{widgetType, openType, partialType} {
		took, of := 0, 0
		for _, doc := range documents {
			if json.Unmarshal([]byte(doc), reflect.New(made).Interface()) == nil {
				of++
				if accept([]byte(doc), reflect.New(made).Interface(), withAny) {
					took++
				}
			}
		}
		t.Logf("%v: json/v2 took %d of %d documents, of %d", made, took, of, len(documents))
		if took < of*9/10 {
			t.Errorf("%v: json/v2 took %d of the %d documents that the definition takes", made, took, of)
		}
	}
	const common = `{"apiVersion":"v1","kind":"Widget","metadata":{"name":"a","labels":{"a":"ü\n"},"creationTimestamp":null},"s":"x","mode":"m","is":5,"isMap":{"a":"b"},"q":"1","t":"2026-01-01T00:00:00Z","raw":{"a":1},"by":"YQ==","unknown":{"a":[1]}}`
	if !accept([]byte(common), new(widget), plainly) {
		t.Errorf("json/v2 refuses %s", common)
	}
}

// An object that is not empty when it is made keeps what null and missing fields leave.
func TestWhatIsThereAlreadyIsTreatedAsByTheDefinition(t *testing.T) {
	fresh := func() any {
		return &widget{S: "s", L: []part{{A: "a", N: 1}, {A: "b"}}, M: map[string]string{"a": "b"}, MV: map[string]part{"a": {A: "x", N: 7}}, MP: map[string]*part{"a": {A: "x"}}, P: &part{A: "p", N: 2}, V: part{N: 3}, LP: []*part{{A: "x"}}, By: []byte("abc"), T: metav1.Unix(1, 0), IS: intstr.FromInt32(4), Shared: &Shared{Mode: "m"}}
	}
	decode := Decoder(widgetType, fresh)
	for _, doc := range documents {
		want := fresh()
		wantErr := json.Unmarshal([]byte(doc), want)
		got, err := decode([]byte(doc))
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%.300q:\n%+v, %v, by definition\n%+v, %v", doc, got, err, want, wantErr)
		}
	}
}

// The bytes of an object are used again for the next one.
func TestAnObjectHoldsNothingOfItsBytes(t *testing.T) {
	for _, made := range []reflect.Type{widgetType, openType, partialType} {
		decode := decoderOf(made)
		for _, doc := range documents {
			want := reflect.New(made).Interface()
			if json.Unmarshal([]byte(doc), want) != nil {
				continue
			}
			raw := []byte(doc)
			got, err := decode(raw)
			for i := range raw {
				raw[i] = '#'
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%v of %.300q:\n%+v, %v, by definition\n%+v", made, doc, got, err, want)
			}
		}
	}
}

// What fresh makes may be of another type than the one that was looked at.
func TestAnObjectOfAnotherTypeIsDecodedByTheDefinition(t *testing.T) {
	decode := Decoder(widgetType, func() any { return new(Sub) })
	got, err := decode([]byte(`{"x":"a"}`))
	if err != nil || !reflect.DeepEqual(got, &Sub{X: "a"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzDecoder is the comparison with documents of the fuzzer's.
func FuzzDecoder(f *testing.F) {
	for i, doc := range documents {
		if i%20 == 0 && len(doc) < 1000 {
			f.Add([]byte(doc))
		}
	}
	types := []reflect.Type{widgetType, openType, partialType}
	var decoders []func([]byte) (any, error)
	for _, made := range types {
		decoders = append(decoders, decoderOf(made))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for i, made := range types {
			compare(t, made, decoders[i], string(doc))
		}
	})
}
