package informer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"pgregory.net/rapid"
)

// world is the model of an informer: a server that a source tells of or not,
// and for each handler what it must have been told when everything rests.
type world struct {
	t      *testing.T
	in     *SharedIndexInformer[item]
	source *script

	version  int
	objects  map[string]item
	handlers []*member
	started  bool
	ended    chan error
}

// member is a handler that rebuilds the objects from its events: of those that
// wants is true for.
type member struct {
	reg     *Registration[item]
	backlog Backlog
	paced   bool // its resyncs are
	wants   func(item) bool
	mu      sync.Mutex // guards what follows: lanes call at once
	table   map[string]item
	removed bool
	faults  []string
	resyncs int

	// leave is closed when callbacks may return, nil while none stays.
	leave atomic.Pointer[chan struct{}]
}

// stall keeps the member in its next callback, and free lets it go.
func (m *member) stall() {
	leave := make(chan struct{})
	if !m.leave.CompareAndSwap(nil, &leave) {
		close(leave)
	}
}

func (m *member) free() {
	if leave := m.leave.Swap(nil); leave != nil {
		close(*leave)
		synctest.Wait() // it has caught up
	}
}

// OnEvent is given one event.
func (m *member) OnEvent(ctx context.Context, e Event[item]) { m.OnEvents(ctx, []Event[item]{e}) }

// OnEvents is given a batch, all of which counts as told from then on.
func (m *member) OnEvents(_ context.Context, events []Event[item]) {
	for _, e := range events {
		m.note(e)
	}
	if leave := m.leave.Load(); leave != nil {
		<-*leave
	}
}

// inLanes is the number of events that were given to lanes and are not told yet.
func (m *member) inLanes() int {
	l := m.reg.caller.lanes
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending
}

// rebuilt is the table, and found what was wrong. Under the lock: a handler whose resyncs
// are paced is called while the test looks on.
func (m *member) rebuilt() map[string]item {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.table)
}

func (m *member) found() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.faults)
}

// toRepeat is the number of objects that a paced resync is yet to tell of.
func (m *member) toRepeat() int {
	if !m.paced {
		return 0
	}
	return int(m.reg.owed.Load())
}

// note checks I1: the event fits the table.

func (m *member) note(e Event[item]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, exists := m.table[e.Key]
	switch {
	case m.removed:
		m.faults = append(m.faults, "told after Remove: "+line(e))
	case exists == (e.Type == EventAdd):
		m.faults = append(m.faults, fmt.Sprintf("%s, but it was known: %v", line(e), exists))
	case exists && (e.Old.ResourceVersion != known.ResourceVersion || e.Old.UID != known.UID):
		m.faults = append(m.faults, fmt.Sprintf("%s, but it was given %s", line(e), known.ResourceVersion))
	case e.Type == EventUpdate && e.Old.UID != e.Object.UID:
		m.faults = append(m.faults, line(e)+" joins two lives")
	}
	if e.Reason == ReasonResync {
		m.resyncs++
	}
	if e.Type == EventDelete {
		delete(m.table, e.Key)
	} else {
		m.table[e.Key] = e.Object
	}
}

// I1, I3, I4, I5, I6, I7, I9, I10, I13: whatever server, source, handlers and user do, every handler
// that was not removed rebuilds exactly what the store holds, and each of its
// events fits the one before.
func TestInformerAgreesWithAModel(t *testing.T) {
	t.Run("in order", func(t *testing.T) { checkModel(t, nil) })
	t.Run("delta fifo", func(t *testing.T) {
		checkModel(t, func(a object.Access[item], o deltafifo.Options[item]) (deltafifo.Queue[item], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		})
	})
}

func checkModel(t *testing.T, queue func(object.Access[item], deltafifo.Options[item]) (deltafifo.Queue[item], error)) {
	synctest.Test(t, func(t *testing.T) {
		// A *testing.T of a bubble has no deadline that rapid could ask for.
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			w := &world{t: t, objects: map[string]item{}, ended: make(chan error, 1)}
			w.in, w.source = scripted(t, Options[item]{NewQueue: queue})
			defer w.stop()
			rt.Repeat(map[string]func(*rapid.T){
				"put":    func(rt *rapid.T) { w.tell(w.put(rt)) },
				"delete": func(rt *rapid.T) { w.tell(w.remove(rt)) },
				"missed": w.missed,
				"list":   func(*rapid.T) { w.list() },
				"repeat": w.repeat,
				"join":   w.join,
				"leave":  w.leave,
				"drain":  w.drain,
				"stall":  w.stall,
				"free":   w.free,
				"rest":   w.rest,
				"pass":   w.pass,
				"run":    func(*rapid.T) { w.run() },
				"stop":   func(*rapid.T) { w.stop() },
				"":       w.check,
			})
		})
	})
}

