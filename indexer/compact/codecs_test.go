package compact

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/informant-go/informant/indexer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is what the tests store.
type Object = metav1.PartialObjectMetadata

// registry is a codec that gives back the very object that it was given, so that
// tests may compare addresses. Its bytes are a number.
type registry struct {
	mu   sync.Mutex
	objs []*Object
}

func (r *registry) Encode(dst []byte, obj *Object) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objs = append(r.objs, obj)
	return binary.BigEndian.AppendUint64(dst, uint64(len(r.objs))), nil
}

func (r *registry) Decode(data []byte) (*Object, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(data) != 8 {
		return nil, fmt.Errorf("%d bytes", len(data))
	}
	return r.objs[binary.BigEndian.Uint64(data)-1], nil
}

// counting counts what its codec does.
type counting struct {
	Codec[*Object]
	encoded, decoded atomic.Int64
}

func (c *counting) Encode(dst []byte, obj *Object) ([]byte, error) {
	c.encoded.Add(1)
	return c.Codec.Encode(dst, obj)
}

func (c *counting) Decode(data []byte) (*Object, error) {
	c.decoded.Add(1)
	return c.Codec.Decode(data)
}

var errFaulty = errors.New("faulty")

// faulty fails for objects whose name is that of a fault.
type faulty struct{ Codec[*Object] }

const (
	noEncode    = "no-encode"
	panicEncode = "panic-encode"
	noDecode    = "no-decode"
	panicDecode = "panic-decode"
)

func (f faulty) Encode(dst []byte, obj *Object) ([]byte, error) {
	switch obj.Name {
	case noEncode:
		return append(dst, "half of it"...), errFaulty
	case panicEncode:
		panic(errFaulty)
	}
	return f.Codec.Encode(dst, obj)
}

func (f faulty) Decode(data []byte) (*Object, error) {
	obj, err := f.Codec.Decode(data)
	if err == nil {
		switch obj.Name {
		case noDecode:
			return obj, errFaulty
		case panicDecode:
			panic(errFaulty)
		}
	}
	return obj, err
}

// deflate is a Compressor of the standard library. It counts its dictionaries.
type deflate struct{ made atomic.Int64 }

func (d *deflate) NewDictionary(samples [][]byte) (Dictionary, error) {
	d.made.Add(1)
	return &deflated{bytes.Join(samples, nil)}, nil
}

type deflated struct{ dict []byte }

func (d *deflated) Compress(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w, err := flate.NewWriterDict(out, flate.BestSpeed, d.dict)
	if err == nil {
		_, err = w.Write(src)
	}
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

func (d *deflated) Decompress(dst, src []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	_, err := io.Copy(out, flate.NewReaderDict(bytes.NewReader(src), d.dict))
	return out.Bytes(), err
}

// prefix is a Compressor whose dictionary is one sample, of which it leaves out
// what an object begins with: fast, and it knows a block of another dictionary.
type prefix struct{ number atomic.Uint64 }

func (p *prefix) NewDictionary(samples [][]byte) (Dictionary, error) {
	return &prefixed{number: byte(p.number.Add(1)), text: bytes.Clone(samples[0])}, nil
}

type prefixed struct {
	number byte
	text   []byte
}

func (p *prefixed) Compress(dst, src []byte) ([]byte, error) {
	n := 0
	for n < min(len(p.text), len(src), 255) && p.text[n] == src[n] {
		n++
	}
	return append(append(dst, p.number, byte(n)), src[n:]...), nil
}

func (p *prefixed) Decompress(dst, src []byte) ([]byte, error) {
	if len(src) < 2 || src[0] != p.number || int(src[1]) > len(p.text) {
		return nil, errors.New("the bytes are of another dictionary")
	}
	return append(append(dst, p.text[:src[1]]...), src[2:]...), nil
}

func colored(name, version string, colors ...string) *Object {
	o := &Object{}
	o.Namespace, o.Name, o.ResourceVersion, o.Finalizers = "a", name, version, colors
	return o
}

var byColor = indexer.Indexers[*Object]{"color": func(o *Object) ([]string, error) { return o.Finalizers, nil }}

// newCache makes a Cache that tries dictionaries after every least bytes, at the
// earliest.
func newCache(tb testing.TB, codec Codec[*Object], opts Options[*Object], least int64) *Cache[*Object] {
	tb.Helper()
	c, err := New(codec, opts)
	if err != nil {
		tb.Fatal(err)
	}
	c.packer.least = least
	c.packer.due.Store(least)
	return c
}
