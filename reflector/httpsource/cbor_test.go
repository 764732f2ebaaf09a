package httpsource

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/watch"
)

// Gadget is a typed custom resource, with fields of all sorts.
type Gadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Size     int                     `json:"size,omitempty"`
	Ratio    float64                 `json:"ratio,omitempty"`
	Data     []byte                  `json:"data,omitempty"`
	On       *bool                   `json:"on,omitempty"`
	At       *metav1.MicroTime       `json:"at,omitempty"`
	Limit    *resource.Quantity      `json:"limit,omitempty"`
	Port     *intstr.IntOrString     `json:"port,omitempty"`
	Extra    apiruntime.RawExtension `json:"extra,omitzero"`
	Children []Gadget                `json:"children,omitempty"`
}

func (g *Gadget) DeepCopyObject() apiruntime.Object {
	copied := *g
	g.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

func cborHeader() http.Header { return http.Header{"Content-Type": {"application/cbor-seq"}} }

// cborOf is v as a server writes what is inside of an answer.
func cborOf(v any) []byte {
	raw, err := direct.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// described is obj as a server writes an answer.
func described(obj apiruntime.Object) []byte {
	var b bytes.Buffer
	if err := cbor.NewSerializer(nil, nil).Encode(obj, &b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// joined is a map of the pairs in their order.
func joined(pairs ...[]byte) []byte {
	return append([]byte{cborMap<<5 | byte(len(pairs)/2)}, bytes.Join(pairs, nil)...)
}

// indefinite is joined without a word on how many there are.
func indefinite(pairs ...[]byte) []byte {
	return append(append([]byte{cborMap<<5 | 31}, bytes.Join(pairs, nil)...), cborBreak)
}

// cborFrame is an event, with its fields in the order in which half of them come.
func cborFrame(kind string, object []byte) []byte {
	return append([]byte(selfDescribed), joined(cborOf("type"), cborOf(kind), cborOf("object"), object)...)
}

// namedGadget is a gadget as of a version.
func namedGadget(name, version string) *Gadget {
	return &Gadget{TypeMeta: metav1.TypeMeta{Kind: "Gadget", APIVersion: "example.org/v1"}, ObjectMeta: metadataOf(name, version), Size: 3}
}

func gadgetFrame(kind, name, version string) []byte {
	return cborFrame(kind, described(namedGadget(name, version)))
}

// fullGadget has something in each field.
func fullGadget() *Gadget {
	on, limit, port := true, resource.MustParse("1500m"), intstr.FromString("http")
	at := metav1.NewMicroTime(metav1.Unix(1700000000, 123456000).Time)
	g := namedGadget("a", "1")
	g.CreationTimestamp = metav1.Unix(1700000000, 0)
	g.Labels = map[string]string{"app": "shop", "": "empty", "ü": "wide"}
	g.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:a":{"f:b":{}}}`)}}
	g.Size, g.Ratio, g.Data, g.On, g.At, g.Limit, g.Port = -70000, 0.1, []byte("\x00\xffbytes"), &on, &at, &limit, &port
	g.Extra = apiruntime.RawExtension{Raw: []byte(`{"a":[1,0.5,null,true,"x"]}`)}
	g.Children = []Gadget{{Size: math.MaxInt32}, {Ratio: 2.5}}
	return g
}

// sourceOf is the source of a server that answers with body in CBOR.
func sourceOf[T Object](t testing.TB, body io.Reader, change func(*Config[T])) *Source[T] {
	t.Helper()
	config := Config[T]{Client: answering(200, cborHeader(), body), BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "gadgets", CBOR: true}
	if change != nil {
		change(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// watchOf opens a watch whose body is r.
func watchOf[T Object](t testing.TB, r io.Reader, change func(*Config[T])) reflector.Stream[T] {
	t.Helper()
	s, err := sourceOf(t, r, change).Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func decoders[T Object](n int) func(*Config[T]) {
	return func(c *Config[T]) { c.Decoders = n }
}

// viaJSON is obj as it comes out of JSON, without its kind if bare.
func viaJSON[T any](t testing.TB, obj any, bare bool) *T {
	t.Helper()
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	into := new(T)
	if err := kjson.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
	if g, ok := any(into).(*Gadget); ok && bare {
		g.TypeMeta = metav1.TypeMeta{}
	}
	return into
}

// W2: the objects of a watch are those that come of the same objects in JSON, typed and
// not, in whatever pieces and order the parts of an event come.
func TestFramesOfCBORAreDecodedWhereverTheyAreCut(t *testing.T) {
	full := fullGadget()
	end := &metav1.PartialObjectMetadata{TypeMeta: full.TypeMeta, ObjectMeta: metav1.ObjectMeta{ResourceVersion: "5", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}}
	body := bytes.Join([][]byte{
		cborFrame("ADDED", described(full)),
		append([]byte(selfDescribed), joined(cborOf("object"), described(full), cborOf("type"), cborOf("MODIFIED"))...),
		indefinite(cborOf("more"), cborOf([]int{1}), cborOf("object"), cborOf(full), []byte("\x7f\x62ty\x62pe\xff"), []byte("\x67DELETED")),
		cborFrame("BOOKMARK", described(end)),
		gadgetFrame("ADDED", "b", "6"),
	}, nil)
	for i := range 20 {
		body = append(body, gadgetFrame("MODIFIED", "b", fmt.Sprint(7+i))...)
	}
	eachWay(t, body, func(t *testing.T, body io.Reader, n int) {
		typed := viaJSON[Gadget](t, full, true)
		want := []reflector.Event[*Gadget]{
			{Type: watch.Added, ResourceVersion: "1", Object: typed},
			{Type: watch.Modified, ResourceVersion: "1", Object: typed},
			{Type: watch.Deleted, ResourceVersion: "1", Object: typed},
			{Type: watch.Bookmark, ResourceVersion: "5", InitialEventsEnd: true},
			{Type: watch.Added, ResourceVersion: "6", Object: viaJSON[Gadget](t, namedGadget("b", "6"), true)},
		}
		for i := range 20 {
			version := fmt.Sprint(7 + i)
			want = append(want, reflector.Event[*Gadget]{Type: watch.Modified, ResourceVersion: version, Object: viaJSON[Gadget](t, namedGadget("b", version), true)})
		}
		brings(t, watchOf(t, body, decoders[*Gadget](n)), want)
	})
	eachWay(t, body, func(t *testing.T, body io.Reader, n int) {
		s := watchOf(t, body, decoders[*unstructured.Unstructured](n))
		for range 3 {
			e, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*viaJSON[map[string]any](t, full, false), e.Object.Object); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// cborLists are the same list in orders in which servers write it.
func cborLists(items ...[]byte) map[string][]byte {
	array := append([]byte{cborArray<<5 | byte(len(items))}, bytes.Join(items, nil)...)
	kind, version := [][]byte{cborOf("kind"), cborOf("GadgetList")}, [][]byte{cborOf("apiVersion"), cborOf("example.org/v1")}
	three := int64(3)
	meta := [][]byte{cborOf("metadata"), cborOf(&metav1.ListMeta{ResourceVersion: "9", Continue: "x", RemainingItemCount: &three})}
	in := func(pairs ...[][]byte) (all [][]byte) {
		for _, p := range pairs {
			all = append(all, p...)
		}
		return all
	}
	return map[string][]byte{
		"kind first": append([]byte(selfDescribed), joined(in(kind, version, meta, [][]byte{cborOf("items"), array})...)...),
		"kind last":  append([]byte(selfDescribed), joined(in([][]byte{cborOf("items"), array}, meta, version, [][]byte{cborOf("other"), cborOf("x")}, kind)...)...),
		"endless":    indefinite(in(kind, [][]byte{cborOf("items"), append(append([]byte{cborArray<<5 | 31}, bytes.Join(items, nil)...), cborBreak)}, version, meta)...),
	}
}

// W2: a list is decoded whatever the order of its fields and however it arrives.
func TestAListInCBORIsDecodedWhateverTheOrderOfItsFields(t *testing.T) {
	full, three := fullGadget(), int64(3)
	for name, list := range cborLists(cborOf(full), cborOf(namedGadget("b", "2"))) {
		t.Run(name, func(t *testing.T) {
			eachWay(t, list, func(t *testing.T, body io.Reader, n int) {
				items, refused, meta, err := collect(sourceOf(t, body, decoders[*Gadget](n)))
				if err != nil || len(refused) > 0 {
					t.Fatal(refused, err)
				}
				want := []*Gadget{viaJSON[Gadget](t, full, false), viaJSON[Gadget](t, namedGadget("b", "2"), false)}
				if diff := cmp.Diff(want, items); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(metav1.ListMeta{ResourceVersion: "9", Continue: "x", RemainingItemCount: &three}, meta); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	bare := namedGadget("a", "1")
	bare.TypeMeta = metav1.TypeMeta{}
	for name, list := range cborLists(cborOf(bare)) {
		t.Run("items without a kind, "+name, func(t *testing.T) {
			eachWay(t, list, func(t *testing.T, body io.Reader, n int) {
				items, refused, _, err := collect(sourceOf(t, body, decoders[*unstructured.Unstructured](n)))
				if err != nil || len(refused) > 0 || len(items) != 1 || items[0].GetKind() != "Gadget" || items[0].GetAPIVersion() != "example.org/v1" {
					t.Errorf("%v, %v, %v", items, refused, err)
				}
			})
		})
	}
}

// W2: what client-go's decoder makes of a value, ours makes as well, and refuses what
// that refuses.
func TestValuesOfCBORAreThoseOfApimachinery(t *testing.T) {
	for _, value := range []string{
		"00", "17", "1818", "1903e8", "1a000f4240", "1b7fffffffffffffff", "1b8000000000000000", "20", "3863", "3b7fffffffffffffff", "3b8000000000000000",
		"f4", "f5", "f6", "f7", "e0", "f820", "f818", "f90000", "f98000", "f93c00", "f93800", "f97bff", "f90001", "f903ff", "f90400", "f97c00", "f97e00", "fac7c35000", "fa7f800000", "fb3ff199999999999a", "fb7ff8000000000000",
		"40", "43616263", "43ff00fe", "5f416141ffff", "60", "63616263", "62c3bc", "61ff", "7f61616162ff", "d64401020304", "d5420102", "d7420102", "d66161", "d68142ffff", "d603",
		"c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "c249010000000000000000", "d9d9f701", "d9d9f7d9d9f701", "c9d9d9f701", "d86401",
		"80", "83010203", "9f0102ff", "818181a0", "a0", "a14161f6", "bf4161014162f6ff", "a26161016161f5", "a1f601", "a10102", "a1d640f6", "a1c0616101",
		strings.Repeat("81", 1500) + "80", strings.Repeat("81", 10005) + "80", strings.Repeat("a14161", 1500) + "f6",
	} {
		raw, err := hex.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		checkValue(t, raw)
	}
}

// checkValue decodes an object with the value raw, beside apimachinery.
func checkValue(t *testing.T, raw []byte) {
	t.Helper()
	for _, tag := range []string{"", selfDescribed} {
		doc := append([]byte(tag), joined(cborOf("kind"), cborOf("X"), cborOf("apiVersion"), cborOf("v1"), cborOf("value"), raw)...)
		var want unstructured.Unstructured
		_, _, fails := cbor.NewSerializer(nil, nil).Decode(doc, nil, &want)
		got, err := unstructuredCBORDecoder()(doc)
		if (err != nil) != (fails != nil) {
			t.Errorf("%.50x: %v, apimachinery says %v", raw, err, fails)
		}
		if err == nil && !reflect.DeepEqual(want.Object, got.Object) { // what is nested deep, cmp compares for ever
			t.Errorf("%.50x: %.500v, apimachinery says %.500v", raw, got.Object, want.Object)
		}
	}
}

// W6: where an item ends is found in one pass, and what it says of its size is not
// believed before that has come.
func TestItemsAreCut(t *testing.T) {
	good := []string{"00", "1bffffffffffffffff", "f6", "f820", "fb3ff199999999999a", "43010203", "5f42010243030405ff", "7fff", "80", "8301820203f4", "9f9f9fffffff", "a201020304", "bfff", "bf01a102bf0304ff05f6ff", "c1c2d9d9f7a101c100", "d87f9f00c101ff"}
	for _, r := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
		var all []byte
		for _, item := range good {
			raw, _ := hex.DecodeString(item)
			all = append(all, raw...)
		}
		s := newSequence(r(bytes.NewReader(all)), 4, 100)
		for _, item := range good {
			raw, err := s.value()
			if got := hex.EncodeToString(raw); err != nil || got != item {
				t.Errorf("got %s, %v; want %s", got, err, item)
			}
		}
		if err := s.await(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		if s.work > 8*len(all) {
			t.Errorf("%d bytes were looked at of %d", s.work, len(all))
		}
	}
	for item, want := range map[string]error{
		"": io.ErrUnexpectedEOF, "18": io.ErrUnexpectedEOF, "4301": io.ErrUnexpectedEOF, "8201": io.ErrUnexpectedEOF, "9f01": io.ErrUnexpectedEOF, "a101": io.ErrUnexpectedEOF, "c1": io.ErrUnexpectedEOF, "1b000000": io.ErrUnexpectedEOF,
		"1c": nil, "1f": nil, "3f": nil, "df": nil, "fc": nil, "ff": nil, "82ff": nil, "a1ff": nil, "c1ff": nil, "9f81ff": nil, "9bffffffffffffffff": nil, "bb7fffffffffffffff": nil, strings.Repeat("81", maxNesting+1): nil, strings.Repeat("9f", maxNesting+1): nil,
	} {
		raw, _ := hex.DecodeString(item)
		for _, cut := range []func(s *sequence) error{func(s *sequence) error { _, err := s.value(); return err }, (*sequence).skip, func(s *sequence) error { _, err := s.skim(); return err }} {
			err := cut(newSequence(bytes.NewReader(raw), 4, 1<<20))
			if want != nil && err != want || want == nil && !errors.As(err, new(*syntaxError)) {
				t.Errorf("%.20s: %v", item, err)
			}
		}
	}
}

// W6: a length takes no memory, and no time, before that much has come.
func TestDeclaredLengthsAreNotBelieved(t *testing.T) {
	for _, huge := range []string{"5b7fffffffffffffff", "5bffffffffffffffff", "7b0000000100000000", "9b3fffffffffffffff", "bb3fffffffffffffff", "9b0000000100000000f6", "5b0000000001000001"} {
		raw, _ := hex.DecodeString(huge)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		body := cborFrame("ADDED", joined(cborOf("metadata"), cborOf(map[string]any{"name": "x", "namespace": "n"}), cborOf("blob"), raw))
		s := watchOf[*Gadget](t, bytes.NewReader(body), nil)
		for range 3 {
			if _, err := s.Next(); err == nil {
				t.Error("it was taken")
			}
		}
		_, refused, _, err := collect(sourceOf[*Gadget](t, bytes.NewReader(append([]byte("\xa1\x45items\x81"), raw...)), nil))
		if err == nil {
			t.Errorf("a list: refused %v, no error", refused)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s: %d bytes were allocated", huge, n)
		}
	}
}

// W3, R4: what cannot be decoded is refused alone, with its key and without its words.
func TestABadObjectInCBORIsRefusedAlone(t *testing.T) {
	good := map[string]any{"name": "x", "namespace": "n", "resourceVersion": "7"}
	with := func(key string, value []byte) []byte {
		return joined(cborOf("kind"), cborOf("Gadget"), cborOf("apiVersion"), cborOf("example.org/v1"), cborOf("metadata"), cborOf(good), cborOf(key), value)
	}
	for name, c := range map[string]struct {
		object []byte
		typed  bool // it is refused of typed objects alone
		says   string

		nameless bool // it has no key
	}{
		"another type":   {object: with("size", cborOf("secret")), typed: true, says: "cbor: cannot unmarshal byte string into Go struct field"},
		"out of range":   {object: with("size", []byte("\x1b\xff\xff\xff\xff\xff\xff\xff\xff")), says: "cbor: cannot unmarshal positive integer into Go"},
		"not a number":   {object: with("ratio", []byte("\xf9\x7e\x00")), says: "malformed CBOR, or a field"},
		"a key twice":    {object: joined(cborOf("metadata"), cborOf(good), cborOf("secret"), cborOf(1), cborOf("secret"), cborOf(2))},
		"no UTF-8":       {object: with("extra", []byte("\x61\xff")), says: "malformed CBOR, or a field"},
		"no quantity":    {object: with("limit", cborOf("secret")), typed: true},
		"no time":        {object: with("at", cborOf("secret")), typed: true},
		"another kind":   {object: cborOf(&metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "Other", APIVersion: "example.org/v1"}, ObjectMeta: metadataOf("x", "7")}), says: "Config.Kind"},
		"no object":      {object: []byte{cborNull}, says: "it is null", nameless: true},
		"a number":       {object: []byte{1}, says: "", nameless: true},
		"a tagged null":  {object: append([]byte(selfDescribed), cborNull), says: "it is null", nameless: true},
		"too large":      {object: with("data", append([]byte{0x59, 8, 0}, make([]byte, 2048)...)), says: "larger than 1000 bytes"},
		"too large, key": {object: joined(append([]byte{0x59, 8, 0}, make([]byte, 2048)...), cborOf(1), cborOf("metadata"), cborOf(good)), says: "larger than 1000 bytes"},
	} {
		key := "n/x"
		if c.nameless {
			key = ""
		}
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 3} {
				change := func(c *Config[*Gadget]) { c.Decoders, c.MaxObjectBytes = n, 1000 }
				body := bytes.Join([][]byte{gadgetFrame("ADDED", "a", "1"), cborFrame("MODIFIED", c.object), gadgetFrame("ADDED", "b", "2")}, nil)
				refusedBetween(t, watchOf(t, bytes.NewReader(body), change), key, c.says)
				for _, list := range cborLists(cborOf(namedGadget("a", "1")), c.object, cborOf(namedGadget("b", "2"))) {
					items, refused, _, err := collect(sourceOf(t, bytes.NewReader(list), change))
					if err != nil || len(items) != 2 || len(refused) != 1 {
						t.Fatalf("%d items, refused %v, %v", len(items), refused, err)
					}
					wasRefused(t, refused[0], key, c.says)
				}
				if !c.typed {
					change := func(c *Config[*unstructured.Unstructured]) { c.Decoders, c.MaxObjectBytes, c.Kind = n, 1000, "Gadget" }
					refusedBetween(t, watchOf(t, bytes.NewReader(body), change), key, "")
				}
			}
		})
	}
}

// refusedBetween checks that a stream has a, something that is refused, and b.
func refusedBetween[T Object](t *testing.T, s reflector.Stream[T], key, says string) {
	t.Helper()
	if e, err := s.Next(); err != nil || e.Object.GetName() != "a" {
		t.Fatalf("%+v, %v", e, err)
	}
	_, err := s.Next()
	wasRefused(t, err, key, says)
	if e, err := s.Next(); err != nil || e.Object.GetName() != "b" {
		t.Errorf("after that: %+v, %v", e, err)
	}
	if _, err := s.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func wasRefused(t *testing.T, err error, key, says string) {
	t.Helper()
	var bad *reflector.DecodeError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	if key != bad.Key || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), says) {
		t.Errorf("key %q, %v; want %q and %q", bad.Key, err, key, says)
	}
}

// R4: frames that are no events are refused alone.
func TestBadFramesOfCBORAreRefusedAlone(t *testing.T) {
	obj := described(namedGadget("x", "7"))
	for name, f := range map[string][]byte{
		"an array":          {0x80},
		"a string":          cborOf("x"),
		"null":              {cborNull},
		"an endless string": []byte("\x5f\x41a\xff"),
		"no type":           joined(cborOf("object"), obj),
		"no object":         joined(cborOf("type"), cborOf("ADDED")),
		"another type":      cborFrame("CHANGED", obj),
		"a type of numbers": joined(cborOf("type"), cborOf(1), cborOf("object"), obj),
		"type twice":        joined(cborOf("type"), cborOf("ADDED"), cborOf("object"), obj, cborOf("type"), cborOf("ADDED")),
		"object twice":      joined(cborOf("object"), obj, cborOf("type"), cborOf("ADDED"), cborOf("object"), obj),
		"keys of numbers":   joined(cborOf(1), cborOf(2)),
		"one such key":      joined(cborOf("type"), cborOf("ADDED"), cborOf(1), cborOf(2), cborOf("object"), obj),
		"an odd field":      joined(cborOf("kind"), []byte("\x61\xff")),
	} {
		t.Run(name, func(t *testing.T) {
			body := bytes.Join([][]byte{gadgetFrame("ADDED", "a", "1"), f, gadgetFrame("ADDED", "b", "2")}, nil)
			s := watchOf[*Gadget](t, bytes.NewReader(body), nil)
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Next(); !isDecodeError(err) {
				t.Errorf("got %v", err)
			}
			if e, err := s.Next(); err != nil || e.Object.Name != "b" {
				t.Errorf("after that: %+v, %v", e, err)
			}
		})
	}
}

// R4, W3: what is no CBOR ends a watch and a list, with an error; so does an early end.
func TestWhatIsNoCBOREndsAnAnswer(t *testing.T) {
	good := gadgetFrame("ADDED", "a", "1")
	for name, c := range map[string]struct {
		rest    []byte
		refused bool
	}{
		"a page":         {[]byte("<html>"), true},
		"a break":        {[]byte{0xff}, true},
		"inside":         {cborFrame("MODIFIED", joined(cborOf("metadata"), cborOf(map[string]any{"name": "x"}), cborOf("blob"), []byte{0x1c})), true},
		"early end":      {good[:len(good)-2], false},
		"a tag alone":    {[]byte(selfDescribed), false},
		"a head cut":     {[]byte{0xb9, 0}, false},
		"nested too far": {cborFrame("ADDED", bytes.Repeat([]byte{0x81}, 20000)), true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 3} {
				s := watchOf(t, bytes.NewReader(append(bytes.Clone(good), c.rest...)), decoders[*Gadget](n))
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
				_, err := s.Next()
				if isDecodeError(err) != c.refused {
					t.Errorf("got %v", err)
				}
				if c.refused {
					_, err = s.Next()
				}
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	for name, list := range cborLists(cborOf(namedGadget("a", "1"))) {
		for cut := range list {
			if _, _, _, err := collect(sourceOf[*Gadget](t, bytes.NewReader(list[:cut]), nil)); err == nil {
				t.Errorf("%s: cut after %d bytes of %d, and no error", name, cut, len(list))
			}
		}
		for _, more := range []string{"\x00", "\xff", "{}"} {
			if _, _, _, err := collect(sourceOf[*Gadget](t, bytes.NewReader(append(bytes.Clone(list), more...)), nil)); err == nil || !strings.Contains(err.Error(), "expected the end") {
				t.Errorf("%s with %q behind it: %v", name, more, err)
			}
		}
	}
}

// W3: what is no list, or another one, is an error that says so.
func TestWhatIsNoListInCBORIsAnError(t *testing.T) {
	of := func(kind, version string) [][]byte {
		return [][]byte{cborOf("kind"), cborOf(kind), cborOf("apiVersion"), cborOf(version)}
	}
	items := [][]byte{cborOf("items"), cborOf([]any{})}
	for want, doc := range map[string][]byte{
		"expected a map":         cborOf([]any{}),
		"neither kind nor items": joined(),
		"OtherList":              joined(append(of("OtherList", "example.org/v1"), items...)...),
		"example.org/v2":         joined(append(of("GadgetList", "example.org/v2"), items...)...),
		"a Table":                joined(append(of("Table", "meta.k8s.io/v1"), items...)...),
		"items twice":            joined(append(append(of("GadgetList", "example.org/v1"), items...), items...)...),
		"an array":               joined(append(of("GadgetList", "example.org/v1"), cborOf("items"), cborOf("x"))...),
		"a key that is a string": joined(append(append(of("GadgetList", "example.org/v1"), items...), cborOf(1), cborOf(2))...),
		"that are strings":       joined(append([][]byte{cborOf("kind"), cborOf(3)}, items...)...),
		"cannot unmarshal":       joined(append(of("GadgetList", "example.org/v1"), cborOf("metadata"), cborOf("x"))...),
	} {
		_, _, _, err := collect(sourceOf[*Gadget](t, bytes.NewReader(doc), nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x: %v; want %q", doc, err, want)
		}
	}
	if items, refused, _, err := collect(sourceOf[*Gadget](t, bytes.NewReader(joined(append(of("GadgetList", "example.org/v1"), cborOf("items"), []byte{cborNull})...)), nil)); err != nil || len(items)+len(refused) > 0 {
		t.Errorf("null items: %v, %v, %v", items, refused, err)
	}
}

// W4: a Status is the error that it is, wherever it stands.
func TestAStatusInCBORIsTheErrorThatItIs(t *testing.T) {
	expired := apierrors.NewResourceExpired("too old").ErrStatus
	expired.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	expired.Details = &metav1.StatusDetails{RetryAfterSeconds: 7}
	raw := described(&expired)
	check := func(name string, err error) {
		t.Helper()
		var status *apierrors.StatusError
		if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) || status.ErrStatus.Details.RetryAfterSeconds != 7 || isDecodeError(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	change := func(c *Config[*Gadget]) { c.Client = answering(http.StatusGone, cborHeader(), bytes.NewReader(raw)) }
	_, _, _, err := collect(sourceOf(t, nil, change))
	check("an answer", err)
	_, _, _, err = collect(sourceOf[*Gadget](t, bytes.NewReader(raw), nil))
	check("a list", err)
	_, err = watchOf[*Gadget](t, bytes.NewReader(raw), nil).Next()
	check("a watch", err)
	_, err = watchOf[*Gadget](t, bytes.NewReader(cborFrame("ERROR", raw)), nil).Next()
	check("an event", err)
	_, err = watchOf[*Gadget](t, bytes.NewReader(cborFrame("ERROR", described(namedGadget("a", "1")))), nil).Next()
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), `"Gadget"`) {
		t.Errorf("an ERROR event with something else: %v", err)
	}
	binary := func(c *Config[*Gadget]) {
		c.Client = answering(http.StatusBadGateway, cborHeader(), strings.NewReader("\xd9\xd9\xf7\x46secret"))
	}
	if _, _, _, err := collect(sourceOf(t, nil, binary)); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "502") {
		t.Errorf("an error that is no Status: %v", err)
	}
}

// W9: CBOR is asked for where that is set and a type has no protobuf, and what comes is
// decoded as what it is, JSON too.
func TestCBORIsAskedForOnlyIfThatIsSet(t *testing.T) {
	for _, c := range []struct {
		got  func() (string, string)
		want string
	}{
		{acceptOf(func(c *Config[*Gadget]) { c.CBOR = true }), "application/cbor,application/json"},
		{acceptOf(func(c *Config[*unstructured.Unstructured]) { c.CBOR = true }), "application/cbor,application/json"},
		{acceptOf(func(c *Config[*Gadget]) {}), "application/json"},
		{acceptOf(func(c *Config[*unstructured.Unstructured]) {}), "application/json"},
		{acceptOf(func(c *Config[*Gizmo]) { c.CBOR = false }), protobufType + ",application/json"},
	} {
		if list, watch := c.got(); list != c.want || watch != c.want {
			t.Errorf("asked for %q and %q, want %q", list, watch, c.want)
		}
	}
	list, watch := acceptOf(func(c *Config[*metav1.PartialObjectMetadata]) { c.CBOR = true })()
	if strings.Contains(list+watch, "cbor") || !strings.HasPrefix(list, protobufType) {
		t.Errorf("metadata is asked for as %q and %q", list, watch)
	}
	change := func(c *Config[*Gadget]) {
		c.Client = answering(200, jsonHeader(), strings.NewReader(`{"kind":"GadgetList","apiVersion":"example.org/v1","items":[{"metadata":{"name":"a"}}]}`))
	}
	if items, _, _, err := collect(sourceOf(t, nil, change)); err != nil || len(items) != 1 {
		t.Errorf("an answer in JSON: %v, %v", items, err)
	}
	unasked := func(c *Config[*Gadget]) { c.CBOR = false }
	if items, _, _, err := collect(sourceOf(t, bytes.NewReader(cborLists(cborOf(namedGadget("a", "1")))["kind last"]), unasked)); err != nil || len(items) != 1 {
		t.Errorf("an answer that was not asked for: %v, %v", items, err)
	}
	undecodable := func(c *Config[*Widget]) { c.CBOR, c.Resource = false, "widgets" }
	if _, _, _, err := collect(sourceOf(t, bytes.NewReader(cborOf("secret")), undecodable)); err == nil || !strings.Contains(err.Error(), "not decoded for this type") || strings.Contains(err.Error(), "secret") {
		t.Errorf("of a type that is not decoded: %v", err)
	}
}

// acceptOf returns what is asked for by a list and by a watch.
func acceptOf[T Object](change func(*Config[T])) func() (list, watch string) {
	return func() (list, watch string) {
		c := Config[T]{BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "gadgets"}
		change(&c)
		s, err := New(c)
		if err != nil {
			return err.Error(), ""
		}
		return s.codec.accept(false, false), s.codec.accept(true, false)
	}
}

// W9: a server that refuses to choose is asked for JSON, and when it answers, from then
// on.
func TestAServerWithoutCBORIsAskedForJSON(t *testing.T) {
	var asked []string
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		accept := r.Header.Get("Accept")
		asked = append(asked, accept)
		code, body := http.StatusNotAcceptable, "only JSON"
		if accept == jsonType {
			code, body = http.StatusOK, `{"kind":"GadgetList","apiVersion":"example.org/v1","items":[]}`
		}
		return &http.Response{StatusCode: code, Header: jsonHeader(), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	s := sourceOf(t, nil, func(c *Config[*Gadget]) { c.Client = client })
	for range 2 {
		if _, _, _, err := collect(s); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"application/cbor,application/json", jsonType, jsonType}; !cmp.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// W1: a Config that asks for what cannot be decoded, or for two things at once, is
// refused.
func TestAConfigThatCannotHaveCBORIsRefused(t *testing.T) {
	config := Config[*Widget]{BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets", CBOR: true}
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "DeepCopyObject") {
		t.Errorf("a type that is no runtime.Object: %v", err)
	}
	config.JSONOnly = true
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "JSONOnly and Config.CBOR") {
		t.Errorf("JSON alone, and CBOR: %v", err)
	}
}

// BenchmarkCBOR decodes an object of a few kilobytes in both encodings.
func BenchmarkCBOR(b *testing.B) {
	full := fullGadget()
	for i := range 30 {
		full.Children = append(full.Children, *namedGadget(fmt.Sprint("child-", i), "1"))
	}
	asJSON, err := json.Marshal(full)
	if err != nil {
		b.Fatal(err)
	}
	asCBOR := cborOf(full)
	typed, anything := sourceOf[*Gadget](b, nil, nil).codec, sourceOf[*unstructured.Unstructured](b, nil, nil).codec
	run(b, "typed/json", asJSON, typed.json.decode)
	run(b, "typed/cbor", asCBOR, typed.cbor.decode)
	run(b, "unstructured/json", asJSON, anything.json.decode)
	run(b, "unstructured/cbor", asCBOR, anything.cbor.decode)
}

func run[T any](b *testing.B, name string, raw []byte, decode func([]byte) (T, error)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if _, err := decode(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
