package informer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// item is the object of these tests.
type item = *metav1.PartialObjectMetadata

func newItem(name string, version int) item {
	obj := &metav1.PartialObjectMetadata{}
	obj.Namespace, obj.Name, obj.ResourceVersion = "ns", name, strconv.Itoa(version)
	return obj
}

func withUID(obj item, uid string) item {
	obj.UID = types.UID(uid)
	return obj
}

// script is a Runner that lets a test play the source: each of its functions
// gets the sink.
type script struct {
	steps chan func(context.Context, reflector.Sink[item]) error
}

func newScript() *script {
	return &script{steps: make(chan func(context.Context, reflector.Sink[item]) error)}
}

// Run does what the test says, and ends with the first error.
func (s *script) Run(ctx context.Context, sink reflector.Sink[item]) error {
	for {
		select {
		case step := <-s.steps:
			if err := step(ctx, sink); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// do runs step and waits until everything that follows from it has happened.
// It is called in a bubble of synctest.
func (s *script) do(t testing.TB, step func(context.Context, reflector.Sink[item]) error) {
	t.Helper()
	var err error
	s.steps <- func(ctx context.Context, sink reflector.Sink[item]) error {
		err = step(ctx, sink)
		return nil
	}
	synctest.Wait() // all goroutines wait for the next step
	if err != nil {
		t.Errorf("the sink returned %v", err)
	}
}

// list hands over a whole list.
func (s *script) list(t testing.TB, version int, items ...item) {
	t.Helper()
	s.do(t, func(ctx context.Context, sink reflector.Sink[item]) error {
		return errors.Join(sink.Begin(ctx), sink.Page(ctx, items), sink.Commit(ctx, strconv.Itoa(version)))
	})
}

func (s *script) update(t testing.TB, obj item) {
	t.Helper()
	s.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Update(ctx, obj) })
}

func (s *script) remove(t testing.TB, obj item) {
	t.Helper()
	s.do(t, func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Delete(ctx, obj) })
}

// scripted makes an informer whose source is a script.
func scripted(t testing.TB, opts Options[item]) (*SharedIndexInformer[item], *script) {
	t.Helper()
	s := newScript()
	in, err := NewFromRunner(object.Meta[item](), s, opts)
	if err != nil {
		t.Fatal(err)
	}
	return in, s
}

// runnable is an informer or a controller.
type runnable interface {
	Run(context.Context) error
	Stop(context.Context) error
}

// running starts in; it is stopped at the end of the test.
func running(t testing.TB, in runnable) (ended <-chan error) {
	result := make(chan error, 1)
	go func() { result <- in.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := in.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return result
}

// recorder is a handler that writes down what it is told.
type recorder struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorder) OnEvent(_ context.Context, e Event[item]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line(e))
}

// line is an event as these tests write it: type, name, versions, reason.
func line(e Event[item]) string {
	version := func(obj item) string {
		if obj == nil {
			return "-"
		}
		return obj.ResourceVersion
	}
	s := fmt.Sprintf("%s %s %s>%s %s", e.Type, object.CutKey(e.Key).Name, version(e.Old), version(e.Object), e.Reason)
	if e.FinalStateUnknown {
		s += " unseen"
	}
	return s
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	r.lines = nil
	return lines
}

func add(t testing.TB, in *SharedIndexInformer[item], h Handler[item]) *Registration[item] {
	t.Helper()
	r, err := in.AddHandler(h, HandlerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runnerFunc is a function as a Runner.
type runnerFunc func(context.Context, reflector.Sink[item]) error

func (f runnerFunc) Run(ctx context.Context, sink reflector.Sink[item]) error { return f(ctx, sink) }

func newAccess() object.Access[item] { return object.Meta[item]() }

// brokenQueue is a NewQueue that fails.
func brokenQueue(err error) func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error) {
	return func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error) {
		return nil, err
	}
}
