package apitest

import (
	"context"
	"fmt"
)

// stream is an answer that can be cut, stalled and resumed from outside: an
// open watch, or any answer that a fault has stalled.
type stream struct {
	req Request

	// The server's mutex guards these. last, when not nil, is the event
	// after which the stream is halted: cut if manner is set, else stalled.
	// A stream of no events is halted where it is.
	halted bool
	last   *event
	manner *Manner

	// wake has room for one signal that one of them has changed.
	wake chan struct{}
}

// admit makes a stream known. The caller holds the mutex.
func (s *Server) admit(req Request) *stream {
	st := &stream{req: req, wake: make(chan struct{}, 1)}
	s.streams[st] = struct{}{}
	if s.opened != nil {
		close(s.opened)
		s.opened = nil
	}
	return st
}

// forget ends what admit began; nil is no stream.
func (s *Server) forget(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, st)
}

func (st *stream) signal() {
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

// Cut cuts the open watches that match and returns how many. What was written
// to the store before reaches their clients first, what is written after does
// not; whether a bookmark does that is due now is open. Cut does not wait for
// the clients: one that does not read is cut when it has read what comes
// first. Stalled answers are cut where they are.
func (s *Server) Cut(m Match, how Manner) int {
	return s.halt(m, func(st *stream) { st.manner = &how })
}

// Stall silences the open watches that match, until Resume, and returns how
// many. What was written to the store before still reaches their clients.
// After that there is no event, no bookmark and no end at the timeout, but the
// connection stays open.
func (s *Server) Stall(m Match) int { return s.halt(m, func(*stream) {}) }

// halt stops the streams that match after the present event.
func (s *Server) halt(m Match, how func(*stream)) int {
	matching := s.matching(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range matching {
		if t := s.tables[st.req.Resource]; t != nil && !st.halted {
			st.last = t.last
		}
		st.halted = true
		how(st)
		st.signal()
	}
	return len(matching)
}

// Resume lets stalled answers that match go on and returns how many there
// were. A watch whose timeout has passed meanwhile ends.
func (s *Server) Resume(m Match) int {
	n := 0
	matching := s.matching(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range matching {
		if st.halted && st.manner == nil {
			st.halted, st.last = false, nil
			st.signal()
			n++
		}
	}
	return n
}

// Streams returns how many watches (and other answers that are stalled) that
// match are open.
func (s *Server) Streams(m Match) int { return len(s.matching(m)) }

// AwaitStreams waits until n matching streams are open at the same time: a
// watch that is, gets every event from then on. The error is ctx's, with what
// was waited for.
func (s *Server) AwaitStreams(ctx context.Context, m Match, n int) error {
	for {
		opened := s.nextOpen()
		have := s.Streams(m)
		if have >= n {
			return nil
		}
		select {
		case <-opened:
		case <-s.closing:
			return fmt.Errorf("apitest: the server was closed while %d streams were awaited: %d were open", n, have)
		case <-ctx.Done():
			return fmt.Errorf("apitest: awaiting %d streams of %+v, %d are open: %w", n, m, have, ctx.Err())
		}
	}
}

func (s *Server) nextOpen() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		s.opened = make(chan struct{})
	}
	return s.opened
}

// matching calls the matcher without the lock.
func (s *Server) matching(m Match) (found []*stream) {
	s.mu.Lock()
	all := make([]*stream, 0, len(s.streams))
	for st := range s.streams {
		all = append(all, st)
	}
	s.mu.Unlock()
	for _, st := range all {
		if m.matches(st.req) {
			found = append(found, st)
		}
	}
	return found
}

// stall holds an answer until it is resumed (nil) or cut, or until nobody
// wants it any more.
func (x *exchange) stall(f *frames) error {
	x.s.mu.Lock()
	st := x.stream
	if st == nil {
		st = x.s.admit(x.req)
		defer x.s.forget(st)
	}
	st.halted = true
	x.s.mu.Unlock()
	return x.held(f, st)
}

// held waits while st is halted.
func (x *exchange) held(f *frames, st *stream) error {
	for {
		x.s.mu.Lock()
		halted, manner := st.halted, st.manner
		x.s.mu.Unlock()
		switch {
		case manner != nil:
			return f.cut(*manner)
		case !halted:
			return nil
		}
		select {
		case <-st.wake:
		case <-x.r.Context().Done():
			return errCut
		case <-x.s.closing:
			return errCut
		}
	}
}
