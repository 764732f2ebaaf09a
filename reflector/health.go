package reflector

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// never is a limit that is not passed: a hundred years.
const never = 100 * 365 * 24 * time.Hour

// errNoContact is why a Reflector is not in step when no error says more.
var errNoContact = errors.New("the source has not answered yet")

// errQueues is why one is not that Options.Turn keeps waiting.
var errQueues = errors.New("it waits for its turn to list: other lists are under way (Options.Turn)")

// health knows whether a Reflector is in step with its source, and logs when that
// changes (R5). Its timer looks again after a while, so that a Reflector that
// waits for its source is reported too.
type health struct {
	limit time.Duration // without contact before the Reflector is out of step
	names []any         // for the log

	mu     sync.Mutex // guards all that follows
	logger klog.Logger
	live   bool // a Run is going on
	phase  phase

	open    bool      // a watch is
	contact time.Time // when there was contact last; open means now
	began   time.Time // of the Run
	refused int
	refusal error // what is wrong with a refused object
	failure error // the last error since there was contact
	queued  bool  // a list waits for its turn

	step  bool // in step, as of the last look
	since time.Time

	told    bool // step, as it was logged last
	pace    logPace
	changes int // since it was logged

	timer *time.Timer    // nil when nothing is to be looked for
	busy  sync.WaitGroup // counts timers that are armed or running
}

// begin notes the begin of a Run.
func (h *health) begin(logger klog.Logger) {
	h.mu.Lock()
	h.logger, h.live, h.open = logger, true, false
	h.began = time.Now()
	h.refused, h.refusal, h.failure, h.queued = 0, nil, nil, false
	h.step, h.told, h.since = true, true, h.began
	h.pace, h.changes = logPace{}, 0
	h.arm(h.began)
	h.mu.Unlock()
}

// end notes the end of a Run. No timer is left when it returns.
func (h *health) end() {
	h.mu.Lock()
	now := time.Now()
	if h.open {
		h.contact = now
	}
	if h.step {
		h.since = now
	}
	h.live, h.open, h.step = false, false, false
	h.disarm()
	h.mu.Unlock()
	h.busy.Wait()
}

// change applies f and logs what follows from it.
func (h *health) change(f func(now time.Time)) {
	h.mu.Lock()
	now := time.Now()
	f(now)
	line := h.look(now)
	h.mu.Unlock()
	line.log()
}

// opened notes that a watch is open.
func (h *health) opened() {
	h.change(func(time.Time) { h.open, h.failure = true, nil })
}

// closed notes that no watch is open any more.
func (h *health) closed() {
	h.change(func(now time.Time) {
		if h.open {
			h.open, h.contact = false, now
		}
	})
}

// answered notes that a list, or a part of one, was answered.
func (h *health) answered() {
	h.change(func(now time.Time) { h.contact, h.failure = now, nil })
}

// failed notes an error, the cause should contact stay away.
func (h *health) failed(err error) {
	h.mu.Lock()
	h.failure = err
	h.mu.Unlock()
}

// queues notes whether a list waits for its turn.
func (h *health) queues(now bool) {
	h.mu.Lock()
	h.queued = now
	h.mu.Unlock()
}

// refuses notes how many objects are refused, and why one of them is.
func (h *health) refuses(n int, err error) {
	h.mu.Lock()
	same := h.refused == n
	h.refusal = err
	h.mu.Unlock()
	if same {
		return
	}
	h.change(func(time.Time) { h.refused = n })
}

// does notes what the Reflector does.
func (h *health) does(p phase) {
	h.mu.Lock()
	h.phase = p
	h.mu.Unlock()
}

// lastContact is when there was contact last, or the Run began; mu is held.
func (h *health) lastContact() time.Time {
	if h.contact.Before(h.began) {
		return h.began
	}
	return h.contact
}

