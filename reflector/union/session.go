package union

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// pace is the least time from one bookmark to the next: while one waits, the events
// of a busy query are not cut into batches of one.
const pace = time.Millisecond

// The pauses before everything is listed anew, see errWentBack. The next one is twice
// as long, unless calm has passed meanwhile.
const (
	minPause = time.Second
	maxPause = time.Minute
	calm     = 10 * time.Minute
)

// errWentBack ends a session: the version of a list is lower than what its query had
// reached, so the server went back, and no version that was noted before means
// anything. Only a whole list can bring the version of the sink back.
var errWentBack = errors.New("the server went back to an older version: everything is listed anew")

// sessions runs one session after another, until ctx ends.
func (r *Runner[T]) sessions(ctx context.Context, sink reflector.KeyedSink[T]) error {
	wait := minPause
	for {
		began := time.Now()
		err := r.session(ctx, sink)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, errWentBack) {
			return err
		}
		if time.Since(began) >= calm {
			wait = minPause
		}
		r.logger(ctx).Error(err, "The queries start again", "runner", r.opts.Name, "pause", wait)
		pause(ctx, wait)
		wait = min(2*wait, maxPause)
	}
}

func (r *Runner[T]) logger(ctx context.Context) klog.Logger {
	if r.opts.Reflector.Logger.GetSink() != nil {
		return r.opts.Reflector.Logger
	}
	return klog.FromContext(ctx)
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// session is a Run, or what is between two times that the server went back. It begins
// with a list of all queries.
type session[T any] struct {
	r    *Runner[T]
	ctx  context.Context
	end  context.CancelCauseFunc
	sink reflector.KeyedSink[T]

	// turn has a token while somebody calls the sink or uses what follows up to
	// told. It is no lock: who waits for it gives up with its context.
	turn     chan struct{}
	ledger   ledger[T]
	live     map[*query[T]]context.CancelFunc
	starting bool   // the sink has an open list, until all live queries are listed
	told     string // the version that the sink was told of

	// news has a token when there may be something to tell the sink.
	news chan struct{}

	workers sync.WaitGroup
	crash   crash
}

// crash is the first panic of a query's goroutine.
type crash struct {
	once  sync.Once
	value any
	stack []byte
}

func (r *Runner[T]) session(ctx context.Context, sink reflector.KeyedSink[T]) error {
	s := r.newSession(ctx, sink)
	defer s.stop()
	if err := s.sink.Begin(s.ctx); err != nil {
		return r.about("", fmt.Errorf("the sink takes no list: %w", err))
	}
	s.starting = true
	if err := s.manage(); err != nil {
		return err
	}
	return context.Cause(s.ctx)
}

func (r *Runner[T]) newSession(ctx context.Context, sink reflector.KeyedSink[T]) *session[T] {
	s := &session[T]{
		r: r, sink: sink,
		turn:   make(chan struct{}, 1),
		news:   make(chan struct{}, 1),
		live:   make(map[*query[T]]context.CancelFunc),
		ledger: ledger[T]{entries: make(map[string]*entry[T]), unordered: r.opts.Reflector.UnorderedVersions},
	}
	s.ctx, s.end = context.WithCancelCause(ctx)
	return s
}

// stop ends everything and waits for it. A panic of a query goes on from here.
func (s *session[T]) stop() {
	s.end(nil)
	s.workers.Wait()
	for q := range s.live {
		q.objects.Store(0)
	}
	if s.starting {
		s.sink.Abort()
	}
	if s.crash.stack != nil {
		s.r.logger(s.ctx).Error(nil, "A query panicked", "runner", s.r.opts.Name, "panic", s.crash.value, "stack", string(s.crash.stack))
		panic(s.crash.value)
	}
}

// manage starts and stops queries and tells the sink how far all of them are, until
// the session ends.
func (s *session[T]) manage() error {
	if err := s.follow(); err != nil {
		return err
	}
	news := s.news // nil until pace has passed
	var due <-chan time.Time
	for {
		var err error
		select {
		case <-s.ctx.Done():
			return nil
		case <-s.r.wake:
			err = s.follow()
		case <-due:
			news = s.news
		case <-news:
			if !s.starting {
				news, due = nil, time.After(pace)
			}
			err = s.tell()
		}
		if err != nil && s.ctx.Err() == nil {
			return err
		}
	}
}

// follow makes the queries of the last Set those that run.
func (s *session[T]) follow() error {
	present := make(map[*query[T]]bool)
	queries := s.r.present()
	for _, q := range queries {
		present[q] = true
	}
	for q, cancel := range s.live {
		if !present[q] {
			cancel()
			if err := s.remove(q); err != nil {
				return err
			}
		}
	}
	for _, q := range queries {
		if s.live[q] == nil {
			s.start(q)
		}
	}
	return s.tell()
}

// start runs the Reflector of q in a goroutine.
func (s *session[T]) start(q *query[T]) {
	ctx, cancel := context.WithCancel(s.ctx)
	if s.take(s.ctx) != nil {
		cancel()
		return
	}
	defer s.pass()
	q.listed, q.version = false, "" // what it knew in an earlier session is void
	s.live[q] = cancel
	s.workers.Go(func() {
		defer cancel()
		defer s.crashed()
		if err := q.reflector.Run(ctx, &intake[T]{session: s, query: q}); ctx.Err() == nil {
			s.end(s.r.about(q.name, err))
		}
	})
}

// crashed notes a panic of a query's goroutine, and ends the others.
func (s *session[T]) crashed() {
	if value := recover(); value != nil {
		s.crash.once.Do(func() { s.crash.value, s.crash.stack = value, debug.Stack() })
		s.end(nil)
	}
}

// remove releases what only q held.
func (s *session[T]) remove(q *query[T]) error {
	if err := s.take(s.ctx); err != nil {
		return err
	}
	defer s.pass()
	q.removed = true
	delete(s.live, q)
	err := s.release(s.ctx, q, nil)
	s.ledger.leave(q)
	return err
}

// take waits for the turn. The error is ctx.Err().
func (s *session[T]) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if ctx.Err() != nil {
		s.pass()
		return ctx.Err()
	}
	return nil
}

