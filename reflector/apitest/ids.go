package apitest

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// ids makes UIDs and name suffixes: random to look at, the same in each run
// of the same operations.
type ids struct {
	mu     sync.Mutex
	source *rand.Rand
}

func newIDs(seed uint64) *ids { return &ids{source: rand.New(rand.NewPCG(seed, 0))} }

// uid makes a UUID of version 4.
func (i *ids) uid() types.UID {
	var b [16]byte
	i.mu.Lock()
	binary.BigEndian.PutUint64(b[:8], i.source.Uint64())
	binary.BigEndian.PutUint64(b[8:], i.source.Uint64())
	i.mu.Unlock()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}

func formatUUID(b [16]byte) types.UID {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[c>>4], digits[c&0x0f])
	}
	return types.UID(text)
}

// name completes a generateName as a real server does: with five characters
// that make no words, cut so that the whole is a valid label.
func (i *ids) name(base string) string {
	const (
		alphabet = "bcdfghjklmnpqrstvwxz2456789"
		suffix   = 5
		longest  = 63
	)
	name := []byte(base[:min(len(base), longest-suffix)])
	i.mu.Lock()
	defer i.mu.Unlock()
	for range suffix {
		name = append(name, alphabet[i.source.IntN(len(alphabet))])
	}
	return string(name)
}
