package httpsource

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// Gizmo is a typed object that has protobuf, of which there is but its metadata.
type Gizmo struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
}

func (g *Gizmo) Reset() { *g = Gizmo{} }

func (g *Gizmo) Unmarshal(raw []byte) error {
	var only metav1.PartialObjectMetadata
	if err := only.Unmarshal(raw); err != nil {
		return err
	}
	g.ObjectMeta = only.ObjectMeta
	return nil
}

func protobufHeader() http.Header {
	return http.Header{"Content-Type": {protobufType + ";stream=watch"}}
}

// marshal is the protobuf of m.
func marshal(m interface{ Marshal() ([]byte, error) }) []byte {
	raw, err := m.Marshal()
	if err != nil {
		panic(err)
	}
	return raw
}

// enveloped is object as a server sends it.
func enveloped(apiVersion, kind string, object []byte) []byte {
	unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}, Raw: object}
	return append([]byte(magic), marshal(&unknown)...)
}

// framed is one event of a watch.
func framed(kind string, object []byte) []byte {
	event := metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Raw: object}}
	return delimited(marshal(&event))
}

func delimited(raw []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...)
}

func metadataOf(name, version string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "n", ResourceVersion: version}
}

func gizmo(name, version string) []byte {
	return marshal(&metav1.PartialObjectMetadata{ObjectMeta: metadataOf(name, version)})
}

func gizmoFrame(kind, name, version string) []byte {
	return framed(kind, enveloped("example.org/v1", "Gizmo", gizmo(name, version)))
}

// gizmoList is the list in the envelope, without one.
func gizmoList(names ...string) []byte {
	list := metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "x"}}
	for i, name := range names {
		list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: metadataOf(name, fmt.Sprint(i+1))})
	}
	return marshal(&list)
}

// gizmos is the source of a server that answers with body.
func gizmos(t testing.TB, header http.Header, body io.Reader, change func(*Config[*Gizmo])) *Source[*Gizmo] {
	t.Helper()
	config := Config[*Gizmo]{Client: answering(200, header, body), BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "gizmos"}
	if change != nil {
		change(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eachWay calls f with body as it may arrive, and with one and several decoders.
func eachWay(t *testing.T, body []byte, f func(t *testing.T, body io.Reader, decoders int)) {
	for name, r := range map[string]func() io.Reader{
		"at once":           func() io.Reader { return bytes.NewReader(body) },
		"byte by byte":      func() io.Reader { return iotest.OneByteReader(bytes.NewReader(body)) },
		"end with the data": func() io.Reader { return iotest.DataErrReader(bytes.NewReader(body)) },
	} {
		for _, decoders := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d decoders", name, decoders), func(t *testing.T) { f(t, r(), decoders) })
		}
	}
}

type (
	// inherits has the methods of what it embeds, and a field that those know
	// nothing of.
	inherits struct {
		Gizmo
		Size int
	}
	// partly has those of its metadata.
	partly struct {
		metav1.ObjectMeta
		kind
	}
	kind struct{}
)

func (kind) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// W9: protobuf is asked for where a type has it by itself, metadata alone where there
// is nothing else.
func TestTheEncodingIsAskedForThatATypeHas(t *testing.T) {
	const partialList = protobufType + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
	const both = protobufType + ",application/json"
	check := func(list, watch string, ask func(*http.Client)) {
		t.Helper()
		var got []string
		ask(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			got = append(got, r.Header.Get("Accept"))
			return nil, io.ErrNoProgress
		})})
		if diff := cmp.Diff([]string{list, watch}, got); diff != "" {
			t.Error(diff)
		}
	}
	check(both, both, asks[*Gizmo](t, false))
	check(jsonType, jsonType, asks[*Gizmo](t, true))
	check(jsonType, jsonType, asks[*Widget](t, false))
	check(jsonType, jsonType, asks[*unstructured.Unstructured](t, false))
	check(jsonType, jsonType, asks[*inherits](t, false))
	check(jsonType, jsonType, asks[*partly](t, false))
	check(partialList, strings.ReplaceAll(partialList, "MetadataList", "Metadata"), asks[*metav1.PartialObjectMetadata](t, false))
	check(strings.SplitN(partialList, ",", 2)[1], strings.ReplaceAll(strings.SplitN(partialList, ",", 2)[1], "MetadataList", "Metadata"), asks[*metav1.PartialObjectMetadata](t, true))
	if hasProtobuf(reflect.TypeFor[metav1.ObjectMeta]()) == hasProtobuf(reflect.TypeFor[partly]()) {
		t.Error("the metadata of an object was taken for the object")
	}
}

