package fifotest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/informant-go/informant/deltafifo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seen is something that the consumer's store went through.
type seen struct {
	// Type is never DeltaReplacedAll or DeltaSyncAll: each is noted as what it
	// means for every key.
	Type    deltafifo.DeltaType
	Key     string
	Version string

	Unknown  bool // FinalStateUnknown
	NoObject bool
	Initial  bool
}

// consumer keeps a store as an informer does, and a log of what that store
// went through. Its queue is in q.
type consumer struct {
	*suite
	q   Queue
	log []seen

	// before, if not nil, is called with each batch before it is in the
	// store, after when it is.
	before, after func(deltafifo.Batch[*Object])

	mu      sync.Mutex
	store   map[string]*Object
	version string
}

// consume makes a consumer with a queue.
func (s *suite) consume(c Config) *consumer {
	k := &consumer{suite: s, store: map[string]*Object{}}
	c.KnownObjects = held{k}
	q, err := s.factory(c)
	s.must("factory", err)
	s.mu.Lock()
	s.queues = append(s.queues, q)
	s.mu.Unlock()
	k.q = q
	return k
}

// held is the consumer's store as its queue reads it.
type held struct{ *consumer }

// ListKeys is that of deltafifo.KnownObjects.
func (k held) ListKeys() []string { return k.keys() }

// GetByKey is that of deltafifo.KnownObjects.
func (k held) GetByKey(key string) (*Object, bool, error) {
	obj, exists := k.get(key)
	return obj, exists, nil
}

func (k *consumer) keys() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Keys(k.store))
}

func (k *consumer) get(key string) (*Object, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	obj, ok := k.store[key]
	return obj, ok
}

// pop pops once.
func (k *consumer) pop() {
	k.must("Pop", k.q.Pop(context.Background(), k.process))
}

// drain pops until everything that is queued now is processed. It queues an event
// of its own to see that, and drops it from the log.
func (k *consumer) drain() {
	k.must("Add", k.q.Add(context.Background(), object(sentinel, "1")))
	k.popUntil("the last event", func() bool { return k.has(sentinel) })
	k.must("Delete", k.q.Delete(context.Background(), object(sentinel, "2")))
	k.popUntil("its deletion", func() bool { return !k.has(sentinel) })
	k.log = slices.DeleteFunc(k.log, func(s seen) bool { return s.Key == "ns/"+sentinel })
}

const sentinel = "the-end"

// close closes the queue and pops until it is empty.
func (k *consumer) close() {
	k.q.Close()
	k.within("Pop after Close", func() {
		for {
			err := k.q.Pop(context.Background(), k.process)
			if errors.Is(err, deltafifo.ErrClosed) {
				return
			}
			k.must("Pop", err)
		}
	})
}

func (k *consumer) popUntil(what string, enough func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	for !enough() {
		k.must("Pop while waiting for "+what, k.q.Pop(ctx, k.process))
	}
}

func (k *consumer) has(name string) bool {
	_, ok := k.get("ns/" + name)
	return ok
}

// process is what Pop is given.
func (k *consumer) process(b deltafifo.Batch[*Object]) error {
	if err := wellFormed(b); err != nil {
		k.errorf("%v", err)
	}
	if k.before != nil {
		k.before(b)
	}
	k.mu.Lock()
	for _, d := range b.Deltas {
		k.apply(d, b.Initial)
	}
	k.mu.Unlock()
	if k.after != nil {
		k.after(b)
	}
	return nil
}

// wellFormed checks what Batch promises.
func wellFormed(b deltafifo.Batch[*Object]) error {
	if len(b.Deltas) == 0 {
		return errors.New("a batch is empty")
	}
	keys := map[string]int{}
	for _, d := range b.Deltas {
		if d.Type >= deltafifo.DeltaReplacedAll && len(b.Deltas) > 1 {
			return fmt.Errorf("%v does not stand alone in its batch", d.Type)
		}
		keys[d.Key]++
	}
	if n := len(keys); n != 1 && n != len(b.Deltas) {
		return fmt.Errorf("a batch of %d deltas has %d keys", len(b.Deltas), n)
	}
	return nil
}

