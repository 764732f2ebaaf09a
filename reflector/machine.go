package reflector

import (
	"context"
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

// String is what Status.Phase says.
func (p phase) String() string {
	switch p {
	case streaming, listing:
		return "listing"
	case watching, reading:
		return "watching"
	case waiting:
		return "waiting"
	}
	return ""
}

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

	// restart, in watching, is set when another watch came before.
	restart bool

	// detour, in listing, is what the list stands in for, because it does not
	// work: watching or streaming. It comes again when the list fails too.
	detour phase

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
	empty   int    // how many pages in a row brought nothing
	n       int    // how many pages there were
	circle  circle // of tokens
}

// machine makes the steps. It belongs to one Run and one goroutine. What it
// remembers besides the state is how the server has behaved so far.
type machine[T any] struct {
	r    *Reflector[T]
	sink Sink[T]

	// version is what the sink has taken: it moves only after the sink has
	// accepted what brings it there.
	version string

	// behind is true while the sink holds a newer state than that of version,
	// which only a list of the newest state is sure not to go behind.
	behind bool

	// delays are the pauses after failures; turns are those before lists that
	// an answer of the source calls for, which says nothing about load.
	delays, turns delays
	internal      retryDeadline
	detour        detour
	refusals      refusals

	// listOpen is true while the sink has a list that is neither committed
	// nor aborted; count is what it has brought.
	listOpen bool
	began    time.Time // when the last list began
	count    listCount
	size     int // of the last list that was committed

	// halved is set once a list has brought objects and failed, until another one
	// takes effect: parts of lists are no contact then (R5).
	halved bool

	// watch is the last watch that was opened, whoever holds it now.
	watch *openWatch[T]

	// streams knows whether lists are asked for as streams. broken counts
	// streamed lists that broke since the last complete list; paged is set
	// once the server has answered in pages what it could have answered from
	// a cache.
	streams streamUse
	broken  int
	paged   bool

	// quiet is for how long watches have been open since the last list, event
	// or bookmark; peace is how long that must be for another list because of
	// silence, at least. short counts watches in a row of under a second that
	// brought nothing new, hasty those that did.
	quiet, peace time.Duration
	short, hasty int

	// detourLog says when it may be logged that watches do not work.
	detourLog logPace

	// listVersion is that of the last list, "" if it had none.
	listVersion string

	// gone is when a list was first answered with 404 or 403, since when nothing
	// else was; zero otherwise. probing is set once the policy is in effect.
	// failure is why the Run ends before its context does.
	gone    time.Time
	probing bool
	failure error

	// endOfTurn is what Options.Turn has returned for the list that is under way.
	endOfTurn func()

	// suspect is set while a list is to show whether the server went back
	// because an event or a bookmark was lower than the last version, late
	// because a list was, which may have come from a cache that lags;
	// disordered once a list has shown that it did not, so that the order of its
	// events means nothing.
	suspect, late, disordered bool
}

func newMachine[T any](r *Reflector[T], sink Sink[T]) *machine[T] {
	return &machine[T]{
		r: r, sink: sink,
		version:  r.record.lastVersion(),
		behind:   r.behind,
		delays:   delays{Backoff: r.opts.Backoff.complete(), max: r.opts.MaxPause},
		turns:    delays{Backoff: r.opts.Backoff.complete(), max: r.opts.MaxPause},
		internal: retryDeadline{limit: r.opts.MaxInternalErrorRetry},
		refusals: newRefusals(),
		streams:  streamUse{never: r.opts.DisableStreaming},
	}
}

// start is the first state.
func (m *machine[T]) start() state[T] { return m.list(false) }

// stop gives back what the machine holds, wherever it stands.
func (m *machine[T]) stop() {
	m.r.behind = m.behind
	if m.watch != nil {
		m.watch.close()
	}
	m.abort()
	m.endTurn()
}

// step makes one step. It blocks for as long as the source, the sink or a
// delay takes, and ends with ctx.
func (m *machine[T]) step(ctx context.Context, s state[T]) state[T] {
	if ctx.Err() != nil {
		return m.end()
	}
	m.r.health.does(s.phase)
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
	if !m.streams.wanted(time.Now()) {
		return m.pages(fresh)
	}
	return state[T]{phase: streaming, fresh: fresh || m.behind}
}

// pages is the state that begins a full list in pages.
func (m *machine[T]) pages(fresh bool) state[T] {
	return state[T]{phase: listing, fresh: fresh || m.behind}
}

