package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/reflector/apitest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// play performs the script.
func (w *world) play() {
	w.run()
	for _, each := range w.script.steps {
		w.perform(each)
	}
}

func (w *world) perform(s step) {
	w.journal.note("script", "%v", s)
	switch s.op {
	case opPause:
		<-time.After(s.pause)
		w.checkStep()
	case opRest:
		synctest.Wait() // until the step has had its effect
	case opPut, opRelabel, opDelete, opRecreate, opBurst:
		w.change(s)
	case opRestart, opJoin, opRemove, opIndex:
		w.rearrange(s)
	case opLast, opKink, opFreeze, opReborn, opRestore, opBloat, opRefuse:
		w.trouble(s)
	default:
		w.disturb(s)
	}
}

// change performs the steps that change the objects.
func (w *world) change(s step) {
	switch s.op {
	case opPut:
		w.put(s.n, s.size)
	case opRelabel:
		w.relabel(s.n, s.size)
	case opDelete:
		w.delete(s.n)
	case opRecreate:
		w.delete(s.n)
		w.put(s.n, s.size)
	case opBurst:
		for i := range s.n {
			w.change(step{op: pick(w.rand, opPut, opPut, opRelabel, opDelete, opRecreate), n: w.rand.IntN(names), size: s.size + i})
		}
	}
}

// put creates job n or gives it another spec.
func (w *world) put(n, size int) {
	if w.withdrawn {
		return
	}
	job := newJob(n)
	_, err := w.jobs.Modify(job.Namespace, job.Name, func(j *Job) *Job { return reshape(j, size) })
	if apierrors.IsNotFound(err) {
		_, err = w.jobs.Create(relabel(reshape(job, size), size))
	}
	w.expect(err)
}

func (w *world) relabel(n, size int) {
	if w.withdrawn {
		return
	}
	job := newJob(n)
	if _, err := w.jobs.Modify(job.Namespace, job.Name, func(j *Job) *Job { return relabel(j, size) }); !apierrors.IsNotFound(err) {
		w.expect(err)
	}
}

func (w *world) delete(n int) {
	if w.withdrawn {
		return
	}
	job := newJob(n)
	if _, err := w.jobs.Delete(job.Namespace, job.Name); !apierrors.IsNotFound(err) {
		w.expect(err)
	}
	w.setBloated(keyOf(job), false)
}

// expect reports an error as a fault of the simulation itself.
func (w *world) expect(err error) {
	if err != nil {
		w.book.fault("script", "%v", err)
	}
}

// disturb performs the steps that make something go wrong.
func (w *world) disturb(s step) {
	open := apitest.Match{Verb: apitest.VerbWatch}
	switch s.op {
	case opCut:
		w.server.Cut(open, apitest.Manner(s.n))
	case opStall:
		w.server.Stall(open)
	case opResume:
		w.server.Resume(apitest.Match{})
	case opInject:
		w.inject(s.fault)
	case opCompact:
		w.server.Compact()
	case opExpire:
		w.server.Expire()
	case opDown:
		w.server.Down()
	case opUp:
		w.expect(w.server.Up())
	case opWithdraw:
		w.server.Withdraw(resource)
		w.withdrawn = true
	case opServe:
		w.serve()
	}
}

// inject puts a fault in force.
func (w *world) inject(f fault) injected {
	i := injected{f, w.server.Inject(apitest.Fault{Match: f.target.match(), Times: f.times, Do: f.do})}
	w.faults = append(w.faults, i)
	return i
}

// trouble performs the steps whose fault takes its time, or never ends.
func (w *world) trouble(s step) {
	switch s.op {
	case opLast:
		w.last(s)
	case opKink:
		w.bend(s)
	case opFreeze:
		w.freeze(s)
	case opReborn:
		w.server.Down()
		w.change(step{op: opBurst, n: s.n % 4, size: s.size})
		w.server.Compact()
		w.expect(w.server.Up())
	case opRestore:
		w.restore()
	case opBloat:
		w.bloat(s.n)
	case opRefuse:
		w.refuse(s)
	}
}

// bend makes the source crooked for a while.
func (w *world) bend(s step) {
	switch s.kink {
	case replays, lowEvents, lowBookmarks, oldDeletions:
		w.goesBack() // a watch may be resumed from a version that is too low
	}
	had := w.informer.Indexer().List()
	w.kept.look()
	w.source.crooked.bend(s.kink, s.n)
	w.goOn(s)
	if s.kink == foreign {
		w.checkKept(had)
	}
	w.source.crooked.straighten()
}

// freeze makes our process stand still. When it goes on, half of the time its
// connections are gone.
func (w *world) freeze(s step) {
	began := time.Now()
	w.source.gate.close()
	w.goOn(s)
	if s.n%2 == 0 {
		w.server.Cut(apitest.Match{}, apitest.Abruptly)
	}
	w.source.gate.open()
	w.absent = append(w.absent, span{began, time.Now()})
}

