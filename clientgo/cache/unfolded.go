package cache

import (
	"sync/atomic"

	"github.com/informant-go/informant/deltafifo"
	"k8s.io/klog/v2"
)

// unfolded holds the deltas that a RealFIFO has taken from its engine and not
// yet handed out. But for what is atomic it is the consumer's.
type unfolded struct {
	logger klog.Logger

	deltas []Delta
	length atomic.Int64 // len(deltas), for those who do not own it

	// announced is how many lists and resyncs producers have queued, seen
	// how many of them were unfolded. While one is on its way, recent has
	// the last delta of each key that was handed out: the known objects
	// may not tell of those.
	announced atomic.Int64
	syncing   atomic.Bool // a resync is on its way
	seen      int64
	recent    map[string]Delta
	order     []string // the keys of recent as they came
}

// announceResync notes that a resync is about to be queued, and returns false if
// one is on its way already: that one does for both.
func (u *unfolded) announceResync() bool {
	if !u.syncing.CompareAndSwap(false, true) {
		return false
	}
	u.announced.Add(1)
	return true
}

// announce notes that a list is about to be queued. The function
// that it returns takes that back.
func (u *unfolded) announce() (back func()) {
	u.announced.Add(1)
	return func() { u.announced.Add(-1) }
}

func (u *unfolded) len() int { return int(u.length.Load()) }

func (u *unfolded) add(d Delta) {
	u.deltas = append(u.deltas, d)
	u.length.Store(int64(len(u.deltas)))
}

// list adds what a list tells: first what is gone, then what it holds.
func (u *unfolded) list(l *deltafifo.List[any], known KeyListerGetter) {
	there := make(map[string]bool, len(l.Keys))
	for _, key := range l.Keys {
		there[key] = true
	}
	for _, key := range u.order {
		if d := u.recent[key]; !there[key] && d.Type != Deleted {
			u.add(Delta{Type: Deleted, Object: tombstone(key, d.Object)})
		}
	}
	for _, key := range known.ListKeys() {
		if _, recently := u.recent[key]; recently || there[key] {
			continue
		}
		obj, exists := lookUp(u.logger, known, key)
		if !exists {
			obj = nil
		}
		u.add(Delta{Type: Deleted, Object: tombstone(key, obj)})
	}
	for _, obj := range listed(l) {
		u.add(Delta{Type: Replaced, Object: obj})
	}
	u.mark()
}

// resync adds a Sync for each known object that was not handed out since.
func (u *unfolded) resync(known KeyListerGetter) {
	for _, key := range known.ListKeys() {
		if _, recently := u.recent[key]; recently {
			continue
		}
		if obj, exists := lookUp(u.logger, known, key); exists {
			u.add(Delta{Type: Sync, Object: obj})
		}
	}
	u.mark()
	u.syncing.Store(false)
}

// mark notes that a list or resync was unfolded.
func (u *unfolded) mark() {
	u.seen++
	u.recent, u.order = nil, nil
}

// take returns the next deltas, at most limit and each of another key; what
// speaks of all keys stands alone.
func (u *unfolded) take(limit int, keyOf func(any) (string, error)) []Delta {
	var taken []Delta
	keys := map[string]bool{}
	for len(taken) < min(limit, len(u.deltas)) {
		d := u.deltas[len(taken)]
		if whole(d.Type) {
			if len(taken) == 0 {
				taken = append(taken, d)
			}
			break
		}
		key, err := keyOf(d.Object)
		if err != nil || keys[key] {
			break
		}
		keys[key] = true
		u.remember(key, d)
		taken = append(taken, d)
	}
	if len(taken) == 0 {
		taken = append(taken, u.deltas[0])
	}
	u.drop(len(taken))
	return taken
}

// drop forgets the first n deltas, and lets go of the memory of a long list
// once it is handed out.
func (u *unfolded) drop(n int) {
	clear(u.deltas[:n])
	u.deltas = u.deltas[n:]
	if len(u.deltas) == 0 {
		u.deltas = nil
	}
	u.length.Store(int64(len(u.deltas)))
}

// remember keeps d while a list or a resync is on its way.
func (u *unfolded) remember(key string, d Delta) {
	if u.announced.Load() <= u.seen {
		return
	}
	if u.recent == nil {
		u.recent = map[string]Delta{}
	}
	if _, known := u.recent[key]; !known {
		u.order = append(u.order, key)
	}
	u.recent[key] = d
}

// whole reports whether a delta speaks of the whole collection.
func whole(t DeltaType) bool { return t == ReplacedAll || t == SyncAll || t == Bookmark }
