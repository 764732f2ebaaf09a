package apitest

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// table holds the objects of one resource and what happened to them. The
// fields of the first group never change, the server's mutex guards the rest.
type table struct {
	res  Resource
	head []byte // the JSON of an object up to its resource version

	// records is the present state, by key.
	records map[string]*record

	// log holds the events after compacted, oldest first, and base counts
	// those before them: a position in the history is base and an index.
	// last is the newest event of all (at first an empty one), from which a
	// watch goes on whatever is compacted.
	log  []*event
	base int
	last *event

	// compacted is the oldest version that can be asked for: a list at it,
	// or a watch from it, is answered.
	compacted uint64

	// snapshots are states at positions from base on, the one used last at
	// the end.
	snapshots []*snapshot

	// changed is closed by the next event; nil when nobody waits.
	changed chan struct{}

	// withdrawn says that the table is the server's no more. Whoever has found it
	// before reads nothing of it then and writes nothing to it.
	withdrawn bool
}

// served returns an error if the resource has been withdrawn.
func (t *table) served() error {
	if t.withdrawn {
		return notServedError{t.res.GroupVersionResource()}
	}
	return nil
}

// event is one change of one object: rec is nil for a deletion, prev for a
// creation. next, guarded by the server's mutex, is the following event.
type event struct {
	rv   uint64
	rec  *record
	prev *record
	next *event
}

func (e *event) key() string {
	if e.rec != nil {
		return e.rec.key
	}
	return e.prev.key
}

func newTable(res Resource) *table {
	t := &table{
		res:     res,
		records: map[string]*record{},
		last:    &event{},
	}
	t.head = fmt.Appendf(nil, `{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"`, res.Kind, res.apiVersion())
	return t
}

// key is where an object of the table lives; the order of keys is the order
// of lists, as it is in etcd.
func (t *table) key(namespace, name string) string {
	if t.res.Namespaced {
		return namespace + "/" + name
	}
	return name
}

// encode appends the JSON of rec, as of version rv, to buf.
func (t *table) encode(buf []byte, rec *record, rv uint64) []byte {
	buf = append(buf, t.head...)
	buf = strconv.AppendUint(buf, rv, 10)
	return append(buf, rec.tail...)
}

// document takes apart the state rec, its resource version included.
func (t *table) document(rec *record) (*document, error) {
	return parseDocument(t.encode(nil, rec, rec.rv))
}

// append records a change that has happened at rv and wakes the watches.
// keep bounds the log; older events are compacted away.
func (t *table) append(rv uint64, rec, prev *record, keep int) {
	e := &event{rv: rv, rec: rec, prev: prev}
	if rec == nil {
		delete(t.records, prev.key)
	} else {
		t.records[rec.key] = rec
	}
	t.last.next, t.last = e, e
	t.log = append(t.log, e)
	// Cutting in steps of a quarter keeps the cost of an event constant.
	if len(t.log) > keep+keep/4 {
		t.compact(t.log[len(t.log)-keep-1].rv)
	}
	t.wake()
}

func (t *table) wake() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// wait returns a channel that the next event closes.
func (t *table) wait() <-chan struct{} {
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// after returns the index in the log of the first event newer than rv.
func (t *table) after(rv uint64) int {
	return sort.Search(len(t.log), func(i int) bool { return t.log[i].rv > rv })
}

// compact forgets everything before rv. Open watches keep what they have not
// sent yet, because they hold the events themselves.
func (t *table) compact(rv uint64) {
	if rv <= t.compacted {
		return
	}
	cut := t.after(rv)
	t.compacted = rv
	t.base += cut
	t.log = slices.Clone(t.log[cut:])
	t.snapshots = slices.DeleteFunc(t.snapshots, func(s *snapshot) bool { return s.position < t.base })
}
