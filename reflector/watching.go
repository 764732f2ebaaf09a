package reflector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// watchGrace is how long a watch may be silent past its timeout.
	watchGrace = 30 * time.Second

	// shortWatch is how long a watch has to last to be one.
	shortWatch = time.Second

	// maxShort is how many watches in a row may be shorter and bring nothing
	// before the version is held to be the reason.
	maxShort = 5
)

// openWatch is a watch from the request to its end.
type openWatch[T any] struct {
	ctx    context.Context
	dog    *watchdog
	stream Stream[T] // nil unless opened
	// closed is closed once stream is, which the end of ctx brings about: not
	// every stream takes notice of its context. It is nil when stream is.
	closed chan struct{}

	opened  bool
	began   time.Time // before the request: some proxies hold back the headers
	timeout time.Duration

	// ordered is true when versions must rise from event to event. A watch
	// from no version begins with what exists, in any order.
	ordered bool

	// heard is true once the watch has brought an event or a bookmark,
	// progress once it has brought something new.
	heard, progress bool
}

// next waits for the next event.
func (w *openWatch[T]) next() (Event[T], error) {
	w.dog.waits()
	e, err := w.stream.Next()
	w.dog.got()
	return e, err
}

// close gives back everything. It may be called twice.
func (w *openWatch[T]) close() {
	w.dog.stop() // ends ctx
	if w.closed != nil {
		<-w.closed
	}
}

// open asks for a stream. The openWatch is returned with an error too, closed,
// for what it tells of the attempt. It is cut when it is silent for silence, or
// with 0 for watchGrace past its timeout.
func (m *machine[T]) open(ctx context.Context, opts metav1.ListOptions, silence time.Duration) (*openWatch[T], error) {
	m.r.record.update(func(s *Stats) { s.Watches++ })
	w := &openWatch[T]{began: time.Now(), timeout: m.drawTimeout()}
	seconds := int64(w.timeout / time.Second)
	opts.TimeoutSeconds = &seconds
	grace := time.Duration(0)
	if silence == 0 {
		grace, silence = w.timeout, watchGrace
	}
	w.ctx, w.dog = newWatchdog(ctx, grace, silence)
	m.watch = w
	stream, err := m.r.lw.Watch(w.ctx, opts)
	if err == nil && stream == nil {
		err = fmt.Errorf("the ListerWatcher returned neither a stream nor an error")
	}
	if err != nil {
		w.close()
		return w, err
	}
	w.dog.got()
	w.stream, w.opened = stream, true
	w.closed = make(chan struct{})
	context.AfterFunc(w.ctx, func() {
		defer close(w.closed)
		stream.Close()
	})
	return w, nil
}

// drawTimeout is a random time between the two bounds, so that watches opened
// together do not end together.
func (m *machine[T]) drawTimeout() time.Duration {
	least, most := m.r.opts.MinWatchTimeout, m.r.opts.MaxWatchTimeout
	drawn := least + time.Duration(rand.Float64()*float64(most-least))
	return max(drawn.Truncate(time.Second), time.Second)
}

// openWatch is the watching arm.
func (m *machine[T]) openWatch(ctx context.Context, s state[T]) state[T] {
	if s.restart {
		m.r.record.update(func(st *Stats) { st.Restarts++ })
	}
	opts := metav1.ListOptions{ResourceVersion: m.version, AllowWatchBookmarks: true}
	w, err := m.open(ctx, opts, 0)
	if err != nil {
		return m.watchEnded(ctx, w, err)
	}
	w.ordered = m.version != "" && m.version != "0"
	return state[T]{phase: reading, open: w}
}

// read is the reading arm: events, until the watch ends or one of them cannot
// be taken.
func (m *machine[T]) read(ctx context.Context, s state[T]) state[T] {
	w := s.open
	for {
		e, err := w.next()
		var t *trouble
		if err == nil {
			t = m.take(ctx, w, e)
		} else if t = m.undecodable(ctx, w, err); t == nil && !isDecodeError(err) {
			return m.watchEnded(ctx, w, err)
		}
		if t != nil {
			return m.troubled(ctx, w, t)
		}
	}
}

// trouble is an event after which only a full list helps.
type trouble struct {
	why RelistReason
	err error
}

// troubled closes the watch and lists again, unless ctx has ended.
func (m *machine[T]) troubled(ctx context.Context, w *openWatch[T], t *trouble) state[T] {
	w.close()
	if ctx.Err() != nil {
		return m.end()
	}
	return m.pause(t.err, m.relist(t.why))
}

// take hands one event to the sink. The version moves once it is taken.
func (m *machine[T]) take(ctx context.Context, w *openWatch[T], e Event[T]) *trouble {
	order := 1
	if w.ordered {
		order = m.compare(e.ResourceVersion)
	}
	if order < 0 {
		err := m.backwards(e.ResourceVersion)
		key := ""
		if e.Type != watch.Bookmark {
			key = m.r.key(e.Object)
		}
		m.report(ctx, opWatch, key, err)
		return &trouble{RelistBackwards, err}
	}
	if e.Type == watch.Bookmark {
		m.takeBookmark(ctx, w, e, order)
		return nil
	}
	if m.r.check != nil {
		if err := m.r.check(e.Object); err != nil {
			return m.undecodable(ctx, w, &DecodeError{Type: m.r.typ, Key: m.r.key(e.Object), ResourceVersion: e.ResourceVersion, Event: e.Type, Err: err})
		}
	}
	return m.store(ctx, w, e, order)
}

