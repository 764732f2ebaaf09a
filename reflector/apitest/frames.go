package apitest

import (
	"bufio"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/watch"
)

// errCut ends an answer on purpose.
var errCut = errors.New("apitest: the answer is cut")

// unexpected is the type of a disguised object.
const unexpected = `{"kind":"Unexpected","apiVersion":"apitest.example.com/v1","metadata":{"resourceVersion":"`

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
func (f *frames) text(s string) error {
	if _, err := f.w.WriteString(s); err != nil {
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

// item writes one item of a list.
func (f *frames) item(rec *record) error {
	if err := f.pace(); err != nil {
		return err
	}
	write := func(head []byte, rv uint64) []byte {
		b := f.buf[:0]
		if f.n > 0 {
			b = append(b, ',')
		}
		return f.encode(b, head, rec, rv)
	}
	f.buf = write(f.x.table.bareHead, rec.rv)
	for _, a := range f.x.plan.at(f.n, duplicate, malform, disguise, rewind) {
		switch a.effect {
		case duplicate:
			f.buf = append(append(f.buf, ','), write(f.x.table.bareHead, rec.rv)...)
		case malform:
			f.buf = append(f.buf[:0], `,,{"kind":]`...)
		case disguise:
			f.buf = write([]byte(unexpected), rec.rv)
		case rewind:
			f.buf = write(f.x.table.bareHead, 1)
		}
	}
	return f.done()
}

// event writes one event of a watch.
func (f *frames) event(kind watch.EventType, rec *record, rv uint64) error {
	if err := f.pace(); err != nil {
		return err
	}
	write := func(b, head []byte, rv uint64) []byte {
		b = append(b, `{"type":"`...)
		b = append(b, kind...)
		b = append(b, `","object":`...)
		return append(f.encode(b, head, rec, rv), "}\n"...)
	}
	head := f.x.table.head
	f.buf = write(f.buf[:0], head, rv)
	for _, a := range f.x.plan.at(f.n, duplicate, malform, disguise, rewind) {
		switch a.effect {
		case duplicate:
			f.buf = write(f.buf, head, rv)
		case malform:
			f.buf = append(f.buf[:0], `{"type":"MODIFIED","object":{"kind":]}`+"\n"...)
		case disguise:
			f.buf = write(f.buf[:0], []byte(unexpected), rv)
		case rewind:
			f.buf = write(f.buf[:0], head, 1)
		}
	}
	return f.done()
}

func (f *frames) encode(b, head []byte, rec *record, rv uint64) []byte {
	b = append(b, head...)
	b = strconv.AppendUint(b, rv, 10)
	return append(b, rec.tail...)
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
		part := `{"type":"MODIFIED","object":{"kind":"`
		if f.x.req.Verb == VerbList {
			part = `{"metadata":{"resourceVersion":"`
		}
		if _, err := f.w.WriteString(part); err != nil {
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
