package union

import (
	"slices"
	"strings"

	"github.com/informant-go/informant/object"
)

// ledger knows by which queries each object is wanted, and which state of it the sink
// has: keys, versions and sets, never the objects. It belongs to who has the turn, and
// calls no user code.
type ledger[T any] struct {
	entries map[string]*entry[T]

	// graves are the keys that the sink has no more, oldest first, while a query may
	// still bring an older state of them.
	graves []grave

	// unordered is reflector.Options.UnorderedVersions.
	unordered bool
}

// entry is what is known of a key. Without a holder it is a grave.
type entry[T any] struct {
	// version is that of the state that was handed on last, or of its deletion if a
	// watch reported that; by is the query that it came from, nil if that is gone.
	version string
	by      *query[T]

	// one holds the object, and so do more; nil if nobody does.
	one  *query[T]
	more []*query[T]

	// shown says that the sink has the object.
	shown bool
}

type grave struct{ key, version string }

// maxGraves bounds what is remembered of deletions while a query lags.
const maxGraves = 1024

// held reports whether q holds the object.
func (e *entry[T]) held(q *query[T]) bool {
	return e.one == q || slices.Contains(e.more, q)
}

// alone reports whether q is the only one that holds it.
func (e *entry[T]) alone(q *query[T]) bool { return e.one == q && len(e.more) == 0 }

// hold notes that q holds the object.
func (e *entry[T]) hold(q *query[T]) {
	if e.held(q) {
		return
	}
	q.objects.Add(1)
	if e.one == nil {
		e.one = q
		return
	}
	e.more = append(e.more, q)
}

// drop notes that q does not hold it any more.
func (e *entry[T]) drop(q *query[T]) {
	if !e.held(q) {
		return
	}
	q.objects.Add(-1)
	if len(e.more) == 0 {
		e.one = nil
		return
	}
	at, last := slices.Index(e.more, q), len(e.more)-1
	if e.one == q {
		e.one, at = e.more[last], last
	}
	if e.more = slices.Delete(e.more, at, at+1); last == 0 {
		e.more = nil
	}
}

// older reports whether version is known to be older than other.
func (l *ledger[T]) older(version, other string) bool {
	if l.unordered {
		return false
	}
	c, err := object.CompareVersions(version, other)
	return err == nil && c < 0
}

// old reports whether a state of this version, which q brings, need not be handed on:
// a newer one was, or this one. What one query brings has the order in which it comes,
// and is for its Reflector to judge; so only what came from another counts.
func (l *ledger[T]) old(e *entry[T], q *query[T], version string) bool {
	return e != nil && (l.stale(e, q, version) || e.by != q && l.same(e, version))
}

// stale reports whether a state of this version, which q brings, is older than what
// another query has brought.
func (l *ledger[T]) stale(e *entry[T], q *query[T], version string) bool {
	return e.by != q && l.older(version, e.version)
}

// same reports whether the sink has this state.
func (l *ledger[T]) same(e *entry[T], version string) bool {
	return e.shown && version != "" && version == e.version && !l.unordered
}

// handed notes that the sink has a state, which q has brought and holds.
func (l *ledger[T]) handed(key string, q *query[T], version string) {
	e := l.entries[key]
	if e == nil {
		e = &entry[T]{}
		l.entries[key] = e
	}
	e.version, e.by, e.shown = version, q, true
	e.hold(q)
}

// bury notes that q, which was the last to hold it, does not hold the object any more.
// version is that of the deletion, "" if it is not known. The key is remembered for a
// while, so that a query that lags brings no older state back.
func (l *ledger[T]) bury(key string, e *entry[T], version string) {
	e.shown = false
	if e.version == "" || l.older(e.version, version) {
		e.version = version
	}
	if !l.ordered(e.version) {
		delete(l.entries, key)
		return
	}
	l.graves = append(l.graves, grave{key, e.version})
	if len(l.graves) > maxGraves {
		l.forget(1)
	}
}

// ordered reports whether versions like this one can be compared.
func (l *ledger[T]) ordered(version string) bool {
	_, err := object.CompareVersions(version, version)
	return err == nil && !l.unordered
}

// prune forgets the graves that no query can bring anything older of: all have reached
// version.
func (l *ledger[T]) prune(version string) {
	n := 0
	for n < len(l.graves) && l.ordered(version) && !l.older(version, l.graves[n].version) {
		n++
	}
	l.forget(n)
}

// forget drops the first n graves.
func (l *ledger[T]) forget(n int) {
	for _, g := range l.graves[:n] {
		if e := l.entries[g.key]; e != nil && e.one == nil && e.version == g.version {
			delete(l.entries, g.key)
		}
	}
	if l.graves = slices.Delete(l.graves, 0, n); len(l.graves) == 0 {
		l.graves = nil
	}
}

// wanted are the keys that q holds, in their order, without those that keep has.
func (l *ledger[T]) wanted(q *query[T], keep map[*entry[T]]struct{}) []string {
	var keys []string
	if int(q.objects.Load()) == len(keep) {
		return nil // it holds all that is in keep
	}
	for key, e := range l.entries {
		if _, kept := keep[e]; !kept && e.held(q) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}

// leave forgets a query that is gone, so that nothing keeps its source alive.
func (l *ledger[T]) leave(q *query[T]) {
	for _, e := range l.entries {
		if e.by == q {
			e.by = nil
		}
	}
}
