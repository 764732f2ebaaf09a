package informer

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func controlled(t *testing.T, h Handler[item], opts Options[item]) (*Controller[item], *script) {
	t.Helper()
	source := newScript()
	c, err := NewControllerFromRunner(newAccess(), source, h, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c, source
}

// I1, I2, I6: a controller tells its one handler what happens, the store first.
func TestControllerTellsItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		var c *Controller[item]
		c, source := controlled(t, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			if _, exists, _ := c.Indexer().GetByKey(e.Key); exists == (e.Type == EventDelete) {
				t.Errorf("%s, but in the store: %v", line(e), exists)
			}
			r.OnEvent(ctx, e)
		}), Options[item]{})
		if c.HasSynced() {
			t.Error("synced before Run")
		}
		running(t, c)
		source.list(t, 1, newItem("a", 1))
		if !c.HasSynced() || c.LastSyncResourceVersion() != "1" {
			t.Errorf("synced %v at %q", c.HasSynced(), c.LastSyncResourceVersion())
		}
		source.update(t, newItem("a", 2))
		source.remove(t, newItem("a", 3))
		if diff := cmp.Diff([]string{"Add a ->1 Initial", "Update a 1>2 Watch", "Delete a 2>3 Watch"}, r.take()); diff != "" {
			t.Error(diff)
		}
		if err := WaitForSync(context.Background(), c); err != nil {
			t.Error(err)
		}
	})
}

// A controller repeats its objects every ResyncPeriod, over either queue.
func TestControllerResyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		c, source := controlled(t, r, Options[item]{ResyncPeriod: 10 * time.Second})
		running(t, c)
		source.list(t, 1, newItem("a", 1))
		r.take()
		<-time.After(35 * time.Second)
		synctest.Wait() // the third resync is told
		if want := slices.Repeat([]string{"Update a 1>1 Resync"}, 3); !slices.Equal(r.take(), want) {
			t.Errorf("not told three times")
		}
	})
}

// I9: what a Stop left of a batch is told by the next Run, before anything else.
func TestControllerRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		slow := HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			<-time.After(time.Second)
			r.OnEvent(ctx, e)
		})
		c, source := controlled(t, slow, Options[item]{})
		running(t, c)
		source.list(t, 1, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		if err := c.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		first := r.take()
		if len(first) != 1 || !c.IsStopped() {
			t.Errorf("told %q before Stop returned", first)
		}
		running(t, c)
		synctest.Wait() // it runs
		if err := c.Run(context.Background()); !errors.Is(err, ErrRunning) {
			t.Errorf("a second Run returned %v", err)
		}
		<-time.After(time.Minute)
		source.list(t, 2, newItem("a", 1), newItem("c", 2))
		<-time.After(time.Minute)
		got := append(first, r.take()...)
		slices.Sort(got)
		want := []string{"Add a ->1 Initial", "Add b ->1 Initial", "Add c ->1 Initial", "Delete b 1>1 Relist unseen", "Update c 1>2 Relist"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// I8: a handler that panics is called again with the next event.
func TestControllerSurvivesItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := surviving(t)
		r := &recorder{}
		c, source := controlled(t, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			if r.OnEvent(ctx, e); e.Object.Name == "a" {
				panic("a")
			}
		}), Options[item]{})
		running(t, c)
		source.update(t, newItem("a", 1))
		source.update(t, newItem("b", 2))
		<-time.After(2 * crashPause)
		synctest.Wait() // the pause is over
		if diff := cmp.Diff([]string{"Add a ->1 Watch", "Add b ->2 Watch"}, r.take()); diff != "" || panics.Load() != 1 {
			t.Errorf("%d panics, %s", panics.Load(), diff)
		}
	})
}

// HasSynced means that the handler was told of the whole first list, also when a
// run ends in the middle of it, and a later one tells the rest
// (TestReviewControllerSyncedMeansTold).
func TestAControllerHasSyncedWhenItsHandlerWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newScript()
		ctx, cancel := context.WithCancel(t.Context())
		told := 0
		var c *Controller[item]
		c, err := NewControllerFromRunner(newAccess(), source, HandlerFunc[item](func(context.Context, Event[item]) {
			if told++; told < 3 && c.HasSynced() {
				t.Errorf("synced when %d objects were told", told)
			}
			if told == 1 {
				cancel()
			}
		}), Options[item]{})
		if err != nil {
			t.Fatal(err)
		}
		list := []item{newItem("a", 1), newItem("b", 1), newItem("c", 1)}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if err := c.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		source.list(t, 1, list...)
		<-ended
		if c.HasSynced() {
			t.Errorf("synced, and %d of 3 objects told", told)
		}
		running(t, c)
		source.list(t, 2, list...)
		if !c.HasSynced() || told != 3 {
			t.Errorf("synced %v, %d objects told", c.HasSynced(), told)
		}
	})
}