// asks lists and watches.
func asks[T Object](t *testing.T, jsonOnly bool) func(*http.Client) {
	return func(client *http.Client) {
		s, err := New(Config[T]{Client: client, BaseURL: "http://api", Version: "v1", Resource: "things", JSONOnly: jsonOnly})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.List(context.Background(), metav1.ListOptions{}, nil)
		_, _ = s.Watch(context.Background(), metav1.ListOptions{})
	}
}

// W9: what the server answers is decoded, whatever was asked for, and a server that
// refuses to choose is asked for JSON from then on.
func TestTheAnswerSaysItsEncoding(t *testing.T) {
	const list = `{"kind":"GizmoList","apiVersion":"example.org/v1","items":[{"metadata":{"name":"a"}}]}`
	for _, code := range []int{http.StatusNotAcceptable, http.StatusUnsupportedMediaType} {
		var asked []string
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.Header.Get("Accept"))
			if strings.Contains(r.Header.Get("Accept"), protobufType) {
				return answering(code, jsonHeader(), strings.NewReader(`{"kind":"Status","code":406}`)).Transport.RoundTrip(r)
			}
			return bodyOf(list).Transport.RoundTrip(r)
		})}
		s := gizmos(t, nil, nil, func(c *Config[*Gizmo]) { c.Client = client })
		for range 2 {
			if items, _, _, err := collect(s); err != nil || len(items) != 1 {
				t.Errorf("%v, %v", items, err)
			}
		}
		if diff := cmp.Diff([]string{protobufType + ",application/json", jsonType, jsonType}, asked); diff != "" {
			t.Error(diff)
		}
	}
	t.Run("refused in any encoding", func(t *testing.T) {
		s := gizmos(t, nil, nil, func(c *Config[*Gizmo]) {
			c.Client = answering(406, jsonHeader(), strings.NewReader(`{"kind":"Status","reason":"NotAcceptable","code":406}`))
		})
		if _, _, _, err := collect(s); !apierrors.IsNotAcceptable(err) || s.plain.Load() {
			t.Errorf("%v, plain %v", err, s.plain.Load())
		}
	})
	t.Run("JSON for protobuf", func(t *testing.T) {
		items, _, _, err := collect(gizmos(t, jsonHeader(), strings.NewReader(list), nil))
		if err != nil || len(items) != 1 {
			t.Errorf("%v, %v", items, err)
		}
	})
	t.Run("protobuf for JSON", func(t *testing.T) {
		h := widgets(t, answering(200, protobufHeader(), strings.NewReader(magic+"hunter2")), nil)
		_, _, _, err := collect(h)
		if err == nil || !strings.Contains(err.Error(), protobufType) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
		if _, err = h.Watch(context.Background(), metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), protobufType) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("protobuf for JSON, of a type that has it", func(t *testing.T) {
		body := bytes.NewReader(enveloped("example.org/v1", "GizmoList", gizmoList("a")))
		items, _, _, err := collect(gizmos(t, protobufHeader(), body, func(c *Config[*Gizmo]) { c.JSONOnly = true }))
		if err != nil || len(items) != 1 {
			t.Errorf("%v, %v", items, err)
		}
	})
	t.Run("an error in protobuf", func(t *testing.T) {
		status := apierrors.NewTooManyRequests("slowly", 7).ErrStatus
		body := enveloped("v1", "Status", marshal(&status))
		s := gizmos(t, nil, nil, func(c *Config[*Gizmo]) {
			c.Client = answering(429, protobufHeader(), bytes.NewReader(body))
		})
		if _, _, _, err := collect(s); !apierrors.IsTooManyRequests(err) || retryAfter(err).Seconds() != 7 || !strings.Contains(err.Error(), "slowly") {
			t.Errorf("got %v", err)
		}
	})
}

