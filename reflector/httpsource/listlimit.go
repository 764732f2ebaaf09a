package httpsource

import (
	"fmt"
	"io"
	"sync"
)

// boundedReader reads a list, and fails after max bytes of it, if that is above 0.
type boundedReader struct {
	r         io.Reader
	read, max int64
	ended     bool // the list is: what follows is not of it
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.max <= 0 || b.ended {
		return n, err
	}
	b.read += int64(n)
	if b.read > b.max {
		return 0, fmt.Errorf("the list is larger than %d bytes: raise httpsource.Config.MaxListBytes if that is right and there is memory for it, or ask for less of it, by a namespace, a selector or reflector.Options.Shard", b.max)
	}
	return n, err
}

// tally adds up the pages of a list: it knows how large the last one was of which
// another page was promised.
type tally struct {
	mu    sync.Mutex
	token string // guarded by mu: that of the next page, "" if none was promised
	bytes int64  // guarded by mu: of all pages before it
}

// before is how many bytes there were before the page of that token, 0 where that is
// not known.
func (t *tally) before(token string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token == "" || token != t.token {
		return 0
	}
	return t.bytes
}

// promise notes that there is another page after so many bytes, unless token is "".
func (t *tally) promise(token string, bytes int64) {
	if token == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token, t.bytes = token, bytes
}
