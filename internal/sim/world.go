package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/internal/watchcheck"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
)

// world is one pipeline and the server that it follows. The goroutine that
// plays the script owns it, but for what mu guards.
type world struct {
	t      testing.TB
	script Script
	mutant mutant
	rand   *rand.Rand
	book   *ledger

	server    *apitest.Server
	trace     *apitest.Trace[*Job]
	wire      *watchcheck.Log // what passes between server and source, and to sinks
	jobs      apitest.Collection[*Job]
	withdrawn bool
	faults    []injected
	absent    []span          // when the reflector could not ask
	backup    *apitest.Backup // what a restore goes back to, if there is one
	network   *network
	source    *source
	kept      *kept
	journal   *journal
	lines     *lines
	seen      watchcheck.Report // what passed, and what is wrong with it
	cut       bool              // streams were cut by the simulation itself

	reflector *reflector.Reflector[*Job]
	informer  *informer.SharedIndexInformer[*Job]
	crew      *crew
	watchers  []*watcher
	indexed   bool // the later indexes were added
	runs      int
	cancel    context.CancelFunc // ends the present Run
	ended     chan error         // has what it returned

	mu       sync.Mutex
	refused  map[string]int  // how often keys were shown in a form that was refused
	refusing map[string]bool // keys that the transform refuses
	bloated  map[string]bool // keys of objects that are too large
	rewound  bool            // versions may have fallen
}

// injected is a fault in force, or one that was.
type injected struct {
	fault fault
	*apitest.Injected
}

// watcher is an oracle with its registration.
type watcher struct {
	*oracle
	reg     *informer.Registration[*Job]
	removed bool
}

func newWorld(t testing.TB, script Script, m mutant) *world {
	w := &world{t: t, script: script, mutant: m, rand: rand.New(rand.NewPCG(script.Seed, 2)), book: &ledger{}, journal: newJournal()}
	w.lines, w.rewound = newLines(w.journal), script.setup.unordered || script.setup.unversioned
	w.refused, w.refusing, w.bloated = make(map[string]int), make(map[string]bool), make(map[string]bool)
	s := script.setup
	w.server = must(apitest.StartPipe(apitest.Options{
		Resources: []apitest.Resource{resource}, BookmarkInterval: s.bookmarks, History: s.history,
		RequestLog: 1 << 16, Seed: script.Seed,
	}))
	w.jobs = apitest.Of[*Job](w.server, resource)
	w.trace, w.wire = w.jobs.Trace(), watchcheck.NewLog("reflector", nil, digest)
	for n := range s.objects {
		w.put(n%names, n)
	}
	if script.performs(opRestore) {
		w.backup = w.server.Backup()
		w.server.Advance(farAway)
	}
	if s.stubborn >= 0 {
		w.refusing[keyOf(newJob(s.stubborn))] = true
	}
	w.newReflector()
	opts := informer.Options[*Job]{
		Name: "jobs", Indexers: indexes, Transform: w.transform, Logger: w.lines.logger(),
		ResyncPeriod: s.resync, RelistUpdates: s.relistUpdates, NewQueue: w.newQueue,
		SourceStatus: w.reflector.Status,
	}
	w.informer = must(informer.NewFromRunner(object.Meta[*Job](), w.reflector, opts))
	w.crew = w.newCrew()
	must(w.informer.AddHandler(w.crew, informer.HandlerOptions{Name: "crew", ResyncPeriod: -1}))
	w.firstHandlers()
	return w
}

// farAway is more versions than a simulation makes: a server that goes back to
// a backup so far behind stays behind.
const farAway = 1_000_000

// maxBytes is the largest object that is decoded.
const maxBytes = 4000

func (w *world) newReflector() {
	s := w.script.setup
	w.network = &network{base: w.server.Client().Transport}
	w.kept = newKept()
	w.source = &source{
		lw: watchcheck.Source(w.wire, must(httpsource.New(httpsource.Config[*Job]{
			Client: &http.Client{Transport: w.network}, BaseURL: w.server.URL, MaxObjectBytes: maxBytes,
			Group: resource.Group, Version: resource.Version, Resource: resource.Resource,
		}))),
		crooked: newCrooked(w.script), limit: s.limit, journal: w.journal, book: w.book, refuses: w.refuses, kept: w.kept,
		url: w.server.URL + resource.Path("", ""),
	}
	w.reflector = must(reflector.New(w.mutant.lw(w.source), reflector.Options{
		Name: "sim", PageSize: s.pageSize, DisableStreaming: s.disableStreaming, FirstListAnyVersion: s.anyVersion,
		MinWatchTimeout: s.least, MaxWatchTimeout: s.most, UnorderedVersions: s.unordered,
		Backoff: reflector.Backoff{Jitter: s.jitter},
		OnError: w.onError,
		Logger:  w.lines.logger(),
	}))
	w.source.stats = w.reflector.Stats
}

