package indexer

import (
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/internal/heap"
	"github.com/informant-go/informant/object"
)

// topic is what somebody watches: the whole store, a key, a value of an index,
// or that the state includes a resource version.
type topic struct {
	kind  topicKind
	index string
	name  string // key, value or resource version
}

type topicKind uint8

const (
	topicStore topicKind = iota
	topicKey
	topicValue
	topicVersion
)

// subscription is what all watches of one topic share until it closes.
type subscription struct {
	of     topic
	closed chan struct{}
	// made counts the subscriptions to changes up to this one.
	made uint64
	// at is the place of a subscription to a version in the heap.
	at int
	// users is guarded by notifier.mu.
	users int
}

// notifier closes the channels of those who wait for something: for a change,
// which closes the topics that it touches, or for a resource version, which
// closes with the first state that includes it.
//
// No wake-up is lost. A watch is counted before its maker reads the store; a
// writer reads changes and made before it writes, and made and versions after it
// has committed. A subscription to a change that came in between is closed,
// since the writer took no notes for it.
type notifier struct {
	// changes and versions are the numbers of subscriptions of both kinds,
	// made is that of all subscriptions to changes that ever were.
	changes, versions atomic.Int64
	made              atomic.Uint64

	mu   sync.Mutex
	subs map[topic]*subscription
	// oldest has the subscription to the oldest version first.
	oldest heap.Heap[*subscription]
}

// watch makes a watch of a topic; the caller must stop it, or let it close.
func (n *notifier) watch(of topic) *watch {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.subs[of]
	if s == nil {
		s = n.subscribe(of)
	}
	s.users++
	return &watch{sub: s, owner: n}
}

func (n *notifier) subscribe(of topic) *subscription {
	if n.subs == nil {
		n.subs = make(map[topic]*subscription)
		n.oldest.Less = func(a, b *subscription) bool { return object.NewerVersion(b.of.name, a.of.name) }
		n.oldest.Moved = func(s *subscription, at int) { s.at = at }
	}
	s := &subscription{of: of, closed: make(chan struct{})}
	n.subs[of] = s
	if of.kind == topicVersion {
		n.oldest.Push(s)
		n.versions.Add(1)
		return s
	}
	s.made = n.made.Load() + 1
	n.changes.Add(1)
	n.made.Store(s.made)
	return s
}

// leave counts one user less, and removes the subscription with the last one.
func (n *notifier) leave(s *subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.users--; s.users == 0 && n.subs[s.of] == s {
		n.remove(s)
	}
}

func (n *notifier) remove(s *subscription) {
	delete(n.subs, s.of)
	if s.of.kind == topicVersion {
		n.oldest.Remove(s.at)
		n.versions.Add(-1)
		return
	}
	n.changes.Add(-1)
}

func (n *notifier) close(s *subscription) {
	if s != nil {
		n.remove(s)
		close(s.closed)
	}
}

// notes are what a writer writes down of its changes for the notifier.
type notes struct {
	// taking is false while nobody watches for a change.
	taking  bool
	made    uint64
	changed map[topic]struct{}
}

// begin starts the notes of a writer's turn.
func (n *notifier) begin() notes {
	taken := notes{made: n.made.Load()}
	if n.changes.Load() > 0 {
		taken.taking, taken.changed = true, make(map[topic]struct{})
	}
	return taken
}

func (t *notes) key(key string) {
	if t.taking {
		t.changed[topic{}] = struct{}{}
		t.changed[topic{kind: topicKey, name: key}] = struct{}{}
	}
}

func (t *notes) value(index, value string) {
	t.changed[topic{kind: topicValue, index: index, name: value}] = struct{}{}
}

// publish closes what a commit changed, and the versions that its state
// includes. It runs after the commit is visible.
func (n *notifier) publish(t notes, resourceVersion string) {
	changed := t.taking || n.made.Load() != t.made
	if !changed && n.versions.Load() == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if changed {
		n.closeChanged(t)
	}
	for n.oldest.Len() > 0 && (includes(resourceVersion, n.oldest.First().of.name) || !includes(resourceVersion, resourceVersion) && resourceVersion != "") {
		n.close(n.oldest.First())
	}
}

func (n *notifier) closeChanged(t notes) {
	if len(t.changed) < len(n.subs) && n.made.Load() == t.made {
		for of := range t.changed {
			n.close(n.subs[of])
		}
		return
	}
	for of, s := range n.subs {
		if _, changed := t.changed[of]; changed || s.made > t.made {
			n.close(s)
		}
	}
}

// watch is the Watch of a Cache.
type watch struct {
	sub   *subscription
	owner *notifier
	once  sync.Once
}

// Done is Watch.Done.
func (w *watch) Done() <-chan struct{} { return w.sub.closed }

// Stop is Watch.Stop.
func (w *watch) Stop() { w.once.Do(func() { w.owner.leave(w.sub) }) }
