package apitest

// Compact forgets the history: lists at earlier versions, and watches from
// them, are 410 from now on. Watches that are open go on, as in a real server
// that has nothing old left to send to them; continue tokens of earlier lists
// are answered with 410 and a token for the rest as it is now.
func (s *Server) Compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compact()
}

// Expire makes every resource version that anybody has seen so far one that is
// answered with 410: the counter moves on, as by a write to a resource that
// nobody looks at, and then the history is compacted.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step()
	s.compact()
}

// step moves the counter and wakes who waits for it.
func (s *Server) step() {
	s.rv++
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}

func (s *Server) compact() {
	for _, t := range s.tables {
		t.compact(s.rv)
	}
}
