package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// source is what the reflector asks: the server, bent as the script says. It
// notes each request and what came of it, which the oracles judge by.
type source struct {
	lw      reflector.ListerWatcher[*Job]
	crooked *crooked
	limit   int64 // of the server's pages, 0 for what it is asked for
	gate    gate
	journal *journal
	book    *ledger
	url     string
	refuses func(key string) // is told of objects that were refused
	stats   func() reflector.Stats
	kept    *kept

	mu       sync.Mutex // guards what follows
	run      int
	requests []*request
	began    *request    // the first request of the list that is under way
	since    time.Time   // when the last list that the sink has taken began
	highest  string      // its version, or a higher one that came since
	lower    []time.Time // when a list had a lower version than what came before
	evidence []evidence
	version  string // the last one that came
	contact  contact
	relists  []relist
	counted  map[reflector.RelistReason]uint64
	moment   time.Time // the last one with a request
	hurry    int       // how many requests there were at that moment
}

// kind is the kind of a request.
type kind string

const (
	askList   kind = "list"
	askPage   kind = "page" // a further one of a list
	askStream kind = "streamed list"
	askWatch  kind = "watch"
)

// request is one of the reflector's.
type request struct {
	kind    kind
	run     int
	at      time.Time
	ended   time.Time // zero while it goes on
	version string
	timeout time.Duration // of a watch

	opened bool      // the answer began
	ready  time.Time // when the answer began, or the list in a stream ended
	news   int       // events since ready
	fresh  int       // those with a version above all since the last list
	marks  int       // bookmarks since ready
	spoilt int       // events since ready that could not be decoded
	err    error     // what ended it, nil for a complete page
}

func (r *request) isWatch() bool { return r.kind == askWatch || r.kind == askStream }

// open is for how long r could have brought something: also before the answer
// began, if it ever did.
func (r *request) open() time.Duration {
	from, to := r.at, r.ended
	if r.kind == askStream {
		from = r.ready
	}
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from)
}

func (r *request) String() string {
	return fmt.Sprintf("%s from %q at %v", r.kind, r.version, r.at.Format(time.TimeOnly))
}

// String is the address, as HTTP's is.
func (s *source) String() string { return s.url }

// runs notes that another run begins.
func (s *source) runs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run++
	s.contact.last = time.Now()
	s.counted = s.stats().Relists
}

// begin notes a request.
func (s *source) begin(k kind, opts metav1.ListOptions) *request {
	r := &request{kind: k, at: time.Now(), version: opts.ResourceVersion}
	s.gate.pass()
	if opts.TimeoutSeconds != nil {
		r.timeout = time.Duration(*opts.TimeoutSeconds) * time.Second
	}
	s.mu.Lock()
	r.run, s.requests = s.run, append(s.requests, r)
	if k == askList || k == askStream {
		s.began = r
		s.full()
	}
	hurry := s.hurries()
	s.mu.Unlock()
	if hurry {
		s.book.fault("reflector", "R6: %d requests without a pause, the last one a %s from %q", atOnce, k, r.version)
		<-time.After(time.Minute) // or the simulation would never end
	}
	s.journal.note("request", "%s from %q, match %q, limit %d, continue %q, timeout %v",
		k, opts.ResourceVersion, opts.ResourceVersionMatch, opts.Limit, opts.Continue[max(0, len(opts.Continue)-6):], r.timeout)
	return r
}

// hurries reports whether too many requests came at one moment; mu is held.
func (s *source) hurries() bool {
	if now := time.Now(); now != s.moment {
		s.moment, s.hurry = now, 0
	}
	s.hurry++
	return s.hurry%atOnce == 0
}

// completed notes that the list that began last is complete; mu is held.
func (s *source) completed(version string) {
	if s.highest != "" && object.NewerVersion(s.highest, version) {
		s.lower = append(s.lower, time.Now())
	}
	s.highest = version
	s.came(version)
}

// took notes that the sink has taken the list that began last. What was seen before
// a list that the reflector drops, because nothing of it could be used (R4) or its
// version is lower, may still call for another.
func (s *source) took() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = s.began.at
}

// end notes what came of r.
func (s *source) end(r *request, err error) {
	s.gate.pass()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.ended.IsZero() {
		return
	}
	r.ended, r.err = time.Now(), err
	if r.isWatch() && r.opened {
		s.contact.made()
		s.contact.open--
	}
	s.judge(r, err)
	text := "complete"
	if err != nil {
		text = err.Error()
	}
	s.journal.note("answer", "%s after %v with %d events and %d bookmarks: %s", r.kind, time.Since(r.at), r.news, r.marks, text)
}

// restrict makes pages as large as the server wants them. A limit turns a
// version into exactly that version, which is not meant.
func (s *source) restrict(opts *metav1.ListOptions) {
	if s.limit == 0 || opts.Limit > 0 && opts.Limit <= s.limit {
		return
	}
	opts.Limit = s.limit
	if opts.ResourceVersion != "" && opts.ResourceVersion != "0" && opts.ResourceVersionMatch == "" {
		opts.ResourceVersionMatch = metav1.ResourceVersionMatchNotOlderThan
	}
}

