package reflector

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bent is a simServer that can be otherwise than a server should be, for as
// long as a test wants it to. Its fields are set before it is used.
type bent struct {
	*simServer

	// opening and listing, if not nil, may fail a watch (streamed or not) and
	// a list.
	opening func(streamed bool) error
	listing func() error

	// next, if not nil, stands in for what a stream brings, until straight is
	// set.
	next     func(st *simStream) (Event[*thing], error)
	straight atomic.Bool

	// closing, if not nil, is called when a stream is closed.
	closing func()

	// streaming is whether the last stream began with a list.
	streaming bool

	mu      sync.Mutex
	watches int
	lists   int // those in pages: their first pages
	streams int
}

func newBent() *bent { return &bent{simServer: newSimServer()} }

func (b *bent) List(ctx context.Context, opts metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	b.mu.Lock()
	if opts.Continue == "" {
		b.lists++
	}
	b.mu.Unlock()
	if b.listing != nil {
		if err := b.listing(); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	return b.simServer.List(ctx, opts, part)
}

func (b *bent) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[*thing], error) {
	streamed := opts.SendInitialEvents != nil
	b.mu.Lock()
	if streamed {
		b.streams++
	} else {
		b.watches++
	}
	b.mu.Unlock()
	if b.opening != nil {
		if err := b.opening(streamed); err != nil {
			return nil, err
		}
	}
	b.streaming = streamed
	st, err := b.simServer.Watch(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &bentStream{st.(*simStream), b}, nil
}

type bentStream struct {
	*simStream
	b *bent
}

func (s *bentStream) Next() (Event[*thing], error) {
	if s.b.next != nil && !s.b.straight.Load() {
		return s.b.next(s.simStream)
	}
	return s.simStream.Next()
}

func (s *bentStream) Close() {
	if s.b.closing != nil {
		s.b.closing()
	}
	s.simStream.Close()
}

// counts are the requests so far.
func (b *bent) counts() (lists, streams, watches int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lists, b.streams, b.watches
}

// run is a Reflector on a bent server while a test looks on.
type run struct {
	*bent
	*Reflector[*thing]
	sink *mutexTape
	t    *testing.T

	mu    sync.Mutex
	lines []string // logged at the default verbosity
	errs  []error
}

// runBent runs a Reflector on b in a bubble of virtual time, and f meanwhile.
func runBent(t *testing.T, b *bent, opts Options, f func(r *run)) {
	t.Helper()
	sink := newMutexTape()
	runBentInto(t, b, opts, sink, sink, f)
}

// runBentInto is runBent with a Sink in front of the tape.
func runBentInto(t *testing.T, b *bent, opts Options, tape *mutexTape, sink Sink[*thing], f func(r *run)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b.moved = make(chan struct{}) // one of this bubble
		r := &run{bent: b, sink: tape, t: t}
		opts.Name, opts.Source = "bent", "/apis/example.org/v1/things"
		opts.Logger = funcr.New(r.logged, funcr.Options{})
		if opts.OnError == nil {
			opts.OnError = func(_ context.Context, err error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.errs = append(r.errs, err)
			}
		}
		r.Reflector = must(New[*thing](b, opts))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx, sink) }()
		synctest.Wait()
		f(r)
		cancel()
		<-done
	})
}

func (r *run) logged(_, args string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, strings.ReplaceAll(args, `\"`, `"`))
}

// log is what was logged since the last call.
func (r *run) log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return lines
}

// pass lets d pass, with a write each minute if writing.
func (r *run) pass(d time.Duration, writing bool) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		<-time.After(min(time.Minute, time.Until(end)))
		if writing {
			r.write("clock", false, false)
		}
	}
	synctest.Wait()
}

// behind is how the sink differs from the server.
func (r *run) behind() string {
	synctest.Wait()
	r.sink.mu.Lock()
	defer r.sink.mu.Unlock()
	return cmp.Diff(r.want(), r.sink.state)
}

// follows fails the test unless a write is in the sink within d.
func (r *run) follows(d time.Duration) {
	r.t.Helper()
	r.write("probe", false, false)
	for end := time.Now().Add(d); time.Now().Before(end); {
		if r.behind() == "" {
			return
		}
		<-time.After(time.Second)
	}
	if diff := r.behind(); diff != "" {
		r.t.Errorf("%v after a write the sink is behind (-server +sink):\n%s\n%+v\n%s", d, diff, r.Stats(), strings.Join(r.log(), "\n"))
	}
}

// endsWith is a stream that is silent and ends regularly when end is closed.
type endsWith struct {
	ctx context.Context
	end chan struct{}
}

func (s *endsWith) Next() (Event[*thing], error) {
	select {
	case <-s.end:
		return Event[*thing]{}, io.EOF
	case <-s.ctx.Done():
		return Event[*thing]{}, s.ctx.Err()
	}
}

func (s *endsWith) Close() {}

// runFor runs a Reflector on lw for d of virtual time.
func runFor(t *testing.T, d time.Duration, lw ListerWatcher[*thing]) (stats Stats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		r := must(New(lw, Options{Name: "bent", OnError: func(context.Context, error) {}, Logger: funcr.New(func(string, string) {}, funcr.Options{})}))
		_ = r.Run(ctx, newMutexTape())
		stats = r.Stats()
	})
	return stats
}

// runLogged is runBent without an OnError; it returns what was logged as errors.
func runLogged(t *testing.T, b *bent, opts Options, f func(r *run)) (lines string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b.moved = make(chan struct{}) // one of this bubble
		r := &run{bent: b, sink: newMutexTape(), t: t}
		opts.Name, opts.Logger = "bent", funcr.New(r.logged, funcr.Options{})
		r.Reflector = must(New[*thing](b, opts))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx, r.sink) }()
		f(r)
		cancel()
		<-done
		lines = strings.Join(r.log(), "\n")
	})
	return lines
}

// streamFunc is a Next as a Stream.
type streamFunc func() (Event[*thing], error)

func (f streamFunc) Next() (Event[*thing], error) { return f() }
func (f streamFunc) Close()                       {}