// around is the state that begins a list in pages in place of what does not
// work (R1a).
func (m *machine[T]) around(what phase, fresh bool) state[T] {
	s := m.pages(fresh)
	s.detour = what
	return s
}

// relist is the state that begins a full list because of why (R2), which a watch
// has given. Where the last version is in doubt the list is fresh.
func (m *machine[T]) relist(why RelistReason) state[T] {
	m.r.record.relist(why)
	m.suspect = m.suspect || why == RelistBackwards
	return m.list(why == RelistTooLarge || why == RelistBackwards)
}

// relistLate is relist after a list that was older than the last version.
func (m *machine[T]) relistLate() state[T] {
	m.r.record.relist(RelistBackwards)
	m.late = true
	return m.list(true)
}

// rewatch is the state that goes on from the last version.
func (m *machine[T]) rewatch() state[T] { return state[T]{phase: watching, restart: true} }

// retry reports err, waits as after a failure and goes on with next (R3).
func (m *machine[T]) retry(ctx context.Context, op string, err error, next state[T]) state[T] {
	m.report(ctx, op, "", err)
	return m.pause(&m.delays, err, next)
}

// turn reports err, waits as before a list that an answer calls for and goes
// on with next (R3).
func (m *machine[T]) turn(ctx context.Context, op string, err error, next state[T]) state[T] {
	m.report(ctx, op, "", err)
	return m.pause(&m.turns, err, next)
}

// pause goes on with next after the time that is due after err (R3).
func (m *machine[T]) pause(d *delays, err error, next state[T]) state[T] {
	m.r.record.update(func(s *Stats) { s.Retries++ })
	next.then, next.phase = next.phase, waiting
	next.delay = d.next(time.Now(), retryAfter(err))
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
	if err := m.takeTurn(ctx); err != nil {
		return err
	}
	m.began = time.Now()
	m.refusals.begin(m.began)
	m.count = listCount{}
	if err := m.sink.Begin(ctx); err != nil {
		return err
	}
	m.listOpen = true
	return nil
}

// takeTurn waits until a list may begin. Pages that follow a streamed list at once
// have its turn.
func (m *machine[T]) takeTurn(ctx context.Context) (err error) {
	if m.r.opts.Turn == nil || m.endOfTurn != nil {
		return nil
	}
	m.r.health.queues(true)
	defer m.r.health.queues(false)
	m.endOfTurn, err = m.r.opts.Turn(ctx)
	return err
}

// settleTurn lets another list begin if next does not go on with this one.
func (m *machine[T]) settleTurn(next state[T]) {
	if !m.listOpen && next.phase != streaming && next.phase != listing {
		m.endTurn()
	}
}

func (m *machine[T]) endTurn() {
	if end := m.endOfTurn; end != nil {
		m.endOfTurn = nil
		end()
	}
}

// commit ends the list that is open at the sink. A list of which nothing could
// be used is no list (R4), unless nothing is wrong with it but what was wrong
// before.
func (m *machine[T]) commit(ctx context.Context, version string) error {
	if m.count.taken+m.count.outside == 0 && m.count.unusable > 0 && m.refusals.news() {
		return &unusableListError{n: m.count.unusable, err: m.count.lastCause}
	}
	if err := m.sink.Commit(ctx, version); err != nil {
		if ctx.Err() != nil || !areRefusals(err) {
			return err
		}
		m.refusePage(ctx, err)
	}
	m.listOpen = false
	m.committed(ctx, version)
	return nil
}

// committed notes that the sink holds a list.
func (m *machine[T]) committed(ctx context.Context, version string) {
	m.broken, m.halved = 0, false
	m.listEnded()
	m.size = m.count.taken + m.count.outside
	m.quiet = 0
	m.gone, m.probing = time.Time{}, false
	m.refusals.commit()
	m.tellRefused()
	m.r.record.update(func(s *Stats) { s.Synced++ })
	m.logger(ctx).V(2).Info("Listed", "reflector", m.r.name, "type", m.r.typ, "resourceVersion", version)
}

// judgeOrder looks, once a list is complete, whether the server went back. If
// it did, all is new; if a list that was to show it shows that it did not, the
// order of its events means nothing from then on. It does mean something where
// a list was to show it because of another list, and reaches the last version:
// that other one was late.
func (m *machine[T]) judgeOrder(version string) {
	switch {
	case m.compareTo(version, m.listVersion) < 0:
		m.disordered = false
		m.refusals.anew()
	case m.suspect, m.late && m.compare(version) < 0:
		m.disordered = true
	}
	m.suspect, m.late, m.listVersion = false, false, version
}