// watching reports whether a watch is open that goes on from a complete list.
func (s *source) watching() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.requests[len(s.requests)-1]
	return last.isWatch() && !last.ready.IsZero() && last.ended.IsZero()
}

func (s *source) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[*Job]) error) (metav1.ListMeta, error) {
	k := askList
	if opts.Continue != "" {
		k = askPage
	}
	r := s.begin(k, opts)
	s.restrict(&opts)
	meta, err := s.lw.List(ctx, opts, func(p reflector.Part[*Job]) error {
		dawdle(ctx, s.crooked.pause(50*time.Second))
		s.gate.pass()
		s.mu.Lock()
		s.contact.made()
		s.mu.Unlock()
		return part(s.crooked.part(p))
	})
	meta = s.crooked.meta(meta)
	s.mu.Lock()
	if err == nil {
		r.opened, r.ready = true, time.Now()
		s.contact.made()
		if meta.Continue == "" {
			s.completed(meta.ResourceVersion)
		}
	}
	s.mu.Unlock()
	s.end(r, err)
	return meta, err
}

func (s *source) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
	k := askWatch
	if opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		k = askStream
	} else if from := s.crooked.from(opts.ResourceVersion); from != opts.ResourceVersion {
		s.journal.note("fault", "the watch from %s begins at %s", opts.ResourceVersion, from)
		opts.ResourceVersion = from
	}
	r := s.begin(k, opts)
	st, err := s.lw.Watch(ctx, opts)
	if err != nil {
		s.end(r, err)
		return nil, err
	}
	s.gate.pass()
	s.mu.Lock()
	r.opened = true
	s.contact.made()
	s.contact.open++
	if k == askWatch {
		r.ready = time.Now()
	}
	s.mu.Unlock()
	s.journal.note("answer", "%s is open", k)
	return &sourceStream{Stream: st, s: s, r: r, ctx: ctx}, nil
}

// sourceStream is a stream of a source.
type sourceStream struct {
	reflector.Stream[*Job]
	s    *source
	r    *request
	ctx  context.Context
	kept *reflector.Event[*Job] // is handed over next
}

func (st *sourceStream) Close() {
	st.Stream.Close()
	st.s.end(st.r, errClosed)
}

var errClosed = errors.New("closed by the reflector")

func (st *sourceStream) Next() (reflector.Event[*Job], error) {
	for {
		st.s.gate.pass()
		e, err := st.read()
		st.s.gate.pass()
		if err != nil {
			return e, st.failed(err)
		}
		if st.kept == nil && e.Type != watch.Bookmark && st.s.crooked.stranger() {
			st.kept = &e
			st.s.journal.note("fault", "an event of an unknown type")
			return reflector.Event[*Job]{}, st.failed(strange(e.Object))
		}
		st.kept = nil
		if st.r.kind == askStream && st.r.ready.IsZero() {
			dawdle(st.ctx, st.s.crooked.pause(3*time.Second))
		}
		e, err, skip := st.s.crooked.event(e)
		if skip {
			continue
		}
		if err != nil {
			return reflector.Event[*Job]{}, st.failed(err)
		}
		st.s.arrived(st.r, e)
		return e, nil
	}
}

// read is the next event that has not been handed over.
func (st *sourceStream) read() (reflector.Event[*Job], error) {
	if st.kept != nil {
		return *st.kept, nil
	}
	return st.Stream.Next()
}

// failed notes an error. One about a single event does not end the stream.
func (st *sourceStream) failed(err error) error {
	var bad *reflector.DecodeError
	if errors.As(err, &bad) {
		if st.s.crooked.without {
			bad.ResourceVersion = "" // it is the error's own
		}
		st.s.refuses(bad.Key)
		st.s.spoils(st.r, bad)
		st.s.journal.note("answer", "%s brings %v", st.r.kind, err)
		return err
	}
	if st.ctx.Err() != nil {
		err = fmt.Errorf("%w (%w)", err, context.Cause(st.ctx))
	}
	st.s.end(st.r, err)
	return err
}

// spoils notes an event that cannot be decoded.
func (s *source) spoils(r *request, bad *reflector.DecodeError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.see(sawBadEvent)
	if r.ready.IsZero() {
		return // the list in a stream
	}
	s.kept.event(bad.Key, true)
	if r.spoilt++; bad.ResourceVersion != "" {
		s.came(bad.ResourceVersion)
	}
}

// arrived notes an event that the reflector is given.
func (s *source) arrived(r *request, e reflector.Event[*Job]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Type == watch.Bookmark && e.InitialEventsEnd:
		r.ready = time.Now()
		s.completed(e.ResourceVersion)
	case r.ready.IsZero(): // the list in a stream, in any order
	case e.Type == watch.Bookmark:
		r.marks++
		s.came(e.ResourceVersion)
	default:
		r.news++
		if object.NewerVersion(e.ResourceVersion, s.highest) {
			r.fresh++
		}
		s.came(e.ResourceVersion)
	}
}
