package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// record is one state of one object, encoded once and never changed. Its JSON
// is the table's head, the resource version and the tail, so that the last
// state of a deleted object is sent with the version of its deletion without
// encoding it again.
type record struct {
	key  string
	rv   uint64
	meta *metav1.ObjectMeta
	tail []byte

	// metaEnd is where the metadata ends in tail.
	metaEnd int

	// selectable are the values of Resource.Fields.
	selectable fields.Set

	// message is the object of a resource that has protobuf, without a version.
	message Message
}

// sameMeta reports whether two states agree in all metadata but the version.
func (r *record) sameMeta(other *record) bool {
	return bytes.Equal(r.tail[:r.metaEnd], other.tail[:other.metaEnd])
}

// fieldSet is what a field selector can ask for.
func (r *record) fieldSet(namespaced bool) fields.Set {
	set := fields.Set{"metadata.name": r.meta.Name}
	if namespaced {
		set["metadata.namespace"] = r.meta.Namespace
	}
	maps.Copy(set, r.selectable)
	return set
}

// selectable are the values of the fields that paths lead to, as a field selector
// compares them.
func (d *document) selectable(paths []string) fields.Set {
	if len(paths) == 0 {
		return nil
	}
	set := fields.Set{}
	for _, path := range paths {
		names := strings.Split(path, ".")
		value, _ := decodeValue(d.fields[names[0]]) // nothing is nil
		for _, name := range names[1:] {
			inner, _ := value.(map[string]any)
			value = inner[name]
		}
		switch value.(type) {
		case string, json.Number, bool:
			set[path] = fmt.Sprint(value)
		default:
			set[path] = ""
		}
	}
	return set
}

// document is an object taken apart: fields holds what is neither type nor
// metadata, each value compact.
type document struct {
	kind       string
	apiVersion string
	meta       metav1.ObjectMeta
	fields     map[string]json.RawMessage
}

// parseDocument takes apart the JSON of an object.
func parseDocument(data []byte) (*document, error) {
	d := &document{}
	if err := json.Unmarshal(data, &d.fields); err != nil {
		return nil, err
	}
	for field, into := range map[string]any{"kind": &d.kind, "apiVersion": &d.apiVersion, "metadata": &d.meta} {
		raw, ok := d.fields[field]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		delete(d.fields, field)
	}
	for field, raw := range d.fields {
		var compact bytes.Buffer
		compact.Grow(len(raw))
		if err := json.Compact(&compact, raw); err != nil {
			return nil, err
		}
		d.fields[field] = compact.Bytes()
	}
	return d, nil
}

// record encodes the document as a state of key, whose version is set when it
// is committed.
func (d *document) record(key string) (*record, error) {
	meta := d.meta
	meta.ResourceVersion = ""
	encoded, err := json.Marshal(&meta)
	if err != nil {
		return nil, err
	}
	var tail bytes.Buffer
	// The head has opened metadata and the value of resourceVersion.
	tail.WriteByte('"')
	if len(encoded) > len("{}") {
		tail.WriteByte(',')
	}
	tail.Write(encoded[1:])
	metaEnd := tail.Len()
	for _, field := range slices.Sorted(maps.Keys(d.fields)) {
		name, err := json.Marshal(field)
		if err != nil {
			return nil, err
		}
		tail.WriteByte(',')
		tail.Write(name)
		tail.WriteByte(':')
		tail.Write(d.fields[field])
	}
	tail.WriteByte('}')
	return &record{key: key, meta: &meta, tail: tail.Bytes(), metaEnd: metaEnd}, nil
}

// sameFields reports whether two documents have equal values in all fields but
// those named.
func sameFields(a, b *document, except ...string) bool {
	for field := range a.fields {
		if !slices.Contains(except, field) && !sameJSON(a.fields[field], b.fields[field]) {
			return false
		}
	}
	for field := range b.fields {
		if _, ok := a.fields[field]; !ok && !slices.Contains(except, field) {
			return false
		}
	}
	return true
}

func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, errA := decodeValue(a)
	y, errB := decodeValue(b)
	return errA == nil && errB == nil && reflect.DeepEqual(x, y)
}

// decodeValue keeps numbers as they are written.
func decodeValue(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
