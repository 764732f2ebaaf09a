package reflector

import (
	"maps"
	"sync"
	"time"
)

// RelistReason says why a full list was made after the first.
type RelistReason string

// The reasons of a full list, which doc.go explains (R2).
const (
	RelistExpired     RelistReason = "expired"
	RelistTooLarge    RelistReason = "version too large"
	RelistUndecodable RelistReason = "event not decodable"
	RelistNotStored   RelistReason = "event not stored"
	RelistBackwards   RelistReason = "version went backwards"
	RelistSilent      RelistReason = "watch silent"
	RelistShort       RelistReason = "watches very short"
	RelistInternal    RelistReason = "internal errors"
	RelistRefused     RelistReason = "watch refused"
	RelistUnwatched   RelistReason = "watches do not work"
	RelistUnversioned RelistReason = "no version to resume from"
)

// Stats counts what a Reflector has done since it was made, all its Runs
// together.
type Stats struct {
	// Lists is how many full lists were begun in pages, Streamed how many as
	// a stream, Synced how many of both were completed. Pages is how many
	// pages were asked for.
	Lists, Streamed, Synced, Pages uint64

	// Relists is how many full lists were called for after the first, by
	// reason. It is nil when there was none.
	Relists map[RelistReason]uint64

	// Watches is how many streams were asked for, Restarts how many of them
	// went on from the version where another had ended.
	Watches, Restarts uint64

	// Events is how many objects came as events, Bookmarks how many
	// bookmarks came, Duplicates how many events came with the version of
	// the one before.
	Events, Bookmarks, Duplicates uint64

	// Expired is how often the server said that a version was gone.
	Expired uint64

	// Cut is how many streams and lists were silent for too long and were
	// cut by this side.
	Cut uint64

	// Refused is how many objects could not be decoded, were of the wrong
	// type or were not taken by the sink (R4).
	Refused uint64

	// Retries is how often the Reflector waited because of an error.
	Retries uint64

	// LastError is the last error that was reported, nil if there was none.
	LastError error
}

// RelistCount is how many full lists were called for after the first.
func (s Stats) RelistCount() uint64 {
	var n uint64
	for _, count := range s.Relists {
		n += count
	}
	return n
}

// record is what a running Reflector lets others see.
type record struct {
	mu       sync.Mutex
	stats    Stats                   // guarded by mu
	version  string                  // guarded by mu
	errorAt  time.Time               // guarded by mu: of stats.LastError
	restarts map[RestartCause]uint64 // guarded by mu
}

// update changes the stats.
func (r *record) update(change func(*Stats)) {
	r.mu.Lock()
	change(&r.stats)
	r.mu.Unlock()
}

// failed notes an error that is reported.
func (r *record) failed(err error) {
	r.mu.Lock()
	r.stats.LastError, r.errorAt = err, time.Now()
	r.mu.Unlock()
}

// restart notes what ended a watch.
func (r *record) restart(cause RestartCause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.restarts == nil {
		r.restarts = make(map[RestartCause]uint64)
	}
	r.restarts[cause]++
}

// event notes an event that the sink has taken, and the version that it brings
// the reflector to.
func (r *record) event(version string) {
	r.mu.Lock()
	r.stats.Events++
	r.version = version
	r.mu.Unlock()
}

func (r *record) setVersion(version string) {
	r.mu.Lock()
	r.version = version
	r.mu.Unlock()
}

func (r *record) lastVersion() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.version
}

func (r *record) relist(why RelistReason) {
	r.update(func(s *Stats) {
		if s.Relists == nil {
			s.Relists = make(map[RelistReason]uint64)
		}
		s.Relists[why]++
	})
}

func (r *record) snapshot() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Relists = maps.Clone(s.Relists)
	return s
}
