package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
)

// checkStore compares the store with the server (R1).
func (w *world) checkStore() {
	want, err := w.jobs.Objects()
	if err != nil {
		w.book.fault("store", "%v", err)
		return
	}
	snapshot := w.informer.Indexer().Snapshot()
	got := maps.Collect(snapshot.All())
	stored := maps.Clone(got)
	for _, jobs := range []map[string]*Job{want, got} {
		maps.DeleteFunc(jobs, func(key string, _ *Job) bool { return w.hopeless(key) })
	}
	if diff := cmp.Diff(want, got, cmp.Transformer("untyped", untyped)); diff != "" {
		w.book.fault("store", "R1: it differs from the server (-server +store):\n%s", diff)
	}
	for key, job := range want {
		if !job.done() {
			w.book.fault("worker", "Q2: %s was not worked on in its last state: observed %d, generation %d", key, job.Status.Observed, job.Generation)
		}
	}
	w.checkHandlers(stored)
	w.checkIndexes(snapshot, stored)
}

// untyped is j without its kind, which the server gives and typed clients
// drop.
func untyped(j *Job) Job {
	c := *j
	c.APIVersion, c.Kind = "", ""
	return c
}

// checkHandlers compares what the handlers were told with the store (I1, I4,
// I6).
func (w *world) checkHandlers(stored map[string]*Job) {
	for _, each := range w.watchers {
		if each.departed() {
			continue
		}
		want := maps.Clone(stored)
		if each.filtered {
			maps.DeleteFunc(want, func(_ string, j *Job) bool { return !chosen(j) })
		}
		if diff := cmp.Diff(states(want), states(each.rebuilt())); diff != "" {
			w.book.fault("handler "+each.name, "I1: what it was told differs from the store (-store +handler):\n%s", diff)
		}
		if !each.reg.HasSynced() {
			w.book.fault("handler "+each.name, "I6: it has not synced")
		}
	}
}

// departed reports whether the handler was removed, by the script or by itself.
func (s *watcher) departed() bool {
	select {
	case <-s.reg.Done():
		return true
	default:
		return false
	}
}

func states(jobs map[string]*Job) map[string]string {
	all := make(map[string]string, len(jobs))
	for key, j := range jobs {
		all[key] = version(j)
	}
	return all
}

// checkIndexes makes each index anew of the objects and compares (S1, S3).
func (w *world) checkIndexes(snapshot indexer.Snapshot[*Job], stored map[string]*Job) {
	for name, values := range w.informer.Indexer().GetIndexers() {
		want := make(map[string][]string)
		for key, j := range stored {
			listed, err := values(j)
			w.expect(err)
			slices.Sort(listed)
			for _, value := range slices.Compact(listed) {
				want[value] = append(want[value], key)
			}
		}
		got := make(map[string][]string)
		for _, value := range snapshot.ListIndexFuncValues(name) {
			keys, err := snapshot.IndexKeys(name, value)
			w.expect(err)
			got[value] = keys
		}
		for _, keys := range want {
			slices.Sort(keys)
		}
		for _, keys := range got {
			slices.Sort(keys)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.book.fault("index "+name, "S3: it differs from the objects (-objects +index):\n%s", diff)
		}
	}
	if n := len(w.informer.Indexer().GetIndexers()); w.indexed != (n == len(indexes)+len(later)) {
		w.book.fault("index", "there are %d", n)
	}
}

// checkRest waits until all that was handed over is told (I10), after which nobody is
// behind, and looks at how fresh the store is said to be after a quiet time with a
// change now and then (I11).
func (w *world) checkRest() {
	ctx, cancel := context.WithTimeout(context.Background(), Settle)
	defer cancel()
	began := time.Now()
	if err := w.informer.Quiesce(ctx); err != nil {
		w.book.fault("informer", "I10: %v", err)
	}
	for _, h := range w.informer.Status().Handlers {
		if h.Lag > 0 && time.Since(began) == 0 {
			w.book.fault("informer", "I10: after Quiesce handler %s is behind: %+v", h.Name, h)
		}
	}
	if age := time.Since(w.informer.FreshAt()); age > 3*calmly {
		w.book.fault("informer", "I11: the store is said to be %v old", age)
	}
}

// checkWait waits for the server's version (S5). Where nothing changes, the next
// bookmark brings it, or the watch that follows the present one.
func (w *world) checkWait() {
	if w.script.setup.unversioned || w.wentBack() {
		return // the store cannot know the version, or has a higher one
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.script.setup.most+2*time.Minute)
	defer cancel()
	version := w.server.ResourceVersion()
	if err := w.informer.Indexer().WaitFor(ctx, version); err != nil {
		w.book.fault("store", "S5: WaitFor(%s): %v, the store is at %s", version, err, w.informer.LastSyncResourceVersion())
	}
}

// agreed tells, cheaply, whether everything has been brought to its end, and
// the reflector watches again (R1a).
func (w *world) agreed() bool {
	if w.disagreement() != "" || !w.crew.idle() || !w.source.watching() || w.ahead() {
		return false
	}
	s := w.informer.Status()
	busy := func(h informer.HandlerStatus) bool { return h.Busy || h.Lag > 0 || !h.Synced }
	return s.QueueDepth == 0 && !slices.ContainsFunc(s.Handlers, busy)
}

// ahead reports whether the reflector watches from a version that the server,
// which went back, has yet to come to. It learns so when that watch has been silent
// for its time (RelistSilent); until then the two agree by chance only.
func (w *world) ahead() bool {
	return object.NewerVersion(w.reflector.LastSyncResourceVersion(), w.server.ResourceVersion())
}

// disagreement is the differences in one line.
func (w *world) disagreement() string { return strings.Join(w.differences(), "; ") }

// differences are the objects that differ between server and store by version,
// and the jobs that wait for their status, but for what is refused.
func (w *world) differences() (all []string) {
	want, err := w.jobs.Versions()
	if err != nil {
		return []string{err.Error()}
	}
	for _, j := range w.informer.Indexer().List() {
		key := keyOf(j)
		if w.hopeless(key) {
			continue
		}
		if want[key] != j.ResourceVersion {
			all = append(all, fmt.Sprintf("%s is at %s in the store and at %q on the server", key, version(j), want[key]))
		} else if !j.done() {
			all = append(all, key+" has no status")
		}
		delete(want, key)
	}
	for key := range want {
		if !w.hopeless(key) {
			all = append(all, key+" is missing in the store")
		}
	}
	return all
}
