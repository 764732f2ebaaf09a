package reflector

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"math"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// initialSilence is how long a streamed list may be silent, from one look
	// to the next, before it is given up in favour of pages: a server that
	// ignores the request for one would be silent for ever.
	initialSilence = time.Minute

	// endGrace is how long after the first sign that the initial part of a
	// streamed list is over the bookmark that ends it may stay away.
	endGrace = 15 * time.Second

	// maxBroken is how many streamed lists in a row may break before the
	// list is asked for in pages.
	maxBroken = 3

	// chunk is how many objects of a streamed list are handed on at once.
	chunk = 128
)

// What a streamed list fails with.
var (
	// errStreamEnded: the stream ended before the list did.
	errStreamEnded = errors.New("the stream ended before the list was complete")

	// errNoListEnd: the list does not end. It does not for a server or client
	// that does not know streamed lists and sends a plain watch.
	errNoListEnd = errors.New("the bookmark that ends a streamed list does not come: " + noStreamsAdvice)
)

// noStreamsAdvice is what to set for a source that ignores the request for a
// streamed list.
const noStreamsAdvice = "if the source knows no streamed lists, as the fake clientsets do not, set Options.DisableStreaming or ListWatch.NoStreamedLists"

// initial is a streamed list as it comes in.
type initial[T any] struct {
	items []T // not handed on yet

	// tail holds the events from the first one that is not Added: changes
	// made while the list was being sent. They follow the list, as events.
	tail []Event[T]

	// seen has the keys of items, hashed. An object that comes twice shows
	// that the initial part is over; over is set then.
	seen map[uint64]struct{}
	seed maphash.Seed
	over bool
}

// repeats notes key and reports whether it came before.
func (in *initial[T]) repeats(key string) bool {
	if in.seen == nil {
		in.seen, in.seed = make(map[uint64]struct{}), maphash.MakeSeed()
	}
	h := maphash.String(in.seed, key)
	_, seen := in.seen[h]
	in.seen[h] = struct{}{}
	return seen
}

// streamList is the streaming arm: a watch that begins with the whole state
// (KEP-3157), read up to the bookmark that ends it. The stream stays open and
// is read on.
func (m *machine[T]) streamList(ctx context.Context, s state[T]) state[T] {
	if err := m.begin(ctx); err != nil {
		return m.listFailed(ctx, s, err)
	}
	m.r.record.update(func(st *Stats) { st.Streamed++ })
	w, err := m.open(ctx, m.streamOptions(s), initialSilence)
	if err != nil {
		return m.streamFailed(ctx, s, w, err)
	}
	var in initial[T]
	end, err := m.readInitial(ctx, w, &in)
	if err != nil {
		return m.streamFailed(ctx, s, w, err)
	}
	if !s.fresh && m.outdated(end.ResourceVersion) {
		m.closeWatch(w)
		m.abort()
		return m.turn(ctx, opStream, m.backwards(end.ResourceVersion), m.relistLate())
	}
	return m.streamed(ctx, s, w, in.tail, end)
}

func (m *machine[T]) streamOptions(s state[T]) metav1.ListOptions {
	yes := true
	opts := metav1.ListOptions{
		AllowWatchBookmarks:  true,
		SendInitialEvents:    &yes,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		ShardSelector:        m.r.opts.Shard.String(),
	}
	if !s.fresh {
		opts.ResourceVersion = m.version
	}
	return opts
}

// readInitial hands the objects of a streamed list to the sink until the
// bookmark that ends them, which it returns.
func (m *machine[T]) readInitial(ctx context.Context, w *openWatch[T], in *initial[T]) (Event[T], error) {
	for ctx.Err() == nil {
		e, err := w.next()
		var bad *DecodeError
		switch {
		case errors.As(err, &bad) && bad.Event == watch.Added && len(in.tail) == 0:
			m.refuseListed(ctx, err)
			continue
		case err == io.EOF:
			return e, errStreamEnded
		case err != nil:
			return e, err
		case e.Type == watch.Bookmark && e.InitialEventsEnd:
			w.watched(time.Now()) // it is whole, however long the sink takes
			return e, m.flush(ctx, in)
		case e.Type == watch.Bookmark:
			// Before the end of the list only a server that knows nothing of
			// streamed lists sends one.
			return e, errNoListEnd
		}
		if err := m.takeInitial(ctx, w, in, e); err != nil {
			return e, err
		}
	}
	return Event[T]{}, ctx.Err()
}

func (m *machine[T]) takeInitial(ctx context.Context, w *openWatch[T], in *initial[T], e Event[T]) error {
	outside := m.outside(e.Object)
	if !in.over && (e.Type != watch.Added || !outside && in.repeats(m.r.key(e.Object))) {
		in.over, in.seen = true, nil
		w.dog.CutIn(endGrace, errNoListEnd)
	}
	if outside {
		m.leftOut(1)
		m.countOutside(e.Object)
		return nil
	}
	if e.Type != watch.Added || len(in.tail) > 0 {
		in.tail = append(in.tail, e)
		return nil
	}
	in.items = append(in.items, e.Object)
	if len(in.items) < chunk {
		return nil
	}
	return m.flush(ctx, in)
}

func (m *machine[T]) flush(ctx context.Context, in *initial[T]) error {
	err := m.give(ctx, in.items)
	clear(in.items)
	in.items = in.items[:0]
	return err
}

