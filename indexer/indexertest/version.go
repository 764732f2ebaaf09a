package indexertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

var versionTests = []test{
	{"S5/the version follows the writes", versionFollows},
	{"S5/a version that is there is not waited for", waitForPast},
	{"S5/waiters wake when their version comes", waitersWake},
	{"S5/what was waited for can be read", readOwnWrites},
	{"S5/a wait ends with its context", waitEnds},
	{"S5/a version without an order is an error at once", waitForNonsense},
}

func versionFollows(s *suite) {
	store := s.store(nil)
	check := func(want string) {
		if got := store.LastStoreSyncResourceVersion(); got != want {
			s.errorf("version %q, want %q", got, want)
		}
	}
	check("")
	s.must(store.Add(object("a", "x", "3")))
	check("3")
	s.must(store.Update(object("a", "x", "10")))
	check("10")
	s.must(store.Delete(object("a", "x", "11")))
	check("11")
	store.Bookmark("20")
	check("20")
	s.must(store.Replace(nil, "30"))
	check("30")
	store.Apply(batchOf([]*Object{object("a", "x", "31")}), "40")
	check("40")
}

func waitForPast(s *suite) {
	store := s.store(nil)
	s.must(store.Replace(nil, "100"))
	ctx := s.context()
	s.soon("WaitFor of a version that is there", func() {
		s.must(store.WaitFor(ctx, "99"))
		s.must(store.WaitFor(ctx, "100"))
	})
}

func waitersWake(s *suite) {
	store := s.store(nil)
	ctx := s.context()
	var waits []<-chan struct{}
	for n := range 50 {
		waits = append(waits, s.start(func() {
			if err := store.WaitFor(ctx, fmt.Sprint(n+1)); err != nil {
				s.errorf("WaitFor: %v", err)
			}
		}))
	}
	for n := range 50 {
		switch n % 3 {
		case 0:
			s.must(store.Add(object("a", "x", fmt.Sprint(n+1))))
		case 1:
			store.Bookmark(fmt.Sprint(n + 1))
		default:
			s.must(store.Replace(nil, fmt.Sprint(n+1)))
		}
		s.await(fmt.Sprint("WaitFor of version ", n+1), waits[n])
	}
}

func readOwnWrites(s *suite) {
	store := s.store(colors)
	ctx := s.context()
	asked := make(chan struct{})
	writer := s.start(func() {
		for n := range 200 {
			if n%2 == 0 { // every second write comes when it is waited for
				select {
				case <-asked:
				case <-ctx.Done():
					return
				}
				runtime.Gosched()
			}
			s.must(store.Add(object("a", fmt.Sprint(n), fmt.Sprint(n+1), "red")))
		}
	})
	for n := range 200 {
		if n%2 == 0 {
			select {
			case asked <- struct{}{}:
			case <-writer:
				s.fatalf("the writer has ended early")
			}
		}
		s.soon("WaitFor", func() { s.must(store.WaitFor(ctx, fmt.Sprint(n+1))) })
		if _, ok, _ := store.GetByKey(fmt.Sprint("a/", n)); !ok {
			s.fatalf("object of version %d is not there after WaitFor", n+1)
		}
		objects, err := store.ByIndex("color", "red")
		if s.must(err); len(objects) <= n {
			s.fatalf("%d objects in the index after WaitFor(%d)", len(objects), n+1)
		}
	}
	s.await("the writer", writer)
}

func waitEnds(s *suite) {
	store := s.store(nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	var err error
	done := s.start(func() { err = store.WaitFor(ctx, "5") })
	cancel(errors.New("enough"))
	s.await("WaitFor after its context", done)
	if !errors.Is(err, context.Canceled) {
		s.errorf("WaitFor: %v, want context.Canceled", err)
	}
}

func waitForNonsense(s *suite) {
	store := s.store(nil)
	ctx := s.context()
	for _, version := range []string{"", "0", "x", "01", "-1", "1.5"} {
		s.soon("WaitFor of "+version, func() {
			if err := store.WaitFor(ctx, version); err == nil {
				s.errorf("no error for version %q", version)
			}
			if err := store.WaitForKey(ctx, "a/x", version); err == nil {
				s.errorf("no error for version %q of a key", version)
			}
		})
	}
}