// W2: a list in protobuf gives what the generated decoder makes of each item, as it
// arrives.
func TestAListInProtobufIsDecoded(t *testing.T) {
	for name, c := range map[string]struct {
		list []byte
		want []string
	}{
		"some":  {gizmoList("a", "b", "c"), []string{"a", "b", "c"}},
		"empty": {gizmoList(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, enveloped("example.org/v1", "GizmoList", c.list), func(t *testing.T, body io.Reader, decoders int) {
				items, refused, meta, err := collect(gizmos(t, protobufHeader(), body, func(c *Config[*Gizmo]) { c.Decoders = decoders }))
				if err != nil || len(refused) != 0 || meta.ResourceVersion != "9" || meta.Continue != "x" {
					t.Fatal(meta, refused, err)
				}
				var want []*Gizmo
				for i, name := range c.want {
					want = append(want, &Gizmo{ObjectMeta: metadataOf(name, fmt.Sprint(i+1))})
				}
				if diff := cmp.Diff(want, items); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// W2: metadata alone has the kind that was asked for, or that of the answer.
func TestMetadataInProtobufHasItsKind(t *testing.T) {
	widget := schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: "Widget"}
	for kind, want := range map[string]schema.GroupVersionKind{"Widget": widget, "": metadataAlone} {
		body := func(r *http.Request) io.Reader {
			if r.URL.Query().Get("watch") != "" {
				return bytes.NewReader(framed("ADDED", enveloped("meta.k8s.io/v1", "PartialObjectMetadata", gizmo("a", "1"))))
			}
			return bytes.NewReader(enveloped("meta.k8s.io/v1", "PartialObjectMetadataList", gizmoList("a")))
		}
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return answering(200, protobufHeader(), body(r)).Transport.RoundTrip(r)
		})}
		s, err := New(Config[*metav1.PartialObjectMetadata]{Client: client, BaseURL: "http://api", Group: "example.org", Version: "v1", Resource: "widgets", Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		items, refused, _, err := collect(s)
		if err != nil || len(items) != 1 || items[0].GroupVersionKind() != want {
			t.Errorf("%v, %v, %v", items, refused, err)
		}
		w, err := s.Watch(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if e, err := w.Next(); err != nil || e.Object.GroupVersionKind() != want {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

// badGizmo is an item that is not what the decoder of its type takes, with a name
// that can be read.
var badGizmo = append(gizmo("x", "7"), 0x0a, 0x03, 0x0a, 0x7f, 'z')

// W3, R4: an item that cannot be used is refused with type and key, and the others
// are taken.
func TestAnItemInProtobufThatCannotBeUsedDoesNotFailTheList(t *testing.T) {
	item := func(raw []byte) []byte {
		return append(binary.AppendUvarint([]byte{listItems<<3 | bytesField}, uint64(len(raw))), raw...)
	}
	for name, c := range map[string]struct {
		raw             []byte
		key, want, gone string
	}{
		"malformed":    {badGizmo, "n/x", "ends early", ""},
		"wrong type":   {[]byte{0x08, 0x01}, "", "wrong wireType = 0 for field ObjectMeta", ""},
		"no name":      {gizmo("", "1"), "", "no name", ""},
		"empty":        {nil, "", "no name", ""},
		"no protobuf":  {[]byte("\x07hunter2"), "", "malformed protobuf", "hunter2"},
		"too large":    {append(gizmo("x", "7"), item(make([]byte, 5000))...), "n/x", "larger than 4000 bytes", ""},
		"much larger":  {append(gizmo("x", "7"), item(make([]byte, 500_000))...), "n/x", "larger than 4000 bytes", ""},
		"an odd field": {append(gizmo("x", "7"), 0x7f), "n/x", "malformed protobuf", ""},
	} {
		t.Run(name, func(t *testing.T) {
			list := append(append(gizmoList("a"), item(c.raw)...), item(gizmo("b", "2"))...)
			list = append(list, 0x18, 0x01, 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x32, 1, 'x') // fields that nobody knows
			eachWay(t, enveloped("example.org/v1", "GizmoList", list), func(t *testing.T, body io.Reader, decoders int) {
				items, refused, meta, err := collect(gizmos(t, protobufHeader(), body, func(c *Config[*Gizmo]) { c.MaxObjectBytes, c.Decoders = 4000, decoders }))
				if err != nil || len(items) != 2 || len(refused) != 1 || meta.ResourceVersion != "9" {
					t.Fatalf("%d items, refused %v, %+v, %v", len(items), refused, meta, err)
				}
				var bad *reflector.DecodeError
				if !errors.As(refused[0], &bad) || bad.Key != c.key || !strings.Contains(bad.Error(), c.want) || c.gone != "" && strings.Contains(bad.Error(), c.gone) {
					t.Errorf("refused with %q (key %q), want %q", refused[0], bad.Key, c.want)
				}
			})
		})
	}
}

// W3: what is no list of gizmos at all is an error that names the address.
func TestAnAnswerInProtobufThatIsNoListIsAnError(t *testing.T) {
	list := enveloped("example.org/v1", "GizmoList", gizmoList("a", "b"))
	failure := apierrors.NewResourceExpired("gone").ErrStatus
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"cut off":             {list[:len(list)-20], "unexpected EOF"},
		"cut in the magic":    {list[:2], "unexpected EOF"},
		"cut in the kind":     {list[:10], "unexpected EOF"},
		"cut before the list": {list[:4+2+int(list[5])], "unexpected EOF"},
		"empty":               {nil, "unexpected EOF"},
		"JSON":                {[]byte(`{"kind":"GizmoList","items":[]}`), "does not begin as the protobuf of an API object"},
		"wrong magic":         {append([]byte("k8s\x01"), list[4:]...), "does not begin as the protobuf"},
		"no protobuf":         {[]byte(magic + "\x07hunter2"), "malformed protobuf at byte"},
		"a long number":       {append([]byte(magic), bytes.Repeat([]byte{0xff}, 20)...), "malformed protobuf at byte 4: expected a number"},
		"a huge length":       {append([]byte(magic), 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "expected a length"},
		"field 0":             {append([]byte(magic), 0x02, 0x00), "expected a field"},
		"an item past it":     {enveloped("example.org/v1", "GizmoList", []byte{0x12, 0x7f, 'x'}), "expected the end of the list"},
		"of another kind":     {enveloped("example.org/v1", "WidgetList", gizmoList("a")), "Kind=WidgetList, expected a example.org/v1, Kind=GizmoList"},
		"of another group":    {enveloped("v1", "GizmoList", gizmoList("a")), "/v1, Kind=GizmoList"},
		"of no kind":          {enveloped("", "", gizmoList("a")), "does not say its kind"},
		"one object":          {enveloped("example.org/v1", "Gizmo", gizmo("a", "1")), "Kind=Gizmo"},
		"a table":             {enveloped("meta.k8s.io/v1", "Table", nil), "Table"},
		"a status":            {enveloped("v1", "Status", marshal(&failure)), "gone"},
		"a status of success": {enveloped("v1", "Status", marshal(&metav1.Status{Status: "Success"})), "reports success, and no list"},
		"no status":           {enveloped("v1", "Status", []byte("hunter2")), "expected a Status"},
		"twice":               {append(list[:len(list):len(list)], 0x12, 0x00), "twice"},
		"odd metadata":        {enveloped("example.org/v1", "GizmoList", []byte{0x0a, 1, 0xff}), "malformed protobuf"},
		"an odd kind":         {append([]byte(magic), 0x0a, 1, 0xff), "malformed protobuf"},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, c.body, func(t *testing.T, body io.Reader, decoders int) {
				_, _, _, err := collect(gizmos(t, protobufHeader(), body, func(c *Config[*Gizmo]) { c.Decoders = decoders }))
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "http://api/apis/example.org/v1/gizmos") != 1 || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v, want %q", err, c.want)
				}
				if name == "a status" && !apierrors.IsResourceExpired(err) {
					t.Errorf("got %#v", err)
				}
			})
		})
	}
	t.Run("metadata of one object", func(t *testing.T) {
		s, err := New(Config[*metav1.PartialObjectMetadata]{Client: answering(200, protobufHeader(), bytes.NewReader(enveloped("v1", "Pod", gizmo("a", "1")))), BaseURL: "http://api", Version: "v1", Resource: "pods"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := collect(s); err == nil || !strings.Contains(err.Error(), "is a Pod and no list") {
			t.Errorf("got %v", err)
		}
	})
}

// W6: a list in protobuf that does not end is given up.
func TestAListInProtobufWithoutAnEnd(t *testing.T) {
	head := enveloped("example.org/v1", "GizmoList", nil)
	head = append(head[:len(head)-2], 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
	for _, unit := range []string{"\x12\x00", "\x32\x01x", "\x18\x01"} {
		h := gizmos(t, protobufHeader(), io.MultiReader(bytes.NewReader(head), &repeating{unit: unit}), func(c *Config[*Gizmo]) { c.MaxListBytes = 1e6 })
		if _, err := h.List(context.Background(), metav1.ListOptions{}, func(reflector.Part[*Gizmo]) error { return nil }); err == nil || !strings.Contains(err.Error(), "raise httpsource.Config.MaxListBytes") {
			t.Errorf("%q: %v", unit, err)
		}
	}
}

func gizmoStream(t testing.TB, r io.Reader, change func(*Config[*Gizmo])) reflector.Stream[*Gizmo] {
	t.Helper()
	s, err := gizmos(t, protobufHeader(), r, change).Watch(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// W2: a frame may arrive in any pieces.
func TestFramesInProtobufAreDecodedWhereverTheyAreCut(t *testing.T) {
	end := marshal(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "5", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}}})
	var frames []byte
	var want []reflector.Event[*Gizmo]
	for i := range 50 {
		name, version := fmt.Sprint("a", i), fmt.Sprint(i+1)
		frames = append(frames, gizmoFrame("ADDED", name, version)...)
		want = append(want, reflector.Event[*Gizmo]{Type: watch.Added, ResourceVersion: version, Object: &Gizmo{ObjectMeta: metadataOf(name, version)}})
	}
	frames = append(frames, framed("BOOKMARK", enveloped("example.org/v1", "Gizmo", end))...)
	want = append(want, reflector.Event[*Gizmo]{Type: watch.Bookmark, ResourceVersion: "5", InitialEventsEnd: true})
	frames = append(frames, gizmoFrame("DELETED", "a1", "60")...)
	want = append(want, reflector.Event[*Gizmo]{Type: watch.Deleted, ResourceVersion: "60", Object: &Gizmo{ObjectMeta: metadataOf("a1", "60")}})
	eachWay(t, frames, func(t *testing.T, body io.Reader, decoders int) {
		s := gizmoStream(t, body, func(c *Config[*Gizmo]) { c.Decoders = decoders })
		brings(t, s, want)
	})
}

// W3, R4: a frame that cannot be used is a DecodeError and the stream goes on.
func TestAFrameInProtobufThatCannotBeUsedDoesNotEndTheStream(t *testing.T) {
	good := enveloped("example.org/v1", "Gizmo", gizmo("x", "7"))
	for name, c := range map[string]struct {
		frame              []byte
		key, version, want string
	}{
		"empty":            {delimited(nil), "", "", "no object"},
		"no object":        {framed("ADDED", nil), "", "", "no object"},
		"no magic":         {framed("ADDED", gizmo("x", "7")), "", "", "does not begin as the protobuf"},
		"no kind":          {framed("ADDED", enveloped("", "", gizmo("x", "7"))), "n/x", "7", "does not say its kind"},
		"another kind":     {framed("ADDED", enveloped("example.org/v1", "Widget", gizmo("x", "7"))), "n/x", "7", "Widget"},
		"no protobuf":      {delimited([]byte("\x07hunter2")), "", "", "malformed protobuf"},
		"cut in itself":    {framed("MODIFIED", good[:len(good)-6]), "n/x", "7", "ends early"},
		"malformed inside": {framed("MODIFIED", enveloped("example.org/v1", "Gizmo", badGizmo)), "n/x", "7", "ends early"},
		"unknown type":     {framed("RENAMED", good), "n/x", "7", "RENAMED"},
		"bad bookmark":     {framed("BOOKMARK", enveloped("example.org/v1", "Gizmo", []byte{0x08, 1})), "", "", "wrong wireType"},
		"too large":        {framed("ADDED", enveloped("example.org/v1", "Gizmo", append(gizmo("x", "7"), append([]byte{0x12, 0x88, 0x27}, make([]byte, 5000)...)...))), "n/x", "7", "larger than 4000 bytes"},
		"far too large":    {framed("ADDED", enveloped("example.org/v1", "Gizmo", append(gizmo("x", "7"), append([]byte{0x12, 0xa0, 0xc2, 0x1e}, make([]byte, 500_000)...)...))), "n/x", "7", "larger than 4000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, append(append(c.frame, c.frame...), bytes.Repeat(gizmoFrame("ADDED", "a", "9"), 10)...), func(t *testing.T, body io.Reader, decoders int) {
				s := gizmoStream(t, body, func(c *Config[*Gizmo]) { c.MaxObjectBytes, c.Decoders = 4000, decoders })
				for range 2 {
					_, err := s.Next()
					var bad *reflector.DecodeError
					if !errors.As(err, &bad) || bad.Key != c.key || bad.ResourceVersion != c.version || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
						t.Errorf("got %v (%+v), want %q", err, bad, c.want)
					}
				}
				for range 10 {
					if e, err := s.Next(); err != nil || e.ResourceVersion != "9" {
						t.Errorf("after that: %v, %v", e, err)
					}
				}
			})
		})
	}
}

