package stores

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestUndeltaStorePushesTheWholeState proves K6 for one writer.
func TestUndeltaStorePushesTheWholeState(t *testing.T) {
	var pushed []int
	s, err := NewUndeltaStore[*thing](newThings(t), func(all []*thing) { pushed = append(pushed, len(all)) })
	if err != nil {
		t.Fatal(err)
	}
	a, b := &thing{key: "a", version: "1"}, &thing{key: "b", version: "2"}
	if err := errors.Join(s.Add(a), s.Update(b), s.Delete(a), s.Replace([]*thing{a, b}, "3")); err != nil {
		t.Fatal(err)
	}
	if s.Add(&thing{}) == nil {
		t.Error("an object without a key is stored")
	}
	if fmt.Sprint(pushed) != "[1 2 1 2]" {
		t.Errorf("pushed %v", pushed)
	}
}

// TestUndeltaStorePushesOneAtATime proves K6 for many writers.
func TestUndeltaStorePushesOneAtATime(t *testing.T) {
	const writers, each = 8, 50
	var running sync.Mutex
	calls, last := 0, 0
	s, err := NewUndeltaStore[*thing](newThings(t), func(all []*thing) {
		if !running.TryLock() {
			t.Error("two calls run at once")
			return
		}
		defer running.Unlock()
		calls, last = calls+1, len(all)
	})
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				if err := s.Add(&thing{key: fmt.Sprint(w, "/", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	if calls != writers*each || last != writers*each {
		t.Errorf("%d calls, the last with %d objects; want %d of both", calls, last, writers*each)
	}
}
