package sim

import (
	"context"
	"fmt"
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
	switch s.op {
	case opPause:
		<-time.After(s.pause)
	case opRest:
		synctest.Wait() // that is the step
	case opPut, opRelabel, opDelete, opRecreate, opBurst:
		w.change(s)
	case opRestart, opJoin, opRemove, opIndex:
		w.rearrange(s)
	default:
		w.disturb(s)
	}
}

// change is what happens to the objects.
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
			w.perform(step{op: pick(w.rand, opPut, opPut, opRelabel, opDelete, opRecreate), n: w.rand.IntN(names), size: s.size + i})
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
}

// expect takes an error for a fault of the simulation itself.
func (w *world) expect(err error) {
	if err != nil {
		w.book.fault("script", "%v", err)
	}
}

// disturb is what goes wrong.
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
		f := apitest.Fault{Match: s.fault.target.match(), Times: s.fault.times, Do: s.fault.do}
		w.faults = append(w.faults, injected{s.fault, w.server.Inject(f)})
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

func (w *world) serve() {
	if w.withdrawn {
		w.expect(w.server.Serve(resource))
		w.withdrawn = false
	}
}

// rearrange is what happens to the pipeline.
func (w *world) rearrange(s step) {
	switch s.op {
	case opRestart:
		w.stop()
		for i := range s.n {
			w.change(step{op: opBurst, n: 1, size: s.size + i})
		}
		<-time.After(s.pause)
		w.run()
	case opJoin:
		w.joinLate(s)
	case opRemove:
		w.remove(w.watchers[s.n%len(w.watchers)])
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
	w.join(o, informer.HandlerOptions{ResyncPeriod: []time.Duration{-1, 0, 45 * time.Second}[s.n%3]})
}

// remove takes a handler out and waits for its last callback (I5).
func (w *world) remove(seen *watcher) {
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
