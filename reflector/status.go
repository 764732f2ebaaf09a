package reflector

import (
	"encoding/json"
	"maps"
	"time"
)

// Status is how a Reflector stands with its source (R5).
type Status struct {
	// Running is true while Run is.
	Running bool

	// Phase is what the Reflector does: "listing" (in pages or as a stream),
	// "watching", "waiting" after an error, "" when it does not run.
	Phase string

	// InStep is false while an object is refused, and when for longer than
	// Options.OutOfStepAfter neither a watch was open nor a list answered. It
	// is true in the first moments of a Run and false when none is going on.
	InStep bool

	// Since is when InStep took its present value, zero before the first
	// Run.
	Since time.Time

	// Cause is why InStep is false, nil while it is true.
	Cause error

	// Synced is true once a list has been handed over in full.
	Synced bool

	// Source is Options.Source.
	Source string

	// Shard is the shardSelector that asks for Options.Shard, "" for everything.
	Shard string

	// ServerShards is true if the last list in pages says that the server has left
	// out what does not belong to the shard (shardInfo). Streams do not say it, nor
	// do lists of custom resources: Stats.Outside tells of those.
	ServerShards bool

	// ResourceVersion is LastSyncResourceVersion.
	ResourceVersion string

	// LastContact is when a watch was last open, now if one is, or a list
	// last answered; zero before.
	LastContact time.Time

	// LastError is the last error that was reported and LastErrorAt when;
	// nil and zero before.
	LastError   error
	LastErrorAt time.Time

	// Refused is how many objects the sink does not hold as the server has
	// them, because they could not be decoded, are of the wrong kind or were
	// not taken.
	Refused int

	// Refusals is Stats.Refusals: how often an object was refused, by cause. It
	// is nil when there was none.
	Refusals map[RefusalCause]uint64

	// Bytes is Stats.Bytes: how many bytes the source has read, 0 if it does
	// not count them.
	Bytes uint64

	// Restarts is how often a watch or a streamed list was asked for again, by
	// what ended the one before or kept it from opening. It is nil when there
	// was none.
	Restarts map[RestartCause]uint64

	// Relists is Stats.Relists: how many full lists were called for after the
	// first, by reason. It is nil when there was none.
	Relists map[RelistReason]uint64
}

// RestartCause says what ended a watch, or kept it from opening.
type RestartCause string

// The causes of a restart.
const (
	RestartEnded       RestartCause = "ended by the server"
	RestartShort       RestartCause = "ended within a second without an event"
	RestartCut         RestartCause = "silent and cut by this side"
	RestartBroken      RestartCause = "broken off"
	RestartUnreachable RestartCause = "server not reachable or busy"
	RestartExpired     RestartCause = "version expired"
	RestartTooLarge    RestartCause = "version too large"
	RestartInternal    RestartCause = "internal error of the server"
	RestartRefused     RestartCause = "refused by the server"
	RestartEvent       RestartCause = "event that calls for a list"
)

// Status returns how the Reflector stands with its source now.
func (r *Reflector[T]) Status() Status {
	s := r.health.status(time.Now())
	s.Source, s.Bytes, s.Shard = r.opts.Source, r.bytes(), r.opts.Shard.String()
	r.record.mu.Lock()
	defer r.record.mu.Unlock()
	s.Synced = r.record.stats.Synced > 0
	s.ResourceVersion, s.ServerShards = r.record.version, r.record.shards
	s.LastError, s.LastErrorAt = r.record.stats.LastError, r.record.errorAt
	s.Restarts = maps.Clone(r.record.restarts)
	s.Relists = maps.Clone(r.record.stats.Relists)
	s.Refusals = maps.Clone(r.record.stats.Refusals)
	return s
}

// MarshalJSON writes the status with its errors as their texts.
func (s Status) MarshalJSON() ([]byte, error) {
	type plain Status
	return json.Marshal(struct {
		plain
		Cause, LastError string
	}{plain(s), text(s.Cause), text(s.LastError)})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
