package cache_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	upstream "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
)

// fakeSource is client-go's fake source, which sends no streamed lists and
// should have said so.
type fakeSource struct{ *fcache.FakeControllerSource }

func (fakeSource) IsWatchListSemanticsUnSupported() bool { return true }

// world is one engine with a source of its own, to which a test does what it
// does to the other.
type world struct {
	name     string
	source   *fcache.FakeControllerSource
	informer upstream.SharedIndexInformer
	cancel   context.CancelFunc
	over     chan struct{}

	recorders []*recorder
	handles   []upstream.ResourceEventHandlerRegistration
}

type makeInformer = func(upstream.ListerWatcher, upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer

var engines = []struct {
	name string
	make makeInformer
}{
	{"client-go", func(lw upstream.ListerWatcher, opts upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer {
		return upstream.NewSharedIndexInformerWithOptions(lw, &corev1.Pod{}, opts)
	}},
	{"informant", func(lw upstream.ListerWatcher, opts upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer {
		return cache.NewSharedIndexInformerWithOptions(lw, &corev1.Pod{}, opts)
	}},
}

// pair is the same world on both engines.
type pair []*world

// tolerance is what compare overlooks.
type tolerance struct {
	// repeats: how often an unchanged state was told. client-go lists more
	// often, and counts its resync period anew from each list.
	repeats bool
}

func newPair(opts func() upstream.SharedIndexInformerOptions) pair {
	var p pair
	for _, engine := range engines {
		w := &world{name: engine.name, source: fcache.NewFakeControllerSource()}
		w.informer = engine.make(fakeSource{w.source}, opts())
		p = append(p, w)
	}
	return p
}

func (p pair) each(do func(w *world)) {
	for _, w := range p {
		do(w)
	}
}

func (p pair) run() {
	p.each(func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		w.cancel, w.over = cancel, make(chan struct{})
		go func() {
			defer close(w.over)
			w.informer.RunWithContext(ctx)
		}()
	})
	settle()
}

func (p pair) stop() {
	p.each(func(w *world) {
		w.cancel()
		<-w.over
		w.source.Shutdown()
	})
}

// settle lets everything happen that needs no time.
func settle() { synctest.Wait() }

// pass lets time pass, and what is due meanwhile happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (p pair) handle(opts upstream.HandlerOptions) {
	p.each(func(w *world) {
		r := &recorder{byKey: map[string][]string{}}
		reg, err := w.informer.AddEventHandlerWithOptions(r, opts)
		if err != nil {
			r.failed = err
		}
		w.recorders, w.handles = append(w.recorders, r), append(w.handles, reg)
	})
	settle()
}

// compare holds the stores, and what the handlers were told, against each
// other. Across keys there is no order: the source lists out of a map.
func (p pair) compare(t failer) {
	t.Helper()
	p.compareBut(t, tolerance{})
}

func (p pair) compareBut(t failer, overlook tolerance) {
	t.Helper()
	theirs, ours := p[0], p[1]
	if diff := cmp.Diff(contents(theirs.informer.GetStore()), contents(ours.informer.GetStore())); diff != "" {
		t.Fatalf("stores differ (-client-go +informant):\n%s", diff)
	}
	for i := range theirs.recorders {
		if diff := cmp.Diff(theirs.recorders[i].eventsBut(overlook), ours.recorders[i].eventsBut(overlook)); diff != "" {
			t.Fatalf("handler %d was told different things (-client-go +informant):\n%s", i, diff)
		}
		if a, b := theirs.handles[i].HasSynced(), ours.handles[i].HasSynced(); a != b {
			t.Fatalf("handler %d HasSynced: client-go %v, informant %v", i, a, b)
		}
	}
	for _, ask := range []struct {
		what string
		of   func(upstream.SharedIndexInformer) any
	}{
		{"HasSynced", func(i upstream.SharedIndexInformer) any { return i.HasSynced() }},
		{"HasSyncedChecker", func(i upstream.SharedIndexInformer) any { return upstream.IsDone(i.HasSyncedChecker()) }},
		{"LastSyncResourceVersion", func(i upstream.SharedIndexInformer) any { return i.LastSyncResourceVersion() }},
		{"the controller's LastSyncResourceVersion", func(i upstream.SharedIndexInformer) any { return i.GetController().LastSyncResourceVersion() }},
		{"the store's version", func(i upstream.SharedIndexInformer) any { return i.GetStore().LastStoreSyncResourceVersion() }},
		{"IsStopped", func(i upstream.SharedIndexInformer) any { return i.IsStopped() }},
	} {
		if a, b := ask.of(theirs.informer), ask.of(ours.informer); a != b {
			t.Fatalf("%s: client-go %v, informant %v", ask.what, a, b)
		}
	}
}

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func contents(store upstream.Store) []string {
	var all []string
	for _, obj := range store.List() {
		all = append(all, describe(obj))
	}
	slices.Sort(all)
	return all
}

// recorder is a handler that notes what it is told, by key.
type recorder struct {
	failed error

	mu    sync.Mutex
	byKey map[string][]string // guarded by mu
}

func (r *recorder) OnAdd(obj any, initial bool) {
	r.note(obj, fmt.Sprintf("add %s initial=%v", describe(obj), initial))
}

func (r *recorder) OnUpdate(old, obj any) {
	r.note(obj, fmt.Sprintf("update %s -> %s", describe(old), describe(obj)))
}

func (r *recorder) OnDelete(obj any) {
	if gone, ok := obj.(upstream.DeletedFinalStateUnknown); ok {
		r.note(obj, fmt.Sprintf("missed the deletion of %s, last seen as %s", gone.Key, describe(gone.Obj)))
		return
	}
	r.note(obj, "delete "+describe(obj))
}

func (r *recorder) note(obj any, what string) {
	key, err := upstream.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		key = err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byKey[key] = append(r.byKey[key], what)
}

func (r *recorder) events() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	copied := map[string][]string{}
	for key, events := range r.byKey {
		copied[key] = slices.Clone(events)
	}
	if r.failed != nil {
		copied["failed"] = []string{"yes"}
	}
	return copied
}

func (r *recorder) eventsBut(overlook tolerance) map[string][]string {
	events := r.events()
	if overlook.repeats {
		for key := range events {
			events[key] = slices.DeleteFunc(events[key], isRepeat)
		}
	}
	return events
}

func isRepeat(event string) bool {
	states, isUpdate := strings.CutPrefix(event, "update ")
	before, after, _ := strings.Cut(states, " -> ")
	return isUpdate && before == after
}

func describe(obj any) string {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return fmt.Sprintf("%T", obj)
	}
	return fmt.Sprintf("%s/%s@%s[%s]", pod.Namespace, pod.Name, pod.ResourceVersion, pod.Spec.NodeName)
}

func newPod(namespace, name, node string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name)},
		Spec:       corev1.PodSpec{NodeName: node},
	}
}

func noOptions() upstream.SharedIndexInformerOptions { return upstream.SharedIndexInformerOptions{} }

func bubble(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) }
