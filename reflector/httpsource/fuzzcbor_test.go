package httpsource

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

// cborSeeds are items, whole and not.
var cborSeeds = []string{
	"\x00", "\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "\x39\x01\x00", "\xf6", "\xf9\x3c\x00", "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "\x43abc", "\x63abc", "\x61\xff", "\x5f\x41a\x41b\xff", "\x7f\x61a\xff",
	"\x80", "\x83\x01\x02\x03", "\x9f\x01\xff", "\xa2\x41a\x01\x41b\x80", "\xa2\x41a\x01\x41a\x02", "\xbf\x41a\x01\xff", "\xd6\x42\x01\x02", "\xd9\xd9\xf7\xa0", "\xc0\x74" + "2013-03-21T20:04:00Z", "\xc2\x41\x01",
	"\x1c", "\xff", "\x82\xff", "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "\x9b\x00\x00\x00\x01\x00\x00\x00\x00", "\x81\x81\x81\x81\x80",
}

// FuzzSequence cuts a stream into the items that apimachinery's decoder takes, however it
// arrives.
func FuzzSequence(f *testing.F) {
	for _, s := range cborSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if direct.Unmarshal(data, &value) != nil {
			return
		}
		twice := append(bytes.Clone(data), data...)
		for _, r := range []io.Reader{bytes.NewReader(twice), iotest.OneByteReader(bytes.NewReader(twice)), iotest.DataErrReader(bytes.NewReader(twice))} {
			s := newSequence(r, 8, 1<<20)
			got, err := s.value()
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("cut: %x, %v; want %x", got, err, data)
			}
			if err := s.skip(); err != nil {
				t.Fatalf("skipped: %v", err)
			}
			if err := s.await(); err != io.EOF {
				t.Fatalf("after the last item: %v", err)
			}
		}
	})
}

// FuzzCBORValue puts anything into an object: what is made of it is what apimachinery's
// decoder makes of it, and refused is what that refuses.
func FuzzCBORValue(f *testing.F) {
	for _, s := range cborSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(checkValue)
}

// FuzzCBORFrames reads anything as a watch in CBOR. However it arrives, and however many
// decode it, it gives the same events and ends.
func FuzzCBORFrames(f *testing.F) {
	good := gadgetFrame("ADDED", "a", "1")
	for _, s := range [][]byte{good, good[:20], append(bytes.Clone(good), good...), bytes.Repeat(good, 20), []byte("<html>"), cborFrame("ERROR", good), cborFrame("ADDED", cborOf(fullGadget())), described(&metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status"}}), indefinite(cborOf("object"), cborOf(namedGadget("b", "2")), cborOf("type"), cborOf("DELETED"))} {
		f.Add(s)
	}
	for _, s := range cborSeeds {
		f.Add(cborFrame("ADDED", joined(cborOf("metadata"), cborOf(map[string]any{"name": "a"}), cborOf("extra"), []byte(s))))
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once := gadgetOutcomes(t, bytes.NewReader(data), len(data), 1)
		for _, other := range [][]string{
			gadgetOutcomes(t, iotest.OneByteReader(bytes.NewReader(data)), len(data), 1),
			gadgetOutcomes(t, bytes.NewReader(data), len(data), 3),
			gadgetOutcomes(t, iotest.HalfReader(bytes.NewReader(data)), len(data), 3),
		} {
			if diff := cmp.Diff(once, other); diff != "" {
				t.Fatalf("the events differ:\n%s", diff)
			}
		}
	})
}

// gadgetOutcomes are what Next returns until nothing more can come.
func gadgetOutcomes(t *testing.T, r io.Reader, size, decoders int) []string {
	t.Helper()
	s := watchOf(t, r, func(c *Config[*Gadget]) { c.MaxObjectBytes, c.Decoders = 300, decoders })
	defer s.Close()
	var all []string
	for range size + 2 {
		e, err := s.Next()
		if err != nil {
			all = append(all, fmt.Sprint(err, isDecodeError(err), err == io.EOF))
			if s.(*stream[*Gadget]).err != nil {
				cborWork(t, s.(*stream[*Gadget]).cutter.(*cborFrames).sequence, size)
				return all
			}
			continue
		}
		all = append(all, string(e.Type)+e.ResourceVersion)
	}
	t.Fatal("the stream does not end")
	return nil
}

// cborWork holds what was looked at to what was read.
func cborWork(t *testing.T, s *sequence, size int) {
	t.Helper()
	if limit := 16*size + 4096; s.work > limit {
		t.Fatalf("%d bytes: %d were looked at", size, s.work)
	}
}

