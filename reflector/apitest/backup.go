package apitest

import (
	"maps"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Backup is all that a Server holds at one version, as a copy of its storage
// is. It never changes.
type Backup struct {
	rv      uint64
	records map[schema.GroupVersionResource]map[string]*record
}

// Backup returns a copy of the objects of all resources.
func (s *Server) Backup() *Backup {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Backup{rv: s.rv, records: map[schema.GroupVersionResource]map[string]*record{}}
	for gvr, t := range s.tables {
		b.records[gvr] = maps.Clone(t.records)
	}
	return b
}

// Restore takes the server back to b, as a server is whose storage was
// restored: the objects and the version are b's, so that versions which
// clients have seen come again, for other states; the history begins there;
// all connections break. A resource that b does not have is empty, one that is
// not served stays so.
func (s *Server) Restore(b *Backup) {
	s.mu.Lock()
	s.rv = b.rv
	for gvr, t := range s.tables {
		t.restore(b.records[gvr], b.rv)
		s.beginAnew(t, b.rv)
	}
	s.mu.Unlock()
	s.breakConnections()
}

// restore makes records the state of the table. Open watches, which are about
// to end, see nothing of what follows.
func (t *table) restore(records map[string]*record, rv uint64) {
	t.records = map[string]*record{}
	maps.Copy(t.records, records)
	t.base += len(t.log)
	t.log, t.snapshots, t.last, t.compacted = nil, nil, &event{}, rv
}

// Advance moves the version on by n, as writes to a resource do that nobody
// looks at.
func (s *Server) Advance(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 {
		s.step()
		s.rv += uint64(n - 1)
	}
}