// pass gives the turn back.
func (s *session[T]) pass() { <-s.turn }

// tell ends the list of the start, once all queries are in it, and tells the sink of
// a version that all queries have reached.
func (s *session[T]) tell() error {
	if err := s.take(s.ctx); err != nil {
		return err
	}
	defer s.pass()
	version, listed := s.reached()
	switch {
	case s.starting && !listed, !s.starting && !s.advances(version):
		return nil
	case s.starting:
		if err := s.sink.Commit(s.ctx, version); err != nil {
			return s.r.about("", fmt.Errorf("the sink does not take the first list: %w", err))
		}
		s.starting = false
	default:
		if err := s.sink.Bookmark(s.ctx, version); err != nil {
			if s.ctx.Err() == nil {
				s.r.logger(s.ctx).Error(err, "The sink does not take a bookmark", "runner", s.r.opts.Name)
			}
			return nil
		}
	}
	s.told = version
	s.ledger.prune(version)
	s.r.mu.Lock()
	s.r.version = version
	s.r.mu.Unlock()
	return nil
}

// reached returns the version that all live queries have reached, "" if that is not
// known, and reports whether all have been listed.
func (s *session[T]) reached() (version string, listed bool) {
	known := true
	for q := range s.live {
		if !q.listed {
			return "", false
		}
		known = known && q.version != ""
		if version == "" || object.NewerVersion(version, q.version) {
			version = q.version
		}
	}
	if !known {
		version = ""
	}
	return version, true
}

// advances reports whether version is something to tell.
func (s *session[T]) advances(version string) bool {
	if version == "" || version == s.told {
		return false
	}
	c, err := object.CompareVersions(version, s.told)
	return err != nil || c > 0
}

// reach notes how far q is, by an event, a list or a bookmark. It never goes back.
func (s *session[T]) reach(q *query[T], version string) {
	if version == "" || q.version == version || s.ledger.older(version, q.version) {
		return
	}
	q.version = version
	if q.listed {
		signal(s.news)
	}
}
