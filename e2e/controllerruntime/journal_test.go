package controllerruntime

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// journal is what has happened, in order. Any goroutine may write and wait.
type journal struct {
	mu      sync.Mutex
	lines   []string      // guarded by mu
	changed chan struct{} // closed at the next line; nil if nobody waits; guarded by mu
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// now returns the lines so far, and a channel that is closed at the next one.
func (j *journal) now() ([]string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return slices.Clone(j.lines), j.changed
}

// all returns the lines so far.
func (j *journal) all() []string {
	lines, _ := j.now()
	return lines
}

// await returns the lines when they are as they should be.
func (j *journal) await(x *trial, what string, done func(lines []string) bool) []string {
	x.Helper()
	for {
		lines, changed := j.now()
		if done(lines) {
			return lines
		}
		select {
		case <-changed:
		case <-x.ctx.Done():
			x.Fatalf("waiting for %s: %v; noted so far: %q", what, context.Cause(x.ctx), lines)
		}
	}
}

// awaitLine waits for one line.
func (j *journal) awaitLine(x *trial, line string) []string {
	x.Helper()
	return j.await(x, line, func(lines []string) bool { return slices.Contains(lines, line) })
}

// awaitCount waits for n lines.
func (j *journal) awaitCount(x *trial, n int) []string {
	x.Helper()
	return j.await(x, fmt.Sprint(n, " lines"), func(lines []string) bool { return len(lines) >= n })
}

// handler notes each event, and does nothing else. about says more of an object;
// it may be nil.
func (j *journal) handler(about func(client.Object) string) handler.Funcs {
	describe := func(what string, o client.Object) {
		if about == nil {
			j.note("%s %s", what, o.GetName())
			return
		}
		j.note("%s %s %s", what, o.GetName(), about(o))
	}
	return handler.Funcs{
		CreateFunc:  func(_ context.Context, e event.CreateEvent, _ queue) { describe("create", e.Object) },
		UpdateFunc:  func(_ context.Context, e event.UpdateEvent, _ queue) { describe("update", e.ObjectNew) },
		DeleteFunc:  func(_ context.Context, e event.DeleteEvent, _ queue) { describe("delete", e.Object) },
		GenericFunc: func(_ context.Context, e event.GenericEvent, _ queue) { describe("generic", e.Object) },
	}
}

// reconciler notes the name of each request.
func (j *journal) reconciler() reconcile.Reconciler {
	return reconcile.Func(func(_ context.Context, r reconcile.Request) (reconcile.Result, error) {
		j.note("%s", r.Name)
		return reconcile.Result{}, nil
	})
}

// idle is a reconciler for controllers of whose events only the handler matters.
var idle = reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
	return reconcile.Result{}, nil
})