// newQueue makes the queue of a run.
func (w *world) newQueue(a object.Access[*Job], o deltafifo.Options[*Job]) (deltafifo.Queue[*Job], error) {
	o.Bound = w.script.setup.bound
	var queue deltafifo.Queue[*Job]
	var err error
	if w.script.setup.deltaFIFO {
		queue, err = deltafifo.NewDeltaFIFOWithAccess(a, o)
	} else {
		queue, err = deltafifo.NewInOrderWithAccess(a, o)
	}
	if err != nil {
		return nil, err
	}
	return w.tape(queue), nil
}

// transform refuses what the script says, always or for a while.
func (w *world) transform(j *Job) (*Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if key := keyOf(j); w.refusing[key] {
		w.refused[key]++
		return nil, errRefused
	}
	return j, nil
}

var errRefused = errors.New("the transform does not want it")

func (w *world) firstHandlers() {
	w.join(w.newOracle("early"), informer.HandlerOptions{ResyncPeriod: -1})
	w.join(w.newOracle("resyncing"), informer.HandlerOptions{ResyncPeriod: time.Minute})
	slow := w.newOracle("slow")
	slow.slow = pick(w.rand, time.Millisecond, 20*time.Millisecond, 300*time.Millisecond)
	w.join(slow, informer.HandlerOptions{})
	filtered := w.newOracle("filtered")
	filtered.filtered = true
	w.join(filtered, informer.HandlerOptions{})
	w.join(w.newOracle("paced"), informer.HandlerOptions{ResyncPeriod: time.Minute, ResyncRate: 5})
}

// handler makes a handler of an oracle: one that filters, that is called with batches, or
// by lanes.
func (w *world) handler(o *oracle) informer.Handler[*Job] {
	switch {
	case o.filtered:
		return informer.FilteringHandler[*Job]{Filter: chosen, Handler: o}
	case o.lanes:
		return must(informer.Parallel[*Job](3, o))
	case o.batch > 0:
		return must(informer.Batched[*Job](o, o.batch))
	}
	return o
}

// join adds a handler.
func (w *world) join(o *oracle, opts informer.HandlerOptions) *watcher {
	opts.Name = o.name
	handler := w.handler(o)
	seen := &watcher{oracle: o}
	var ready sync.WaitGroup
	ready.Add(1)
	o.leave = func() {
		ready.Wait()
		seen.reg.Remove()
	}
	seen.reg = must(w.informer.AddHandler(handler, opts))
	ready.Done()
	w.watchers = append(w.watchers, seen)
	return seen
}

// run starts the informer.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w.cancel, w.ended = cancel, ended
	w.runs++
	go func() { ended <- w.informer.Run(ctx) }()
}

// stop ends the present Run in one way or the other. All callbacks end with their
// contexts, so that stop takes no time.
func (w *world) stop() {
	if w.rand.IntN(2) == 0 {
		w.cancel()
	} else {
		synctest.Wait() // there is a Run to be stopped
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.informer.Stop(ctx); err != nil {
		w.book.fault("informer", "I9: Stop: %v", err)
	}
	w.cancel()
	if err := <-w.ended; err != nil {
		w.book.fault("informer", "I9: Run returned %v", err)
	}
}

// onError remembers which objects the reflector could not decode in a list.
func (w *world) onError(_ context.Context, err error) {
	w.journal.note("report", "%v", err)
	var told *reflector.Error
	if !errors.As(err, &told) || told.Reflector != "sim" || told.Type == "" {
		w.book.fault("reflector", "R4: an error without names: %v", err)
		return
	}
	var bad *reflector.DecodeError
	if errors.As(err, &bad) && bad.Event == "" {
		w.refuses(bad.Key)
	}
}

// refuses notes that an object was shown in a form that was refused.
func (w *world) refuses(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused[key]++
}

// unknown stands for the key of an object that was refused in a form without a
// key.
const unknown = ""

func (w *world) wasRefused(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused[key] > 0
}

// refusedOften reports whether it happened more than once.
func (w *world) refusedOften(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused[key] > 1
}

func (w *world) anyRefused() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.refused) > 0
}

// hopeless reports whether any state of a key's object is refused now.
func (w *world) hopeless(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusing[key] || w.bloated[key]
}

// goesBack notes that versions may fall from now on.
func (w *world) goesBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rewound = true
}

func (w *world) wentBack() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rewound
}

// close ends everything, in the order of a program that ends.
func (w *world) close() {
	w.stop()
	w.crew.dismiss()
	for _, each := range w.watchers {
		each.leaves()
	}
	w.server.Close()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("sim: the world cannot be set up: %v", err))
	}
	return value
}
