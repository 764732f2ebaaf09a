package sim

import (
	"net/http"
	"sync"
	"time"
)

// network is what lies between the reflector and the server: something in it
// may ask to come back much later than makes sense.
type network struct {
	base http.RoundTripper

	mu    sync.Mutex
	clock time.Duration // how far ahead Retry-After's clock is; 0 for none
}

// skew makes failures carry a Retry-After of now by a clock that is ahead by
// d, 0 ends it.
func (n *network) skew(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clock = d
}

func (n *network) ahead() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clock
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.base.RoundTrip(req)
	if ahead := n.ahead(); err == nil && ahead != 0 && resp.StatusCode >= 429 {
		resp.Header.Set("Retry-After", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}
	return resp, err
}