func (m *machine[T]) store(ctx context.Context, w *openWatch[T], e Event[T], order int) *trouble {
	if len(m.refused) > 0 {
		delete(m.refused, m.r.key(e.Object)) // while the object is still ours
	}
	var err error
	switch e.Type {
	case watch.Added:
		err = m.sink.Add(ctx, e.Object)
	case watch.Modified:
		err = m.sink.Update(ctx, e.Object)
	case watch.Deleted:
		err = m.sink.Delete(ctx, e.Object)
	default:
		err = fmt.Errorf("the source sent an event of the unknown type %q", e.Type)
	}
	if err != nil {
		if ctx.Err() == nil {
			m.refuse(ctx, "store an event of", m.r.key(e.Object), err)
		}
		return &trouble{RelistNotStored, err}
	}
	if order == 0 {
		m.r.record.update(func(s *Stats) { s.Duplicates++ })
	}
	m.advance(w, e)
	return nil
}

// takeBookmark moves the version, once the sink knows.
func (m *machine[T]) takeBookmark(ctx context.Context, w *openWatch[T], e Event[T], order int) {
	m.r.record.update(func(s *Stats) { s.Bookmarks++ })
	m.alive()
	w.heard = true
	if e.ResourceVersion == "" {
		return
	}
	if err := m.sink.Bookmark(ctx, e.ResourceVersion); err != nil {
		if ctx.Err() == nil {
			m.report(ctx, "store a bookmark of", "", err)
		}
		return
	}
	w.ordered = true
	w.progress = w.progress || order > 0
	m.reach(e.ResourceVersion)
}

// advance notes an event that the sink has taken.
func (m *machine[T]) advance(w *openWatch[T], e Event[T]) {
	m.alive()
	w.heard, w.progress = true, true
	if e.ResourceVersion != "" && (w.ordered || e.Type != watch.Added) {
		w.ordered = true
		m.version = e.ResourceVersion
	}
	m.r.record.event(m.version)
}

func isDecodeError(err error) bool {
	var bad *DecodeError
	return errors.As(err, &bad)
}

// undecodable deals with an event that could not be decoded: nil when err is
// something else, and when the sink misses nothing by it, because it is a
// newer state of an object that the last list could not decode either.
func (m *machine[T]) undecodable(ctx context.Context, w *openWatch[T], err error) *trouble {
	var bad *DecodeError
	if !errors.As(err, &bad) || ctx.Err() != nil {
		return nil
	}
	m.refuse(ctx, "decode an event of", bad.Key, err)
	_, known := m.refused[bad.Key]
	if known && w.ordered && bad.ResourceVersion != "" && m.compare(bad.ResourceVersion) >= 0 {
		m.alive()
		m.reach(bad.ResourceVersion)
		w.heard, w.progress = true, true
		return nil
	}
	return &trouble{RelistUndecodable, err}
}

func (m *machine[T]) backwards(version string) error {
	return fmt.Errorf("%w: from %s to %s", ErrVersionBackwards, m.version, version)
}

// watchEnded says how to go on after a watch that ended, or could not be
// opened, with err.
func (m *machine[T]) watchEnded(ctx context.Context, w *openWatch[T], err error) state[T] {
	lasted := time.Since(w.began)
	w.close()
	if ctx.Err() != nil {
		return m.end()
	}
	cut := cutBy(w.ctx)
	if cut != nil {
		err = cut
		m.r.record.update(func(s *Stats) { s.Cut++ })
	}
	if !w.heard && (w.opened || cut != nil) {
		m.fruitless(lasted)
	}
	if why, ok := m.watchJudged(err); ok {
		return m.retry(ctx, opWatch, err, m.relist(why))
	}
	return m.resume(ctx, w, lasted, err)
}

// fruitless notes a watch that brought nothing.
func (m *machine[T]) fruitless(lasted time.Duration) {
	if lasted < shortWatch {
		m.short++
		return
	}
	m.quiet += lasted
}

// watchJudged tells whether err by itself calls for a full list, and why.
func (m *machine[T]) watchJudged(err error) (RelistReason, bool) {
	switch judge(err) {
	case expired:
		m.r.record.update(func(s *Stats) { s.Expired++ })
		return RelistExpired, true
	case tooLarge:
		return RelistTooLarge, true
	case refused:
		return RelistRefused, true
	case internal:
		if !m.internal.again(time.Now()) {
			return RelistInternal, true
		}
	}
	return "", false
}

// resume goes on from the last version, unless watches from there have brought
// nothing for so long that the version itself is in doubt.
func (m *machine[T]) resume(ctx context.Context, w *openWatch[T], lasted time.Duration, err error) state[T] {
	regular := err == io.EOF
	if regular && !w.progress && lasted < shortWatch {
		regular, err = false, ErrVeryShortWatch
	}
	next := m.rewatch()
	switch {
	case m.quiet >= w.timeout-time.Second && m.quiet > 0:
		next = m.relist(RelistSilent)
	case m.short >= maxShort:
		next = m.relist(RelistShort)
	}
	if regular {
		return next
	}
	return m.retry(ctx, opWatch, err, next)
}
