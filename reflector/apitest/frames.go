package apitest

import (
	"bufio"
	"errors"
	"net/http"
	"slices"

	"k8s.io/apimachinery/pkg/watch"
)

// errCut ends an answer on purpose.
var errCut = errors.New("apitest: the answer is cut")

// plan holds the actions for the frames of an answer.
type plan []Action

// at returns the actions with one of the effects after n frames.
func (p plan) at(n int, effects ...effect) (found []Action) {
	for _, a := range p {
		if a.after == n && slices.Contains(effects, a.effect) {
			found = append(found, a)
		}
	}
	return found
}

// frames writes the body of a list or a watch frame by frame and lets the
// plan happen. After an error nothing more may be written.
type frames struct {
	x   *exchange
	w   *bufio.Writer
	n   int    // frames written
	buf []byte // of the frame that is being made
}

func newFrames(x *exchange) *frames {
	return &frames{x: x, w: bufio.NewWriterSize(x.w, 32*1024)}
}

// text writes what is no frame, and then what the plan has for the start.
func (f *frames) text(s []byte) error {
	if _, err := f.w.Write(s); err != nil {
		return err
	}
	if f.n > 0 {
		return nil
	}
	return f.between()
}

// pace waits before a frame where the plan says so.
func (f *frames) pace() error {
	for _, a := range f.x.plan {
		if a.effect != slow {
			continue
		}
		if err := f.flush(); err != nil {
			return err
		}
		f.x.sleep(a.delay)
	}
	return nil
}

// item makes the frame of an item of a list, of which n come before.
func (f *frames) item(buf []byte, n int, rec *record) []byte {
	form := f.x.form
	buf = form.item(buf[:0], rec, rec.rv, n == 0, false)
	for _, a := range f.x.plan.at(n, duplicate, malform, disguise, rewind) {
		switch a.effect {
		case duplicate:
			buf = form.item(buf, rec, rec.rv, false, false)
		case malform:
			buf = append(buf[:0], form.malformed(true)...)
		case disguise:
			buf = form.item(buf[:0], rec, rec.rv, n == 0, true)
		case rewind:
			buf = form.item(buf[:0], rec, 1, n == 0, false)
		}
	}
	return buf
}

// list writes the items of a list.
func (f *frames) list(items []*record) error {
	for _, rec := range items {
		if err := f.pace(); err != nil {
			return err
		}
		f.buf = f.item(f.buf, f.n, rec)
		if err := f.done(); err != nil {
			return err
		}
	}
	return nil
}

// count is how many items of a list are written: some are there twice.
func (f *frames) count(items []*record) int {
	n := len(items)
	for i := range items {
		n += len(f.x.plan.at(i, duplicate))
	}
	return n
}

// size is that of the items of a list.
func (f *frames) size(items []*record) (bytes int) {
	for n, rec := range items {
		f.buf = f.item(f.buf, n, rec)
		bytes += len(f.buf)
	}
	return bytes
}

// event writes one event of a watch. One for a client that wants a list in its place
// ends the watch, as in a real server.
func (f *frames) event(kind watch.EventType, rec *record, rv uint64) error {
	if f.x.choice.as.Kind == partialListKind {
		return errCut
	}
	if err := f.pace(); err != nil {
		return err
	}
	form := f.x.form
	f.buf = form.event(f.buf[:0], kind, rec, rv, false)
	for _, a := range f.x.plan.at(f.n, duplicate, malform, disguise, rewind) {
		switch a.effect {
		case duplicate:
			f.buf = form.event(f.buf, kind, rec, rv, false)
		case malform:
			f.buf = append(f.buf[:0], form.malformed(false)...)
		case disguise:
			f.buf = form.event(f.buf[:0], kind, rec, rv, true)
		case rewind:
			f.buf = form.event(f.buf[:0], kind, rec, 1, false)
		}
	}
	return f.done()
}

// done writes the frame that is in buf.
func (f *frames) done() error {
	if _, err := f.w.Write(f.buf); err != nil {
		return err
	}
	f.n++
	f.x.sent(1)
	return f.between()
}

// between does what the plan has after the frames so far.
func (f *frames) between() error {
	for _, a := range f.x.plan.at(f.n, cut, stall) {
		if err := f.flush(); err != nil {
			return err
		}
		if a.effect == cut {
			return f.cut(a.manner)
		}
		if err := f.x.stall(f); err != nil {
			return err
		}
	}
	return nil
}

// cut ends the answer. All that was written before reaches the client.
func (f *frames) cut(how Manner) error {
	if how == MidFrame {
		if _, err := f.w.Write(f.x.form.begun(f.x.req.Verb == VerbList)); err != nil {
			return err
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	if how != Cleanly {
		f.x.abort()
	}
	return errCut
}

// flush hands everything to the connection.
func (f *frames) flush() error {
	if err := f.w.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(f.x.w).Flush()
}
