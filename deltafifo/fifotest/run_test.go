package fifotest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/deltafifo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain makes the queue that the faults below are put into.
func plain(c Config) *deltafifo.InOrder[*Object] {
	q, err := deltafifo.NewInOrder(deltafifo.Options[*Object]{Transform: c.Transform, Bound: c.Bound})
	if err != nil {
		panic(err) // the suite asks for nothing that is refused
	}
	return q
}

// The faults, each a queue that breaks one guarantee.
type (
	swapped     struct{ Queue } // F1: an Update overtakes the Add before it
	halfList    struct{ Queue } // F2: a page shows before Commit
	blocking    struct{ Queue } // F3: producers wait for processing
	earlySynced struct{ Queue } // F4
	stale       struct{ Queue } // F5: a resync repeats what was there before
	deaf        struct{ Queue } // F6: Close does nothing
	swallowing  struct{ Queue } // Pop does not return the error of process
)

// blocking makes a producer wait while a batch is being processed. The wait ends with
// the subtest's patience, which closes the queue.
type gate struct {
	blocking
	busy   atomic.Bool
	closed chan struct{}
}

func (g *gate) Pop(ctx context.Context, process func(deltafifo.Batch[*Object]) error) error {
	return g.Queue.Pop(ctx, func(b deltafifo.Batch[*Object]) error {
		g.busy.Store(true)
		defer g.busy.Store(false)
		return process(b)
	})
}

func (g *gate) Update(ctx context.Context, obj *Object) error {
	if g.busy.Load() {
		<-g.closed
	}
	return g.Queue.Update(ctx, obj)
}

func (g *gate) Close() {
	select {
	case <-g.closed:
	default:
		close(g.closed)
	}
	g.Queue.Close()
}

func (q swapped) Update(ctx context.Context, obj *Object) error {
	older := obj.DeepCopy()
	older.ResourceVersion = "0"
	if err := q.Queue.Update(ctx, obj); err != nil {
		return err
	}
	return q.Queue.Update(ctx, older)
}

func (q halfList) Page(ctx context.Context, items []*Object) error {
	for _, item := range items {
		if err := q.Add(ctx, item); err != nil {
			return err
		}
	}
	return q.Queue.Page(ctx, items)
}

func (earlySynced) HasSynced() bool { return true }

func (earlySynced) Synced() <-chan struct{} {
	closed := make(chan struct{})
	close(closed)
	return closed
}

func (q stale) Resync() error { return q.Add(context.Background(), object("a", "1")) }

func (deaf) Close() {}

func (q swallowing) Pop(ctx context.Context, process func(deltafifo.Batch[*Object]) error) error {
	return q.Queue.Pop(ctx, func(b deltafifo.Batch[*Object]) error {
		_ = process(b)
		return nil
	})
}

// TestTheSuiteFindsFaults breaks F1 to F6 one by one.
func TestTheSuiteFindsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(Queue) Queue
		finds string
		body  []test
	}{
		"F1":  {func(q Queue) Queue { return swapped{q} }, "F1/DeltasOfAKeyComeInOrder", orderTests},
		"F2":  {func(q Queue) Queue { return halfList{q} }, "F2/NothingShowsBeforeCommit", listTests},
		"F3":  {func(q Queue) Queue { return &gate{blocking: blocking{q}, closed: make(chan struct{})} }, "F3/ProducerDoesNotWaitForProcessing", flowTests},
		"F4":  {func(q Queue) Queue { return earlySynced{q} }, "F4/SyncedWhenTheFirstListIsProcessed", syncedTests},
		"F5":  {func(q Queue) Queue { return stale{q} }, "F5/ResyncDoesNotOverwriteWhatIsQueued", resyncTests},
		"F6":  {func(q Queue) Queue { return deaf{q} }, "F6/ProducersAfterClose", closeTests},
		"Pop": {func(q Queue) Queue { return swallowing{q} }, "Pop/ReturnsTheErrorOfProcess", popTests},
	} {
		t.Run(name, func(t *testing.T) {
			var real []Queue
			at := slices.IndexFunc(c.body, func(test test) bool { return test.name == c.finds })
			failures := run(t, c.body[at].body, func(config Config) (Queue, error) {
				q := plain(config)
				real = append(real, q)
				return c.fault(q), nil
			}, true)
			for _, q := range real {
				q.Close()
			}
			if len(failures) == 0 {
				t.Errorf("%s passes a queue that breaks it", c.finds)
			}
		})
	}
}

func TestASoundQueueHasNoFailures(t *testing.T) {
	failures := run(t, orderTests[0].body, func(c Config) (Queue, error) { return plain(c), nil }, false)
	if len(failures) > 0 {
		t.Error(failures)
	}
}

// In virtual time the patience with the call ends before that with the subtest.
func TestAHangIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		failures := run(t, func(s *suite) {
			s.within("a call", func() { <-release })
		}, nil, true)
		close(release)
		if len(failures) == 0 || !strings.Contains(failures[0], "a call does not return") {
			t.Errorf("failures are %q", failures)
		}
	})
}
