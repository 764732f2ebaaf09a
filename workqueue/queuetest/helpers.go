package queuetest

import (
	"fmt"
	"slices"
	"testing/synctest"

	"github.com/informant-go/informant/workqueue"
)

// getter is a worker in Get.
type getter struct {
	item     string
	shutdown bool
	returned chan struct{}
}

// get calls Get in a goroutine and waits until it has returned or is blocked.
func get(q workqueue.Interface[string]) *getter {
	g := &getter{returned: make(chan struct{})}
	go func() {
		g.item, g.shutdown = q.Get()
		close(g.returned)
	}()
	synctest.Wait()
	return g
}

// has reports whether Get has returned.
func (g *getter) has() bool {
	select {
	case <-g.returned:
		return true
	default:
		return false
	}
}

// want checks that Get has returned an item.
func (g *getter) want(item string) error {
	switch {
	case !g.has():
		return fmt.Errorf("call of Get still waits, expected %q", item)
	case g.shutdown:
		return fmt.Errorf("call of Get returned shutdown, expected %q", item)
	case g.item != item:
		return fmt.Errorf("call of Get returned %q, expected %q", g.item, item)
	}
	return nil
}

// drain takes everything that is ready, without calling Done.
func drain(q workqueue.Interface[string]) []string {
	var items []string
	for q.Len() > 0 {
		item, shutdown := q.Get()
		if shutdown {
			return append(items, "(shutdown)")
		}
		items = append(items, item)
	}
	return items
}

func wantItems(q workqueue.Interface[string], items ...string) error {
	synctest.Wait() // what a timer began must have ended
	if got := drain(q); !slices.Equal(got, items) {
		return fmt.Errorf("ready are %q, expected %q", got, items)
	}
	return nil
}

func wantLen(q workqueue.Interface[string], n int) error {
	if got := q.Len(); got != n {
		return fmt.Errorf("length is %d, expected %d", got, n)
	}
	return nil
}

// started calls f in a goroutine, and waits until it has returned or is
// blocked. The method has of the result reports, then and later,
// which of the two.
func started(f func()) *getter {
	g := &getter{returned: make(chan struct{})}
	go func() {
		f()
		close(g.returned)
	}()
	synctest.Wait()
	return g
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
