package workqueue

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// model is what doc.go says, written down as simply as possible: one slice of
// keys, searched from end to end.
type model struct {
	aging    int  // negative: strict
	grouped  bool // the group of a key is its first letter
	merge    bool
	tolerant bool
	last     bool          // a Storage that gives out the last item first; no groups
	bucket   *rate.Limiter // nil: no Tokens

	clock time.Duration
	seq   int
	keys  map[string]*modelKey
	group map[string]*modelGroup

	down    bool
	dropped int
	next    time.Duration // when another item can hope for a token

	// What the metrics should say.
	adds, retries, gets, dones int
}

type modelKey struct {
	waits, held, again bool
	priority           int
	ready              int // seq at which it became ready

	delayed      bool
	at           time.Duration
	asked        int // seq at which the delay was asked for
	delayedPrio  int
	limited      bool // the delay is for a failure
	promised     bool // the delay is one until there is a token
	afterRelease int  // priority of again
}

type modelGroup struct{ held, turn, young int }

func newModel() *model {
	return &model{keys: map[string]*modelKey{}, group: map[string]*modelGroup{}}
}

func (m *model) tick() int { m.seq++; return m.seq }

func (m *model) key(item string) *modelKey {
	if m.keys[item] == nil {
		m.keys[item] = &modelKey{}
	}
	if g := m.groupOf(item); m.group[g] == nil {
		m.group[g] = &modelGroup{turn: m.tick()}
	}
	return m.keys[item]
}

func (m *model) groupOf(item string) string {
	if !m.grouped {
		return ""
	}
	return item[:1]
}

// forget drops keys of which nothing is left, and groups without keys.
func (m *model) forget() {
	used := map[string]bool{}
	for item, k := range m.keys {
		if !k.waits && !k.held && !k.delayed {
			delete(m.keys, item)
			continue
		}
		used[m.groupOf(item)] = true
	}
	for name := range m.group {
		if !used[name] && m.grouped {
			delete(m.group, name)
		}
	}
}

func (m *model) add(item string, priority int) {
	if m.down {
		return
	}
	k := m.key(item)
	if m.merge && k.delayed {
		k.delayed = false
		priority = max(priority, k.delayedPrio)
	}
	m.admit(k, priority)
}

// promises reports whether the delay of an item waits for a token.
func (m *model) promises() bool {
	for _, k := range m.keys {
		if k.delayed && k.promised {
			return true
		}
	}
	return false
}

// tokenPeriod is the time in which a token comes.
const tokenPeriod = time.Second

// modelEpoch is when the time of a clock or a bucket begins.
var modelEpoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// spend takes a token for an item that will run because its delay has ended,
// or delays it until there may be one.
func (m *model) spend(k *modelKey) bool {
	if !k.limited || m.bucket == nil || k.waits || k.again {
		return true
	}
	first := k.promised || !m.promises() // nobody else was promised the next token
	if first && m.bucket.AllowN(modelEpoch.Add(m.clock), 1) {
		return true
	}
	k.promised = false
	if !m.promises() {
		m.next = m.clock
	}
	m.next = max(m.next, m.clock) + tokenPeriod
	k.at, k.asked, k.promised = m.next, m.tick(), true
	return false
}

func (m *model) admit(k *modelKey, priority int) {
	switch {
	case k.held && !k.again:
		k.again, k.afterRelease = true, priority
		m.adds++
	case k.held:
		k.afterRelease = max(k.afterRelease, priority)
	case !k.waits:
		k.waits, k.priority, k.ready = true, priority, m.tick()
		m.adds++
	case priority > k.priority && m.last:
		k.priority = priority // its place is the storage's affair
	case priority > k.priority:
		k.priority, k.ready = priority, m.tick()
	}
}

// delay adds item after d. limited says that it is for a failure, of a queue
// with options of its own for that.
func (m *model) delay(item string, d time.Duration, priority int, how Pending, limited bool) {
	if m.down {
		return
	}
	if d <= 0 && !limited {
		m.add(item, priority)
		return
	}
	k := m.key(item)
	if m.merge && (k.waits || k.again) {
		m.admit(k, priority)
		return
	}
	defer m.pass(0)
	if !k.delayed {
		k.delayed, k.at, k.asked, k.delayedPrio = true, m.clock+d, m.tick(), priority
		k.limited, k.promised = limited, false
		return
	}
	k.delayedPrio = max(k.delayedPrio, priority)
	if m.move(k, d, how) {
		k.limited = limited
	}
}

