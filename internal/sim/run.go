package sim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

const (
	// Settle is how much virtual time everything has to agree in once the
	// faults have ended: the longest watch (10 minutes), the limit to its
	// silence, the longest pauses of reflector and workers.
	Settle = 15 * time.Minute

	// patience is for how long a list may be put off that a single event
	// calls for. After it the simulation changes the objects concerned.
	patience = 3 * time.Hour

	// glance is the time between two checks of it.
	glance = 10 * time.Second

	// quiet is how long nothing may be listed then, and calmly the time
	// between two changes meanwhile.
	quiet  = 30 * time.Minute
	calmly = 50 * time.Second
)

// Run plays a script and fails t, with the script and all that happened, if
// something is wrong in the end or on the way.
func Run(t *testing.T, script Script) {
	w := simulate(t, script, mutant{})
	t.Logf("watches: %v", &w.seen)
	if found := w.book.all(); len(found) > 0 {
		t.Errorf("%s\nplay it again with: go test ./internal/sim -run TestPipeline -sim.seed %d\n%v\nstats: %+v\nwhat happened:%v",
			strings.Join(found, "\n"), script.Seed, script, w.reflector.Stats(), w.journal)
	}
}

// simulate plays a script; what is wrong is in the book of the world.
func simulate(t *testing.T, script Script, m mutant) (w *world) {
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, script, m)
		w.play()
		w.endFaults()
		if w.settle() {
			w.checkStore()
			w.checkWait()
			w.rest()
			w.checkRest()
			w.checkStore()
		}
		w.checkWatches()
		w.checkLists()
		w.checkBudget()
		w.checkPace()
		w.checkTold()
		w.close()
	})
	return w
}

// endFaults ends all faults of the server. The reflector may have to find out
// by itself which streams stand still.
func (w *world) endFaults() {
	for _, f := range w.faults {
		f.Remove()
	}
	w.expect(w.server.Up())
	w.serve()
	w.source.crooked.straighten()
	w.slim()
	w.journal.note("script", "the faults end")
	if w.script.setup.resume {
		w.server.Resume(streams.match())
		w.server.Resume(lists.match())
		w.server.Resume(watches.match())
	}
}

// settle waits until everything agrees. A list that a single event calls for may
// take longer, within R1b's bound.
func (w *world) settle() bool {
	limit := Settle
	if _, most := w.source.owed(); most < patience {
		limit += most
	}
	if w.agrees(limit, false) || w.anyRefused() && w.agrees(Settle, true) {
		return true
	}
	w.book.fault("pipeline", "R1: after %v it has not settled: %s; queue %+v, informer %+v, reflector at %s",
		limit, w.disagreement(), w.crew.queue.Stats(), w.informer.Status(), w.reflector.LastSyncResourceVersion())
	return false
}

// agrees reports whether everything agrees within limit.
func (w *world) agrees(limit time.Duration, touchOld bool) bool {
	for range limit / glance {
		<-time.After(glance)
		synctest.Wait() // until nothing more happens at this moment
		w.checkStep()
		w.remind()
		w.touchRefused(touchOld)
		if w.agreed() {
			return true
		}
	}
	return false
}

// touchRefused changes the objects that the store lacks because they were
// shown in a form that was refused and reported, and, if old is true, those of
// which it has an old state because they were shown so more than once: the only
// exceptions of R1, since nothing but such a change tells that they are good
// again (R1b).
func (w *world) touchRefused(old bool) {
	if !w.anyRefused() {
		return
	}
	want, err := w.jobs.Objects()
	w.expect(err)
	for key, j := range want {
		stored, exists, _ := w.informer.Indexer().GetByKey(key)
		if w.hopeless(key) || exists && !(old && w.refusedOften(key) && !sameState(stored, j)) || !w.wasRefused(key) {
			continue
		}
		w.journal.note("script", "touch %s, which was refused", key)
		_, err := w.jobs.Modify(j.Namespace, j.Name, func(j *Job) *Job { return relabel(j, j.Spec.Size+1) })
		w.expect(err)
	}
}

// awaitWatch waits until a watch is open, for a glance at most: a list that was
// owed and whose time has just come is counted before it is made.
func (w *world) awaitWatch() {
	for range glance / time.Second {
		synctest.Wait() // what the reflector did about the last answer is done
		if w.source.watching() {
			return
		}
		<-time.After(time.Second)
	}
}

// rest is a quiet time: changes, but no faults (R2).
func (w *world) rest() {
	// Streams that were opened during the faults can have some before them. A
	// watch that is cut when it has just begun looks like one that cannot work.
	<-time.After(glance)
	w.cut = w.server.Cut(apitest.Match{}, apitest.Cleanly) > 0
	<-time.After(glance)
	w.awaitWatch()
	before := w.reflector.Stats()
	owed, _ := w.source.owed()
	for i := range int(quiet / calmly) {
		w.perform(step{op: opBurst, n: 1 + i%3, size: 1_000_000 + 10*i})
		w.perform(step{op: opRecreate, n: i % names, size: 2_000_000 + i})
		<-time.After(calmly)
		w.checkFresh()
	}
	synctest.Wait() // the last change has gone all the way
	if w.script.setup.unversioned {
		w.settle() // what was deleted between two watches shows in the next list
		return
	}
	w.checkCalm()
	w.checkQuiet(before, w.reflector.Stats(), owed)
}