type step func(context.Context, reflector.Sink[item]) error

var names = rapid.SampledFrom([]string{"a", "b", "c", "d"})

// put changes the server and returns what a watch tells of it.
func (w *world) put(rt *rapid.T) step {
	name := names.Draw(rt, "name")
	w.version++
	obj := withUID(newItem(name, w.version), "life-"+strconv.Itoa(w.version))
	old, exists := w.objects[name]
	if exists {
		obj.UID = old.UID
	}
	w.objects[name] = obj
	return func(ctx context.Context, sink reflector.Sink[item]) error {
		if exists {
			return sink.Update(ctx, obj)
		}
		return sink.Add(ctx, obj)
	}
}

func (w *world) remove(rt *rapid.T) step {
	old, exists := w.objects[names.Draw(rt, "name")]
	if !exists {
		rt.Skip("not there")
	}
	w.version++
	delete(w.objects, old.Name)
	last := withUID(newItem(old.Name, w.version), string(old.UID))
	return func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Delete(ctx, last) }
}

// tell runs a step, if the informer runs; otherwise nobody has seen it.
func (w *world) tell(s step) {
	if w.started {
		w.source.do(w.t, s)
	}
}

// missed changes the server behind the back of the watch; a list follows.
func (w *world) missed(rt *rapid.T) {
	for range rapid.IntRange(1, 4).Draw(rt, "changes") {
		if rapid.Bool().Draw(rt, "delete") && len(w.objects) > 0 {
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(w.objects))).Draw(rt, "gone")
			delete(w.objects, name)
			w.version++
		} else {
			w.put(rt)
		}
	}
	w.list()
}

func (w *world) list() {
	w.tell(func(ctx context.Context, sink reflector.Sink[item]) error {
		items := slices.Collect(maps.Values(w.objects))
		return errors.Join(sink.Begin(ctx), sink.Page(ctx, items), sink.Commit(ctx, strconv.Itoa(w.version)))
	})
}

// repeat lets the watch tell of the same state twice.
func (w *world) repeat(rt *rapid.T) {
	obj, exists := w.objects[names.Draw(rt, "name")]
	if !exists {
		rt.Skip("not there")
	}
	w.tell(func(ctx context.Context, sink reflector.Sink[item]) error { return sink.Update(ctx, obj) })
}

// Filters of handlers; objects come to pass the second one and cease to.
var filters = []func(item) bool{
	func(item) bool { return true },
	func(obj item) bool { return obj.ResourceVersion[len(obj.ResourceVersion)-1]%2 == 0 },
}

// join adds a handler that is called in one of the three ways.
func (w *world) join(rt *rapid.T) {
	m := &member{table: map[string]item{}, wants: rapid.SampledFrom(filters).Draw(rt, "filter")}
	m.backlog = rapid.SampledFrom([]Backlog{{}, coalesce, backpressure(1), backpressure(3), failing(8)}).Draw(rt, "backlog")
	var h Handler[item] = m
	var err error
	switch rapid.SampledFrom([]string{"one by one", "batches", "lanes"}).Draw(rt, "way") {
	case "batches":
		h, err = Batched(m, rapid.IntRange(0, 3).Draw(rt, "most"))
	case "lanes":
		h, err = Parallel(rapid.IntRange(1, 3).Draw(rt, "lanes"), h)
	}
	if err != nil {
		rt.Fatal(err)
	}
	opts := HandlerOptions{
		Backlog:      m.backlog,
		ResyncPeriod: rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(rt, "resync period"),
		ResyncRate:   rapid.SampledFrom([]int{0, 1, 100}).Draw(rt, "resync rate"),
	}
	m.paced = opts.ResyncRate > 0
	if m.reg, err = w.in.AddFilteredHandler(m.wants, h, opts); err != nil {
		rt.Fatal(err)
	}
	w.handlers = append(w.handlers, m)
	synctest.Wait() // it has read its snapshot
}

// pick returns a handler that was not removed.
func (w *world) pick(rt *rapid.T) *member {
	there := slices.DeleteFunc(slices.Clone(w.handlers), func(m *member) bool { return m.removed })
	if len(there) == 0 {
		rt.Skip("no handler")
	}
	return rapid.SampledFrom(there).Draw(rt, "handler")
}

// stall lets a handler stay in its next callback, unless everybody would wait for
// it then.
func (w *world) stall(rt *rapid.T) {
	if m := w.pick(rt); m.backlog.Policy != BacklogBackpressure {
		m.stall()
	}
}

func (w *world) free(rt *rapid.T) { w.pick(rt).free() }

