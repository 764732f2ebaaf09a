package httpsource

import (
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/json"
)

// objectsOfAllSorts is JSON that decoders have differed in.
var objectsOfAllSorts = []string{
	`{}`, `{"a":{}}`, `{"a":[]}`, ` { "a" : [ 1 , null , true , false ] } `, `{"a":1,"a":2}`, `{"a":{"b":1},"a":{"c":2}}`, `{"a":null}`, `{"":""}`,
	`{"n":0}`, `{"n":-0}`, `{"n":-1}`, `{"n":01}`, `{"n":1.0}`, `{"n":1e3}`, `{"n":1E+3}`, `{"n":1e400}`, `{"n":-}`, `{"n":1.}`, `{"n":.5}`, `{"n":+1}`,
	`{"n":999999999999999999}`, `{"n":9223372036854775807}`, `{"n":9223372036854775808}`, `{"n":-9223372036854775808}`, `{"n":18446744073709551615}`, `{"n":0.1}`, `{"n":1-1}`, `{"n":00}`, `{"n":-01}`, `{"n":1e}`,
	`{"s":"\u0041\n\"\\\/"}`, `{"s":"\ud83d\ude00"}`, `{"s":"\ud83d"}`, "{\"s\":\"\xff\"}", "{\"\xff\":1}", `{"\u0061":1,"a":2}`, "{\"s\":\"\x01\"}", `{"s":"ü"}`, `{"s":"\x"}`, `{"s":"\`, `{"s":"`,
	`{"a":tru}`, `{"a":nulll}`, `{"a" 1}`, `{"a":}`, `{,}`, `{"a":1,}`, `{"a":[1,]}`, `{"a":[,]}`, `{a:1}`, `{"a":1}x`, `{"a":1}{}`, `[]`, `7`, `"a"`, `null`, ``, ` `, `{`, `{"a":[`, `{"a":{"b"`, `{"a":[1}`, `{"a":{1]}`,
	`{"` + strings.Repeat("k", 65) + `":1}`, `{"a":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + `}`, `{"a":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + `}`, `{"a":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`,
}

// compareUnstructured compares our decoder with apimachinery's, whose behaviour is
// the definition.
func compareUnstructured(t *testing.T, decode func([]byte) (map[string]any, error), raw []byte) {
	t.Helper()
	want := make(map[string]any)
	wantErr := json.Unmarshal(raw, &want)
	got, err := decode(raw)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%.200q: %v, apimachinery says %v", raw, err, wantErr)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(want, got) { // as cmp takes hours for what is nested
		t.Fatalf("%.200q is %.500v, apimachinery says %.500v", raw, got, want)
	}
}

func decodeMap() func(raw []byte) (map[string]any, error) {
	decode := unstructuredDecoder()
	return func(raw []byte) (map[string]any, error) {
		u, err := decode(raw)
		return u.Object, err
	}
}

// W2: unstructured objects are those of apimachinery's decoder, and what it refuses
// is refused.
func TestUnstructuredObjectsAreThoseOfApimachinery(t *testing.T) {
	decode := decodeMap()
	for range 2 { // the second time with keys that are known
		for _, raw := range objectsOfAllSorts {
			compareUnstructured(t, decode, []byte(raw))
		}
	}
}

// A walker by itself says nothing of what it leaves to the other decoder; it must
// take what is common, as it would be of no use otherwise.
func TestAWalkerTakesWhatIsCommon(t *testing.T) {
	var w walker
	for _, raw := range []string{`{"a":[1,null,true,{"b":"ü"}],"c":-5,"d":1.5,"e":"\n"}`, `{}`} {
		if _, err := w.object([]byte(raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// FuzzUnstructured is the comparison with bytes of the fuzzer's.
func FuzzUnstructured(f *testing.F) {
	for _, raw := range objectsOfAllSorts {
		f.Add([]byte(raw))
	}
	f.Add([]byte(widgetLists["kind first"]))
	decode := decodeMap()
	f.Fuzz(func(t *testing.T, raw []byte) { compareUnstructured(t, decode, raw) })
}