func (m *model) move(k *modelKey, d time.Duration, how Pending) bool {
	at := m.clock + d
	if how == PendingReplace || how == PendingEarliest && at < k.at || how == PendingLatest && at > k.at {
		k.at, k.asked, k.promised = at, m.tick(), false
		return true
	}
	return false
}

func (m *model) reschedule(item string, d time.Duration, how Pending) bool {
	k := m.keys[item]
	if k == nil || !k.delayed {
		return false
	}
	m.move(k, max(d, 0), how)
	m.pass(0)
	return true
}

func (m *model) cancel(item string) bool {
	k := m.keys[item]
	if k == nil || !k.delayed {
		return false
	}
	k.delayed = false
	m.forget()
	return true
}

// pass lets time pass.
func (m *model) pass(d time.Duration) {
	m.clock += d
	var due []*modelKey
	for _, k := range m.keys {
		if k.delayed && k.at <= m.clock {
			due = append(due, k)
		}
	}
	slices.SortFunc(due, func(a, b *modelKey) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.asked, b.asked))
	})
	for _, k := range due {
		if !m.spend(k) {
			continue
		}
		k.delayed = false
		m.admit(k, k.delayedPrio)
	}
}

func (m *model) waiting() (items []string) {
	for item, k := range m.keys {
		if k.waits {
			items = append(items, item)
		}
	}
	return items
}

func (m *model) processing() (items []string) {
	for item, k := range m.keys {
		if k.held {
			items = append(items, item)
		}
	}
	slices.Sort(items)
	return items
}

func (m *model) delayedKeys() (n int) {
	for _, k := range m.keys {
		if k.delayed {
			n++
		}
	}
	return n
}

// get hands out the next item.
func (m *model) get() (item string, priority int, ok bool) {
	items := m.waiting()
	if len(items) == 0 {
		return "", 0, false
	}
	m.gets++
	name := m.groupOf(slices.MinFunc(items, func(a, b string) int {
		x, y := m.group[m.groupOf(a)], m.group[m.groupOf(b)]
		return cmp.Or(cmp.Compare(x.held, y.held), cmp.Compare(x.turn, y.turn))
	}))
	items = slices.DeleteFunc(items, func(item string) bool { return m.groupOf(item) != name })
	item = m.choose(items, m.group[name])
	k, g := m.keys[item], m.group[name]
	k.waits, k.held = false, true
	g.held++
	g.turn = m.tick()
	return item, k.priority, true
}

// choose picks the next item of one group.
func (m *model) choose(items []string, g *modelGroup) string {
	older := func(a, b string) int { return cmp.Compare(m.keys[a].ready, m.keys[b].ready) }
	if m.last {
		return slices.MaxFunc(items, older)
	}
	several := slices.ContainsFunc(items, func(item string) bool {
		return m.keys[item].priority != m.keys[items[0]].priority
	})
	if several {
		if g.young++; m.aging > 0 && g.young >= m.aging {
			g.young = 0
			return slices.MinFunc(items, older)
		}
	}
	return slices.MinFunc(items, func(a, b string) int {
		return cmp.Or(-cmp.Compare(m.keys[a].priority, m.keys[b].priority), older(a, b))
	})
}

// done reports whether item was being processed.
func (m *model) done(item string) bool {
	k := m.keys[item]
	if k == nil || !k.held {
		return false
	}
	m.dones++
	m.group[m.groupOf(item)].held--
	k.held = false
	if k.again {
		k.again = false
		k.waits, k.priority, k.ready = true, k.afterRelease, m.tick()
	}
	m.forget()
	return true
}

func (m *model) shutDown() {
	if m.down {
		return
	}
	m.down = true
	m.dropped = m.delayedKeys()
	for _, k := range m.keys {
		k.delayed = false
	}
	m.forget()
}

// drained is when ShutDownWithDrain may return.
func (m *model) drained() bool {
	return len(m.processing()) == 0 && (m.tolerant || len(m.waiting()) == 0)
}
