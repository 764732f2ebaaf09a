package reflector

import (
	"context"
	"errors"
	"time"

	"github.com/informant-go/informant/object"
)

// phase says what the machine does next. doc.go draws the ways between them.
type phase uint8

const (
	// streaming opens a streamed list and reads it up to its end.
	streaming phase = iota + 1
	// listing asks for the next page of a list.
	listing
	// watching opens a watch from the last version.
	watching
	// reading takes events from the open watch until it ends.
	reading
	// waiting lets time pass and goes on with then.
	waiting
	// ended is where the context ends.
	ended
)

// state is where the machine stands between two steps.
type state[T any] struct {
	phase phase

	// then and delay are set in waiting: what comes after, and when.
	then  phase
	delay time.Duration

	// fresh, in streaming and listing, asks for the newest state, because
	// the last version is of no use.
	fresh bool

	// page is the page that listing asks for.
	page page

	// restart, in watching, tells that another watch came before.
	restart bool

	// open is set in reading, and only there.
	open *openWatch[T]
}

// page is a place in a list.
type page struct {
	begun   bool   // the sink has an open list, which this page goes on with
	token   string // "" for the first page
	version string // of the list, as the first page gave it
	whole   bool   // ask without a limit
	tries   int    // how often this page has failed
}

// machine makes the steps. It belongs to one Run and one goroutine. What it
// remembers besides the state is how the server has behaved so far.
type machine[T any] struct {
	r    *Reflector[T]
	sink Sink[T]

	// version is what the sink has taken: it moves only after the sink has
	// accepted what brings it there.
	version string

	delays   delays
	internal retryDeadline

	// listOpen is true while the sink has a list that is neither committed
	// nor aborted.
	listOpen bool

	// watch is the last watch that was opened, whoever holds it now.
	watch *openWatch[T]

	// noStreams is set once the server has refused a streamed list; broken
	// counts streamed lists that broke since the last complete list; paged
	// is set once the server has answered in pages what it could have
	// answered from a cache.
	noStreams bool
	broken    int
	paged     bool

	// quiet is for how long watches have been open since the last list,
	// event or bookmark; short counts those of under a second since then.
	quiet time.Duration
	short int

	// refused has the keys that the source could not decode in the last
	// list. The sink does not hold them, so that another such state of them
	// changes nothing there.
	refused map[string]struct{}
}

func newMachine[T any](r *Reflector[T], sink Sink[T]) *machine[T] {
	return &machine[T]{
		r: r, sink: sink,
		version:   r.record.lastVersion(),
		delays:    delays{Backoff: r.opts.Backoff.complete()},
		internal:  retryDeadline{limit: r.opts.MaxInternalErrorRetry},
		noStreams: r.opts.DisableStreaming,
		refused:   make(map[string]struct{}),
	}
}

// start is the first state.
func (m *machine[T]) start() state[T] { return m.list(false) }

// stop gives back what the machine holds, wherever it stands.
func (m *machine[T]) stop() {
	if m.watch != nil {
		m.watch.close()
	}
	m.abort()
}

// step makes one step. It blocks for as long as the source, the sink or a
// delay takes, and ends with ctx.
func (m *machine[T]) step(ctx context.Context, s state[T]) state[T] {
	if ctx.Err() != nil {
		return m.end()
	}
	switch s.phase {
	case streaming:
		return m.streamList(ctx, s)
	case listing:
		return m.listPage(ctx, s)
	case watching:
		return m.openWatch(ctx, s)
	case reading:
		return m.read(ctx, s)
	case waiting:
		return m.wait(ctx, s)
	}
	return m.end()
}

// end leaves nothing open.
func (m *machine[T]) end() state[T] {
	m.stop()
	return state[T]{phase: ended}
}

// list is the state that begins a full list.
func (m *machine[T]) list(fresh bool) state[T] {
	if m.noStreams {
		return m.pages(fresh)
	}
	return state[T]{phase: streaming, fresh: fresh}
}

// pages is the state that begins a full list in pages.
func (m *machine[T]) pages(fresh bool) state[T] {
	return state[T]{phase: listing, fresh: fresh}
}

// relist is the state that begins a full list because of why (R2). Where the
// last version is in doubt the list is fresh.
func (m *machine[T]) relist(why RelistReason) state[T] {
	m.r.record.relist(why)
	return m.list(why == RelistTooLarge || why == RelistBackwards)
}

