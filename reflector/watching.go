package reflector

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// watchGrace is how long a watch may be silent past its timeout.
	watchGrace = 30 * time.Second

	// shortWatch is how long a watch has to last to be one.
	shortWatch = time.Second

	// maxShort is how many watches in a row may be shorter and bring nothing
	// new before the version is held to be the reason; one that brings
	// nothing at all is enough.
	maxShort = 5

	// maxPeace bounds how long a watch of a collection that does not fit
	// into one page may be silent before it is listed.
	maxPeace = time.Hour
)

// open asks for a stream. The openWatch is returned with an error too, closed,
// for what it says of the attempt. It is cut when it is silent for silence, or
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
	streamed := opts.SendInitialEvents != nil
	w.ctx, w.dog = watchdog.New(ctx, grace, silence, silentFor(silence))
	if streamed { // its list has to end with it
		w.dog.Within(w.timeout+watchGrace, errNoListEnd)
	}
	m.watch = w
	stream, err := m.r.lw.Watch(w.ctx, opts)
	if err == nil && stream == nil {
		err = fmt.Errorf("the ListerWatcher returned neither a stream nor an error")
	}
	if err != nil {
		w.close()
		return w, err
	}
	w.dog.Got()
	w.stream, w.opened = stream, true
	w.closed = make(chan any, 1)
	context.AfterFunc(w.ctx, w.closeStream)
	if !streamed || !m.halved {
		m.r.health.opened()
	}
	return w, nil
}

// closeWatch closes w.
func (m *machine[T]) closeWatch(w *openWatch[T]) {
	w.close()
	m.r.health.closed()
}

// drawTimeout is a random time between the two bounds, so that watches opened
// together do not end together; less where a list is owed before (R1b).
func (m *machine[T]) drawTimeout() time.Duration {
	least, most := m.r.opts.MinWatchTimeout, m.r.opts.MaxWatchTimeout
	drawn := least + time.Duration(rand.Float64()*float64(most-least))
	if until, owed := m.refusals.owedIn(time.Now()); owed {
		drawn = min(drawn, until+time.Second)
	}
	return max(drawn.Truncate(time.Second), time.Second)
}

// openWatch is the watching arm.
func (m *machine[T]) openWatch(ctx context.Context, s state[T]) state[T] {
	if s.restart {
		m.r.record.update(func(st *Stats) { st.Restarts++ })
	}
	opts := metav1.ListOptions{ResourceVersion: m.version, AllowWatchBookmarks: true, ShardSelector: m.r.opts.Shard.String()}
	w, err := m.open(ctx, opts, 0)
	if err != nil {
		return m.watchEnded(ctx, w, err)
	}
	w.ordered = m.resumable()
	return state[T]{phase: reading, open: w}
}

// read is the reading arm: events, until the watch ends or one of them calls
// for a list.
func (m *machine[T]) read(ctx context.Context, s state[T]) state[T] {
	w := s.open
	for ctx.Err() == nil {
		e, err := w.next()
		var t *trouble
		if err == nil {
			t = m.take(ctx, w, e)
		} else if t = m.undecodable(ctx, w, err); t == nil {
			return m.watchEnded(ctx, w, err)
		}
		if t != nil && (ctx.Err() != nil || m.calls(t)) {
			return m.troubled(ctx, w, t)
		}
	}
	return m.end()
}

// trouble is an event after which only a list shows the state of its object.
type trouble struct {
	why   RelistReason
	key   string
	err   error
	event watch.EventType // "" when it is not known
}

// calls reports whether t calls for a list now (R1b).
func (m *machine[T]) calls(t *trouble) bool {
	now := time.Now()
	if t.why == RelistBackwards {
		return !m.disordered && m.refusals.may(t.why, now)
	}
	defer m.tellRefused()
	if t.event == watch.Deleted && m.refusals.absent(t.key) {
		m.refusals.deleted(t.key)
		return false
	}
	return m.refusals.calls(t.key, t.why, t.err, now)
}

// troubled closes the watch and lists again, unless ctx has ended.
func (m *machine[T]) troubled(ctx context.Context, w *openWatch[T], t *trouble) state[T] {
	lasted := time.Since(w.began)
	m.closeWatch(w)
	if ctx.Err() != nil {
		return m.end()
	}
	if w.progress || lasted >= shortWatch {
		m.short = 0
		m.watchesWork(ctx)
	}
	m.r.record.restart(RestartEvent)
	return m.pause(&m.turns, t.err, m.relist(t.why))
}

