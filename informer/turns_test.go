package informer_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// counted says how many lists are in flight, and were at most.
type counted struct {
	mu        sync.Mutex
	now, most int
}

func (c *counted) list() (reflector.ListerWatcher[partial], error) {
	return &reflector.ListWatch[partial]{
		NoStreamedLists: true,
		ListFunc: func(context.Context, metav1.ListOptions) (reflector.List[partial], error) {
			c.add(1)
			<-time.After(time.Minute)
			c.add(-1)
			return reflector.List[partial]{ListMeta: metav1.ListMeta{ResourceVersion: "10"}}, nil
		},
		WatchFunc: func(ctx context.Context, _ metav1.ListOptions) (reflector.Stream[partial], error) {
			return &silence{ctx: ctx, closed: make(chan struct{})}, nil
		},
	}, nil
}

func (c *counted) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
}

// turnsOf is a Reflector's Options.Turn that lets so many lists be in flight.
func turnsOf(n int) func(context.Context) (func(), error) {
	places := make(chan struct{}, n)
	return func(ctx context.Context) (func(), error) {
		select {
		case places <- struct{}{}:
			return func() { <-places }, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// G2: one Turn for all Groups of a process limits the lists of the process, whatever
// each of them has for MaxLists, and gives back what it took also when a Group ends
// while its lists wait.
func TestOneTurnForSeveralGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lists counted
		turn := turnsOf(3)
		var groups []*informer.Group
		for _, limit := range []int{0, 2, 5} {
			g := grouped(t, informer.GroupOptions{MaxLists: limit, Reflector: reflector.Options{Turn: turn}})
			for i := range 4 {
				q := in(stills(), fmt.Sprint("n", i))
				q.Source = func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return lists.list() }
				must(informer.Get(g, q))
			}
			runs(t, g)
			groups = append(groups, g)
		}
		gone := grouped(t, informer.GroupOptions{MaxLists: 1, Reflector: reflector.Options{Turn: turn}})
		q := stills()
		q.Source = func(string, informer.Selector) (reflector.ListerWatcher[partial], error) { return lists.list() }
		must(informer.Get(gone, q))
		runs(t, gone)
		synctest.Wait()
		if err := gone.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		began := time.Now()
		for _, g := range groups {
			if err := g.WaitForSync(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if lists.most != 3 {
			t.Errorf("%d lists were in flight, want 3", lists.most)
		}
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("twelve lists of a minute, three at once, took %v", took)
		}
	})
}