// FuzzCBORList puts anything in the place of the items of a list: what apimachinery's
// decoder takes for a list is taken, and the same items; what it does not take never
// passes without a word (R4).
func FuzzCBORList(f *testing.F) {
	item := cborOf(namedGadget("a", "1"))
	for _, s := range [][]byte{{0x80}, {cborNull}, append([]byte{0x81}, item...), append(append([]byte{0x9f}, item...), 0xff), append(append([]byte{0x82}, item...), 0x01), append([]byte{0x82}, item...), append([]byte{0x80}, item...)} {
		f.Add(s)
	}
	for _, s := range cborSeeds {
		f.Add([]byte("\x81\xa2\x48metadata\xa1\x44name\x41a\x45value" + s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := joined(cborOf("apiVersion"), cborOf("example.org/v1"), cborOf("kind"), cborOf("GadgetList"), cborOf("metadata"), cborOf(map[string]any{"resourceVersion": "9"}), cborOf("items"), data)
		var want unstructured.UnstructuredList
		_, _, fails := cbor.NewSerializer(nil, nil).Decode(doc, nil, &want)
		var value any
		if direct.Unmarshal(data, &value) == nil && value == nil {
			return // typed lists of nothing have it, and client-go's dynamic client does not take it
		}
		for _, n := range []int{1, 3} {
			items, refused, meta, err := collect(sourceOf(t, iotest.HalfReader(bytes.NewReader(doc)), decoders[*unstructured.Unstructured](n)))
			if fails != nil {
				if err == nil && len(refused) == 0 {
					t.Fatalf("%x was taken for a list, which is not: %v", data, fails)
				}
				continue
			}
			if err != nil && data[0]>>5 == cborTag {
				continue // a tag around the items, of which client-go's decoder thinks nothing, is refused
			}
			if err != nil || meta.ResourceVersion != "9" {
				t.Fatalf("%x is a list: %v, version %q", data, err, meta.ResourceVersion)
			}
			compareMaps(t, want.Items, items, len(refused))
		}
	})
}

func compareMaps(t *testing.T, want []unstructured.Unstructured, items []*unstructured.Unstructured, refused int) {
	t.Helper()
	if len(items)+refused != len(want) {
		t.Fatalf("%d items and %d refused of %d", len(items), refused, len(want))
	}
	for i := range want {
		if want[i].GetName() == "" || want[i].GetAPIVersion() != "example.org/v1" {
			continue
		}
		if !reflect.DeepEqual(want[i].Object, items[0].Object) {
			t.Fatalf("got %v, want %v", items[0].Object, want[i].Object)
		}
		items = items[1:]
	}
}

// FuzzCBORWork holds the work to the length of what is read, whatever that is, wherever
// it stands and however it arrives.
func FuzzCBORWork(f *testing.F) {
	for _, unit := range []string{"\x00", "\x43abc", "\x80", "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "\xff", "\x81", "\x9f", "\xa1\x01", "\xc1", "\x5f", "\xbf\x41a", "\xa1\x48metadata", "\x58\x40", "\xd9\xd9\xf7", "\xb7\xa1\xa1", "\xa1\x48metadata\xa1\x44name"} {
		f.Add([]byte(unit), uint16(400))
	}
	f.Fuzz(func(t *testing.T, unit []byte, times uint16) {
		unit = unit[:min(len(unit), 64)]
		data := bytes.Repeat(unit, min(int(times), 8<<10/max(1, len(unit))))
		meta := func(value []byte) []byte { return joined(cborOf("metadata"), value) }
		for _, doc := range [][]byte{
			data, joined(data, data), cborFrame("ADDED", data), cborFrame("ADDED", meta(data)), cborFrame("ADDED", meta(joined(cborOf("name"), data))), joined(cborOf("object"), data, cborOf("type"), data),
			joined(cborOf("items"), data), joined(cborOf("items"), append([]byte{0x9f}, data...)), meta(data), joined(cborOf("kind"), data),
		} {
			for _, r := range []io.Reader{bytes.NewReader(doc), iotest.OneByteReader(bytes.NewReader(doc)), iotest.HalfReader(bytes.NewReader(doc))} {
				for _, max := range []int{64, 1 << 20} {
					checkCBORWork(t, r, len(doc), max)
				}
			}
		}
	})
}

// checkCBORWork reads r as a watch and as a list, and looks at what that took.
func checkCBORWork(t *testing.T, r io.Reader, size, max int) {
	t.Helper()
	var doc bytes.Buffer
	change := func(c *Config[*Gadget]) { c.MaxObjectBytes, c.Decoders = max, 1 }
	s := watchOf(t, io.TeeReader(r, &doc), change).(*stream[*Gadget])
	for s.err == nil {
		_, _ = s.Next()
	}
	cborWork(t, s.cutter.(*cborFrames).sequence, size)
	_, _ = io.Copy(&doc, r) // what a watch that broke off has left
	c := &sourceOf[*Gadget](t, nil, change).codec
	p := &parts[*Gadget]{codec: c, max: max, part: func(reflector.Part[*Gadget]) error { return nil }}
	head := &listHead[*Gadget]{codec: c, item: func(of metav1.TypeMeta, f *frame) error {
		obj, err := c.item(c.cbor, f)
		return p.take(of, obj, err, len(f.object))
	}}
	l := newCBORList(&doc, max, head).(*cborList[*Gadget])
	_ = l.run()
	cborWork(t, l.seq, size)
}
