package deltafifo_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"pgregory.net/rapid"
)

// fifoModel is a DeltaFIFO as its documentation has it. Where the queue puts
// together what is queued, what is being processed and what is known, the model
// has truth: the state of each key after all that was queued, in that order.
type fifoModel struct {
	q     *deltafifo.DeltaFIFO[*Obj]
	store mapStore // the consumer's, which it writes when process ends

	keys    []string       // queued; "" for a bookmark
	group   map[string]int // of queued names: those of a group were queued in no order
	groups  int
	pending map[string][]string // for each queued name, its deltas
	marks   []string            // of the queued bookmarks
	truth   map[string]string   // the version of each name that exists
	hand    string              // the name that is being processed

	deletionsLast bool

	open    bool
	list    []modelItem
	version int

	started, synced bool
	left            int // names of the first list that are not processed
	closed, busy    bool
}

// TestDeltaFIFOModel drives a DeltaFIFO and its model with the same calls, some
// of them while a batch is being processed and the store lags (F1, F2, F4, F5, F6).
func TestDeltaFIFOModel(t *testing.T) { rapid.Check(t, checkDeltaFIFO) }

func FuzzDeltaFIFOModel(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkDeltaFIFO)) }

func checkDeltaFIFO(t *rapid.T) {
	m := &fifoModel{store: mapStore{}, pending: map[string][]string{}, group: map[string]int{}, truth: map[string]string{}}
	for range rapid.IntRange(0, 3).Draw(t, "known at first") {
		o := m.draw(t)
		m.store["ns/"+o.Name] = o
		m.truth[o.Name] = o.ResourceVersion
	}
	m.deletionsLast = rapid.Bool().Draw(t, "deletions last")
	q, err := deltafifo.NewDeltaFIFO(deltafifo.Options[*Obj]{KnownObjects: m.store, DeletionsLast: m.deletionsLast})
	if err != nil {
		t.Fatal(err)
	}
	m.q = q
	t.Repeat(m.actions())
}

func (m *fifoModel) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"Add":      func(t *rapid.T) { m.event(t, "Added", m.q.Add) },
		"Update":   func(t *rapid.T) { m.event(t, "Updated", m.q.Update) },
		"Delete":   m.delete,
		"Bookmark": m.bookmark,
		"Resync":   m.resync,
		"Begin":    m.begin,
		"Page":     m.page,
		"Commit":   m.commit,
		"Abort":    func(*rapid.T) { m.q.Abort(); m.open = false },
		"Pop":      m.pop,
		"Close": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
				m.q.Close()
				m.closed, m.open = true, false
			}
		},
		"": m.check,
	}
}

func (m *fifoModel) draw(t *rapid.T) *Obj {
	m.version++
	return obj(names.Draw(t, "name"), strconv.Itoa(m.version))
}

func (m *fifoModel) accepts(t *rapid.T, err error) bool {
	if m.closed != errors.Is(err, deltafifo.ErrClosed) {
		t.Fatalf("closed is %v, the error %v", m.closed, err)
	}
	return err == nil
}

func (m *fifoModel) start() {
	if !m.started {
		m.started, m.synced = true, true
	}
}

// push queues a delta of name. What is pushed without another call of ordered
// got in line in no order.
func (m *fifoModel) push(name, text string) {
	waiting := m.pending[name]
	if len(waiting) == 0 {
		m.keys = append(m.keys, name)
		m.group[name] = m.groups
	} else if last := waiting[len(waiting)-1]; strings.HasPrefix(last, "Deleted") && strings.HasPrefix(text, "Deleted") {
		if strings.HasSuffix(last, "?") {
			waiting[len(waiting)-1] = text
		}
		return
	}
	m.pending[name] = append(waiting, text)
}

func (m *fifoModel) ordered() { m.groups++ }

func (m *fifoModel) event(t *rapid.T, typ string, call func(context.Context, *Obj) error) {
	o := m.draw(t)
	if m.accepts(t, call(bg, o)) {
		m.start()
		m.ordered()
		m.push(o.Name, typ+" "+o.Name+" "+o.ResourceVersion)
		m.truth[o.Name] = o.ResourceVersion
	}
}

func (m *fifoModel) delete(t *rapid.T) {
	o := m.draw(t)
	if !m.accepts(t, m.q.Delete(bg, o)) {
		return
	}
	m.start()
	m.ordered()
	if _, exists := m.truth[o.Name]; exists || len(m.pending[o.Name]) > 0 {
		m.push(o.Name, "Deleted "+o.Name+" "+o.ResourceVersion)
	}
	delete(m.truth, o.Name)
}

func (m *fifoModel) mark(v string) {
	if n := len(m.keys); n > 0 && m.keys[n-1] == "" {
		m.marks[len(m.marks)-1] = v
		return
	}
	m.keys, m.marks = append(m.keys, ""), append(m.marks, v)
}

func (m *fifoModel) bookmark(t *rapid.T) {
	m.version++
	v := strconv.Itoa(m.version)
	if m.accepts(t, m.q.Bookmark(bg, v)) {
		m.mark(v)
	}
}

func (m *fifoModel) resync(t *rapid.T) {
	if !m.accepts(t, m.q.Resync()) {
		return
	}
	m.ordered()
	for _, name := range slices.Sorted(maps.Keys(m.truth)) {
		if len(m.pending[name]) == 0 && m.hand != name {
			m.push(name, "Sync "+name+" "+m.truth[name])
		}
	}
}

