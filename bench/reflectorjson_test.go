package bench

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/informant-go/informant/internal/kubejson"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

// jsonDecoder is kubejson's decoder for objects of the type made, a struct.
func jsonDecoder(made reflect.Type) func([]byte) (any, error) {
	return kubejson.Decoder(made, func() any { return reflect.New(made).Interface() })
}

// compareJSON compares what decode makes of doc with what apimachinery's decoder makes
// of it. It reports whether that takes it.
func compareJSON(t *testing.T, made reflect.Type, decode func([]byte) (any, error), doc []byte) bool {
	t.Helper()
	want := reflect.New(made).Interface()
	wantErr := kjson.Unmarshal(doc, want)
	got, err := decode(doc)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%v of %s: %v, apimachinery says %v", made, doc, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%v of %s:\n%+v, apimachinery says\n%+v", made, doc, got, want)
	}
	return err == nil
}

// kinds are the types of all kinds that client-go knows, by kind.
func kinds() map[schema.GroupVersionKind]reflect.Type { return scheme.Scheme.AllKnownTypes() }

// Each kind of Kubernetes is decoded by the faster decoder, but those that decode
// themselves.
func TestTheKindsOfKubernetesArePlain(t *testing.T) {
	for kind, made := range kinds() {
		if err := kubejson.Plain(made); err != nil && kind.Kind != "WatchEvent" {
			t.Errorf("%v: %v", kind, err)
		}
	}
}

// Objects of every kind, filled at random and with an oddity here and there, are
// those that apimachinery's decoder makes of their JSON.
func TestObjectsOfEveryKindAreThoseOfApimachinery(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	all := kinds()
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	docs, taken := 0, 0
	for _, kind := range sorted {
		decode := jsonDecoder(all[kind])
		for i := range max(4, *mutations/100) {
			doc := madeUp{Rand: r, odd: i % 2 * 5}.object(all[kind], 0)
			docs++
			if compareJSON(t, all[kind], decode, []byte(doc)) {
				taken++
			}
		}
	}
	if t.Logf("%d kinds, %d documents, %d taken", len(all), docs, taken); taken < docs/2 {
		t.Errorf("only %d of %d documents were taken", taken, docs)
	}
}

// madeUp makes JSON for types, with so many oddities in a hundred values.
type madeUp struct {
	*rand.Rand
	odd int
}

var (
	oddities = []string{`null`, `null`, `null`, `5`, `-1`, `1.5`, `"x"`, `""`, `true`, `[]`, `{}`, `[null]`, `{"a":null}`, `"\ud800"`, "\"\xff\"", `"\u0041\n"`, `99999999999999999999`, `1e400`, `-0`, `{"a":1,"a":2}`, `[{"name":"x"},{"name":"x"}]`}
	decoders = map[reflect.Type][]string{
		reflect.TypeFor[metav1.Time]():          {`"2026-03-01T08:00:00Z"`, `"2026-03-01T08:00:00.5Z"`, `"2026-03-01T08:00:00+02:00"`, `null`},
		reflect.TypeFor[metav1.MicroTime]():     {`"2026-03-01T08:00:00.000001Z"`, `"2026-03-01T08:00:00Z"`, `null`},
		reflect.TypeFor[metav1.Duration]():      {`"5s"`, `"1h2m"`},
		reflect.TypeFor[resource.Quantity]():    {`"100m"`, `"1Gi"`, `5`, `"0.5"`, `null`},
		reflect.TypeFor[intstr.IntOrString]():   {`80`, `"http"`, `"25%"`},
		reflect.TypeFor[metav1.FieldsV1]():      {`{"f:spec":{"f:x":{},"k:{\"a\":1}":{".":{}}}}`, `{}`},
		reflect.TypeFor[runtime.RawExtension](): {`{"kind":"X","spec":[1, 2.5, null]}`, `5`, `null`},
	}
	unmarshals = reflect.TypeFor[json.Unmarshaler]()
)

func (m madeUp) of(some []string) string { return some[m.IntN(len(some))] }

func (m madeUp) value(t reflect.Type, depth int) string {
	if m.IntN(100) < m.odd {
		return m.of(oddities)
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if some := decoders[t]; some != nil {
		return m.of(some)
	}
	if reflect.PointerTo(t).Implements(unmarshals) {
		return m.of(oddities)
	}
	switch t.Kind() {
	case reflect.Bool:
		return m.of([]string{"true", "false"})
	case reflect.String:
		return m.of([]string{`"a"`, `"Running"`, `"\u0061\"b"`, `"ü"`, `""`})
	case reflect.Float32, reflect.Float64:
		return m.of([]string{"0.5", "1", "-2e3"})
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return m.of([]string{`"YWJj"`, `""`, `"YQ=="`})
		}
		return m.several('[', ']', func() string { return m.value(t.Elem(), depth+1) })
	case reflect.Map:
		return m.several('{', '}', func() string { return strconv.Quote(numbered("k", 2, m.IntN(90))) + ":" + m.value(t.Elem(), depth+1) })
	case reflect.Struct:
		return m.object(t, depth)
	case reflect.Interface:
		return m.of(oddities)
	}
	return strconv.Itoa(m.IntN(100))
}

