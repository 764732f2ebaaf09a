package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

const (
	// outAfter is for how long there may be no contact before the reflector
	// has to say that it is out of step (R5), and grace what it may take
	// longer.
	outAfter = 30 * time.Second
	grace    = time.Second

	// seldom is the time between two lines about a state that flaps: no less
	// than the first, no more than the second.
	seldom = time.Minute
	rare   = 10 * time.Minute
)

// lines are the errors that were logged at the default verbosity: the sink of
// the reflector's and the informer's logger.
type lines struct {
	journal *journal
	names   []any
	shared  *linesShared
}

type linesShared struct {
	mu   sync.Mutex
	told []told
	runs []time.Time // when each Run began
}

// told is a line about the change into or out of step.
type told struct {
	at   time.Time
	in   bool
	text string
}

func newLines(j *journal) *lines { return &lines{journal: j, shared: &linesShared{}} }

func (l *lines) logger() klog.Logger { return logr.New(l) }

// Init, Enabled, Info, Error, WithValues and WithName make lines a sink.
func (l *lines) Init(logr.RuntimeInfo)          {}
func (l *lines) Enabled(level int) bool         { return level == 0 }
func (l *lines) WithName(string) logr.LogSink   { return l }
func (l *lines) Info(_ int, m string, v ...any) { l.journal.note("log", "%s", m) }

func (l *lines) WithValues(values ...any) logr.LogSink {
	c := *l
	c.names = append(l.names[:len(l.names):len(l.names)], values...)
	return &c
}

func (l *lines) Error(err error, message string, values ...any) {
	text := fmt.Sprint(message, " ", err, " ", l.names, values)
	l.journal.note("log", "%s", text)
	if !strings.Contains(message, "in step") {
		return
	}
	l.shared.mu.Lock()
	defer l.shared.mu.Unlock()
	l.shared.told = append(l.shared.told, told{time.Now(), !strings.Contains(message, "not in step"), text})
}

// runs notes that a Run begins.
func (l *lines) runs() {
	l.shared.mu.Lock()
	defer l.shared.mu.Unlock()
	l.shared.runs = append(l.shared.runs, time.Now())
}

// contact is what the source knows of being in step; the source's mu guards it.
type contact struct {
	open  int       // watches
	last  time.Time // when there was contact; open means now
	quiet []span    // times without contact that were long enough to be told of
}

// made notes contact.
func (c *contact) made() {
	now := time.Now()
	if c.open == 0 && now.Sub(c.last) > outAfter+grace {
		c.quiet = append(c.quiet, span{c.last, now})
	}
	c.last = now
}

// checkStep compares what the reflector says of itself with what the source
// knows (R5).
func (w *world) checkStep() {
	synctest.Wait() // until all parts have noticed the last change
	s := w.source
	s.mu.Lock()
	last, open := s.contact.last, s.contact.open
	s.mu.Unlock()
	silent, status := time.Since(last), w.reflector.Status()
	if source := w.informer.Status().Source; source == nil || source.InStep != status.InStep {
		w.book.fault("informer", "R5: its Status says %+v of the source, the reflector %+v", source, status)
	}
	switch out := open == 0 && silent > outAfter+grace; {
	case !status.Running || s.gate.isShut() || overlaps(w.absent, last, time.Now()):
	case out && status.InStep:
		w.book.fault("reflector", "R5: for %v there was no contact, and Status says that it is in step: %+v", silent, status)
	case !status.InStep && status.Cause == nil:
		w.book.fault("reflector", "R5: Status does not say why it is not in step: %+v", status)
	case status.Refused > 0 && status.InStep:
		w.book.fault("reflector", "R5: %d objects are refused, and Status says that it is in step", status.Refused)
	case open > 0 && status.Refused == 0 && !status.InStep:
		w.book.fault("reflector", "R5: a watch is open and no object refused, and Status says that it is not in step: %+v", status)
	}
}

// checkTold holds the log against what the source knows (R5).
func (w *world) checkTold() {
	w.source.mu.Lock()
	quiet := w.source.contact.quiet
	w.source.mu.Unlock()
	l := w.lines.shared
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, each := range quiet {
		if !overlaps(w.absent, each.from, each.to) && untold(l.told, l.runs, each) {
			w.book.fault("log", "R5: from %v to %v there was no contact, and no error was logged",
				each.from.Sub(w.journal.start), each.to.Sub(w.journal.start))
		}
	}
	for _, wrong := range crowded(l.told, l.runs) {
		w.book.fault("log", "%s", wrong)
	}
	for _, each := range l.told {
		for _, word := range []string{"sim", "jobs", "Job"} {
			if !strings.Contains(each.text, word) {
				w.book.fault("log", "R5: %q does not say %q", each.text, word)
			}
		}
	}
}

// untold reports whether nothing was logged of a time without contact, though a
// line was due: no other had been logged just before.
func untold(lines []told, runs []time.Time, quiet span) bool {
	out := quiet.from.Add(outAfter)
	var last *told
	for i, each := range lines {
		if each.at.After(quiet.to) {
			break
		}
		last = &lines[i]
	}
	if last == nil || begun(runs, last.at, out) {
		return true
	}
	return last.in && quiet.to.Sub(last.at) > rare+grace
}

// begun reports whether a Run began after the first moment and not after the
// second.
func begun(runs []time.Time, from, to time.Time) bool {
	return slices.ContainsFunc(runs, func(at time.Time) bool { return at.After(from) && !at.After(to) })
}

// crowded reports lines that are too close to one another, or say the same
// twice.
func crowded(lines []told, runs []time.Time) (wrong []string) {
	for i := 1; i < len(lines); i++ {
		a, b := lines[i-1], lines[i]
		if between(runs, a.at, b.at) {
			continue
		}
		if gap := b.at.Sub(a.at); gap < seldom {
			wrong = append(wrong, fmt.Sprintf("R5: two lines within %v: %s; %s", gap, a.text, b.text))
		}
		if a.in == b.in {
			wrong = append(wrong, fmt.Sprintf("R5: two lines say the same: %s; %s", a.text, b.text))
		}
	}
	return wrong
}

// unclear reports whether an object that s counts as refused may be a good one by
// now, or gone: where its deletion was refused too, or its key could not be read,
// only a list shows that, and the list is put off while its reason rests (R1b).
func (w *world) unclear(s reflector.Status) bool {
	owed, _ := w.source.owed()
	return s.Refused > 0 && len(owed) > 0 && w.kept.waits()
}

// checkCalm compares, after a quiet time, what is refused with what is told of
// it (R5).
func (w *world) checkCalm() {
	refuses := false
	if versions, err := w.jobs.Versions(); err == nil && w.script.setup.stubborn >= 0 {
		_, refuses = versions[keyOf(newJob(w.script.setup.stubborn))]
	}
	status := w.reflector.Status()
	if status.InStep == refuses && !w.unclear(status) {
		w.book.fault("reflector", "R5: after a quiet time an object is refused: %v, and Status is %+v", refuses, status)
	}
	l := w.lines.shared
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.told); n > 0 && l.told[n-1].in != status.InStep && !between(l.runs, l.told[n-1].at, time.Now()) &&
		time.Since(l.told[n-1].at) > rare && time.Since(status.Since) > rare {
		w.book.fault("log", "R5: after a quiet time the last line is %q, and Status is %+v", l.told[n-1].text, status)
	}
}