func (m *fifoModel) begin(t *rapid.T) {
	if m.accepts(t, m.q.Begin(bg)) {
		m.open, m.list = true, nil
	}
}

func (m *fifoModel) page(t *rapid.T) {
	var items []*Obj
	var model []modelItem
	for range rapid.IntRange(0, 4).Draw(t, "items") {
		o := m.draw(t)
		items = append(items, o)
		model = append(model, modelItem{o.Name, o.ResourceVersion})
	}
	err := m.q.Page(bg, items)
	if !m.closed && !m.open {
		if !errors.Is(err, deltafifo.ErrNoList) {
			t.Fatalf("Page without a list: %v", err)
		}
		return
	}
	if m.accepts(t, err) {
		m.list = put(m.list, model)
	}
}

func (m *fifoModel) commit(t *rapid.T) {
	m.version++
	v := strconv.Itoa(m.version)
	err := m.q.Commit(bg, v)
	if !m.closed && !m.open {
		if !errors.Is(err, deltafifo.ErrNoList) {
			t.Fatalf("Commit without a list: %v", err)
		}
		return
	}
	if !m.accepts(t, err) {
		return
	}
	old := m.truth
	m.truth = map[string]string{}
	for _, item := range m.list {
		m.truth[item.name] = item.version
	}
	if !m.deletionsLast {
		m.commitDeletions(old)
	}
	for _, item := range m.list {
		m.ordered()
		m.push(item.name, "Replaced "+item.name+" "+item.version)
	}
	if m.deletionsLast {
		m.commitDeletions(old)
	}
	if !m.started {
		m.started = true
		m.left = len(m.pending)
		m.synced = m.left == 0
	}
	m.mark(v)
	m.open, m.list = false, nil
}

// commitDeletions queues what of old is gone.
func (m *fifoModel) commitDeletions(old map[string]string) {
	m.ordered()
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, exists := m.truth[name]; !exists {
			m.push(name, "Deleted "+name+" "+old[name]+" ?")
		}
	}
}

// pop pops once, with producers' calls while the batch is being processed.
func (m *fifoModel) pop(t *rapid.T) {
	if m.busy {
		if err := m.q.Pop(bg, nil); !errors.Is(err, deltafifo.ErrConcurrentPop) {
			t.Fatalf("Pop inside Pop returns %v", err)
		}
		return
	}
	if len(m.keys) == 0 {
		if m.closed {
			m.accepts(t, m.q.Pop(bg, nil))
		}
		return
	}
	counts := false
	err := m.q.Pop(bg, func(b batch) error {
		m.busy = true
		counts = m.take(t, b)
		actions := m.actions()
		for range rapid.IntRange(0, 3).Draw(t, "calls") {
			actions[rapid.SampledFrom(inHand).Draw(t, "call")](t)
			m.check(t)
		}
		m.write(b)
		return errProcess
	})
	if err != errProcess {
		t.Fatalf("Pop returns %v", err)
	}
	m.busy, m.hand = false, ""
	if counts {
		m.left--
		m.synced = m.synced || m.left == 0
	}
}

// take compares b with what waits for the first in line, or for another one
// that got in line with it.
func (m *fifoModel) take(t *rapid.T, b batch) (counts bool) {
	if b.Initial == m.synced {
		t.Fatalf("Initial is %v, synced %v", b.Initial, m.synced)
	}
	if b.Deltas[0].Type == deltafifo.DeltaBookmark {
		if m.keys[0] != "" || m.marks[0] != b.Deltas[0].ResourceVersion {
			t.Fatalf("got %v, want %q of %q", showAll(b), m.keys[0], m.marks)
		}
		m.keys, m.marks = m.keys[1:], m.marks[1:]
		return false
	}
	name := strings.TrimPrefix(b.Deltas[0].Key, "ns/")
	if got := showAll(b); !slices.Equal(got, m.pending[name]) {
		t.Fatalf("got %q, want %q", got, m.pending[name])
	}
	at := slices.Index(m.keys, name)
	if mark := slices.Index(m.keys, ""); mark >= 0 && mark < at {
		t.Fatalf("%s overtakes a bookmark", name)
	}
	if m.group[m.keys[0]] != m.group[name] {
		t.Fatalf("%s comes before %v", name, m.keys[:at])
	}
	m.keys = slices.Delete(m.keys, at, at+1)
	delete(m.pending, name)
	m.hand = name
	return m.left > 0
}

// write is what an informer does to its store.
func (m *fifoModel) write(b batch) {
	for _, d := range b.Deltas {
		switch d.Type {
		case deltafifo.DeltaBookmark:
		case deltafifo.DeltaDeleted:
			delete(m.store, d.Key)
		default:
			m.store[d.Key] = d.Object
		}
	}
}

func (m *fifoModel) check(t *rapid.T) {
	waiting := len(m.marks)
	for _, deltas := range m.pending {
		waiting += len(deltas)
	}
	if got := m.q.Len(); got != waiting {
		t.Fatalf("Len is %d, want %d", got, waiting)
	}
	if got := m.q.HasSynced(); got != m.synced {
		t.Fatalf("HasSynced is %v, want %v (%d left)", got, m.synced, m.left)
	}
}
