package watchcheck

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Log is what passed between one client and a server, in its order. Any goroutine
// may call its methods.
type Log struct {
	name     string
	selector Selector
	digest   func(metav1.Object) uint64

	mu       sync.Mutex // guards what follows, and all that it leads to
	lists    []*List
	watches  []*Watch
	sessions []*Session
	partial  map[string]List // lists that go on, by the token of the next page
	refused  map[string]bool // keys of objects that were refused, "" for one that is not known
	moved    chan struct{}   // closed when a sink is given something; nil when nobody waits
}

// NewLog returns an empty Log. name stands in what Check finds. selector is that of
// the client; nil is everything. digest tells contents apart, whatever the version
// is; nil is Digest.
func NewLog(name string, selector Selector, digest func(metav1.Object) uint64) *Log {
	if digest == nil {
		digest = Digest
	}
	return &Log{name: name, selector: selector, digest: digest, partial: map[string]List{}, refused: map[string]bool{}}
}

// List is a list that is complete.
type List struct {
	Name    string
	Version uint64
	Items   []State
	Refused []string // keys of objects that could not be used, "" for one that is not known

	mixed []uint64 // versions of pages that are not of Version
}

// Watch is one watch as it went.
type Watch struct {
	Name string
	// From is the version that it begins after; Initial reports whether it opens
	// with the collection instead, which a bookmark ends.
	From    uint64
	Initial bool
	// Current reports whether everything that the server did is due by now.
	Current    bool
	Deliveries []Delivery

	ended bool
}

// Delivery is something that a watch brought.
type Delivery struct {
	// Type is watch.Added, Modified, Deleted or Bookmark, or watch.Error for an
	// object that was refused.
	Type    watch.EventType
	Version uint64 // 0 if it is not known
	Object  State  // of an event; of a refused object at most the key
	// Complete marks the bookmark that ends the collection at the beginning.
	Complete bool
}

func (d Delivery) isEvent() bool {
	return d.Type == watch.Added || d.Type == watch.Modified || d.Type == watch.Deleted
}

func (d Delivery) String() string {
	return fmt.Sprintf("%s %s at %d", d.Type, d.Object.Key, d.Version)
}

// Session is what a sink was given by one run of a reflector.
type Session struct {
	log      *Log
	segments []segment
}

// segment is a list, and the one watch that followed it as far as the sink can tell.
type segment struct {
	list  *List
	watch *Watch
}

// StateOf is the state of an object as the Log has it.
func (l *Log) StateOf(obj metav1.Object) State {
	s := State{Key: keyOf(obj), Version: number(obj.GetResourceVersion()), Digest: l.digest(obj)}
	if labels := obj.GetLabels(); len(labels) > 0 {
		s.Labels = make(map[string]string, len(labels))
		for k, v := range labels {
			s.Labels[k] = v
		}
	}
	return s
}

func keyOf(obj metav1.Object) string {
	if ns := obj.GetNamespace(); ns != "" {
		return ns + "/" + obj.GetName()
	}
	return obj.GetName()
}

