package httpsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

// FuzzScanner cuts a stream into values as encoding/json's Decoder does: where
// that finds values, the scanner finds the same ones, however the stream
// arrives.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`{"a":[1,"\"}"]} [] "x\\" 12 null`, `{}{}`, "\"\\", `tru`, `[[`, ` 1 `, `}`, `{"a":"` + string(bytes.Repeat([]byte{'x'}, 600)) + `"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, whole := decoderValues(data)
		for i, w := range want {
			if isLiteral(w[0]) {
				// A Decoder takes 00 for two values; the scanner does not.
				want, whole = want[:i], false
				break
			}
		}
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			s := newScanner(r, 8, 1<<20)
			for i, w := range want {
				got, err := s.value()
				if err != nil || !bytes.Equal(got, w) {
					t.Fatalf("value %d is %q, %v; want %q", i, got, err, w)
				}
			}
			if _, err := s.peek(); whole && err != io.EOF {
				t.Fatalf("after the last value: %v", err)
			}
		}
	})
}

// decoderValues is what encoding/json finds, and whether it finds nothing else.
func decoderValues(data []byte) (values [][]byte, whole bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return values, err == io.EOF
		}
		values = append(values, raw)
	}
}

// FuzzListItems puts anything in the place of the items of a list. What JSON
// is, is decoded item by item as apimachinery does it; what is none never
// passes without a word (R4).
func FuzzListItems(f *testing.F) {
	for _, s := range []string{`[]`, `null`, `[{"metadata":{"name":"a"},"size":3}]`, `[{"metadata":{"name":"a"},"size":"x"},{"metadata":{"name":"b"}},null,3]`, `[{]`, `[{"metadata":{"name":"\u0061"}} {}]`, `{}`, `[],"items":[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := append(append([]byte(`{"apiVersion":"example.org/v1","items":`), data...), `,"kind":"WidgetList"}`...)
		items, refused, _, err := collect(widgets(t, answering(200, jsonHeader(), iotest.HalfReader(bytes.NewReader(doc))), nil))
		if !json.Valid(doc) {
			if err == nil && len(refused) == 0 {
				t.Fatalf("%q was taken for a list: %v", doc, items)
			}
			return
		}
		var raws []json.RawMessage
		if json.Unmarshal(data, &raws) != nil {
			return // valid as a whole, but with keys of its own in it
		}
		if err != nil {
			t.Fatalf("%q is a list: %v", doc, err)
		}
		compareItems(t, raws, items, refused)
	})
}

func compareItems(t *testing.T, raws []json.RawMessage, items []*Widget, refused []error) {
	t.Helper()
	if len(items)+len(refused) != len(raws) {
		t.Fatalf("%d items and %d refused of %d", len(items), len(refused), len(raws))
	}
	for _, raw := range raws {
		var want Widget
		if kjson.Unmarshal(raw, &want) != nil || want.Name == "" {
			continue
		}
		if want.Kind != "" || want.APIVersion != "" {
			return // whether it may pass is not the matter here
		}
		if len(items) == 0 {
			t.Fatalf("%s was refused: %v", raw, refused)
		}
		if diff := cmp.Diff(&want, items[0]); diff != "" {
			t.Fatal(diff)
		}
		items = items[1:]
	}
}

// FuzzFrames reads anything as a watch. However it arrives, it gives the same
// events and ends; what encoding/json takes for frames is not lost.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{`{"type":"ADDED","object":{"metadata":{"name":"a"}}}`, `{"type":"BOOKMARK","object":{}}{"type":"ERROR","object":{}}`, `<html>`, `{"type":"ADDED","object":{"metadata":{"name":`, `7 8 []`, `{"type":"ADDED","object":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, _ := decoderValues(data)
		once := outcomes(t, bytes.NewReader(data), len(data))
		if diff := cmp.Diff(once, outcomes(t, iotest.OneByteReader(bytes.NewReader(data)), len(data))); diff != "" {
			t.Fatalf("at once and byte by byte differ:\n%s", diff)
		}
		for _, frame := range frames {
			if isLiteral(frame[0]) {
				return
			}
		}
		if len(once) < len(frames) {
			t.Fatalf("%d outcomes of %d frames", len(once), len(frames))
		}
	})
}

// outcomes are what Next returns until nothing more can come.
func outcomes(t *testing.T, r io.Reader, size int) []string {
	t.Helper()
	s := streamOf(t, r, nil)
	var all []string
	for range size + 2 {
		e, err := s.Next()
		if err != nil {
			var bad *reflector.DecodeError
			errors.As(err, &bad)
			all = append(all, fmt.Sprint(err, bad != nil, err == io.EOF))
			if s.(*stream[*Widget]).err != nil {
				return all
			}
			continue
		}
		all = append(all, string(e.Type)+e.ResourceVersion)
	}
	t.Fatal("the stream does not end")
	return nil
}

// FuzzWork holds the work of the scanner to the length of what it reads,
// whatever that is, wherever it stands and however it arrives: whoever may write
// one object must not be able to stop a cache.
func FuzzWork(f *testing.F) {
	for _, unit := range []string{`\n`, `\"`, `\\`, `\u0041`, `"`, `x`, ` `, "\n\t", `[`, `{`, `[]`, `{"a":`, `1`, `1,`, `1.5e9`, `-`, `"a":1,`, `"\n",`, `{}`, `{"metadata":`, `{"metadata":{"name":`, `}`, `]`, `:`, `,`, `null,`, "\x00", "\xff"} {
		f.Add([]byte(unit), uint16(3000))
	}
	f.Fuzz(func(t *testing.T, unit []byte, times uint16) {
		unit = unit[:min(len(unit), 64)]
		data := string(bytes.Repeat(unit, min(int(times), 8<<10/max(1, len(unit)))))
		for _, place := range []string{
			"%s", `"%s"`, `"%s":1`, `"object":%s`, `"object":{"%s":1}`, `"object":{"metadata":{"%s":1}}`, `"object":{"metadata":{"name":"%s"}}`, `"object":{"metadata":{"name":%s}}`, `"object":{"x":["%s"]},"type":"ADDED"`,
			`"type":"%s"`, `"type":"ADDED","object":[%s]`, `"metadata":{%s}`, `"items":[%s]`, `"items":[{"%s":1}]`, `"items":[{"x":"%s"}]`, `"items":[{"x":%s,"metadata":{"name":"a"}}]`, `"kind":"%s"`,
		} {
			doc := "{" + strings.Replace(place, "%s", data, 1) + "}"
			for _, r := range []io.Reader{strings.NewReader(doc), iotest.OneByteReader(strings.NewReader(doc)), iotest.HalfReader(strings.NewReader(doc))} {
				for _, max := range []int{64, 1 << 20} {
					checkWork(t, place, r, len(doc), max)
				}
			}
		}
	})
}

// checkWork reads r as a watch and as a list, and looks at what that took.
func checkWork(t *testing.T, place string, r io.Reader, size, max int) {
	t.Helper()
	var doc bytes.Buffer
	s := streamOf(t, io.TeeReader(r, &doc), func(c *Config[*Widget]) { c.MaxObjectBytes = max }).(*stream[*Widget])
	for s.err == nil {
		_, _ = s.Next()
	}
	_, _ = io.Copy(&doc, r) // what a watch that broke off has left
	limit := 16*size + 4096
	if work := s.cutter.(*jsonFrames).work; work > limit {
		t.Errorf("%s, %d bytes as a watch, at most %d for an object: %d bytes were looked at", place, size, max, work)
	}
	h := widgets(t, nil, nil)
	p := &parts[*Widget]{codec: &h.codec, max: max, part: func(reflector.Part[*Widget]) error { return nil }}
	head := &listHead[*Widget]{codec: &h.codec, item: func(of metav1.TypeMeta, f *frame) error {
		obj, err := h.codec.item(&h.codec.json, f)
		return p.take(of, obj, err, len(f.object))
	}}
	d := &jsonList[*Widget]{listHead: head, scan: newScanner(&doc, 16, max)}
	_ = d.run()
	if d.scan.work > limit {
		t.Errorf("%s, %d bytes as a list, at most %d for an object: %d bytes were looked at", place, size, max, d.scan.work)
	}
}

// FuzzProtobufFrames reads anything as a watch in protobuf. However it arrives, and
// however many decode it, it gives the same events and ends.
func FuzzProtobufFrames(f *testing.F) {
	good := gizmoFrame("ADDED", "a", "1")
	for _, s := range [][]byte{good, good[:20], append(good, good...), []byte("<html>"), enveloped("v1", "Status", nil), bytes.Repeat(good, 20), framed("BOOKMARK", enveloped("v1", "Gizmo", nil)), framed("ERROR", enveloped("v1", "Status", nil)), delimited(nil), framed("ADDED", enveloped("example.org/v1", "Gizmo", append(gizmo("x", "7"), 0x12, 0x90, 0x03)))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once := gizmoOutcomes(t, bytes.NewReader(data), len(data), 1)
		for _, other := range [][]string{
			gizmoOutcomes(t, iotest.OneByteReader(bytes.NewReader(data)), len(data), 1),
			gizmoOutcomes(t, bytes.NewReader(data), len(data), 3),
			gizmoOutcomes(t, iotest.HalfReader(bytes.NewReader(data)), len(data), 3),
		} {
			if diff := cmp.Diff(once, other); diff != "" {
				t.Fatalf("the events differ:\n%s", diff)
			}
		}
	})
}

// gizmoOutcomes are what Next returns until nothing more can come.
func gizmoOutcomes(t *testing.T, r io.Reader, size, decoders int) []string {
	t.Helper()
	s := gizmoStream(t, r, func(c *Config[*Gizmo]) { c.MaxObjectBytes, c.Decoders = 300, decoders })
	defer s.Close()
	var all []string
	for range size + 2 {
		e, err := s.Next()
		if err != nil {
			all = append(all, fmt.Sprint(err, isDecodeError(err), err == io.EOF))
			if s.(*stream[*Gizmo]).err != nil {
				work := s.(*stream[*Gizmo]).cutter.(*protobufFrames).work
				if limit := 16*size + 4096; work > limit {
					t.Fatalf("%d bytes: %d were looked at", size, work)
				}
				return all
			}
			continue
		}
		all = append(all, string(e.Type)+e.ResourceVersion)
	}
	t.Fatal("the stream does not end")
	return nil
}

// FuzzProtobufList reads anything as a list in protobuf: what the generated decoder
// of lists takes is taken, and the same items; what it does not take never passes
// without a word (R4).
func FuzzProtobufList(f *testing.F) {
	for _, s := range [][]byte{gizmoList(), gizmoList("a", "b"), gizmoList("a")[:10], append(gizmoList("a"), 0x12, 0x00), append(gizmoList("a"), 0x18, 1, 0x25, 1, 2, 3, 4), {0x12, 0x7f}, {0x0a, 1, 0xff}} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want metav1.PartialObjectMetadataList
		fails := want.Unmarshal(data)
		for _, decoders := range []int{1, 3} {
			body := iotest.HalfReader(bytes.NewReader(enveloped("example.org/v1", "GizmoList", data)))
			items, refused, meta, err := collect(gizmos(t, protobufHeader(), body, func(c *Config[*Gizmo]) { c.Decoders = decoders }))
			if fails != nil {
				if err == nil && len(refused) == 0 {
					t.Fatalf("%x was taken for a list, which is not: %v", data, fails)
				}
				continue
			}
			if err != nil {
				if message(data, func(int32, []byte, bool) error { return nil }) == errMalformed {
					return // it has groups, which nobody sends
				}
				t.Fatalf("%x is a list: %v", data, err)
			}
			if meta.ResourceVersion != want.ResourceVersion {
				t.Fatalf("the version %q, want %q", meta.ResourceVersion, want.ResourceVersion)
			}
			compareGizmos(t, want.Items, items, len(refused))
		}
	})
}

func compareGizmos(t *testing.T, want []metav1.PartialObjectMetadata, items []*Gizmo, refused int) {
	t.Helper()
	if len(items)+refused != len(want) {
		t.Fatalf("%d items and %d refused of %d", len(items), refused, len(want))
	}
	for i := range want {
		if want[i].Name == "" {
			continue
		}
		if diff := cmp.Diff(want[i].ObjectMeta, items[0].ObjectMeta); diff != "" {
			t.Fatal(diff)
		}
		items = items[1:]
	}
}
