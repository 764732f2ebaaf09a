package httpsource

import (
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hookedReader calls before, if that is not nil, before each Read.
type hookedReader struct {
	r      io.Reader
	before func()
}

func (h *hookedReader) Read(p []byte) (int, error) {
	if h.before != nil {
		h.before()
	}
	return h.r.Read(p)
}

// crowded reports whether frames have come faster than they are taken for a while.
func (s *stream[T]) crowded() bool {
	if s.row++; !s.cutter.waiting() {
		s.row = 0
	}
	return s.row >= crowd
}

// readAhead has the frames that follow cut and decoded on other goroutines.
func (s *stream[T]) readAhead() {
	s.row = 0
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.ahead = newLanes(s.ctx, s.decoders, s.decode)
	s.ahead.start(s.cutAhead(s.ahead))
}

// cutAhead returns the cutter of l. It ends with the stream, or when the receiver has
// caught up with it.
func (s *stream[T]) cutAhead(l *lanes[T]) func(*frame) error {
	return func(f *frame) error {
		s.cutter.resize(listBuffer)
		s.reader.before = l.flush
		for s.cutter.waiting() || !l.caughtUp() {
			if err := s.cut(f); err != nil {
				return err
			}
			if err := l.put(metav1.TypeMeta{}, f); err != nil {
				return err
			}
		}
		s.reader.before = nil
		s.cutter.resize(watchBuffer)
		return errCaughtUp
	}
}

// nextAhead is Next for a stream whose frames are read ahead. It reports false when
// it has caught up with them, so that Next shall go on by itself.
func (s *stream[T]) nextAhead() (o outcome[T], ok bool) {
	for {
		if s.batch == nil {
			b, err := s.ahead.next()
			if err != nil {
				s.err = s.broken(err)
				return outcome[T]{err: s.err}, true
			}
			s.batch, s.taken = b, 0
		}
		b := s.batch
		if s.taken < len(b.outcomes) {
			s.taken++
			return b.outcomes[s.taken-1], true
		}
		s.batch = nil
		switch last := b.last; {
		case last == nil:
			s.ahead.giveBack(b)
		case last.err == errCaughtUp:
			s.byItself()
			return o, false
		default:
			return outcome[T]{err: s.ended(&last.frame, last.err)}, true
		}
	}
}

// byItself ends the reading ahead, where Next is to read again.
func (s *stream[T]) byItself() {
	s.ahead.halt()
	s.mu.Lock()
	s.ahead = nil
	s.mu.Unlock()
}
