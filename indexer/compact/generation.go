package compact

import "math"

// generation is a dictionary of the collection. It lives as long as a content that
// was compressed with it.
type generation struct{ Dictionary }

// compress leaves the compressed form of b.raw in b.packed.
func (g *generation) compress(b *buffer) error {
	return guard(func() error {
		packed, err := g.Compress(b.packed[:0], b.raw)
		if err == nil {
			b.packed = packed
		}
		return err
	})
}

// The rule for new dictionaries, in bytes of encoded objects.
const (
	// firstDictionary is how many are written, at least, before one is tried:
	// less is not worth a dictionary's memory.
	firstDictionary = 512 << 10
	// maxSamples is how many a dictionary is made of, at most, and maxSample how
	// many of one object.
	maxSamples = 64 << 10
	maxSample  = 16 << 10
	// maxProbes is with how many objects a new dictionary is compared with the
	// one before, maxLooks how many objects are looked at, at most.
	maxProbes = 16
	maxLooks  = 256
)

// wait lets n bytes be written before the next dictionary is tried.
func (p *packer[T]) wait(n int64) {
	p.least = firstDictionary
	p.written.Store(0)
	p.due.Store(n)
}

// renew makes a dictionary of the present content if it is time for one, and nobody
// makes one. It is taken if it makes objects smaller by a sixteenth that are not in
// it; then the objects are moved to it by later writes, those of batch at once. So no
// more than two are in use: the next one is not tried before all objects have this one.
// batch are the cells that are about to be stored; all of them are in the sample.
func (p *packer[T]) renew(batch []*cell[T], f *failures) {
	if p.compressor == nil || p.written.Load() < p.due.Load() || p.pending.Load() > 0 || !p.building.CompareAndSwap(false, true) {
		return
	}
	defer p.building.Store(false)
	stored := p.cells()
	cells := append(stored, batch...)
	s := p.sample(cells, len(stored))
	p.written.Store(0)
	p.due.Store(max(p.least, s.mean()*int64(len(cells))))
	if len(s.texts) == 0 {
		return
	}
	next := new(generation)
	if err := guard(func() (err error) {
		next.Dictionary, err = p.compressor.NewDictionary(s.texts)
		return err
	}); err != nil {
		f.add(&Error{Cache: p.name, Op: OpDictionary, Err: err})
		return
	}
	if s.size(next)*16 < s.size(p.current.Load())*15 {
		p.current.Store(next)
		p.queue(p.cells(), next)
		for _, c := range batch {
			f.add(p.move(c))
		}
	}
}

// queue makes the cells that have another dictionary than next those to be moved.
func (p *packer[T]) queue(cells []*cell[T], next *generation) {
	var moves []string
	for _, c := range cells {
		if now := c.content.Load(); now.packed != nil && now.by != next {
			moves = append(moves, c.key)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves = moves
	p.pending.Store(int64(len(moves)))
}

// move compresses a cell with the current dictionary if it has another one. c may be
// nil.
func (p *packer[T]) move(c *cell[T]) *Error {
	if c == nil {
		return nil
	}
	was, by := c.content.Load(), p.current.Load()
	if was.packed == nil || was.by == by {
		return nil
	}
	b := p.buffer()
	defer p.recycle(b)
	err := guard(func() error {
		raw, err := was.raw(b)
		b.raw = append(b.raw[:0], raw...)
		return err
	})
	if err != nil {
		return p.failed(c, OpDecode, err)
	}
	next, failure := p.compress(c, b, by)
	next.obj, next.fresh = was.obj, was.fresh
	c.content.CompareAndSwap(was, next)
	return failure
}

// nextMove takes a cell from moves, nil for none, or for one that is gone.
func (p *packer[T]) nextMove() *cell[T] {
	if p.pending.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.moves) - 1
	if last < 0 {
		return nil
	}
	key := p.moves[last]
	p.moves[last] = ""
	if p.moves = p.moves[:last]; last == 0 {
		p.moves = nil
	}
	p.pending.Store(int64(last))
	c, _, _ := p.cell(key)
	return c
}

// sample is what a dictionary is made of, and what it is tried on.
type sample struct {
	texts, probes [][]byte
	looks, bytes  int64
}

// mean is the mean size of an encoded object.
func (s *sample) mean() int64 { return s.bytes / max(s.looks, 1) }

// size returns how small a generation makes the probes, nil for none.
func (s *sample) size(by *generation) (n int) {
	b := new(buffer)
	for _, b.raw = range s.probes {
		if by == nil || by.compress(b) != nil {
			n += len(b.raw)
			continue
		}
		n += len(b.packed)
	}
	return n
}

// goldenRatio spreads positions evenly, wherever one stops.
const goldenRatio = math.Phi - 1

// sample takes encoded objects evenly from cells, every fourth as a probe. The first
// so many are stored; of the others, which are the caller's, it encodes what is not.
// What cannot be encoded or decoded it leaves out.
func (p *packer[T]) sample(cells []*cell[T], stored int) *sample {
	s := new(sample)
	size := 0
	for i := range min(len(cells), maxLooks) {
		_, at := math.Modf(float64(i) * goldenRatio)
		n := int(at * float64(len(cells)))
		raw := p.rawOf(cells[n], n >= stored)
		if raw == nil {
			continue
		}
		s.looks, s.bytes = s.looks+1, s.bytes+int64(len(raw))
		text := raw[:min(len(raw), maxSample)]
		switch {
		case i%4 == 3 && len(s.probes) < maxProbes:
			s.probes = append(s.probes, raw)
		case size+len(text) <= maxSamples:
			s.texts, size = append(s.texts, text), size+len(text)
		case len(s.probes) == maxProbes:
			return s
		}
	}
	return s
}

// rawOf returns the encoded form of a cell, nil where there is none. own says that
// nobody else has the cell.
func (p *packer[T]) rawOf(c *cell[T], own bool) []byte {
	now, b := c.content.Load(), new(buffer)
	if now.packed == nil {
		if !own || isNil(now.obj) || p.encode(b, now.obj) != nil {
			return nil
		}
		return b.raw
	}
	var raw []byte
	if guard(func() (err error) {
		raw, err = now.raw(b)
		return err
	}) != nil {
		return nil
	}
	return raw
}
