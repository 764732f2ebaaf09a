package controllerruntime

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// raw notes what an informer tells a handler that is added to it.
func (j *journal) raw() toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) { j.note("add %s %v", obj.(client.Object).GetName(), initial) },
		UpdateFunc: func(old, obj any) {
			j.note("update %s %v", obj.(client.Object).GetName(), old.(client.Object).GetResourceVersion() != obj.(client.Object).GetResourceVersion())
		},
		DeleteFunc: func(obj any) { j.note("delete %s", obj.(client.Object).GetName()) },
	}
}

func (w *world) informer(c cache.Cache, o client.Object, options ...cache.InformerGetOption) cache.Informer {
	w.Helper()
	informer, err := c.GetInformer(w.ctx, o, options...)
	w.must(err)
	return informer
}

// Before the cache runs nothing waits and nothing has synced; afterwards
// GetInformer waits, unless it is told not to.
func TestAnInformerSyncsWithTheCacheThatRuns(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(w.oneInformer)
		c := mgr.GetCache()
		w.create(w.configMap("a"))
		before := w.informer(c, &corev1.ConfigMap{})
		x.saw("before", fmt.Sprint(before.HasSynced(), before.IsStopped()))
		again, err := c.GetInformerForKind(x.ctx, corev1.SchemeGroupVersion.WithKind("ConfigMap"))
		x.must(err)
		x.saw("the same by kind", again == before)
		cancelled, cancel := context.WithCancel(x.ctx)
		cancel()
		x.saw("waiting for what has not started", c.WaitForCacheSync(cancelled))
		stop := w.start(mgr)
		x.saw("waiting", c.WaitForCacheSync(x.ctx))
		x.saw("after", fmt.Sprint(before.HasSynced(), before.IsStopped()))
		select {
		case <-before.HasSyncedChecker().Done():
		default:
			x.Error("the informer has synced, and its checker is not done")
		}
		x.saw("a new one", w.informer(c, &corev1.Secret{}).HasSynced())
		x.saw("the old one", w.informer(c, &corev1.ConfigMap{}) == before)
		stop()
		x.saw("in the end", fmt.Sprint(before.HasSynced(), before.IsStopped()))
	})
}

// An informer that the server refuses holds up whoever waits for it, as long as he
// wants to wait, and nobody else.
func TestAnInformerThatCannotSyncHoldsUpOnlyWhoWaits(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		w.wire.refuse("configmaps")
		errors := make(chan error, 1)
		mgr := w.manager(w.oneInformer, func(o *manager.Options) {
			o.Cache.DefaultWatchErrorHandler = func(_ context.Context, _ *toolscache.Reflector, err error) {
				select {
				case errors <- err:
				default:
				}
			}
		})
		c := mgr.GetCache()
		w.start(mgr)
		// While a manager waits for its caches it cannot be stopped, on stock too.
		x.wait("the manager to run", mgr.Elected())
		x.saw("no wait", w.informer(c, &corev1.ConfigMap{}, cache.BlockUntilSynced(false)).HasSynced())
		x.saw("another", w.informer(c, &corev1.Secret{}).HasSynced())
		short, cancel := context.WithTimeout(x.ctx, 100*time.Millisecond)
		defer cancel()
		_, err := c.GetInformer(short, &corev1.ConfigMap{})
		x.sawError("a wait", err)
		x.saw("which is Timeout", apierrors.IsTimeout(err))
		x.sawError("a read", c.Get(short, w.key("a"), &corev1.ConfigMap{}))
		x.saw("waiting for all", c.WaitForCacheSync(short))
		select {
		case err := <-errors:
			x.saw("the error handler is told of Forbidden", apierrors.IsForbidden(err))
		case <-x.ctx.Done():
			x.Error("the watch error handler was never called")
		}
		x.must(c.RemoveInformer(x.ctx, &corev1.ConfigMap{}))
		x.saw("waiting for the rest", c.WaitForCacheSync(x.ctx))
	})
}