// inStep reports whether the Reflector is in step at now; mu is held.
func (h *health) inStep(now time.Time) bool {
	return h.live && h.refused == 0 && (h.open || now.Sub(h.lastContact()) <= h.limit)
}

// cause is why the Reflector is not in step; mu is held.
func (h *health) cause() error {
	switch {
	case h.refused > 0:
		return fmt.Errorf("%d objects are refused, one of them because: %w", h.refused, h.refusal)
	case h.queued:
		return errQueues
	case h.failure != nil:
		return h.failure
	}
	return errNoContact
}

// look notes a change of step and returns the line that is due for it; mu is
// held. It arms the timer for the next look.
func (h *health) look(now time.Time) (line healthLine) {
	if !h.live {
		return healthLine{}
	}
	if step := h.inStep(now); step != h.step {
		h.step, h.since = step, now
		h.changes++
	}
	if h.step != h.told && h.pace.due(now) {
		line = h.tell(now)
	}
	h.arm(now)
	return line
}

// tell returns the line about the present step; mu is held.
func (h *health) tell(now time.Time) healthLine {
	line := healthLine{logger: h.logger, names: h.names, step: h.step, changes: h.changes, contact: h.lastContact()}
	if !h.step {
		line.cause = h.cause()
	}
	h.pace.line(now)
	h.told, h.changes = h.step, 0
	return line
}

// arm sets the timer to when the next change or line may be due; mu is held.
func (h *health) arm(now time.Time) {
	h.disarm()
	var at time.Time
	if h.step && !h.open && h.limit < never {
		// The limit has to be passed, not just reached.
		at = h.lastContact().Add(h.limit + time.Nanosecond)
	}
	if h.step != h.told {
		if due := h.pace.next; at.IsZero() || due.Before(at) {
			at = due
		}
	}
	if at.IsZero() {
		return
	}
	h.busy.Add(1)
	h.timer = time.AfterFunc(at.Sub(now), func() {
		defer h.busy.Done()
		h.change(func(time.Time) {})
	})
}

// disarm stops the timer; mu is held.
func (h *health) disarm() {
	if h.timer != nil && h.timer.Stop() {
		h.busy.Done()
	}
	h.timer = nil
}

func (h *health) status(now time.Time) Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Status{Running: h.live, InStep: h.inStep(now), Since: h.since, LastContact: h.contact, Refused: h.refused}
	if h.live {
		s.Phase = h.phase.String()
	}
	if h.open {
		s.LastContact = now
	}
	if h.live && !s.InStep {
		s.Cause = h.cause()
	}
	return s
}

// healthLine is a log line about a change of step; the zero value is none.
type healthLine struct {
	logger  klog.Logger
	names   []any
	step    bool
	cause   error
	changes int
	contact time.Time
}

// log writes the line. No lock is held.
func (l healthLine) log() {
	if l.names == nil {
		return
	}
	names := l.names
	if l.changes > 1 {
		names = append(names[:len(names):len(names)], "changes", l.changes)
	}
	if l.step {
		l.logger.Error(nil, "The cache is in step with the server again", names...)
		return
	}
	names = append(names[:len(names):len(names)], "lastContact", l.contact)
	l.logger.Error(l.cause, "The cache is not in step with the server", names...)
}

// The least time from one log line about a change to the next (R5). It doubles
// with each line that comes before calm has passed since the one before.
const (
	logGap    = time.Minute
	maxLogGap = 10 * time.Minute
	calm      = 2 * maxLogGap
)

// logPace says when the next line may be logged. The zero value allows one.
type logPace struct {
	last, next time.Time
	gap        time.Duration
}

func (p *logPace) due(now time.Time) bool { return !now.Before(p.next) }

// line notes a line.
func (p *logPace) line(now time.Time) {
	if p.gap = min(2*p.gap, maxLogGap); p.gap == 0 || now.Sub(p.last) >= calm {
		p.gap = logGap
	}
	p.last, p.next = now, now.Add(p.gap)
}
