package compact

import (
	"sync"
	"sync/atomic"
)

// packer changes the contents of cells: from an object to its bytes, from one
// dictionary to another. A reader sees one form or the other, both of the same
// state, so that it needs no lock, and a snapshot gets smaller with the store.
//
// A cell is packed by the goroutine that writes it, before the store shows it: while
// it is encoded an object is nobody else's, since encoding may change what it keeps for
// itself, as a resource.Quantity does. When the write is done the cell lets go of
// the object. It is moved to another dictionary by whoever writes then.
type packer[T any] struct {
	name       string
	codec      Codec[T]
	compressor Compressor // may be nil
	// cells returns all cells of the store, cell the one of a key.
	cells func() []*cell[T]
	cell  func(key string) (c *cell[T], exists bool, err error)
	// buffers has *buffer.
	buffers sync.Pool

	// current is the dictionary to compress with, nil for none.
	current atomic.Pointer[generation]
	// least is how many bytes are written, at least, before the next dictionary
	// is tried; due is how many it are now, written how many were written.
	least        int64
	due, written atomic.Int64
	// building says that a goroutine makes a dictionary.
	building atomic.Bool

	// pending is the length of moves.
	pending atomic.Int64
	mu      sync.Mutex
	// moves are the keys of cells that may have another dictionary than current. They
	// keep no cell that the store has no more.
	moves []string
}

// buffer is memory for one call.
type buffer struct{ raw, packed []byte }

// maxBuffer is the capacity up to which buffers are kept.
const maxBuffer = 1 << 20

func newPacker[T any](name string, codec Codec[T], compressor Compressor) *packer[T] {
	p := &packer[T]{name: name, codec: codec, compressor: compressor}
	p.buffers.New = func() any { return new(buffer) }
	p.wait(firstDictionary)
	return p
}

func (p *packer[T]) buffer() *buffer { return p.buffers.Get().(*buffer) }

func (p *packer[T]) recycle(b *buffer) {
	if max(cap(b.raw), cap(b.packed)) <= maxBuffer {
		p.buffers.Put(b)
	}
}

// packAll packs cells that are about to be stored, and does its part of what keeps
// the dictionary right: two moves for each cell.
func (p *packer[T]) packAll(cells []*cell[T], f *failures) {
	for _, c := range cells {
		f.add(p.pack(c))
		for range 2 {
			f.add(p.move(p.nextMove()))
		}
		p.renew(cells, f)
	}
}

// pack adds the bytes of the object to a cell that nobody else has.
func (p *packer[T]) pack(c *cell[T]) *Error {
	was := c.content.Load()
	if was.packed != nil || isNil(was.obj) {
		return nil
	}
	b := p.buffer()
	defer p.recycle(b)
	if err := p.encode(b, was.obj); err != nil {
		return p.failed(c, OpEncode, err)
	}
	p.written.Add(int64(len(b.raw)))
	next, failure := p.compress(c, b, p.current.Load())
	next.obj, next.fresh = was.obj, true
	c.content.Store(next)
	return failure
}

// release lets go of the objects of cells that were written. A dictionary that was
// made meanwhile may have missed a cell before it was stored: then it gets that.
func (p *packer[T]) release(cells []*cell[T], f *failures) {
	for _, c := range cells {
		for {
			was := c.content.Load()
			if !was.fresh || c.content.CompareAndSwap(was, &content[T]{packed: was.packed, by: was.by, plain: was.plain}) {
				break
			}
		}
		f.add(p.move(c))
	}
}

// encode leaves the bytes of obj in b.raw.
func (p *packer[T]) encode(b *buffer, obj T) error {
	return guard(func() error {
		raw, err := p.codec.Encode(b.raw[:0], obj)
		if err == nil {
			b.raw = raw
		}
		return err
	})
}

// compress makes a content of b.raw.
func (p *packer[T]) compress(c *cell[T], b *buffer, by *generation) (*content[T], *Error) {
	bytes, failure := b.raw, (*Error)(nil)
	if by != nil {
		if err := by.compress(b); err != nil {
			failure = p.failed(c, OpCompress, err)
		} else {
			bytes = b.packed
		}
	}
	return &content[T]{packed: append(make([]byte, 0, len(bytes)), bytes...), by: by, plain: failure != nil}, failure
}

// objectOf returns the object of a cell for an index function, which is called before
// the cell lets go of it, or later for a new index.
func (p *packer[T]) objectOf(c *cell[T]) (obj T, failure *Error) {
	if now := c.content.Load(); now.fresh {
		return now.obj, nil
	}
	return p.open(c)
}

// open returns the object of a cell: a new one made of its bytes, or itself where
// there are none.
func (p *packer[T]) open(c *cell[T]) (obj T, failure *Error) {
	now := c.content.Load()
	if now.packed == nil {
		return now.obj, nil
	}
	b := p.buffer()
	defer p.recycle(b)
	err := guard(func() error {
		raw, err := now.raw(b)
		if err == nil {
			obj, err = p.codec.Decode(raw)
		}
		return err
	})
	if err != nil {
		var none T
		return none, p.failed(c, OpDecode, err)
	}
	return obj, nil
}

// raw returns the encoded form of what is packed, in memory of b or its own.
func (c *content[T]) raw(b *buffer) ([]byte, error) {
	if c.by == nil || c.plain {
		return c.packed, nil
	}
	raw, err := c.by.Decompress(b.raw[:0], c.packed)
	if err == nil {
		b.raw = raw
	}
	return raw, err
}

func (p *packer[T]) failed(c *cell[T], op Op, err error) *Error {
	return &Error{Cache: p.name, Key: c.key, Op: op, Err: err}
}