// RemoveInformer stops an informer; who asks again has a new one, with the state
// of now.
func TestAnInformerMayBeRemovedAndComeBack(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(w.oneInformer)
		c := mgr.GetCache()
		x.must(c.RemoveInformer(x.ctx, &corev1.ConfigMap{})) // there is none
		x.must(c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		w.create(w.configMap("a", "colour", "red"))
		w.start(mgr)
		first := w.informer(c, &corev1.ConfigMap{})
		var events journal
		reg, err := first.AddEventHandler(events.raw())
		x.must(err)
		events.awaitCount(x, 1)
		x.wait("the handler to sync", reg.HasSyncedChecker().Done()) // which a goroutine of the registration waits for
		x.must(c.RemoveInformer(x.ctx, &corev1.ConfigMap{}))
		w.eventually("the informer to stop", func() error {
			if !first.IsStopped() {
				return fmt.Errorf("it has not")
			}
			return nil
		})
		w.create(w.configMap("b", "colour", "red"))
		x.saw("what it holds", len(x.made.all()[0].GetStore().ListKeys()))
		_, err = first.AddEventHandler(&toolscache.ResourceEventHandlerFuncs{})
		x.saw("a handler for it is refused", strings.Contains(fmt.Sprint(err), "it has stopped already"))
		x.sawError("an index for it", first.AddIndexers(toolscache.Indexers{"x": func(any) ([]string, error) { return nil, nil }}))
		x.must(c.RemoveInformer(x.ctx, &corev1.ConfigMap{})) // again

		second := w.informer(c, &corev1.ConfigMap{})
		x.saw("another", second != first)
		x.saw("now", w.names(c))
		x.sawError("its index", c.List(x.ctx, &corev1.ConfigMapList{}, client.MatchingFields{"colour": "red"}))
		x.must(c.IndexField(x.ctx, &corev1.ConfigMap{}, "colour", dataValue("colour")))
		x.saw("its new index", w.names(c, client.MatchingFields{"colour": "red"}))
		x.saw("events of the first", events.all())
		x.saw("informers", len(x.made.all()))
	})
}

// Handlers come and go while the informer runs.
func TestHandlersComeAndGo(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*world) func(*manager.Options)
	}{
		{"of one informer", func(w *world) func(*manager.Options) { return w.oneInformer }},
		{"of several namespaces", func(w *world) func(*manager.Options) {
			other := server.Server(w).Namespace(w)
			return func(o *manager.Options) { o.Cache.DefaultNamespaces[other] = cache.Config{} }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			prove(t, func(x *trial) { checkHandlers(newWorld(x, nil), test.change) })
		})
	}
}

func checkHandlers(w *world, change func(*world) func(*manager.Options)) {
	w.create(w.configMap("a"), w.configMap("b"))
	mgr := w.manager(change(w))
	c := mgr.GetCache()
	w.start(mgr)
	informer := w.informer(c, &corev1.ConfigMap{})
	var early, late journal
	first, err := informer.AddEventHandlerWithOptions(early.raw(), toolscache.HandlerOptions{})
	w.must(err)
	w.wait("the handler to sync", first.HasSyncedChecker().Done())
	w.saw("synced", first.HasSynced())
	w.saw("the initial list", sorted(early.all()))
	w.create(w.configMap("c"))
	early.awaitLine(w.trial, "add c false")
	second, err := informer.AddEventHandlerWithResyncPeriod(late.raw(), 0)
	w.must(err)
	late.awaitCount(w.trial, 3)
	w.must(informer.RemoveEventHandler(first))
	w.must(informer.RemoveEventHandler(first))
	w.patch(w.configMap("a"), `{"data":{"n":"1"}}`)
	w.remove(w.configMap("b"))
	late.awaitLine(w.trial, "delete b")
	w.saw("the handler that was removed", sorted(early.all()))
	w.saw("the one that came late", sorted(late.all()))
	w.must(informer.RemoveEventHandler(second))
	err = informer.RemoveEventHandler(nobody{})
	w.saw("a registration of nobody is refused", err != nil)
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

// nobody is a registration that no informer has given out.
type nobody struct {
	toolscache.ResourceEventHandlerRegistration
}