// rewatch is the state that goes on from the last version.
func (m *machine[T]) rewatch() state[T] { return state[T]{phase: watching, restart: true} }

// retry reports err, waits and goes on with next.
func (m *machine[T]) retry(ctx context.Context, op string, err error, next state[T]) state[T] {
	m.report(ctx, op, "", err)
	return m.pause(err, next)
}

// pause goes on with next after the time that is due after err (R3).
func (m *machine[T]) pause(err error, next state[T]) state[T] {
	m.r.record.update(func(s *Stats) { s.Retries++ })
	next.then, next.phase = next.phase, waiting
	next.delay = m.delays.next(time.Now(), retryAfter(err))
	return next
}

// wait is the waiting arm. It ends with ctx (R3).
func (m *machine[T]) wait(ctx context.Context, s state[T]) state[T] {
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return m.end()
	case <-timer.C:
	}
	s.phase, s.then, s.delay = s.then, 0, 0
	return s
}

// begin opens a list at the sink.
func (m *machine[T]) begin(ctx context.Context) error {
	clear(m.refused)
	if err := m.sink.Begin(ctx); err != nil {
		return err
	}
	m.listOpen = true
	return nil
}

// commit ends the list that is open at the sink.
func (m *machine[T]) commit(ctx context.Context, version string) error {
	m.listOpen = false
	if err := m.sink.Commit(ctx, version); err != nil {
		return err
	}
	m.broken = 0
	m.alive()
	m.r.record.update(func(s *Stats) { s.Synced++ })
	m.logger(ctx).V(2).Info("Listed", "reflector", m.r.name, "type", m.r.typ, "resourceVersion", version)
	return nil
}

func (m *machine[T]) abort() {
	if m.listOpen {
		m.listOpen = false
		m.sink.Abort()
	}
}

// give hands a part of a list to the sink. What is refused on the way is
// reported and does not fail the list (R4); only the end of ctx does.
func (m *machine[T]) give(ctx context.Context, items []T) error {
	items = m.sieve(ctx, items)
	if len(items) == 0 {
		return ctx.Err()
	}
	if err := m.sink.Page(ctx, items); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.refuse(ctx, "store a list of", "", err)
	}
	return nil
}

// sieve returns items without those of the wrong kind. It works in place.
func (m *machine[T]) sieve(ctx context.Context, items []T) []T {
	if m.r.check == nil {
		return items
	}
	kept := items[:0]
	for _, obj := range items {
		if err := m.r.check(obj); err != nil {
			m.refuseListed(ctx, &DecodeError{Type: m.r.typ, Key: m.r.key(obj), Err: err})
			continue
		}
		kept = append(kept, obj)
	}
	clear(items[len(kept):])
	return kept
}

// refuseListed reports an item of a list that cannot be used, and remembers
// that the sink does not hold it.
func (m *machine[T]) refuseListed(ctx context.Context, err error) {
	var bad *DecodeError
	key := ""
	if errors.As(err, &bad) && bad.Key != "" {
		key = bad.Key
		m.refused[key] = struct{}{}
	}
	m.refuse(ctx, "decode a list of", key, err)
}

// refuse counts and reports objects that are not stored (R4).
func (m *machine[T]) refuse(ctx context.Context, op, key string, err error) {
	n := countErrors(err)
	m.r.record.update(func(s *Stats) { s.Refused += n })
	m.report(ctx, op, key, err)
}

// countErrors is how many objects err speaks of, where it joins errors.
func countErrors(err error) uint64 {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return uint64(max(1, len(joined.Unwrap())))
	}
	return 1
}

// compare orders version and the last one. What cannot be compared counts as
// newer: not every source numbers its versions.
func (m *machine[T]) compare(version string) int {
	if m.r.opts.UnorderedVersions {
		return 1
	}
	c, err := object.CompareVersions(version, m.version)
	if err != nil {
		return 1
	}
	return c
}

// reach notes that the sink holds the state at version.
func (m *machine[T]) reach(version string) {
	m.version = version
	m.r.record.setVersion(version)
}

// alive notes a sign of life of the source.
func (m *machine[T]) alive() { m.quiet, m.short = 0, 0 }