// restore takes the server back to its backup, once: versions that come again
// while somebody still believes in those of the last time are a lie that no
// client can see through.
func (w *world) restore() {
	if w.backup == nil || w.withdrawn {
		return
	}
	w.goesBack()
	w.server.Restore(w.backup)
	w.backup = nil
	w.mu.Lock()
	clear(w.bloated)
	w.mu.Unlock()
}

// remind makes the workers look again at what lost their work when the server
// went back: where the store had not seen it yet, no event tells of that.
func (w *world) remind() {
	if !w.script.performs(opRestore) || w.backup != nil {
		return
	}
	for _, j := range w.informer.Indexer().List() {
		if !j.done() {
			w.crew.queue.Add(keyOf(j))
		}
	}
}

// bloat makes a job too large.
func (w *world) bloat(n int) {
	if w.withdrawn {
		return
	}
	job := newJob(n)
	w.setBloated(keyOf(job), true)
	_, err := w.jobs.Modify(job.Namespace, job.Name, func(j *Job) *Job {
		j.Annotations = map[string]string{"blob": strings.Repeat("x", maxBytes)}
		return j
	})
	if !apierrors.IsNotFound(err) {
		w.expect(err)
		return
	}
	w.setBloated(keyOf(job), false)
}

// setBloated notes whether a job is too large. One that was so may be missing
// in the store until its next change.
func (w *world) setBloated(key string, is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if is {
		w.bloated[key] = true
		w.refused[key]++
	} else {
		delete(w.bloated, key)
	}
}

// slim makes all jobs small enough.
func (w *world) slim() {
	w.mu.Lock()
	keys := slices.Sorted(maps.Keys(w.bloated))
	w.mu.Unlock()
	for _, key := range keys {
		namespace, name, _ := strings.Cut(key, "/")
		_, err := w.jobs.Modify(namespace, name, func(j *Job) *Job {
			j.Annotations = nil
			return j
		})
		if !apierrors.IsNotFound(err) {
			w.expect(err)
		}
		w.setBloated(key, false)
	}
}

// refuse makes the transform refuse a job while changes of it come.
func (w *world) refuse(s step) {
	key := keyOf(newJob(s.n))
	set := func(is bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.refusing[key] = is
	}
	set(true)
	for i := range pieces {
		w.put(s.n, s.size+i)
		w.change(step{op: opBurst, n: 1, size: s.size + 100*i})
		<-time.After(s.pause / pieces)
	}
	set(s.n == w.script.setup.stubborn)
}

func (w *world) serve() {
	if w.withdrawn {
		w.expect(w.server.Serve(resource))
		w.withdrawn = false
	}
}

// rearrange performs the steps that change the pipeline.
func (w *world) rearrange(s step) {
	switch s.op {
	case opRestart:
		w.stop()
		stopped := time.Now()
		for i := range s.n {
			w.change(step{op: opBurst, n: 1, size: s.size + i})
		}
		<-time.After(s.pause)
		w.absent = append(w.absent, span{stopped, time.Now()})
		w.run()
	case opJoin:
		w.joinLate(s)
	case opRemove:
		w.remove(w.watchers[s.n%len(w.watchers)], s.size%3 == 0)
	case opIndex:
		if !w.indexed {
			w.indexed = true
			w.expect(w.informer.AddIndexers(later))
		}
	}
}

// joinLate adds a handler of one sort or another, some of which remove
// themselves inside a callback.
func (w *world) joinLate(s step) {
	o := w.newOracle(fmt.Sprintf("late %d", s.size))
	o.filtered = s.n%4 == 0
	if s.n%3 == 0 {
		o.slow = time.Duration(s.n) * time.Millisecond
	}
	if s.n%5 == 0 {
		o.leaveAt = 1 + s.n
	}
	if !o.filtered {
		o.batch, o.lanes = []int{0, 0, 3, 1000}[s.size%4], s.size%7 == 0
	}
	w.join(o, informer.HandlerOptions{
		ResyncPeriod: []time.Duration{-1, 0, 45 * time.Second}[s.n%3],
		ResyncRate:   []int{0, 0, 20}[s.size%3],
		Backlog:      backlogs[s.size%len(backlogs)],
	})
}

// backlogs are those of late handlers. The last one is small: with it a handler may be
// removed at any time.
var backlogs = []informer.Backlog{
	{}, {}, {Policy: informer.BacklogCoalesce},
	{Policy: informer.BacklogBackpressure, Bound: 5}, {Policy: informer.BacklogFail, Bound: 20},
}

// remove takes a handler out, now or once it was told of what is stored, and waits for
// its last callback (I5).
func (w *world) remove(seen *watcher, drain bool) {
	if drain {
		seen.reg.Drain()
		<-time.After(time.Minute)
	}
	seen.reg.Remove()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	select {
	case <-seen.reg.Done():
		seen.removed = true
		seen.leaves()
	case <-ctx.Done():
		w.book.fault("handler "+seen.name, "I5: Done is not closed a minute after Remove")
	}
}