// outdated reports whether a list that was to be no older than the last version
// is: older than the list before, where the order of events means nothing.
func (m *machine[T]) outdated(version string) bool {
	if m.disordered {
		return m.compareTo(version, m.listVersion) < 0
	}
	return m.compare(version) < 0
}

// tellRefused makes known which objects are refused.
func (m *machine[T]) tellRefused() { m.r.health.refuses(m.refusals.sample()) }

func (m *machine[T]) abort() {
	if m.listOpen {
		m.listOpen, m.halved = false, m.halved || m.count.all() > 0
		m.listEnded()
		m.sink.Abort()
	}
}

// give hands a part of a list to the sink. What is refused on the way is
// reported and does not fail the list (R4); only the end of ctx does.
func (m *machine[T]) give(ctx context.Context, items []T) error {
	items = m.sieve(ctx, items)
	m.count.taken += len(items)
	if len(items) == 0 {
		return ctx.Err()
	}
	if err := m.sink.Page(ctx, items); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.refusePage(ctx, err)
	}
	return nil
}

// refusePage reports objects of a list that the sink has not taken.
func (m *machine[T]) refusePage(ctx context.Context, err error) {
	n, level := uint64(0), 2
	eachError(err, func(err error) {
		key := keyOfError(err)
		if n++; !m.refusals.known(key, RelistNotStored) {
			level = 0
		}
		m.refusals.refuse(key, RelistNotStored, err)
	})
	m.r.record.refused(RefusalNotTaken, n)
	m.reportAt(ctx, level, "store a list of", "", err)
}

// sieve returns items without those of the wrong kind, in a slice of its own
// if there are such: items is the source's.
func (m *machine[T]) sieve(ctx context.Context, items []T) []T {
	if m.r.check == nil {
		return items
	}
	for i, obj := range items {
		if m.r.check(obj) != nil {
			return m.sieveFrom(ctx, items, i)
		}
	}
	return items
}

// sieveFrom is sieve for items of which the first n are of the right kind.
func (m *machine[T]) sieveFrom(ctx context.Context, items []T, n int) []T {
	kept := make([]T, n, len(items))
	copy(kept, items)
	for _, obj := range items[n:] {
		if err := m.r.check(obj); err != nil {
			m.refuseListed(ctx, &DecodeError{Type: m.r.typ, Key: m.r.key(obj), Cause: RefusalKind, Err: err})
			continue
		}
		kept = append(kept, obj)
	}
	return kept
}

// refuseListed reports an item of a list that cannot be used, and remembers
// that the sink will not hold it.
func (m *machine[T]) refuseListed(ctx context.Context, err error) {
	key := keyOfError(err)
	m.count.unusable++
	m.count.lastCause = err
	m.refusals.refuse(key, RelistUndecodable, err)
	m.refuse(ctx, "decode a list of", key, RelistUndecodable, err)
}

// refuse counts and reports an object that is not stored (R4). Once is enough
// at the default verbosity.
func (m *machine[T]) refuse(ctx context.Context, op, key string, why RelistReason, err error) {
	cause := RefusalNotTaken
	if why == RelistUndecodable {
		cause = causeOf(err)
	}
	m.r.record.refused(cause, 1)
	level := 0
	if m.refusals.seen(key, why) {
		level = 2
	}
	m.reportAt(ctx, level, op, key, err)
}

// compare orders version and the last one. What cannot be compared counts as
// newer: not every source numbers its versions.
func (m *machine[T]) compare(version string) int { return m.compareTo(version, m.version) }

// compareTo is compare with another version than the last.
func (m *machine[T]) compareTo(version, other string) int {
	if m.r.opts.UnorderedVersions {
		return 1
	}
	c, err := object.CompareVersions(version, other)
	if err != nil {
		return 1
	}
	return c
}

// reach notes that the sink holds the state at version.
func (m *machine[T]) reach(version string) {
	m.version, m.behind = version, false
	m.r.record.setVersion(version)
}

// resumable reports whether a watch can go on from the last version. Without
// one a watch begins with what exists, and what was deleted meanwhile is missed.
func (m *machine[T]) resumable() bool {
	return isVersion(m.version) && isVersion(m.listVersion)
}

func isVersion(version string) bool { return version != "" && version != "0" }