// R1: what breaks off is told apart from what ends.
func TestAStreamInProtobufThatBreaksSaysHow(t *testing.T) {
	good := gizmoFrame("ADDED", "a", "1")
	expired := apierrors.NewResourceExpired("gone").ErrStatus
	for name, c := range map[string]struct {
		rest []byte
		is   func(error) bool
	}{
		"in the middle of a frame":  {good[:20], func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && !isDecodeError(err) }},
		"in the middle of a length": {good[:3], func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && !isDecodeError(err) }},
		"HTML":                      {[]byte("<html>"), isDecodeError},
		"an error event":            {framed("ERROR", enveloped("v1", "Status", marshal(&expired))), apierrors.IsResourceExpired},
		"an error of another kind":  {framed("ERROR", enveloped("example.org/v1", "Gizmo", gizmo("a", "1"))), apierrors.IsInternalError},
		"a status":                  {enveloped("v1", "Status", marshal(&expired)), apierrors.IsResourceExpired},
		"another object":            {enveloped("example.org/v1", "Gizmo", gizmo("a", "1")), isDecodeError},
		"a frame without an end":    {append([]byte{0xff, 0xff, 0xff, 0xff}, good[4:]...), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && !isDecodeError(err) }},
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, append(good[:len(good):len(good)], c.rest...), func(t *testing.T, body io.Reader, decoders int) {
				s := gizmoStream(t, body, func(c *Config[*Gizmo]) { c.Decoders = decoders })
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Next(); !c.is(err) || strings.Count(err.Error(), "http://api") != 1 {
					t.Errorf("got %v", err)
				}
				if _, err := s.Next(); err == nil {
					t.Error("the stream goes on")
				}
			})
		})
	}
}

// W3: a list in protobuf that ends early is no list, whatever length it tells.
func TestAListInProtobufOfTheGreatestLengthEndsEarly(t *testing.T) {
	head := enveloped("example.org/v1", "GizmoList", nil)
	head = append(head[:len(head)-2], 0x12)
	for _, length := range []uint64{1 << 50, 1 << 62, math.MaxInt64} {
		body := append(binary.AppendUvarint(bytes.Clone(head), length), gizmoList("a", "b")...)
		for _, body := range [][]byte{body, body[:len(body)-len(gizmoList("a", "b"))]} {
			items, _, meta, err := collect(gizmos(t, protobufHeader(), bytes.NewReader(body), nil))
			if err == nil {
				t.Errorf("length %d: a list with %d items at %q", length, len(items), meta.ResourceVersion)
			}
		}
	}
}