func (m madeUp) several(open, end byte, one func() string) string {
	parts := make([]string, m.IntN(3))
	for i := range parts {
		parts[i] = one()
	}
	return string(open) + strings.Join(parts, ", ") + string(end)
}

func (m madeUp) object(t reflect.Type, depth int) string {
	return "{" + strings.Join(m.fields(t, depth), ",") + "}"
}

func (m madeUp) fields(t reflect.Type, depth int) (parts []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			parts = append(parts, m.fields(embedded, depth)...)
		case depth < 12 && m.IntN(2+depth) < 2:
			if m.IntN(200) < m.odd {
				name = strings.ToUpper(name)
			}
			parts = append(parts, strconv.Quote(name)+":"+m.value(f.Type, depth+1))
			if m.IntN(400) < m.odd {
				parts = append(parts, strconv.Quote(name)+":"+m.value(f.Type, depth+1))
			}
		}
	}
	if m.IntN(20) < m.odd {
		parts = append(parts, `"unknown":`+m.of(oddities))
	}
	return parts
}

// Pods whose JSON is changed at random are those of apimachinery's decoder, and what
// that refuses is refused.
func TestMutatedJSONGivesTheObjectsOfApimachinery(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	made := reflect.TypeFor[corev1.Pod]()
	decode := jsonDecoder(made)
	good := jsonOf(t, fullPod(7))
	taken := 0
	for range *mutations {
		doc := bytes.Clone(good)
		for range 1 + r.IntN(3) {
			at := r.IntN(len(doc))
			switch r.IntN(3) {
			case 0:
				doc[at] = "{}[],:\"\\ \x00\xff0.e-+nt"[r.IntN(18)]
			case 1:
				doc = slices.Insert(doc, at, []byte(oddities[r.IntN(len(oddities))])...)
			default:
				doc = slices.Delete(doc, at, min(len(doc), at+1+r.IntN(8)))
			}
		}
		if compareJSON(t, made, decode, doc) {
			taken++
		}
	}
	t.Logf("%d of %d mutated pods were taken", taken, *mutations)
}

func jsonOf(tb testing.TB, obj any) []byte {
	tb.Helper()
	raw, err := json.Marshal(obj)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// FuzzJSON compares both decoders over documents of the fuzzer's, for a Pod, a Node and
// a ConfigMap.
func FuzzJSON(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 1))
	types := []reflect.Type{reflect.TypeFor[corev1.Pod](), reflect.TypeFor[corev1.Node](), reflect.TypeFor[corev1.ConfigMap]()}
	var decoders []func([]byte) (any, error)
	for _, made := range types {
		decoders = append(decoders, jsonDecoder(made))
		for i := range 10 {
			f.Add([]byte(madeUp{Rand: r, odd: i}.object(made, 2)))
		}
	}
	f.Add(jsonOf(f, fullPod(1)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for i, made := range types {
			compareJSON(t, made, decoders[i], doc)
		}
	})
}

// podsOfSizes are pods as clusters have them, of about 0.3, 2 and 10 KB.
//
//go:embed testdata/pod-*.json
var podsOfSizes embed.FS

// BenchmarkDecodeJSON decodes one pod from JSON: with apimachinery's decoder, as
// client-go does, and with ours.
func BenchmarkDecodeJSON(b *testing.B) {
	made := reflect.TypeFor[corev1.Pod]()
	fresh := func() *corev1.Pod { return new(corev1.Pod) }
	decoders := []Engine[func([]byte) (*corev1.Pod, error)]{
		{Name: Informant, New: func(testing.TB) func([]byte) (*corev1.Pod, error) { return kubejson.Decoder(made, fresh) }},
		{Name: ClientGo, New: func(testing.TB) func([]byte) (*corev1.Pod, error) {
			return func(raw []byte) (*corev1.Pod, error) {
				pod := fresh()
				return pod, kjson.Unmarshal(raw, pod)
			}
		}},
	}
	var cases []Case[func([]byte) (*corev1.Pod, error)]
	for _, size := range []string{"0.3KB", "2KB", "10KB"} {
		raw, err := podsOfSizes.ReadFile("testdata/pod-" + size + ".json")
		if err != nil {
			b.Fatal(err)
		}
		cases = append(cases, Case[func([]byte) (*corev1.Pod, error)]{Name: size, Run: func(b *testing.B, decode func([]byte) (*corev1.Pod, error)) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if pod, err := decode(raw); err != nil || pod.Name == "" {
					b.Fatal(pod.Name, err)
				}
			}
		}})
	}
	Run(b, decoders, cases)
}
