package reflector

import (
	"context"
	"errors"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// initialSilence is how long a streamed list may be silent, from one look
	// to the next, before it is given up in favour of pages: a server that
	// ignores the request for one would be silent for ever.
	initialSilence = time.Minute

	// maxBroken is how many streamed lists in a row may break before the
	// list is asked for in pages.
	maxBroken = 3

	// chunk is how many objects of a streamed list are handed on at once.
	chunk = 128
)

// errStreamEnded is the end of a streamed list before its end.
var errStreamEnded = errors.New("the stream ended before the list was complete")

// initial is a streamed list as it comes in.
type initial[T any] struct {
	items []T // not handed on yet

	// tail holds the events from the first one that is not Added: changes
	// made while the list was being sent. They follow the list, as events.
	tail []Event[T]
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
	if !s.fresh && m.compare(end.ResourceVersion) < 0 {
		w.close()
		m.abort()
		return m.retry(ctx, opStream, m.backwards(end.ResourceVersion), m.relist(RelistBackwards))
	}
	return m.streamed(ctx, s, w, in.tail, end)
}

func (m *machine[T]) streamOptions(s state[T]) metav1.ListOptions {
	yes := true
	opts := metav1.ListOptions{
		AllowWatchBookmarks:  true,
		SendInitialEvents:    &yes,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	}
	if !s.fresh {
		opts.ResourceVersion = m.version
	}
	return opts
}

// readInitial hands the objects of a streamed list to the sink until the
// bookmark that ends them, which it returns.
func (m *machine[T]) readInitial(ctx context.Context, w *openWatch[T], in *initial[T]) (Event[T], error) {
	for {
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
			return e, m.flush(ctx, in)
		case e.Type == watch.Bookmark:
			// Before the end of the list only a server that knows nothing of
			// streamed lists sends one.
			return e, ErrNoStreamedList
		}
		if err := m.takeInitial(ctx, in, e); err != nil {
			return e, err
		}
	}
}

func (m *machine[T]) takeInitial(ctx context.Context, in *initial[T], e Event[T]) error {
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
		w.close()
		return m.listFailed(ctx, s, err)
	}
	if len(tail) > 0 {
		if t := m.catchUp(ctx, w, tail, end); t != nil {
			return m.troubled(ctx, w, t)
		}
	}
	m.reach(end.ResourceVersion)
	w.ordered = true
	w.dog.set(w.timeout-time.Since(w.began), watchGrace)
	return state[T]{phase: reading, open: w}
}

// catchUp hands on the changes that were made while the list was being sent.
func (m *machine[T]) catchUp(ctx context.Context, w *openWatch[T], tail []Event[T], end Event[T]) *trouble {
	w.ordered = false
	for _, e := range tail {
		if t := m.take(ctx, w, e); t != nil {
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
	w.close()
	m.abort()
	if ctx.Err() != nil {
		return m.end()
	}
	if cut := cutBy(w.ctx); cut != nil {
		m.r.record.update(func(st *Stats) { st.Cut++ })
		m.report(ctx, opStream, "", cut)
		return m.pages(s.fresh)
	}
	var bad *DecodeError
	if errors.As(err, &bad) {
		m.refuse(ctx, opStream, bad.Key, err)
		return m.pages(s.fresh)
	}
	if refusesStreaming(err) {
		m.noStreams = true
		m.logger(ctx).V(2).Info("The server sends no streamed lists, listing in pages", "reflector", m.r.name, "type", m.r.typ, "err", err)
		return m.pages(s.fresh)
	}
	return m.streamJudged(ctx, s, w, err)
}

func (m *machine[T]) streamJudged(ctx context.Context, s state[T], w *openWatch[T], err error) state[T] {
	how := judge(err)
	if how == expired {
		m.r.record.update(func(st *Stats) { st.Expired++ })
	}
	switch how {
	case expired, tooLarge:
		if !s.fresh {
			return state[T]{phase: streaming, fresh: true}
		}
	case transient:
		if w.opened || serverFailed(err) {
			m.broken++
		}
		if m.broken >= maxBroken {
			m.broken = 0
			m.report(ctx, opStream, "", err)
			return m.pages(s.fresh)
		}
	default:
		m.report(ctx, opStream, "", err)
		return m.pages(s.fresh)
	}
	return m.retry(ctx, opStream, err, s)
}

// serverFailed tells a server that answers with a failure, and not with a
// request to come later, from one that cannot be reached.
func serverFailed(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code >= 500 && retryAfter(err) == 0
}