// apply brings d into the store and the log; mu is held.
func (k *consumer) apply(d deltafifo.Delta[*Object], initial bool) {
	switch d.Type {
	case deltafifo.DeltaReplacedAll:
		k.replace(d.List, initial)
	case deltafifo.DeltaSyncAll:
		for key, obj := range k.store {
			k.note(deltafifo.Delta[*Object]{Type: deltafifo.DeltaSync, Key: key, Object: obj}, initial)
		}
	case deltafifo.DeltaBookmark:
		k.version = d.ResourceVersion
		k.log = append(k.log, seen{Type: d.Type, Version: d.ResourceVersion})
	case deltafifo.DeltaDeleted:
		delete(k.store, d.Key)
		k.note(d, initial)
	default:
		k.store[d.Key] = d.Object
		k.note(d, initial)
	}
}

// replace brings a whole list into the store.
func (k *consumer) replace(list *deltafifo.List[*Object], initial bool) {
	old := k.store
	k.store = map[string]*Object{}
	for i, key := range list.Keys {
		if _, twice := k.store[key]; twice {
			k.errorf("a list has %s twice", key)
		}
		k.store[key] = list.Objects[i]
		delete(old, key)
		k.note(deltafifo.Delta[*Object]{Type: deltafifo.DeltaReplaced, Key: key, Object: list.Objects[i]}, initial)
	}
	for key, obj := range old {
		k.note(deltafifo.Delta[*Object]{Type: deltafifo.DeltaDeleted, Key: key, Object: obj, FinalStateUnknown: true}, initial)
	}
	k.version = list.ResourceVersion
}

func (k *consumer) note(d deltafifo.Delta[*Object], initial bool) {
	s := seen{Type: d.Type, Key: d.Key, Unknown: d.FinalStateUnknown, NoObject: d.NoObject, Initial: initial}
	if d.Object != nil {
		s.Version = d.Object.ResourceVersion
	}
	k.log = append(k.log, s)
}

// of returns the part of the log that is about name.
func (k *consumer) of(name string) []seen {
	var of []seen
	for _, s := range k.log {
		if s.Key == "ns/"+name {
			s.Initial = false
			of = append(of, s)
		}
	}
	return of
}

// expect compares what the store went through for name.
func (k *consumer) expect(name string, want ...string) {
	var got []string
	for _, s := range k.of(name) {
		got = append(got, s.String())
	}
	if !slices.Equal(got, want) {
		k.errorf("%s went through %q, should be %q", name, got, want)
	}
}

// String is type and version, and a question mark for a final state unknown.
func (s seen) String() string {
	str := s.Type.String() + " " + s.Version
	if s.NoObject {
		str += "none"
	}
	if s.Unknown {
		str += "?"
	}
	return str
}

// object makes an object in the namespace ns.
func object(name, version string) *Object {
	return &Object{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, ResourceVersion: version}}
}

// list hands over a whole list, "name version" each, a page an item.
func (k *consumer) list(items ...*Object) {
	ctx := context.Background()
	k.must("Begin", k.q.Begin(ctx))
	for _, item := range items {
		k.must("Page", k.q.Page(ctx, []*Object{item}))
	}
	k.must("Commit", k.q.Commit(ctx, "1000"))
}

func (k *consumer) add(name, version string) {
	k.must("Add", k.q.Add(context.Background(), object(name, version)))
}

func (k *consumer) update(name, version string) {
	k.must("Update", k.q.Update(context.Background(), object(name, version)))
}

func (k *consumer) remove(name, version string) {
	k.must("Delete", k.q.Delete(context.Background(), object(name, version)))
}

// synced reports whether Synced is closed.
func (k *consumer) synced() bool {
	select {
	case <-k.q.Synced():
		return true
	default:
		return false
	}
}
