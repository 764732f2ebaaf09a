package stores

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"
)

func newExpiring(t *testing.T, options ExpiringOptions[*thing]) *ExpiringStore[*thing] {
	t.Helper()
	s, err := NewExpiringStoreWithAccess(thingAccess(), options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestObjectsExpireByTheClock proves K4.
func TestObjectsExpireByTheClock(t *testing.T) {
	clock := testclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	var expired []string
	s := newExpiring(t, ExpiringOptions[*thing]{
		Policy: TTL[*thing](time.Minute, clock), Clock: clock, OnExpired: func(key string) { expired = append(expired, key) },
	})
	add := func(key, version string) *thing {
		o := &thing{key: key, version: version}
		if err := s.Add(o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	keys := func(want ...string) {
		t.Helper()
		got := s.ListKeys()
		slices.Sort(got)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(s.List()) != len(want) {
			t.Errorf("keys %v, %d objects, want %v", got, len(s.List()), want)
		}
	}
	a := add("a", "1")
	clock.Step(40 * time.Second)
	b := add("b", "2")
	clock.Step(20 * time.Second)
	keys("a", "b") // a is exactly as old as it may be
	clock.Step(time.Second)
	if _, ok, err := s.Get(a); ok || err != nil {
		t.Errorf("a is still seen: %v", err)
	}
	keys("b")
	if fmt.Sprint(expired) != "[a]" {
		t.Errorf("expired: %v", expired)
	}
	if err := s.Update(b); err != nil {
		t.Fatal(err)
	}
	clock.Step(50 * time.Second)
	if got, ok, _ := s.GetByKey("b"); !ok || got != b {
		t.Error("an update does not begin the time anew")
	}
	same := *b
	if err := s.Replace([]*thing{&same, {key: "c", version: "3"}}, "9"); err != nil {
		t.Fatal(err)
	}
	clock.Step(50 * time.Second)
	keys("b", "c") // a Replace begins the time anew, for the same version too
	if v := s.LastStoreSyncResourceVersion(); v != "9" {
		t.Errorf("version %q", v)
	}
	if err := s.Delete(b); err != nil {
		t.Fatal(err)
	}
	keys("c")
	clock.Step(time.Hour)
	keys()
	if len(s.store.ListKeys()) != 0 {
		t.Errorf("%d objects are kept", len(s.store.ListKeys()))
	}
	if err := s.Add(nil); err == nil {
		t.Error("an object without a key is stored")
	}
}

// TestAnExpiredObjectIsToldOnce has a read come across it while a write is under
// way, which the read does not wait for (K4): the object is gone for all who
// ask, also where the policy changes its mind, and the next read frees it.
func TestAnExpiredObjectIsToldOnce(t *testing.T) {
	var expired []string
	old := true
	s := newExpiring(t, ExpiringOptions[*thing]{
		Policy:    func(e *Timestamped[*thing]) bool { return e.Key == "a" && old },
		OnExpired: func(key string) { expired = append(expired, key) },
	})
	if err := s.Replace([]*thing{{key: "a"}, {key: "b"}}, "1"); err != nil {
		t.Fatal(err)
	}
	held := func(want ...string) {
		t.Helper()
		if got := slices.Sorted(slices.Values(s.HeldKeys())); !slices.Equal(got, want) {
			t.Errorf("held keys %v, want %v", got, want)
		}
	}
	held("a", "b") // no read has come across a
	s.writing.Lock()
	_, found, _ := s.GetByKey("a")
	s.writing.Unlock()
	if found || len(s.store.ListKeys()) != 2 {
		t.Errorf("found %v; %d objects in memory, although a write was under way", found, len(s.store.ListKeys()))
	}
	held("b")
	old = false
	if len(s.List()) != 1 || len(s.store.ListKeys()) != 1 || fmt.Sprint(expired) != "[a]" {
		t.Errorf("%d objects, %d in memory, told of %v", len(s.List()), len(s.store.ListKeys()), expired)
	}
}

// TestAReaderRemovesOnlyWhatHasExpired has readers that find every second
// object expired, and a writer that stores the key anew (K4).
func TestAReaderRemovesOnlyWhatHasExpired(t *testing.T) {
	s := newExpiring(t, ExpiringOptions[*thing]{
		Policy: func(e *Timestamped[*thing]) bool { return e.Object.version == "old" },
	})
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.List()
					_, _, _ = s.GetByKey("x")
				}
			}
		})
	}
	for range 2000 {
		_ = s.Add(&thing{key: "x", version: "old"})
		fresh := &thing{key: "x", version: "new"}
		_ = s.Add(fresh)
		if got, ok, _ := s.GetByKey("x"); !ok || got != fresh {
			t.Fatal("a reader removed an object that was stored since")
		}
	}
	close(stop)
	readers.Wait()
}
