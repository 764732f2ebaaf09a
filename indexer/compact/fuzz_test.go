package compact

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// FuzzRoundTrip proves C1 for the ready codecs: what was decoded once is the same
// after any number of encodings.
func FuzzRoundTrip(f *testing.F) {
	for name, codec := range codecs {
		data, err := codec.Encode(nil, colored("x", "1", "red"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name == "JSON", data)
	}
	f.Add(false, []byte{5, 'v'})
	f.Add(false, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, json bool, data []byte) {
		codec := codecs["protobuf"]
		if json {
			codec = codecs["JSON"]
		}
		first, err := codec.Decode(data)
		if err != nil {
			return
		}
		encoded, err := codec.Encode([]byte("before"), first)
		if err != nil {
			return // such as a time that JSON cannot say
		}
		encoded, found := bytes.CutPrefix(encoded, []byte("before"))
		if !found {
			t.Fatal("Encode does not append")
		}
		second, err := codec.Decode(encoded)
		if err != nil {
			t.Fatalf("%q was encoded and cannot be decoded: %v", encoded, err)
		}
		again, err := codec.Encode(nil, second)
		if err != nil || !bytes.Equal(encoded, again) && !equality.Semantic.DeepEqual(first, second) {
			t.Fatalf("%q became %q: %v", encoded, again, err)
		}
	})
}

// TestReadyCodecs proves C1: kind and version are kept, no byte of the encoded form
// is part of the object, and numbers of custom resources are what apimachinery makes
// of them.
func TestReadyCodecs(t *testing.T) {
	for name, codec := range codecs {
		obj := colored("x", "1", "red", "blue")
		obj.Kind, obj.APIVersion, obj.Labels = "Pod", "v1", map[string]string{"app": "shop"}
		data, err := codec.Encode(nil, obj)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := codec.Decode(data)
		if err != nil {
			t.Fatal(name, err)
		}
		clear(data)
		if !equality.Semantic.DeepEqual(got, obj) {
			t.Errorf("%s: %v, want %v", name, got, obj)
		}
		for n := range 5 {
			if _, err := codec.Decode(data[:n]); err == nil && n < 2 {
				t.Errorf("%s decodes %d bytes", name, n)
			}
		}
	}
	codec := JSON[unstructured.Unstructured]()
	obj := &unstructured.Unstructured{Object: map[string]any{"kind": "Shop", "apiVersion": "v1", "spec": map[string]any{"size": int64(1), "share": 0.5}}}
	data, err := codec.Encode(nil, obj)
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.Decode(data)
	if err != nil || !equality.Semantic.DeepEqual(got, obj) {
		t.Errorf("%v, %v, want %v", got, err, obj)
	}
}
