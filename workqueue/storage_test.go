package workqueue_test

import (
	"slices"
	"testing"

	"github.com/informant-go/informant/workqueue"
)

// touching is a Storage in which an item that is added again goes to the end,
// and that watches over the calls.
type touching struct {
	t     *testing.T
	items []string
}

func (s *touching) Touch(item string) {
	i := slices.Index(s.items, item)
	if i < 0 {
		s.t.Errorf("Touch of %q, which does not wait", item)
		return
	}
	s.items = append(slices.Delete(s.items, i, i+1), item)
}

func (s *touching) Push(item string) {
	if slices.Contains(s.items, item) {
		s.t.Errorf("Push of %q, which waits", item)
	}
	s.items = append(s.items, item)
}

func (s *touching) Len() int { return len(s.items) }

func (s *touching) Pop() string {
	if len(s.items) == 0 {
		s.t.Error("Pop although nothing waits")
		return ""
	}
	item := s.items[0]
	s.items = s.items[1:]
	return item
}

// A storage of the user decides the order, is called for what is added again
// while it waits and of nothing else, and is never asked in vain.
func TestAStorageDecidesTheOrder(t *testing.T) {
	q := workqueue.NewDelaying(workqueue.Options[string]{Storage: &touching{t: t}})
	want := func(items ...string) {
		t.Helper()
		if q.Len() != len(items) {
			t.Errorf("Len is %d, expected %d", q.Len(), len(items))
		}
		for _, item := range items {
			if got, ok := q.TryGet(); got != item {
				t.Errorf("got %q, %v, expected %q", got, ok, item)
			}
		}
		if got, ok := q.TryGet(); ok {
			t.Errorf("got %q, expected nothing", got)
		}
	}
	q.Add("a")
	q.Add("b")
	q.AddPriority("a", 7) // is touched
	q.AddAfter("c", 0)
	want("b", "a", "c")
	q.Add("b") // being processed: neither touched nor pushed
	q.Add("b")
	want()
	q.Done("b")
	q.Done("a")
	q.Done("c")
	q.Add("b")
	q.ShutDown()
	want("b")
	q.Done("b")
}

// A storage that panics does so in the caller, and leaves no lock behind; what
// it did not take can be added again.
func TestAStorageThatPanicsLeavesTheQueueInOrder(t *testing.T) {
	storage := &fragile{touching: touching{t: t}}
	q := workqueue.New(workqueue.Options[string]{Storage: storage, OnMisuse: quiet})
	q.Add("a")
	for name, call := range map[string]func(){
		"Add":    func() { q.Add("b") },
		"Get":    func() { q.Get() },
		"TryGet": func() { q.TryGet() },
		"Touch":  func() { q.Add("a") },
	} {
		storage.broken = true
		func() {
			defer func() {
				if r := recover(); r != "broken" {
					t.Errorf("%s: the caller sees %v", name, r)
				}
			}()
			call()
		}()
		storage.broken = false
		if q.Len() != 1 {
			t.Errorf("%s: Len is %d", name, q.Len())
		}
	}
	q.Add("b")
	for _, want := range []string{"a", "b"} {
		if got, ok := q.TryGet(); got != want {
			t.Errorf("got %q, %v, expected %q", got, ok, want)
		}
	}
	q.Add("a")
	storage.broken = true
	func() {
		defer func() { recover() }()
		q.Done("a")
	}()
	storage.broken = false
	q.Add("a")
	q.Done("b")
	if got := q.Stats(); got != (workqueue.Stats{Waiting: 1}) {
		t.Errorf("Stats is %+v", got)
	}
}

// fragile is a Storage that panics at times.
type fragile struct {
	touching
	broken bool
}

func (s *fragile) check() {
	if s.broken {
		panic("broken")
	}
}

func (s *fragile) Touch(item string) { s.check(); s.touching.Touch(item) }
func (s *fragile) Push(item string)  { s.check(); s.touching.Push(item) }
func (s *fragile) Pop() string       { s.check(); return s.touching.Pop() }