// take hands one event to the sink. The version moves once it is taken.
func (m *machine[T]) take(ctx context.Context, w *openWatch[T], e Event[T]) *trouble {
	order := 1
	if w.ordered {
		order = m.compare(e.ResourceVersion)
	}
	w.low, w.level = w.low || order < 0, w.level || order >= 0
	if e.Type == watch.Bookmark {
		return m.takeBookmark(ctx, w, e, order)
	}
	if m.outside(e.Object) {
		return m.passBy(ctx, w, e, order)
	}
	if m.r.check != nil {
		if err := m.r.check(e.Object); err != nil {
			return m.undecodable(ctx, w, &DecodeError{Type: m.r.typ, Key: m.r.key(e.Object), ResourceVersion: e.ResourceVersion, Event: e.Type, Cause: RefusalKind, Err: err})
		}
	}
	return m.store(ctx, w, e, order)
}

// store hands on an event of an object. One that is lower than the last
// version is handed on too: whether the server went back or its events have no
// order is for a list to show, and the object need not wait for that.
func (m *machine[T]) store(ctx context.Context, w *openWatch[T], e Event[T], order int) *trouble {
	key := ""
	if order < 0 || len(m.refusals.objects) > 0 {
		key = m.r.key(e.Object) // while the object is still ours
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
		return m.notStored(ctx, w, e, order, err)
	}
	if len(m.refusals.objects) > 0 {
		m.refusals.stored(key)
		m.tellRefused()
	}
	if order == 0 {
		m.r.record.update(func(s *Stats) { s.Duplicates++ })
	}
	m.advance(w, e, order)
	return m.judgeEvent(ctx, e, key, order)
}

// judgeEvent is the trouble of an event that is lower than the last version, nil for
// others.
func (m *machine[T]) judgeEvent(ctx context.Context, e Event[T], key string, order int) *trouble {
	if order >= 0 || m.disordered {
		return nil
	}
	err := m.backwards(e.ResourceVersion)
	m.report(ctx, opWatch, key, err)
	return &trouble{RelistBackwards, key, err, e.Type}
}

// notStored is the trouble of an event that the sink did not take. The version
// moves on all the same, in case that the event calls for no list now.
func (m *machine[T]) notStored(ctx context.Context, w *openWatch[T], e Event[T], order int, err error) *trouble {
	key := m.r.key(e.Object)
	if ctx.Err() == nil {
		m.refuse(ctx, "store an event of", key, RelistNotStored, err)
	}
	m.pass(w, e.ResourceVersion, order)
	return &trouble{RelistNotStored, key, err, e.Type}
}

// takeBookmark moves the version, once the sink knows. A bookmark says how far
// the server is: one that is lower than the last version is trouble.
func (m *machine[T]) takeBookmark(ctx context.Context, w *openWatch[T], e Event[T], order int) *trouble {
	m.r.record.update(func(s *Stats) { s.Bookmarks++ })
	if order < 0 {
		if m.disordered {
			return nil
		}
		err := m.backwards(e.ResourceVersion)
		m.report(ctx, opWatch, "", err)
		return &trouble{RelistBackwards, "", err, e.Type}
	}
	w.heard = true
	if e.ResourceVersion == "" {
		return nil
	}
	if err := m.sink.Bookmark(ctx, e.ResourceVersion); err != nil {
		if ctx.Err() == nil {
			m.report(ctx, "store a bookmark of", "", err)
		}
		return nil
	}
	w.ordered = true
	m.reach(e.ResourceVersion)
	return nil
}

// advance notes an event that the sink has taken.
func (m *machine[T]) advance(w *openWatch[T], e Event[T], order int) {
	m.move(w, e, order)
	m.r.record.event(m.version)
}

// move brings the version to that of an event. It does not go back.
func (m *machine[T]) move(w *openWatch[T], e Event[T], order int) {
	w.heard, w.progress = true, w.progress || order > 0
	if e.ResourceVersion != "" && order >= 0 && (w.ordered || e.Type != watch.Added) {
		w.ordered = true
		m.version = e.ResourceVersion
	}
}

// pass notes an event that was not stored and is not asked for again.
func (m *machine[T]) pass(w *openWatch[T], version string, order int) {
	if w.ordered && version != "" && order > 0 {
		w.heard, w.progress = true, true
		m.reach(version)
	}
}

// undecodable is the trouble of an event that could not be decoded, nil when
// err is something else.
func (m *machine[T]) undecodable(ctx context.Context, w *openWatch[T], err error) *trouble {
	var bad *DecodeError
	if !errors.As(err, &bad) {
		return nil
	}
	if ctx.Err() == nil {
		m.refuse(ctx, "decode an event of", bad.Key, RelistUndecodable, err)
	}
	order := 0
	if w.ordered && bad.ResourceVersion != "" {
		order = m.compare(bad.ResourceVersion)
	}
	m.pass(w, bad.ResourceVersion, order)
	return &trouble{RelistUndecodable, bad.Key, err, bad.Event}
}

