package reflector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// thing is the object of these tests.
type thing struct{ metav1.ObjectMeta }

// at makes a thing of "name@version".
func at(s string) *thing {
	name, version, _ := strings.Cut(s, "@")
	return &thing{metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}

func ats(names ...string) []*thing {
	var items []*thing
	for _, n := range names {
		items = append(items, at(n))
	}
	return items
}

func (o *thing) String() string { return o.Name + "@" + o.ResourceVersion }

// The events of a script.
func added(s string) Event[*thing]    { return happened(watch.Added, s) }
func modified(s string) Event[*thing] { return happened(watch.Modified, s) }
func deleted(s string) Event[*thing]  { return happened(watch.Deleted, s) }

func happened(t watch.EventType, s string) Event[*thing] {
	obj := at(s)
	return Event[*thing]{Type: t, Object: obj, ResourceVersion: obj.ResourceVersion}
}

func bookmark(version string) Event[*thing] {
	return Event[*thing]{Type: watch.Bookmark, ResourceVersion: version}
}

func listEnd(version string) Event[*thing] {
	e := bookmark(version)
	e.InitialEventsEnd = true
	return e
}

// An answer of a scripted source, to whatever it is asked next.
type answer struct {
	err error // of List or Watch

	// A page of a list.
	items   []*thing
	refused []error
	version string
	next    string // the continue token

	// A stream: events, errors of Next, and pauses. After the last one it is
	// silent.
	stream []any
}

func failing(err error) answer    { return answer{err: err} }
func streams(steps ...any) answer { return answer{stream: steps} }
func stalling() answer            { return answer{stream: []any{}, err: errStall} }

var errStall = errors.New("stalls")

// script is a ListerWatcher that gives prepared answers and keeps a log of the
// requests. When they are used up it ends the run.
type script struct {
	began   time.Time
	finish  func()
	mu      sync.Mutex
	answers []answer
	log     []string
	open    int // streams that are not closed
}

func (s *script) take(ctx context.Context, request string) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		s.finish()
		return answer{}, ctx.Err()
	}
	s.log = append(s.log, fmt.Sprintf("%gs %s", time.Since(s.began).Seconds(), request))
	a := s.answers[0]
	s.answers = s.answers[1:]
	if a.err == errStall {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return a, ctx.Err()
	}
	return a, a.err
}

func (s *script) List(ctx context.Context, opts metav1.ListOptions, part func(Part[*thing]) error) (metav1.ListMeta, error) {
	request := "list rv=" + opts.ResourceVersion
	if opts.ResourceVersionMatch != "" {
		request += " " + string(opts.ResourceVersionMatch)
	}
	if opts.Limit != 0 {
		request += fmt.Sprint(" limit=", opts.Limit)
	}
	if opts.Continue != "" {
		request += " continue=" + opts.Continue
	}
	a, err := s.take(ctx, request)
	if len(a.items) > 0 || len(a.refused) > 0 {
		if partErr := part(Part[*thing]{Items: a.items, Refused: a.refused}); partErr != nil {
			return metav1.ListMeta{}, partErr
		}
	}
	return metav1.ListMeta{ResourceVersion: a.version, Continue: a.next}, err
}

func (s *script) Watch(ctx context.Context, opts metav1.ListOptions) (Stream[*thing], error) {
	request := "watch rv="
	if opts.SendInitialEvents != nil && *opts.SendInitialEvents {
		request = "stream rv="
	}
	a, err := s.take(ctx, request+opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	return &scriptStream{s: s, ctx: ctx, steps: a.stream, timeout: time.Duration(*opts.TimeoutSeconds) * time.Second}, nil
}

type scriptStream struct {
	s       *script
	ctx     context.Context
	steps   []any
	timeout time.Duration
	closed  bool
}

// timeout in a script is the time that the watch was asked to last.
type timeout struct{}

func (s *scriptStream) Next() (Event[*thing], error) {
	for len(s.steps) > 0 {
		step := s.steps[0]
		s.steps = s.steps[1:]
		pause := time.Duration(0)
		switch step := step.(type) {
		case Event[*thing]:
			return step, nil
		case error:
			return Event[*thing]{}, step
		case time.Duration:
			pause = step
		case timeout:
			pause = s.timeout
		}
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return Event[*thing]{}, s.ctx.Err()
		}
	}
	s.s.mu.Lock()
	if len(s.s.answers) == 0 {
		s.s.finish()
	}
	s.s.mu.Unlock()
	<-s.ctx.Done()
	return Event[*thing]{}, s.ctx.Err()
}

