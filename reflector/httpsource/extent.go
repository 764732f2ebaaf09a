package httpsource

// extent finds the end of a data item of CBOR. Each head is looked at once, however the
// item arrives, and what is between them not at all.
type extent struct {
	s    *sequence
	at   int  // what comes before is looked at
	skip bool // what is looked at need not be kept
}

// item steps over the item that begins at e.at.
func (e *extent) item() error {
	h, err := e.head()
	if err != nil {
		return err
	}
	return e.rest(h)
}

// rest steps over what follows h, the head of an item.
func (e *extent) rest(h head) error {
	e.s.open = e.s.open[:0]
	for {
		ended, err := e.after(h)
		if err != nil || ended {
			return err
		}
		if h, err = e.head(); err != nil {
			return err
		}
	}
}

// head steps over a head and returns it.
func (e *extent) head() (head, error) {
	for {
		h, size := readHead(e.s.buf[e.at:e.s.end])
		switch {
		case size > 0:
			e.at += size
			e.s.work += size
			return h, nil
		case size < 0:
			return h, e.s.malformedAt(e.at, "a data item")
		}
		if err := e.more(); err != nil {
			return h, err
		}
	}
}

// more makes more of the item readable.
func (e *extent) more() error {
	s := e.s
	if e.skip {
		s.pos = e.at
	} else if s.end-s.pos > s.max {
		return errOverflow
	}
	moved, err := s.more(s.pos)
	e.at -= moved
	return err
}

// after steps over what belongs to the head h and is no item. It reports whether the
// item has ended that this is all about.
func (e *extent) after(h head) (ended bool, err error) {
	s := e.s
	switch parts := h.parts(); {
	case h.major == cborTag:
		return false, nil // what it is about follows
	case h.isBreak():
		n := len(s.open)
		if n == 0 || s.open[n-1] != unending {
			return false, s.malformedAt(e.at-1, "a data item")
		}
		s.open = s.open[:n-1]
	case parts > 0:
		if len(s.open) == maxNesting {
			return false, s.malformedAt(e.at-1, "no deeper level")
		}
		s.open = append(s.open, parts)
		return false, nil
	case h.isString():
		err = e.pass(h.n)
	}
	return s.closed(), err
}

// closed notes that an item has ended, and with it those that it is the last part of. It
// reports whether there is none left.
func (s *sequence) closed() bool {
	for n := len(s.open); n > 0; n = len(s.open) {
		last := &s.open[n-1]
		if *last == unending {
			return false
		}
		if *last--; *last > 0 {
			return false
		}
		s.open = s.open[:n-1]
	}
	if cap(s.open) > smallBuffer/8 {
		s.open = nil
	}
	return true
}

// pass steps over n bytes. It is known before they come whether they are too many.
func (e *extent) pass(n uint64) error {
	s := e.s
	if have := uint64(e.at - s.pos); !e.skip && n > uint64(s.max)-min(have, uint64(s.max)) {
		return errOverflow
	}
	for {
		some := min(n, uint64(s.end-e.at))
		e.at += int(some)
		if n -= some; n == 0 {
			return nil
		}
		if err := e.more(); err != nil {
			return err
		}
	}
}
