package reflector

import "time"

// streamUse tells whether lists are asked for as streams. A server or proxy that
// did not send one is asked again after a while, which doubles up to a day.
type streamUse struct {
	never bool // for as long as Run lasts
	until time.Time
	last  time.Duration
}

// wanted reports whether the next list is asked for as a stream.
func (s *streamUse) wanted(now time.Time) bool { return !s.never && !now.Before(s.until) }

// failed notes that no streamed list is to be had for now.
func (s *streamUse) failed(now time.Time) {
	s.last = min(max(2*s.last, firstRest), maxRest)
	s.until = now.Add(s.last)
}

// worked notes a streamed list.
func (s *streamUse) worked() { s.last = 0 }
