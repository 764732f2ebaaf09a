package informer

import (
	"math/rand/v2"
	"slices"
	"time"
)

// pacedResync is a resync with a ResyncRate that is under way: the keys of which the
// handler is yet to be told again, one at a time, whenever nothing else waits for it.
// The handler's goroutine uses it.
//
// It holds no snapshot, which would keep old states alive for as long as it takes. The
// object is read when its turn comes, and told if the handler has by then been told of
// all that happened: so it is the state that the handler was last given.
type pacedResync struct {
	// keys are in ascending order; changed[i] is true once something else was told of
	// keys[i], and next the place of the first that was not looked at.
	keys    []string
	changed []bool
	next    int

	// due is when the turn of the next key comes, and timer goes off then.
	due   time.Time
	timer *time.Timer
}

// pace is the time from one key to the next, with jitter.
func pace(rate int) time.Duration {
	return time.Duration((0.5 + rand.Float64()) * float64(time.Second) / float64(rate))
}

// mostLate is how far a paced resync may be behind its pace and still catch up.
const mostLate = 100 * time.Millisecond

// turn sets the turn of the next key.
func (s *pacedResync) turn(now time.Time, rate int) {
	if now.Sub(s.due) > mostLate {
		s.due = now
	}
	s.due = s.due.Add(pace(rate))
}

// told notes that something else was told of key, and reports whether its turn was
// yet to come.
func (s *pacedResync) told(key string) bool {
	i, found := slices.BinarySearch(s.keys, key)
	if !found || i < s.next || s.changed[i] {
		return false
	}
	s.changed[i] = true
	return true
}

// rest stops the timer, until the next turn is waited for.
func (s *pacedResync) rest() {
	if s != nil {
		s.timer.Stop()
	}
}

// repeatOne tells the handler of the next key of its resync, if it has one and the
// turn of a key has come. It reports whether there is more to look at before the
// handler waits; otherwise alarm, if it is not nil, says when there is.
func (r *Registration[T]) repeatOne() (more bool, alarm <-chan time.Time) {
	if r.resyncRate == 0 || !r.owesResync.Load() {
		return false, nil
	}
	now := time.Now()
	if r.paced == nil {
		r.beginPaced(now)
	}
	s := r.paced
	for s.next < len(s.keys) && s.changed[s.next] {
		s.next++
	}
	if s.next == len(s.keys) {
		r.endPaced()
		return true, nil
	}
	if wait := s.due.Sub(now); wait > 0 {
		s.timer.Reset(wait)
		return false, s.timer.C
	}
	s.turn(now, r.resyncRate)
	r.repeatKey(s)
	return true, nil
}

// repeatKey tells the handler of the next key, unless something else may be about to be
// told of it: then what the store holds is not what the handler was given. Its turn
// comes again.
func (r *Registration[T]) repeatKey(s *pacedResync) {
	key := s.keys[s.next]
	obj, exists, err := r.p.base.store.GetByKey(key)
	if !r.p.upToDate(r) {
		return
	}
	s.next++
	r.owed.Add(-1)
	if !exists || err != nil {
		return
	}
	event := Event[T]{Key: key, Old: obj, Object: obj, Type: EventUpdate, Reason: ReasonResync}
	if event, ok := r.selection.see(event); ok {
		r.note(r.p.now())
		r.call(event)
	}
}

// upToDate reports whether the handler was given what the store holds. It cannot have
// begun to hold something else between a reading of it before the call and now.
func (p *processor[T]) upToDate(r *Registration[T]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.inbox != nil {
		entries, _, _ := r.inbox.depth()
		return !p.handing && entries == 0
	}
	return !p.applying && r.reader.Position() == p.log.End()
}

// beginPaced begins a resync with the keys that the store has now.
func (r *Registration[T]) beginPaced(now time.Time) {
	s := &pacedResync{due: now.Add(pace(r.resyncRate)), timer: time.NewTimer(time.Hour)}
	for key := range r.selection.all(r.p.base.store.Snapshot()) {
		s.keys = append(s.keys, key)
	}
	slices.Sort(s.keys)
	s.changed = make([]bool, len(s.keys))
	r.paced = s
	r.owed.Store(int64(len(s.keys)))
}

// endPaced ends the resync that is under way, if there is one.
func (r *Registration[T]) endPaced() {
	if r.paced == nil {
		return
	}
	r.paced.rest()
	r.paced = nil
	r.owed.Store(0)
	r.owesResync.Store(false)
}
