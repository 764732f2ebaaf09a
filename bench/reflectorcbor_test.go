package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"testing"

	"github.com/informant-go/informant/bench/objects"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/watch"
	clientfeatures "k8s.io/client-go/features"
	clientfeaturestesting "k8s.io/client-go/features/testing"
)

// cborType is that of an answer in CBOR.
const cborType = "application/cbor"

// selfDescribed is the tag that what is by itself begins with in CBOR.
const selfDescribed = "\xd9\xd9\xf7"

// cborOf is v as a server writes it in an answer.
func cborOf(tb testing.TB, v any) []byte {
	tb.Helper()
	raw, err := direct.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func inCBOR(tb testing.TB) func(apiruntime.Object) []byte {
	return func(obj apiruntime.Object) []byte { return cborOf(tb, obj) }
}

// cborMap is a map of the pairs in their order, tagged as what is by itself.
func cborMap(pairs ...[]byte) []byte {
	return append(append([]byte(selfDescribed), 0xa0|byte(len(pairs)/2)), bytes.Join(pairs, nil)...)
}

// cbor is the script in CBOR, as json is in JSON: in the list and in one of the events the
// object stands before what it is.
func (w wire) cbor(tb testing.TB, raw []byte) scripted {
	tb.Helper()
	str := func(s string) []byte { return cborOf(tb, s) }
	event := func(t watch.EventType, object []byte) []byte {
		return cborMap(str("type"), str(string(t)), str("object"), w.typedCBOR(tb, object))
	}
	end := cborOf(tb, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "9", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}})
	changed := cborMap(str("object"), w.typedCBOR(tb, raw), str("type"), str(string(watch.Modified)))
	stream := bytes.Join([][]byte{event(watch.Added, w.good), event(watch.Bookmark, end), changed, event(watch.Deleted, w.good)}, nil)
	list := cborMap(str("items"), append(append([]byte{0x82}, w.good...), raw...), str("kind"), str(w.list), str("metadata"), cborOf(tb, &metav1.ListMeta{ResourceVersion: "9"}), str("apiVersion"), str(w.version))
	return scripted{list: list, watch: stream, contentType: cborType}
}

// typedCBOR is an object with a type, if it is a map of few fields, which has none.
func (w wire) typedCBOR(tb testing.TB, object []byte) []byte {
	if len(object) == 0 || object[0] < 0xa0 || object[0] > 0xa0+21 {
		return object
	}
	typed := append([]byte(selfDescribed), object[0]+2)
	for _, s := range []string{"kind", w.kind, "apiVersion", w.version} {
		typed = append(typed, cborOf(tb, s)...)
	}
	return append(typed, object[1:]...)
}

// inCBOR compares only what is CBOR, and does not say its type; what is not makes
// something else of what follows.
func (w wire) inCBOR(tb testing.TB, compare func(*testing.T, *stockClients, int), more ...[]byte) fuzzed {
	clientfeaturestesting.SetFeatureDuringTest(tb, clientfeatures.ClientsAllowCBOR, true)
	clients := newStockClients(tb)
	seeds := [][]byte{w.good, {0xa0}, {0xf6}, {0x01}, {0x80}, []byte("\xa1\x48metadata\xa1\x44name\x41a"), []byte("\xbf\x68metadata\xbf\x64name\x61a\xff\xff"), []byte("\xa2\x44spec\xa1\x48nodeName\x05\x48metadata\xa1\x44name\x41a"), []byte("\xa2\x44data\xa1\x41a\xd6\x41b\x48metadata\xa1\x44name\x41a")}
	return fuzzed{append(seeds, more...), func(t *testing.T, raw []byte) {
		if _, err := direct.Diagnose(raw); err != nil {
			return
		}
		var fields map[string]any
		if direct.Unmarshal(raw, &fields) == nil && (fields["kind"] != nil || fields["apiVersion"] != nil) {
			return // whether another type may pass is another matter
		}
		clients.stage.scripted = w.cbor(t, raw)
		compare(t, clients, 3)
	}}
}

// BenchmarkRoutesInCBOR lists custom resources in JSON and in CBOR, on one processor: what
// is made of bytes that are there. client-go has its gate for CBOR on.
func BenchmarkRoutesInCBOR(b *testing.B) {
	clientfeaturestesting.SetFeatureDuringTest(b, clientfeatures.ClientsAllowCBOR, true)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, size := range []objects.Size{objects.Small, objects.Medium, objects.Large} {
		inJSON := routeList(b, decodedAtOnce, size)
		var list objects.RouteList
		if err := json.Unmarshal(inJSON, &list); err != nil {
			b.Fatal(err)
		}
		inCBOR := append([]byte(selfDescribed), cborOf(b, &list)...)
		for _, a := range []inMemory{{contentType: jsonType, list: inJSON}, {contentType: cborType, list: inCBOR}} {
			client := &http.Client{Transport: a}
			typed, untyped := decoding{route: true, size: size}, decoding{route: true, untyped: true, size: size}
			for _, c := range []struct {
				name   string
				decode func(*http.Client, decoding) int
				what   decoding
			}{
				{"informant/typed", ourReflector{}.decode, typed},
				{"informant/unstructured", ourReflector{}.decode, untyped},
				{"client-go/unstructured", theirReflector{}.decode, untyped},
			} {
				b.Run(fmt.Sprintf("%s/%s/%v", c.name, a.contentType[len("application/"):], size), func(b *testing.B) {
					for b.Loop() {
						if got := c.decode(client, c.what); got != decodedAtOnce {
							b.Fatalf("%d objects were decoded", got)
						}
					}
					perObject(b, decodedAtOnce)
					b.ReportMetric(float64(len(a.list))/decodedAtOnce, "bytes/object")
				})
			}
		}
	}
}