// streamed makes the complete list take effect and goes on reading.
func (m *machine[T]) streamed(ctx context.Context, s state[T], w *openWatch[T], tail []Event[T], end Event[T]) state[T] {
	version := end.ResourceVersion
	if len(tail) > 0 {
		version = "" // the list alone is not that state yet
	}
	if err := m.commit(ctx, version); err != nil {
		return m.streamFailed(ctx, s, w, err)
	}
	m.r.health.opened()
	m.judgeOrder(end.ResourceVersion)
	m.streams.worked()
	if len(tail) > 0 {
		m.behind = true
		if t := m.catchUp(ctx, w, tail, end); t != nil {
			return m.troubled(ctx, w, t)
		}
	}
	m.reach(end.ResourceVersion)
	m.watchesWork(ctx)
	w.ordered, w.heard, w.progress = true, false, false
	w.listed = time.Now()
	w.watched(w.listed)
	return state[T]{phase: reading, open: w}
}

// catchUp hands on the changes that were made while the list was being sent.
func (m *machine[T]) catchUp(ctx context.Context, w *openWatch[T], tail []Event[T], end Event[T]) *trouble {
	w.ordered = false
	for _, e := range tail {
		if t := m.take(ctx, w, e); t != nil && (ctx.Err() != nil || m.calls(t)) {
			return t
		}
	}
	if err := m.sink.Bookmark(ctx, end.ResourceVersion); err != nil && ctx.Err() == nil {
		m.report(ctx, opWatch, "", err)
	}
	return nil
}

// streamFailed says how to go on after a streamed list that failed.
func (m *machine[T]) streamFailed(ctx context.Context, s state[T], w *openWatch[T], err error) state[T] {
	m.closeWatch(w)
	m.abort()
	if ctx.Err() != nil {
		return m.end()
	}
	m.r.record.restart(m.streamEnd(w, err).cause())
	if cut := watchdog.Cut(w.ctx); cut != nil {
		m.r.record.update(func(st *Stats) { st.Cut++ })
		err = cut
	}
	switch {
	case errors.Is(err, ErrNoStreamedList):
		m.streams.never = true
	case refusesStreaming(err):
		m.streams.failed(time.Now())
	case errors.Is(err, ErrSilent), errors.Is(err, errNoListEnd), err == errStreamEnded && time.Since(w.began) >= initialSilence:
		m.streams.failed(time.Now())
		return m.inPages(ctx, s, err)
	case isUnusable(err): // the list came whole, which says nothing about watches
		return m.inPages(ctx, s, err)
	default:
		return m.streamJudged(ctx, s, w, err)
	}
	if retryAfter(err) > 0 {
		return m.retry(ctx, opStream, err, m.pages(s.fresh))
	}
	m.logger(ctx).V(2).Info("There are no streamed lists, listing in pages", append(m.r.names(), "err", err)...)
	return m.pages(s.fresh)
}

// inPages goes on with pages after a streamed list that failed with err.
func (m *machine[T]) inPages(ctx context.Context, s state[T], err error) state[T] {
	m.reportAt(ctx, 2, opStream, keyOfError(err), err)
	return m.pages(s.fresh)
}

// streamJudged says how to go on after an error that says nothing about
// streamed lists as such. Unless the server is away, pages follow after at most
// three tries (R1a).
func (m *machine[T]) streamJudged(ctx context.Context, s state[T], w *openWatch[T], err error) state[T] {
	how := judge(err)
	if how == expired {
		m.r.record.update(func(st *Stats) { st.Expired++ })
	}
	if outdated(how) && !s.fresh {
		return m.streamOutdated(ctx, err)
	}
	first := m.detour.fail(w.began, how)
	switch {
	case outdated(how): // the newest state too, which nobody can understand
		m.broken++
	case how == transient && !apierrors.IsForbidden(err) && !isDecodeError(err):
		m.broken++
	case how != away:
		return m.inPages(ctx, s, err)
	}
	if m.broken >= maxBroken && retryAfter(err) > 0 {
		return m.retry(ctx, opStream, err, m.pages(s.fresh))
	}
	if m.broken >= maxBroken {
		return m.inPages(ctx, s, err)
	}
	level := 2
	if first {
		level = 0
	}
	m.reportAt(ctx, level, opStream, "", err)
	next := m.pause(&m.delays, err, s)
	if m.detour.due(math.MaxInt, time.Now().Add(next.delay)) {
		m.detour.err = err
		list := m.around(streaming, s.fresh)
		list.then, list.phase, list.delay = list.phase, waiting, next.delay
		return list
	}
	return next
}

// streamOutdated goes on after a streamed list whose version the server does
// not have: with the newest state, at once unless the server asks to wait.
func (m *machine[T]) streamOutdated(ctx context.Context, err error) state[T] {
	next := state[T]{phase: streaming, fresh: true}
	if retryAfter(err) > 0 {
		return m.retry(ctx, opStream, err, next)
	}
	m.report(ctx, opStream, "", err)
	return next
}

// streamEnd is the end of a streamed list.
func (m *machine[T]) streamEnd(w *openWatch[T], err error) *watchEnd {
	end := endOf(w, err, time.Now())
	end.short, end.empty = false, false
	return &end
}

func isDecodeError(err error) bool {
	var bad *DecodeError
	return errors.As(err, &bad)
}

// streamUse knows whether lists are asked for as streams. A server or proxy that
// did not send one is asked again after a while, which doubles up to a day.
type streamUse struct {
	never bool // for as long as Run lasts
	until time.Time
	last  time.Duration
}

// wanted reports whether the next list is asked for as a stream.
func (s *streamUse) wanted(now time.Time) bool { return !s.never && !now.Before(s.until) }

// failed notes that no streamed list is to be had for now.
func (s *streamUse) failed(now time.Time) {
	s.last = min(max(2*s.last, firstRest), maxRest)
	s.until = now.Add(s.last)
}

// worked notes a streamed list.
func (s *streamUse) worked() { s.last = 0 }
