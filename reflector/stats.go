package reflector

import (
	"errors"
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

// RefusalCause says why an object was refused (R4).
type RefusalCause string

// The causes of a refusal.
const (
	RefusalUndecodable RefusalCause = "not decodable"
	RefusalKind        RefusalCause = "of another kind"
	RefusalTooLarge    RefusalCause = "too large"
	RefusalNotTaken    RefusalCause = "not taken by the sink"
)

// causeOf is why err refuses an object that was received.
func causeOf(err error) RefusalCause {
	var bad *DecodeError
	if errors.As(err, &bad) && bad.Cause != "" {
		return bad.Cause
	}
	return RefusalUndecodable
}

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
	// type or were not taken by the sink (R4), each as often as it came.
	Refused uint64

	// Refusals is Refused by cause. It is nil when there was none.
	Refusals map[RefusalCause]uint64

	// Bytes is how many bytes the source has read, as Options.Bytes counts
	// them, 0 if it does not.
	Bytes uint64

	// Outside is how many objects and events came that do not belong to
	// Options.Shard, and were left out. It stays 0 where the server does its part.
	Outside uint64

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
	shards   bool                    // guarded by mu: Status.ServerShards
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

// sharded notes whether a list in pages says that the server has left out what is
// outside of a shard.
func (r *record) sharded(says bool) {
	r.mu.Lock()
	r.shards = says
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

// refused notes n objects that are not stored.
func (r *record) refused(cause RefusalCause, n uint64) {
	r.update(func(s *Stats) {
		if s.Refusals == nil {
			s.Refusals = make(map[RefusalCause]uint64)
		}
		s.Refused += n
		s.Refusals[cause] += n
	})
}

func (r *record) snapshot() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Relists, s.Refusals = maps.Clone(s.Relists), maps.Clone(s.Refusals)
	return s
}
