package apitest

import (
	"k8s.io/apimachinery/pkg/watch"
)

// Trace knows every write to a resource since it was made, whatever clients saw of
// them: what a test holds against what its clients were told. It costs nothing but
// the memory of the states, which stay until nobody holds the Trace or the Server.
// Any goroutine may call Eras.
type Trace[T any] struct {
	of  Collection[T]
	log *trace
}

// trace is a Trace of any type. The server's mutex guards it.
type trace struct {
	eras []traced
}

// traced is where an era begins: the state, and the event before its first.
type traced struct {
	rv      uint64
	table   *table
	records []*record
	cursor  *event
}

// Era is what happened to a resource between two of its new beginnings. One is when
// a backup is restored, and when a resource is served, again or for the first time;
// in none of them is there an event for what is different then.
type Era[T any] struct {
	// Version is that of the state that the era begins with, Objects are in the
	// order of a list.
	Version string
	Objects []T
	// Changes are all that followed, in order.
	Changes []Change[T]
}

// Change is one write of one object.
type Change[T any] struct {
	// Type is watch.Added, watch.Modified or watch.Deleted.
	Type watch.EventType
	// Version is that of the write.
	Version string
	// Object is what the write made, for a deletion the last state. Its version is
	// Version.
	Object T
}

// Trace begins a Trace of the resource, which need not be served.
func (c Collection[T]) Trace() *Trace[T] {
	s, gvr := c.server, c.res.GroupVersionResource()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &trace{}
	s.traces[gvr] = append(s.traces[gvr], t)
	if served := s.tables[gvr]; served != nil {
		t.begin(served, s.rv)
	}
	return &Trace[T]{of: c, log: t}
}

// begin begins another era with the state of t at rv.
func (l *trace) begin(t *table, rv uint64) {
	l.eras = append(l.eras, traced{rv: rv, table: t, records: t.at(rv), cursor: t.last})
}

// beginAnew tells the traces of t that it begins anew at rv; the caller holds mu.
func (s *Server) beginAnew(t *table, rv uint64) {
	for _, l := range s.traces[t.res.GroupVersionResource()] {
		l.begin(t, rv)
	}
}

// Eras returns all that happened until now. The error is that of an object that
// cannot be decoded as a T.
func (t *Trace[T]) Eras() ([]Era[T], error) {
	s := t.of.server
	s.mu.Lock()
	began := t.log.eras
	events := make([][]*event, len(began))
	for i, e := range began {
		for next := e.cursor.next; next != nil; next = next.next {
			events[i] = append(events[i], next)
		}
	}
	s.mu.Unlock()
	eras := make([]Era[T], len(began))
	for i, e := range began {
		if err := t.fill(&eras[i], e, events[i]); err != nil {
			return nil, err
		}
	}
	return eras, nil
}

// fill decodes an era.
func (t *Trace[T]) fill(era *Era[T], from traced, events []*event) error {
	era.Version = formatVersion(from.rv)
	for _, rec := range from.records {
		obj, err := t.of.decode(from.table, rec)
		if err != nil {
			return err
		}
		era.Objects = append(era.Objects, obj)
	}
	for _, e := range events {
		c := Change[T]{Type: watch.Modified, Version: formatVersion(e.rv)}
		rec := e.rec
		switch {
		case e.rec == nil:
			c.Type, rec = watch.Deleted, e.prev
		case e.prev == nil:
			c.Type = watch.Added
		}
		// The last state of what was deleted has the version of the deletion.
		at := *rec
		at.rv = e.rv
		var err error
		if c.Object, err = t.of.decode(from.table, &at); err != nil {
			return err
		}
		era.Changes = append(era.Changes, c)
	}
	return nil
}
