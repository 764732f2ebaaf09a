package sim

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// kink is a way in which a source differs from what a client expects while it
// still tells the truth: the state that it ends in is right.
type kink string

const (
	// oldDeletions are DELETED events whose object carries the version of its
	// last change.
	oldDeletions kink = "deletions carry old versions"
	// lowEvents are events with a version below that of the object.
	lowEvents kink = "events carry low versions"
	// lowBookmarks have a version below that of what was sent.
	lowBookmarks kink = "bookmarks carry low versions"
	// replays are watches that repeat the last events at their beginning.
	replays kink = "resumed watches repeat the last events"
	// addedAgain is an ADDED for an object that the client knows.
	addedAgain kink = "changes come as ADDED"
	// endless are streamed lists without the bookmark that ends them.
	endless kink = "streamed lists have no end"
	// slowLists take minutes.
	slowLists kink = "lists take minutes"
	// unknownTypes are events of a type that nobody knows, beside the others.
	unknownTypes kink = "events of unknown types"
	// spoiled is one object that cannot be decoded, in events and lists.
	spoiled kink = "an object that cannot be decoded"
	// garbled are changes that cannot be decoded, whose objects are good.
	garbled kink = "events that cannot be decoded"
	// foreign makes all objects of another type, as when a type's name differs
	// from its kind.
	foreign kink = "nothing can be decoded"
)

var kinks = []kink{oldDeletions, lowEvents, lowBookmarks, replays, addedAgain, endless, slowLists, unknownTypes, spoiled, garbled, foreign}

// crooked bends what a source tells.
type crooked struct {
	mu      sync.Mutex
	rand    *rand.Rand      // guarded by mu
	kinks   map[kink]uint64 // guarded by mu: those in force, and a number
	bent    map[kink]int    // guarded by mu: how often each has struck
	past    []string        // guarded by mu: versions of the last events
	seen    map[string]string
	without bool // there are no versions at all
}

func newCrooked(s Script) *crooked {
	return &crooked{
		rand: rand.New(rand.NewPCG(s.Seed, 3)), kinks: map[kink]uint64{}, bent: map[kink]int{},
		seen: map[string]string{}, without: s.setup.unversioned,
	}
}

// bend puts a kink in force; what n means depends on the kink.
func (c *crooked) bend(k kink, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinks[k] = uint64(n)
}

// straighten ends all kinks.
func (c *crooked) straighten() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kinks)
}

// strikes reports whether k is in force and strikes one time in n.
func (c *crooked) strikes(k kink, n int) bool {
	if _, ok := c.kinks[k]; !ok || c.rand.IntN(n) > 0 {
		return false
	}
	c.bent[k]++
	return true
}

// struck reports whether one of the kinks has ever struck.
func (c *crooked) struck(which ...kink) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range which {
		if c.bent[k] > 0 {
			return true
		}
	}
	return false
}

// lower is a version some steps below v.
func (c *crooked) lower(v string) string {
	n, err := strconv.Atoi(v)
	if err != nil {
		return v
	}
	return strconv.Itoa(max(1, n-1-c.rand.IntN(20)))
}

// from is the version from which a watch that asked for v begins.
func (c *crooked) from(v string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v == "" || len(c.past) == 0 || !c.strikes(replays, 1) {
		return v
	}
	older := c.past[max(0, len(c.past)-1-c.rand.IntN(8))]
	if object.NewerVersion(v, older) {
		return older
	}
	return v
}

// bad is the key of the object that cannot be decoded, "" for none.
func (c *crooked) bad() string {
	n, ok := c.kinks[spoiled]
	if !ok {
		return ""
	}
	return keyOf(newJob(int(n)))
}

// part applies the kinks to a part of a list.
func (c *crooked) part(p reflector.Part[*Job]) reflector.Part[*Job] {
	c.mu.Lock()
	defer c.mu.Unlock()
	bad, all := c.bad(), c.strikes(foreign, 1)
	good := make([]*Job, 0, len(p.Items))
	for _, j := range p.Items {
		if all || keyOf(j) == bad {
			c.bent[spoiled]++
			p.Refused = append(p.Refused, undecodable(j, ""))
			continue
		}
		c.seen[keyOf(j)] = j.ResourceVersion
		good = append(good, j)
	}
	p.Items = good
	return p
}

// pause is how long the next part of a list takes.
func (c *crooked) pause(slice time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.strikes(slowLists, 1) {
		return 0
	}
	return slice
}

// meta drops the version of a list where the source has none.
func (c *crooked) meta(m metav1.ListMeta) metav1.ListMeta {
	if c.without {
		m.ResourceVersion = ""
	}
	return m
}

// event applies the kinks to an event. With skip the event is lost; more is an
// event that comes before it.
func (c *crooked) event(e reflector.Event[*Job]) (bent reflector.Event[*Job], err error, skip bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Type == watch.Bookmark {
		return c.bookmark(e)
	}
	key := keyOf(e.Object)
	before := c.seen[key]
	c.seen[key] = e.ResourceVersion
	c.past = append(c.past[max(0, len(c.past)-30):], e.ResourceVersion)
	switch {
	case key == c.bad():
		c.bent[spoiled]++
		return e, undecodable(e.Object, e.Type), false
	case c.strikes(foreign, 1), c.strikes(garbled, 6):
		return e, undecodable(e.Object, e.Type), false
	case e.Type == watch.Deleted && before != "" && c.strikes(oldDeletions, 1):
		e.Object.ResourceVersion, e.ResourceVersion = before, before
	case e.Type == watch.Modified && c.strikes(addedAgain, 3):
		e.Type = watch.Added
	}
	if c.strikes(lowEvents, 3) {
		e.ResourceVersion = c.lower(e.ResourceVersion)
	}
	if c.without {
		e.ResourceVersion = ""
	}
	return e, nil, false
}

func (c *crooked) bookmark(e reflector.Event[*Job]) (reflector.Event[*Job], error, bool) {
	switch {
	case e.InitialEventsEnd && c.strikes(endless, 1), !e.InitialEventsEnd && c.without:
		return e, nil, true
	case !e.InitialEventsEnd && c.strikes(lowBookmarks, 2):
		e.ResourceVersion = c.lower(e.ResourceVersion)
	}
	if c.without {
		e.ResourceVersion = ""
	}
	return e, nil, false
}

// stranger reports whether an event of an unknown type comes now.
func (c *crooked) stranger() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.strikes(unknownTypes, 8)
}

var (
	errSpoiled = errors.New("it is spoiled")
	errStrange = errors.New("the event has an unknown type")
)

func undecodable(j *Job, t watch.EventType) error {
	return &reflector.DecodeError{Type: "*sim.Job", Key: keyOf(j), ResourceVersion: j.ResourceVersion, Event: t, Err: errSpoiled}
}

// strange is an event of an unknown type.
func strange(j *Job) error {
	return &reflector.DecodeError{Type: "*sim.Job", Key: keyOf(j), ResourceVersion: j.ResourceVersion, Err: errStrange}
}

func keyOf(j *Job) string { return j.Namespace + "/" + j.Name }

// dawdle lets d pass, unless ctx ends first.
func dawdle(ctx context.Context, d time.Duration) {
	if d > 0 {
		sleep(ctx, d)
	}
}
