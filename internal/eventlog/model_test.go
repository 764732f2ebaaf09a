package eventlog

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is the log as one slice that never forgets, and each reader as a place
// in it.
type model struct {
	log     Log[int]
	all     []int
	readers []*modelReader
}

type modelReader struct {
	r    *Reader[int]
	next int
}

// A reader sees what follows its Join, in order and once (L1), whatever other
// readers do, and no parked reader keeps the chunk (L4).
func TestLogAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{}
		t.Repeat(map[string]func(*rapid.T){
			"append":   m.append,
			"but some": m.appendButSome,
			"join": func(*rapid.T) {
				m.readers = append(m.readers, &modelReader{m.log.Join(), len(m.all)})
			},
			"read":  m.read,
			"park":  m.park,
			"leave": m.leave,
			"":      m.check,
		})
	})
}

func (m *model) append(t *rapid.T) { m.log.Append(m.entries(t)) }

// appendButSome spares some readers: those of them that are parked have read the
// entries by that, the others read them.
func (m *model) appendButSome(t *rapid.T) {
	var but []*Reader[int]
	var spared []*modelReader
	for _, r := range m.readers {
		if rapid.Bool().Draw(t, "spared") {
			but = append(but, r.r)
			if r.r.Parked() {
				spared = append(spared, r)
			}
		}
	}
	if len(but) > 0 {
		but = append(but, but[0]) // twice is once
	}
	m.log.AppendBut(m.entries(t), but)
	for _, r := range spared {
		if r.next = len(m.all); !r.r.Parked() {
			t.Fatal("a reader was woken for what it was to be spared")
		}
	}
}

func (m *model) entries(t *rapid.T) (entries []int) {
	n := rapid.SampledFrom([]int{0, 1, 2, 7, chunkSize - 1, chunkSize, 3*chunkSize + 5}).Draw(t, "n")
	for range n {
		entries = append(entries, len(m.all))
		m.all = append(m.all, len(m.all))
	}
	return entries
}

func (m *model) pick(t *rapid.T) *modelReader {
	if len(m.readers) == 0 {
		t.Skip("no reader")
	}
	return rapid.SampledFrom(m.readers).Draw(t, "reader")
}

func (m *model) read(t *rapid.T) {
	r := m.pick(t)
	entries := r.r.Unread()
	if want := m.all[r.next:]; len(entries) == 0 && len(want) > 0 || !slices.Equal(entries, want[:len(entries)]) {
		t.Fatalf("read %v at %d of %d", entries, r.next, len(m.all))
	}
	n := rapid.IntRange(0, len(entries)).Draw(t, "advance")
	r.r.Advance(n)
	r.next += n
}

// park reads everything and parks, as Next does before it waits.
func (m *model) park(t *rapid.T) {
	r := m.pick(t)
	if len(r.r.Unread()) > 0 && m.log.park(r.r) {
		t.Fatal("parked with something to read") // L3
	}
	for entries := r.r.Unread(); len(entries) > 0; entries = r.r.Unread() {
		r.r.Advance(len(entries))
		r.next += len(entries)
	}
	if r.next != len(m.all) {
		t.Fatalf("read up to %d of %d", r.next, len(m.all))
	}
	if !r.r.parked.Load() && !m.log.park(r.r) {
		t.Fatal("there was something to read")
	}
}

func (m *model) leave(t *rapid.T) {
	r := m.pick(t)
	r.r.Leave()
	r.r.Leave()
	m.readers = slices.DeleteFunc(m.readers, func(o *modelReader) bool { return o == r })
}

func (m *model) check(t *rapid.T) {
	if m.log.End() != uint64(len(m.all)) {
		t.Fatalf("End is %d, want %d", m.log.End(), len(m.all))
	}
	parked := 0
	for _, r := range m.readers {
		if r.r.Position() != uint64(r.next) {
			t.Fatalf("Position is %d, want %d", r.r.Position(), r.next)
		}
		if r.r.parked.Load() {
			parked++
			if r.r.chunk != nil || m.log.parked[r.r.at] != r.r {
				t.Fatal("a parked reader holds a chunk, or is not where it says")
			}
		}
	}
	if parked != len(m.log.parked) || len(m.readers) != m.log.readers {
		t.Fatalf("%d of %d readers parked, the log says %d of %d", parked, len(m.readers), len(m.log.parked), m.log.readers)
	}
	switch {
	case len(m.readers) == 0:
		if m.log.tail != nil {
			t.Fatal("a log without readers holds a chunk")
		}
	case parked == len(m.readers) && m.log.tail != nil:
		if n := m.log.tail.n.Load(); n != 0 || m.log.tail.entries != [chunkSize]int{} {
			t.Fatalf("all readers are parked, and the log holds %d entries", n)
		}
	}
}
