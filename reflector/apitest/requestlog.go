package apitest

import "sync"

// requestLog remembers the latest requests and counts all of them.
type requestLog struct {
	keep int

	mu      sync.Mutex // guards what follows, and the entries
	seq     int
	entries []*Request
	counts  map[countKey]int
}

type countKey struct{ verb, resource string }

func newRequestLog(keep int) *requestLog {
	return &requestLog{keep: keep, counts: map[countKey]int{}}
}

// begin enters a request and returns its entry, which only the log's methods
// may touch.
func (l *requestLog) begin(req Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	req.Seq = l.seq
	l.entries = append(l.entries, &req)
	if len(l.entries) > 2*l.keep {
		l.entries = append([]*Request(nil), l.entries[l.keep:]...)
	}
	l.counts[countKey{req.Verb, req.Resource.Resource}]++
	return &req
}

func (l *requestLog) change(entry *Request, change func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(entry)
}

// Requests returns the latest requests, oldest first, as many as
// Options.RequestLog says. The slice and what it holds belong to the caller,
// but for the Query, which must not be changed.
func (s *Server) Requests() []Request {
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := l.entries[max(0, len(l.entries)-l.keep):]
	requests := make([]Request, len(entries))
	for i, entry := range entries {
		requests[i] = *entry
	}
	return requests
}

// Count returns how many requests of a verb for a resource (its plural) have
// arrived since the start; "" stands for any. Requests that a fault refused
// or failed count.
func (s *Server) Count(verb, resource string) int {
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	total := 0
	for key, n := range l.counts {
		if (verb == "" || verb == key.verb) && (resource == "" || resource == key.resource) {
			total += n
		}
	}
	return total
}
