package apitest

import (
	"slices"
	"sort"
	"strings"
)

// snapshot is the state of a table after position events, in the order of
// keys. It never changes, so it is read without a lock.
type snapshot struct {
	position int
	items    []*record
}

// maxSnapshots bounds the states that a table keeps: enough for some paged
// lists at once, each at its own version.
const maxSnapshots = 8

// at returns the state at rv, which lies between compacted and the present.
// It costs a copy of the pointers the first time that a version is asked for,
// and a look at a few numbers after that.
func (t *table) at(rv uint64) []*record {
	position := t.base + t.after(rv)
	i := slices.IndexFunc(t.snapshots, func(s *snapshot) bool { return s.position == position })
	var s *snapshot
	if i >= 0 {
		s = t.snapshots[i]
		t.snapshots = slices.Delete(t.snapshots, i, i+1)
	} else {
		s = t.derive(position)
		if len(t.snapshots) == maxSnapshots {
			t.snapshots = slices.Delete(t.snapshots, 0, 1)
		}
	}
	t.snapshots = append(t.snapshots, s)
	return s.items
}

// derive makes the state at a position from the nearest known one: forward
// from an older by applying events, or backward from a newer by undoing them.
func (t *table) derive(position int) *snapshot {
	changes := map[string]*record{}
	if older := t.older(position); older != nil {
		for _, e := range t.log[older.position-t.base : position-t.base] {
			changes[e.key()] = e.rec
		}
		return &snapshot{position: position, items: merge(older.items, changes)}
	}
	newer := t.newer(position)
	events := t.log[position-t.base : newer.position-t.base]
	for _, e := range slices.Backward(events) {
		changes[e.key()] = e.prev
	}
	return &snapshot{position: position, items: merge(newer.items, changes)}
}

// older returns the newest snapshot before position, nil if there is none.
func (t *table) older(position int) (found *snapshot) {
	for _, s := range t.snapshots {
		if s.position < position && (found == nil || s.position > found.position) {
			found = s
		}
	}
	return found
}

// newer returns the oldest snapshot after position, or the present.
func (t *table) newer(position int) (found *snapshot) {
	for _, s := range t.snapshots {
		if s.position > position && (found == nil || s.position < found.position) {
			found = s
		}
	}
	if found != nil {
		return found
	}
	items := make([]*record, 0, len(t.records))
	for _, rec := range t.records {
		items = append(items, rec)
	}
	slices.SortFunc(items, func(a, b *record) int { return strings.Compare(a.key, b.key) })
	return &snapshot{position: t.base + len(t.log), items: items}
}

// merge returns base with changes applied; nil removes. base is not touched.
func merge(base []*record, changes map[string]*record) []*record {
	keys := make([]string, 0, len(changes))
	for key := range changes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	items := make([]*record, 0, len(base)+len(changes))
	for _, key := range keys {
		i := seek(base, key)
		items = append(items, base[:i]...)
		base = base[i:]
		if len(base) > 0 && base[0].key == key {
			base = base[1:]
		}
		if rec := changes[key]; rec != nil {
			items = append(items, rec)
		}
	}
	return append(items, base...)
}

// seek returns the index of the first record whose key is not before key.
func seek(items []*record, key string) int {
	return sort.Search(len(items), func(i int) bool { return items[i].key >= key })
}
