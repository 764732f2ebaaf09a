package workqueue_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/informant-go/informant/workqueue"
)

// A burst of keys that vanish leaves at most the idle entries behind.
func TestABurstLeavesNothingBehind(t *testing.T) {
	q := workqueue.NewDelaying(workqueue.Options[string]{})
	defer q.ShutDown()
	const burst = 50_000
	for i := range burst {
		q.Add(fmt.Sprint(i))
		q.AddAfter(fmt.Sprint("later ", i), time.Hour)
	}
	for range burst {
		take(t, &q.Queue)
	}
	for i := range burst {
		q.Cancel(fmt.Sprint("later ", i))
	}
	kept, room := q.Entries()
	if kept > workqueue.DefaultIdleEntries || room > 4*workqueue.DefaultIdleEntries {
		t.Errorf("%d entries are kept with room for %d", kept, room)
	}
}

// Adding the keys of a working set again costs no allocation.
func TestACycleAllocatesNothing(t *testing.T) {
	q := workqueue.New(workqueue.Options[string]{})
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	i := 0
	cycle := func() {
		q.Add(keys[i%len(keys)])
		item, _ := q.Get()
		q.Done(item)
		i++
	}
	for range keys {
		cycle()
	}
	if n := testing.AllocsPerRun(5000, cycle); n != 0 {
		t.Errorf("a cycle allocates %v times", n)
	}
}