func (m *machine[T]) backwards(version string) error {
	return fmt.Errorf("%w: from %s to %s", ErrVersionBackwards, m.version, version)
}

// watchEnded says how to go on after a watch that ended, or could not be
// opened, with err.
func (m *machine[T]) watchEnded(ctx context.Context, w *openWatch[T], err error) state[T] {
	ended := time.Now() // closing may take its time
	m.closeWatch(w)
	if ctx.Err() != nil {
		return m.end()
	}
	end := endOf(w, err, ended)
	m.learn(ctx, w, &end)
	m.r.record.restart(end.cause())
	switch end.how {
	case expired:
		m.r.record.update(func(s *Stats) { s.Expired++ })
		return m.turn(ctx, opWatch, end.err, m.relist(RelistExpired))
	case tooLarge:
		return m.turn(ctx, opWatch, end.err, m.relist(RelistTooLarge))
	}
	if why := m.wanting(w, end); why != "" {
		list := m.relist(why)
		if !end.worked { // a streamed list would not either
			list = m.pages(list.fresh)
		}
		return m.turnAfter(ctx, end, list)
	}
	return m.goOn(ctx, end)
}

// learn remembers what end says about the source.
func (m *machine[T]) learn(ctx context.Context, w *openWatch[T], end *watchEnd) {
	if end.cut {
		m.r.record.update(func(s *Stats) { s.Cut++ })
	}
	if w.heard {
		m.quiet, m.peace = 0, 0
	} else if (w.opened || end.cut) && !end.brief {
		m.quiet += end.silent
	}
	m.short, m.hasty = next(m.short, end.short && !w.progress), next(m.hasty, end.short && w.progress)
	end.repeats = m.short >= maxShort
	end.steady = end.regular && (!end.short || w.progress && m.hasty < 2)
	if w.progress || end.severed && w.opened && end.lasted >= time.Minute {
		m.internal.reset()
	}
	end.worked = w.progress || end.severed && (w.opened && !end.brief || w.heard && !end.repeats)
	switch {
	case end.worked:
		m.watchesWork(ctx)
	case !outdated(end.how): // else a list follows, for another reason
		m.detour.fail(w.began, end.how)
	}
}

// watchesWork notes that they do, and says so where they did not.
func (m *machine[T]) watchesWork(ctx context.Context) {
	if m.detour.told {
		m.logger(ctx).Error(nil, "Watches work again", m.r.names()...)
	}
	m.detour.worked()
}

// next is the length of a row that goes on or ends.
func next(row int, goesOn bool) int {
	if goesOn {
		return row + 1
	}
	return 0
}

// wanting is why a list is called for by what the watches have not brought, ""
// when it is not.
func (m *machine[T]) wanting(w *openWatch[T], end watchEnd) RelistReason {
	now := time.Now()
	if !m.resumable() {
		return RelistUnversioned
	}
	if why := m.refusals.due(now); why != "" {
		return why
	}
	switch {
	case (end.opened || end.cut) && m.quiet > 0 && m.quiet >= max(w.timeout-time.Second, m.peace):
		if m.peace = 0; m.size > DefaultPageSize {
			m.peace = min(2*m.quiet, maxPeace)
		}
		return RelistSilent
	case w.low && !w.level && m.refusals.may(RelistBackwards, now):
		// The order may mean nothing; it may also be that the server went back.
		return RelistBackwards
	}
	return ""
}

// turnAfter goes on with a list after a watch that came to end.
func (m *machine[T]) turnAfter(ctx context.Context, end watchEnd, list state[T]) state[T] {
	switch {
	case !end.worked:
		return m.retry(ctx, opWatch, end.err, list)
	case end.regular:
		return m.pause(&m.turns, nil, list)
	}
	return m.turn(ctx, opWatch, end.err, list)
}

// goOn opens the next watch, or lists in its place where watches do not work
// (R1a).
func (m *machine[T]) goOn(ctx context.Context, end watchEnd) state[T] {
	if end.steady {
		return m.rewatch()
	}
	next := m.retry(ctx, opWatch, end.err, m.rewatch())
	why, soon := end.verdict(&m.internal, time.Now())
	if why == "" || !m.detour.due(soon, time.Now().Add(next.delay)) {
		return next
	}
	m.r.record.relist(why)
	m.detour.err = end.err
	list := m.around(watching, false)
	list.then, list.phase, list.delay = list.phase, waiting, next.delay
	return list
}

// tellDetour logs that a list was answered where watches do not work, once until
// they do (R5).
func (m *machine[T]) tellDetour(ctx context.Context) {
	if now := time.Now(); !m.detour.told && m.detourLog.due(now) {
		m.detour.told = true
		m.detourLog.line(now)
		m.logger(ctx).Error(m.detour.err, "Watches do not work: the objects are listed instead, until they do", m.r.names()...)
	}
}