// number is a version as a number, 0 if it is none.
func number(version string) uint64 {
	n, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// listed notes the answer to a list.
func (l *Log) listed(opts metav1.ListOptions, meta metav1.ListMeta, items []State, refused []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range refused {
		l.refused[key] = true
	}
	list := List{Name: fmt.Sprintf("%s: list %d", l.name, len(l.lists)+1), Version: number(meta.ResourceVersion)}
	if opts.Continue != "" {
		var ok bool
		if list, ok = l.partial[opts.Continue]; !ok {
			return // its beginning is not known
		}
	}
	if v := number(meta.ResourceVersion); v != list.Version {
		list.mixed = append(list.mixed[:len(list.mixed):len(list.mixed)], v)
	}
	list.Items = append(list.Items[:len(list.Items):len(list.Items)], items...)
	list.Refused = append(list.Refused[:len(list.Refused):len(list.Refused)], refused...)
	if meta.Continue != "" {
		l.partial[meta.Continue] = list
		return
	}
	l.lists = append(l.lists, &list)
}

// opened notes that a watch is open.
func (l *Log) opened(opts metav1.ListOptions) *Watch {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &Watch{
		Name: fmt.Sprintf("%s: watch %d", l.name, len(l.watches)+1), From: number(opts.ResourceVersion),
		Initial: opts.SendInitialEvents != nil && *opts.SendInitialEvents,
	}
	l.watches = append(l.watches, w)
	return w
}

// deliver notes what w brought.
func (l *Log) deliver(w *Watch, d Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Type == watch.Error {
		l.refused[d.Object.Key] = true
	}
	w.Deliveries = append(w.Deliveries, d)
}

// Session begins the record of one run of a reflector.
func (l *Log) Session() *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Session{log: l}
	l.sessions = append(l.sessions, s)
	return s
}

// listed notes that the sink has taken a list.
func (s *Session) listed(version string, items []State) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	name := fmt.Sprintf("%s: sink, list %d", s.log.name, len(s.segments)+1)
	s.segments = append(s.segments, segment{
		list:  &List{Name: name, Version: number(version), Items: items},
		watch: &Watch{Name: name + ", what followed it", From: number(version)},
	})
	s.log.wake()
}

// deliver notes what the sink was given after the last list.
func (s *Session) deliver(d Delivery) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if n := len(s.segments); n > 0 {
		w := s.segments[n-1].watch
		w.Deliveries = append(w.Deliveries, d)
	}
	s.log.wake()
}

// wake wakes who waits; mu is held.
func (l *Log) wake() {
	if l.moved != nil {
		close(l.moved)
		l.moved = nil
	}
}

// Await waits until the last session has come to a version, and returns an error with
// the cause of the end of ctx if that is first.
func (l *Log) Await(ctx context.Context, version string) error {
	for {
		l.mu.Lock()
		if l.moved == nil {
			l.moved = make(chan struct{})
		}
		reached, moved := l.reached(), l.moved
		l.mu.Unlock()
		if reached >= number(version) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("watchcheck: %s has come to %d and not to %s: %w", l.name, reached, version, context.Cause(ctx))
		}
	}
}

// reached is the version that the last session has come to; mu is held.
func (l *Log) reached() uint64 {
	n := len(l.sessions)
	if n == 0 || len(l.sessions[n-1].segments) == 0 {
		return 0
	}
	segments := l.sessions[n-1].segments
	last := segments[len(segments)-1]
	return max(last.list.Version, highest(last.watch))
}

// Report says by logf how each watch went: for the reader of a test in which a client
// has not come to rest.
func (l *Log) Report(logf func(format string, args ...any)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	logf("%s: %d lists, and the watches:", l.name, len(l.lists))
	for _, w := range l.watches {
		state, last := "open", "nothing"
		if w.ended {
			state = "ended"
		}
		if n := len(w.Deliveries); n > 0 {
			last = w.Deliveries[n-1].String()
		}
		logf("%s: from %d, %d deliveries, the last %s; %s", w.Name, w.From, len(w.Deliveries), last, state)
	}
}

// end notes that w brings nothing more.
func (l *Log) end(w *Watch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.ended = true
}

// Settled notes that the client has come to rest, and the server too: everything is
// due in the last watch, if that is open, and in the last session.
func (l *Log) Settled() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.watches); n > 0 && !l.watches[n-1].ended {
		l.watches[n-1].Current = true
	}
	if n := len(l.sessions); n > 0 {
		if m := len(l.sessions[n-1].segments); m > 0 {
			l.sessions[n-1].segments[m-1].watch.Current = true
		}
	}
}

// Digest is a hash of the JSON of an object without kind, apiVersion and
// resourceVersion.
func Digest(obj metav1.Object) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(canonical(obj)) // it never fails
	return h.Sum64()
}
