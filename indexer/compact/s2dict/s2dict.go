// Package s2dict compresses the objects of an indexer/compact with S2 and
// dictionaries of the collection's own objects. It is a module of its own, so that
// only who uses it has github.com/klauspost/compress in the build.
//
//	cache, err := compact.New(compact.Protobuf[corev1.Pod](), compact.Options[*corev1.Pod]{
//		Compressor: s2dict.New(),
//	})
//
// S2 finds what an object has in common with the dictionary, which is most of it:
// what is left of a pod of 10 KB is a tenth. It is written and read about as fast as
// the object's protobuf form; package compact has the figures.
//
// # Guarantees
//
//  1. Decompress gives what Compress was given, with the same dictionary, whatever
//     that was.
//  2. Bytes that were changed since are refused: there is a checksum before them,
//     which is read before anything else.
//  3. A dictionary takes at most 100 KiB, and is immutable: any goroutine may use it.
package s2dict

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/informant-go/informant/indexer/compact"
	"github.com/klauspost/compress/s2"
)

// ErrChanged is returned by Decompress for bytes that Compress did not make, or that
// were changed since.
var ErrChanged = errors.New("s2dict: the bytes are not what Compress has made of an object: something has changed them in memory")

// New returns a Compressor, which any number of collections may share.
func New() compact.Compressor { return compressor{} }

type compressor struct{}

// NewDictionary makes a dictionary of the samples as they are, the last 64 KiB of
// them.
func (compressor) NewDictionary(samples [][]byte) (compact.Dictionary, error) {
	var content []byte
	for _, sample := range samples {
		content = append(content, sample...)
	}
	d := s2.MakeDict(content, nil)
	if d == nil {
		return nil, errors.New("s2dict: samples of less than 16 bytes make no dictionary")
	}
	return dictionary{d}, nil
}

type dictionary struct{ of *s2.Dict }

var table = crc32.MakeTable(crc32.Castagnoli)

const sumSize = crc32.Size

// Compress appends a checksum and the block of src.
func (d dictionary) Compress(dst, src []byte) ([]byte, error) {
	most := s2.MaxEncodedLen(len(src))
	if most < 0 {
		return nil, s2.ErrTooLarge
	}
	from := len(dst) + sumSize
	dst = grow(dst, sumSize+most)
	block := d.of.Encode(dst[from:from:cap(dst)], src)
	binary.LittleEndian.PutUint32(dst[from-sumSize:from], crc32.Checksum(block, table))
	return dst[:from+len(block)], nil
}

// grow returns dst with room for n bytes more.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]byte, n)...)
}

// Decompress appends what src was made of.
func (d dictionary) Decompress(dst, src []byte) ([]byte, error) {
	if len(src) < sumSize {
		return nil, ErrChanged
	}
	block := src[sumSize:]
	if binary.LittleEndian.Uint32(src) != crc32.Checksum(block, table) {
		return nil, ErrChanged
	}
	size, err := s2.DecodedLen(block)
	if err != nil {
		return nil, err
	}
	from := len(dst)
	dst = grow(dst, size)
	if _, err := d.of.Decode(dst[from:from:cap(dst)], block); err != nil {
		return nil, err
	}
	return dst[:from+size], nil
}
