package apitest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// maxBatch bounds the events that a watch takes at a time.
const maxBatch = 512

// watcher is an open watch. One goroutine owns it.
type watcher struct {
	*exchange
	sel       *selection
	f         *frames
	bookmarks bool
	deadline  time.Time

	// from is the version that the client had at the start: no event up to
	// it is sent, nor a bookmark that says nothing newer.
	from uint64
	// cursor is the last event that was looked at.
	cursor *event
}

func (x *exchange) watch() error {
	opts, err := listOptions(x.req.Query)
	if err != nil {
		return err
	}
	sel, err := x.s.newSelection(x.table.res, x.req.Namespace, opts)
	if err != nil {
		return err
	}
	rv, err := parseVersion(opts.ResourceVersion)
	if err != nil {
		return err
	}
	w := &watcher{exchange: x, sel: sel, f: newFrames(x), bookmarks: opts.AllowWatchBookmarks}
	w.deadline = time.Now().Add(x.s.watchTimeout(opts))
	initial := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	if initial {
		ctx, cancel := context.WithDeadline(x.r.Context(), w.deadline)
		defer cancel()
		if err := x.s.waitFor(ctx, rv); err != nil {
			x.errorEvent(asStatus(err))
			return nil
		}
	}
	items, err := w.start(rv, initial)
	if errors.As(err, new(notServedError)) {
		return err
	}
	if err != nil {
		x.errorEvent(asStatus(err))
		return nil
	}
	defer x.s.forget(x.stream)
	x.begin(http.StatusOK, x.form.contentType(true))
	w.run(items, initial)
	return nil
}

func (s *Server) watchTimeout(opts internalversion.ListOptions) time.Duration {
	if opts.TimeoutSeconds != nil && *opts.TimeoutSeconds != 0 {
		return time.Duration(*opts.TimeoutSeconds) * time.Second
	}
	return s.opts.WatchTimeout
}

// start finds where the watch begins: the state that it opens with, if it
// asked for one, and the cursor. From then on it is an open stream.
func (w *watcher) start(rv uint64, initial bool) ([]*record, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	t, now := w.table, w.s.rv
	if err := t.served(); err != nil {
		return nil, err
	}
	if initial || rv == 0 {
		rv = now
	}
	if rv < t.compacted {
		return nil, watchExpired(rv, t.compacted)
	}
	w.stream = w.s.admit(w.req)
	w.from, w.cursor = rv, t.last
	if initial {
		return w.sel.in(t.at(now)), nil
	}
	if i := t.after(rv); i < len(t.log) {
		w.cursor = &event{next: t.log[i]}
	}
	return nil, nil
}

// run serves the stream until it ends. Errors only say that it has.
func (w *watcher) run(items []*record, initial bool) {
	if w.f.text(nil) != nil || w.f.flush() != nil || w.initial(items, initial) != nil {
		return
	}
	timeout := time.NewTimer(time.Until(w.deadline))
	defer timeout.Stop()
	bookmark := time.NewTimer(time.Until(w.nextBookmark()))
	defer bookmark.Stop()
	due := false
	for {
		p := w.pending()
		if w.send(p.events) != nil {
			return
		}
		switch {
		case p.more:
			continue
		case p.halted:
			if w.held(w.f, w.stream) != nil {
				return
			}
			continue
		case due:
			if w.bookmarks && p.rv > w.from && w.bookmark(p.rv, false) != nil {
				return
			}
			due = false
			bookmark.Reset(time.Until(w.nextBookmark()))
		}
		select {
		case <-p.changed:
		case <-bookmark.C:
			due = true
		case <-w.stream.wake:
		case <-timeout.C:
			return
		case <-w.r.Context().Done():
			return
		case <-w.s.closing:
			return
		}
	}
}

// nextBookmark is an interval from now, or two seconds before the timeout if
// that comes first, and never after that.
func (w *watcher) nextBookmark() time.Time {
	now := time.Now()
	next := now.Add(w.s.opts.BookmarkInterval)
	if last := w.deadline.Add(-2 * time.Second); last.Before(next) {
		next = last
	}
	if !next.After(now) {
		return w.deadline.Add(time.Hour)
	}
	return next
}

// pending is what a watch has not sent yet.
type pending struct {
	events  []*event
	more    bool            // there are further events
	halted  bool            // the stream stops here
	rv      uint64          // the latest version, when there is nothing more
	changed <-chan struct{} // closed by the next event
}

func (w *watcher) pending() (p pending) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for w.cursor.next != nil {
		if w.stopsHere() {
			p.halted = true
			return p
		}
		if len(p.events) == maxBatch {
			p.more = true
			return p
		}
		w.cursor = w.cursor.next
		p.events = append(p.events, w.cursor)
	}
	p.halted = w.stream.halted
	p.rv = w.s.rv
	p.changed = w.table.wait()
	return p
}

// stopsHere reports whether the next event lies behind the one that the stream
// was halted at.
func (w *watcher) stopsHere() bool {
	st := w.stream
	return st.halted && (st.last == nil || w.cursor.next.rv > st.last.rv)
}

// initial sends the state that the watch opens with, and the bookmark that
// says so to a client that takes bookmarks.
func (w *watcher) initial(items []*record, initial bool) error {
	if !initial {
		return nil
	}
	for _, rec := range items {
		if !w.sel.wants(rec) {
			continue
		}
		if err := w.f.event(watch.Added, rec, rec.rv); err != nil {
			return err
		}
	}
	if w.bookmarks {
		return w.bookmark(w.from, true)
	}
	return w.f.flush()
}

// send writes the events that concern the client and flushes once.
func (w *watcher) send(events []*event) error {
	wrote := false
	for _, e := range events {
		if e.rv <= w.from {
			continue
		}
		now, before := w.sel.wants(e.rec), w.sel.wants(e.prev)
		var err error
		switch {
		case now && before:
			err = w.f.event(watch.Modified, e.rec, e.rv)
		case now:
			err = w.f.event(watch.Added, e.rec, e.rv)
		case before:
			// Gone, or out of the selector: the client gets the last
			// state that it knows, at the version of the change.
			err = w.f.event(watch.Deleted, e.prev, e.rv)
		default:
			continue
		}
		if err != nil {
			return err
		}
		wrote = true
	}
	if !wrote {
		return nil
	}
	return w.f.flush()
}

// bookmark lets the client know that it has seen everything up to rv.
func (w *watcher) bookmark(rv uint64, endOfInitial bool) error {
	rec := &record{meta: &metav1.ObjectMeta{}, tail: []byte(`"}}`)}
	if endOfInitial {
		rec.meta.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
		rec.tail = fmt.Appendf(nil, `","annotations":{%q:"true"}}}`, metav1.InitialEventsAnnotationKey)
	}
	rec.metaEnd = len(rec.tail) - 1
	if err := w.f.event(watch.Bookmark, rec, rv); err != nil {
		return err
	}
	return w.f.flush()
}

// errorEvent answers a watch that cannot be served: with 200 and one event.
func (x *exchange) errorEvent(status *metav1.Status) {
	x.begin(http.StatusOK, x.form.contentType(true))
	_, _ = x.w.Write(x.form.status(status)) // a client that has gone away does not care
}