// rest waits for the informer to come to rest (I10), which it does unless a handler is
// inside a callback.
func (w *world) rest(rt *rapid.T) {
	synctest.Wait() // who can be told of something was
	var want []string
	for _, m := range w.handlers {
		if !m.removed && m.reg.Status().Busy {
			want = append(want, "handler "+m.reg.Name()+" (in a callback)")
		}
	}
	slices.Sort(want)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := w.in.Quiesce(ctx)
	var behind *QuiesceError
	switch {
	case !w.started:
		if !errors.Is(err, ErrNotRunning) {
			rt.Fatalf("Quiesce without a run: %v", err)
		}
	case len(want) == 0 && err != nil:
		rt.Fatalf("Quiesce, while nobody is in a callback: %v", err)
	case len(want) > 0 && (!errors.As(err, &behind) || !slices.Equal(behind.Behind, want)):
		rt.Fatalf("Quiesce: %v, want %q", err, want)
	}
	synctest.Wait() // resyncs of that second are told
}

// pass lets time pass: resyncs become due.
func (w *world) pass(rt *rapid.T) {
	<-time.After(time.Duration(rapid.IntRange(1, 5).Draw(rt, "seconds")) * time.Second)
	synctest.Wait() // who is due was told
}

// drain drains a handler, which then has what the store has.
func (w *world) drain(rt *rapid.T) {
	if !w.started {
		rt.Skip("nobody would be told")
	}
	m := w.pick(rt)
	m.reg.Drain()
	m.free()
	<-m.reg.Done()
	if m.removed = true; m.reg.Err() == nil {
		sameTable(rt, "a drained handler", m.rebuilt(), w.stored(m.wants))
	}
}

func (w *world) leave(rt *rapid.T) {
	m := w.pick(rt)
	m.reg.Remove()
	m.free()
	<-m.reg.Done()
	m.removed = true
}

// run starts the informer, which begins with a list.
func (w *world) run() {
	if w.started {
		return
	}
	w.started = true
	go func() { w.ended <- w.in.Run(context.Background()) }()
	synctest.Wait() // it runs
	w.list()
}

func (w *world) stop() {
	if !w.started {
		return
	}
	w.started = false
	for _, m := range w.handlers {
		m.free()
	}
	if err := w.in.Stop(context.Background()); err != nil {
		w.t.Errorf("Stop: %v", err)
	}
	if err := <-w.ended; err != nil {
		w.t.Errorf("Run: %v", err)
	}
}

// stored is what the store holds of what passes.
func (w *world) stored(wants func(item) bool) map[string]item {
	stored := map[string]item{}
	for _, obj := range w.in.Indexer().List() {
		if wants(obj) {
			stored[obj.Namespace+"/"+obj.Name] = obj
		}
	}
	return stored
}

// check compares the store with the server, and every handler with the store.
func (w *world) check(rt *rapid.T) {
	if w.started {
		want := map[string]item{}
		for _, obj := range w.objects {
			want["ns/"+obj.Name] = obj
		}
		sameTable(rt, "the store", w.stored(filters[0]), want)
	}
	for i, m := range w.handlers {
		w.checkMember(rt, fmt.Sprintf("handler %d (%s)", i, m.backlog), m)
	}
}

func (w *world) checkMember(rt *rapid.T, name string, m *member) {
	if faults := m.found(); len(faults) > 0 {
		rt.Fatalf("%s: %q", name, faults)
	}
	if m.reg.Err() != nil && !m.removed {
		if m.removed = true; m.backlog.Policy != BacklogFail || m.leave.Load() == nil {
			rt.Fatalf("%s has failed", name)
		}
		m.free()
	}
	if !w.started || m.removed {
		return
	}
	stored, table, s := w.stored(m.wants), m.rebuilt(), m.reg.Status()
	switch {
	case m.leave.Load() == nil:
		sameTable(rt, name, table, stored)
		if !m.reg.HasSynced() || s.Depth != 0 && !m.paced {
			rt.Fatalf("%s has not synced, or more waits for it: %+v", name, s)
		}
	case m.backlog.Policy == BacklogCoalesce && s.Depth-m.toRepeat() > len(stored)+len(table)+m.inLanes(): // I7
		rt.Fatalf("%d events wait for %s, which has %d objects; the store has %d", s.Depth, name, len(table), len(stored))
	}
}

func sameTable(rt *rapid.T, who string, got, want map[string]item) {
	same := func(a, b item) bool { return a.ResourceVersion == b.ResourceVersion && a.UID == b.UID }
	if !maps.EqualFunc(got, want, same) {
		rt.Fatalf("%s has %v, want %v", who, got, want)
	}
}