func (s *scriptStream) Close() {
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.s.open--
	}
}

// tape is a Sink that keeps a log and the state that it was told of.
type tape struct {
	log   []string
	state map[string]string
	list  map[string]string
	fail  func(op string) error // nil, or may refuse what op says
	block func(op string)       // nil, or may take time
}

func (s *tape) note(op string) error {
	if s.block != nil {
		s.block(op)
	}
	s.log = append(s.log, op)
	if s.fail != nil {
		return s.fail(op)
	}
	return nil
}

func (s *tape) Begin(context.Context) error {
	s.list = map[string]string{}
	return s.note("begin")
}

func (s *tape) Abort() { s.list = nil; s.log = append(s.log, "abort") }

func (s *tape) Page(_ context.Context, items []*thing) error {
	if s.list == nil {
		panic("a page without a list")
	}
	var names []string
	for _, o := range items {
		names = append(names, o.String())
		s.list[o.Name] = o.ResourceVersion
	}
	return s.note("page " + strings.Join(names, " "))
}

func (s *tape) Commit(_ context.Context, version string) error {
	if err := s.note("commit " + version); err != nil {
		return err
	}
	s.state, s.list = s.list, nil
	return nil
}

func (s *tape) event(op string, o *thing) error {
	if s.list != nil {
		panic("an event while a list is open")
	}
	if err := s.note(op + " " + o.String()); err != nil {
		return err
	}
	if op == "delete" {
		delete(s.state, o.Name)
	} else {
		s.state[o.Name] = o.ResourceVersion
	}
	return nil
}

func (s *tape) Add(_ context.Context, o *thing) error    { return s.event("add", o) }
func (s *tape) Update(_ context.Context, o *thing) error { return s.event("update", o) }
func (s *tape) Delete(_ context.Context, o *thing) error { return s.event("delete", o) }

func (s *tape) Bookmark(_ context.Context, version string) error {
	return s.note("bookmark " + version)
}

// holds is the state as "name@version ...".
func (s *tape) holds() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.state)) {
		all = append(all, name+"@"+s.state[name])
	}
	return strings.Join(all, " ")
}

// played is what a script led to.
type played struct {
	*tape
	*Reflector[*thing]
	requests []string
	errs     []error
	err      error // of Run
}

// play runs a Reflector over answers in virtual time, without jitter, until
// they are used up. It checks that nothing is left open.
func play(t *testing.T, opts Options, sink *tape, answers ...answer) (p played) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { p = playHere(t, opts, sink, answers) })
	return p
}

// playHere is play for a caller that is in a bubble of synctest already.
func playHere(t *testing.T, opts Options, sink *tape, answers []answer) played {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &script{began: time.Now(), finish: cancel, answers: answers}
	p := played{tape: sink}
	if opts.Name == "" {
		opts.Name = "test"
	}
	if opts.MaxWatchTimeout == 0 {
		opts.MinWatchTimeout, opts.MaxWatchTimeout = 5*time.Minute, 5*time.Minute
	}
	if opts.Backoff.Delay == nil {
		opts.Backoff.Jitter = -1
	}
	opts.OnError = func(_ context.Context, err error) { p.errs = append(p.errs, err) }
	p.Reflector = must(New[*thing](s, opts))
	p.err = p.Run(ctx, sink)
	p.requests = s.log
	if s.open != 0 {
		t.Errorf("%d streams are not closed", s.open)
	}
	if sink.list != nil {
		t.Error("the sink has an open list after Run")
	}
	if !errors.Is(p.err, context.Canceled) {
		t.Errorf("Run returned %v, want context.Canceled", p.err)
	}
	return p
}

// must returns v, and panics if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
