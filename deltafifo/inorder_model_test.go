package deltafifo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"pgregory.net/rapid"
)

// inOrderModel is an InOrder as its documentation has it: a slice of deltas,
// written out as strings.
type inOrderModel struct {
	q        *deltafifo.InOrder[*Obj]
	maxBatch int

	waiting []modelDelta
	fetched int
	open    bool
	list    []modelItem
	version int

	started, synced bool
	closed, busy    bool
}

type modelItem struct{ name, version string }

type modelDelta struct {
	text, key string
	alone     bool
	first     bool // it is the first list
}

// names are few, so that keys meet often.
var names = rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})

// TestInOrderModel drives an InOrder and its model with the same calls, some of
// them while a batch is being processed (F1, F2, F4, F5, F6).
func TestInOrderModel(t *testing.T) { rapid.Check(t, checkInOrder) }

func FuzzInOrderModel(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkInOrder)) }

func checkInOrder(t *rapid.T) {
	m := &inOrderModel{maxBatch: rapid.IntRange(1, 6).Draw(t, "maxBatch")}
	q, err := deltafifo.NewInOrder(deltafifo.Options[*Obj]{MaxBatch: m.maxBatch})
	if err != nil {
		t.Fatal(err)
	}
	m.q = q
	t.Repeat(m.actions())
}

func (m *inOrderModel) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"Add":      func(t *rapid.T) { m.event(t, "Added", m.q.Add) },
		"Update":   func(t *rapid.T) { m.event(t, "Updated", m.q.Update) },
		"Delete":   func(t *rapid.T) { m.event(t, "Deleted", m.q.Delete) },
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

var errProcess = errors.New("process failed")

// draw makes an object with a version of its own.
func (m *inOrderModel) draw(t *rapid.T) *Obj {
	m.version++
	return obj(names.Draw(t, "name"), strconv.Itoa(m.version))
}

// accepts checks the error of a producer's call and reports whether it counts.
func (m *inOrderModel) accepts(t *rapid.T, err error) bool {
	if m.closed != errors.Is(err, deltafifo.ErrClosed) {
		t.Fatalf("closed is %v, the error %v", m.closed, err)
	}
	return err == nil
}

func (m *inOrderModel) event(t *rapid.T, typ string, call func(context.Context, *Obj) error) {
	o := m.draw(t)
	if !m.accepts(t, call(bg, o)) {
		return
	}
	if !m.started {
		m.started, m.synced = true, true
	}
	m.waiting = append(m.waiting, modelDelta{text: typ + " " + o.Name + " " + o.ResourceVersion, key: o.Name})
}

func (m *inOrderModel) bookmark(t *rapid.T) {
	m.version++
	v := strconv.Itoa(m.version)
	if m.accepts(t, m.q.Bookmark(bg, v)) {
		m.waiting = append(m.waiting, modelDelta{text: "Bookmark @" + v, alone: true})
	}
}

func (m *inOrderModel) resync(t *rapid.T) {
	if !m.accepts(t, m.q.Resync()) {
		return
	}
	waits := slices.ContainsFunc(m.waiting, func(d modelDelta) bool { return d.text == "SyncAll" })
	if !waits {
		m.waiting = append(m.waiting, modelDelta{text: "SyncAll", alone: true})
	}
}

func (m *inOrderModel) begin(t *rapid.T) {
	if m.accepts(t, m.q.Begin(bg)) {
		m.open, m.list = true, nil
	}
}

func (m *inOrderModel) page(t *rapid.T) {
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

// put merges items into list by name, the later one staying.
func put(list, items []modelItem) []modelItem {
	for _, item := range items {
		i := slices.IndexFunc(list, func(l modelItem) bool { return l.name == item.name })
		if i < 0 {
			list = append(list, item)
		} else {
			list[i] = item
		}
	}
	return list
}

func (m *inOrderModel) commit(t *rapid.T) {
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
	text := "ReplacedAll @" + v
	for _, item := range m.list {
		text += " " + item.name + "=" + item.version
	}
	m.waiting = append(m.waiting, modelDelta{text: text, alone: true, first: !m.started})
	m.started, m.open, m.list = true, false, nil
}

// pop pops once, with producers' calls while the batch is being processed.
func (m *inOrderModel) pop(t *rapid.T) {
	if m.busy {
		if err := m.q.Pop(bg, nil); !errors.Is(err, deltafifo.ErrConcurrentPop) {
			t.Fatalf("Pop inside Pop returns %v", err)
		}
		return
	}
	if len(m.waiting) == 0 {
		if m.closed {
			m.accepts(t, m.q.Pop(bg, nil))
		}
		return
	}
	outcome := rapid.SampledFrom([]string{"ok", "ok", "error", "panic"}).Draw(t, "outcome")
	var first bool
	err := m.popOnce(func(b batch) error {
		first = m.take(t, b)
		m.busy = true
		defer func() { m.busy = false }()
		actions := m.actions()
		for range rapid.IntRange(0, 3).Draw(t, "calls") {
			actions[rapid.SampledFrom(inHand).Draw(t, "call")](t)
			m.check(t)
		}
		switch outcome {
		case "error":
			return errProcess
		case "panic":
			panic(errProcess)
		}
		return nil
	})
	if (outcome == "ok") != (err == nil) {
		t.Fatalf("%s: Pop returns %v", outcome, err)
	}
	m.synced = m.synced || first
}

// inHand are the calls that a process function makes, or others while it runs.
var inHand = []string{"Add", "Update", "Delete", "Bookmark", "Resync", "Begin", "Page", "Commit", "Abort", "Pop"}

// popOnce turns the model's own panic into an error, and no other.
func (m *inOrderModel) popOnce(process func(batch) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != any(errProcess) {
				panic(r)
			}
			err = errProcess
		}
	}()
	return m.q.Pop(bg, process)
}

// take compares b with the batch that the model makes.
func (m *inOrderModel) take(t *rapid.T, b batch) (first bool) {
	if b.Initial == m.synced {
		t.Fatalf("Initial is %v, synced %v", b.Initial, m.synced)
	}
	var want []string
	for _, d := range m.waiting[:m.prefix()] {
		want = append(want, d.text)
	}
	if got := showAll(b); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for _, d := range b.Deltas {
		if d.Type < deltafifo.DeltaReplacedAll && d.Key != "ns/"+d.Object.Name {
			t.Fatalf("%s has the key %s", d.Object.Name, d.Key)
		}
	}
	first = m.waiting[0].first
	m.waiting = m.waiting[len(b.Deltas):]
	return first
}

// prefix is the length of the next batch. A batch is cut from what waited when
// the consumer last found none, which is what fetched counts.
func (m *inOrderModel) prefix() int {
	if m.fetched == 0 {
		m.fetched = len(m.waiting)
	}
	n := 0
	seen := map[string]bool{}
	for _, d := range m.waiting[:min(m.fetched, m.maxBatch)] {
		if d.alone && n > 0 || seen[d.key] {
			break
		}
		seen[d.key] = true
		n++
		if d.alone {
			break
		}
	}
	m.fetched -= n
	return n
}

func (m *inOrderModel) check(t *rapid.T) {
	if got := m.q.Len(); got != len(m.waiting) {
		t.Fatalf("Len is %d, want %d", got, len(m.waiting))
	}
	if got := m.q.HasSynced(); got != m.synced {
		t.Fatalf("HasSynced is %v, want %v (started %v)", got, m.synced, m.started)
	}
	if fmt.Sprint(m.q.Age()) != "0s" {
		t.Fatal("Age without a clock")
	}
}
