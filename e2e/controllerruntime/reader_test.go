package controllerruntime

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

func TestReadersLimitAndRefuse(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		for i := range 7 {
			w.create(labelled(w.configMap(name(i)), "odd", fmt.Sprint(i%2)))
		}
		mgr := w.manager(w.oneInformer)
		w.start(mgr)
		c := mgr.GetCache()
		x.saw("all", w.names(c))
		for _, limit := range []int64{0, 1, 3, 7, 100} {
			x.saw(fmt.Sprint("limit ", limit), w.count(c, client.Limit(limit)))
			x.saw(fmt.Sprint("limit of odd ones ", limit), w.count(c, client.Limit(limit), client.MatchingLabels{"odd": "1"}))
		}
		var list corev1.ConfigMapList
		x.must(c.List(x.ctx, &list, client.Limit(1)))
		x.saw("continue", list.Continue)
		x.sawError("to continue", c.List(x.ctx, &list, client.Limit(1), client.Continue(list.Continue)))
		x.saw("another namespace", w.names(c, client.InNamespace("nowhere")))
		err := c.Get(x.ctx, w.key("nothing"), &corev1.ConfigMap{})
		x.sawError("an object that there is not", err)
		x.saw("which is NotFound", apierrors.IsNotFound(err))
	})
}

// What a reader gives out is the caller's, unless the caller asked for the
// cache's own.
func TestReadersCopyUnlessToldNotTo(t *testing.T) {
	for _, test := range []struct {
		name    string
		options func(*manager.Options)
		get     []client.GetOption
		list    []client.ListOption
	}{
		{"copies", func(*manager.Options) {}, nil, nil},
		{"of one call", func(*manager.Options) {}, []client.GetOption{client.UnsafeDisableDeepCopy}, []client.ListOption{client.UnsafeDisableDeepCopy}},
		{"of the cache", func(o *manager.Options) { o.Cache.DefaultUnsafeDisableDeepCopy = new(true) }, nil, nil},
		{"of an object", func(o *manager.Options) {
			o.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {UnsafeDisableDeepCopy: new(true)}}
		}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			prove(t, func(x *trial) {
				w := newWorld(x, nil)
				w.create(w.configMap("a", "colour", "red"))
				mgr := w.manager(test.options)
				w.start(mgr)
				var first, second, third corev1.ConfigMap
				x.must(mgr.GetClient().Get(x.ctx, w.key("a"), &first, test.get...))
				x.must(mgr.GetClient().Get(x.ctx, w.key("a"), &second, test.get...))
				var list corev1.ConfigMapList
				x.must(mgr.GetClient().List(x.ctx, &list, test.list...))
				third = list.Items[0]
				second.Data["mark"], third.Data["another"] = "set", "set" // nothing else reads it
				x.saw("kind", first.Kind+" "+second.Kind+" "+third.Kind)
				x.saw("the first", pairs(first.Data))
				var fourth corev1.ConfigMap
				x.must(mgr.GetClient().Get(x.ctx, w.key("a"), &fourth, test.get...))
				x.saw("the last", pairs(fourth.Data))
			})
		})
	}
}

func TestAReaderMayBeToldNotToStartInformers(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(func(o *manager.Options) { o.Cache.ReaderFailOnMissingInformer = true })
		c := mgr.GetCache()
		_, err := c.GetInformer(x.ctx, &corev1.ConfigMap{})
		x.must(err)
		w.create(w.configMap("a"))
		w.start(mgr)
		x.saw("what has an informer", w.names(c))
		notCached := func(what string, err error) {
			x.Helper()
			x.sawError(what, err)
			var missing *cache.ErrResourceNotCached
			if !errors.As(err, &missing) {
				x.Errorf("%s gives %v, not ErrResourceNotCached", what, err)
			}
		}
		notCached("Get", c.Get(x.ctx, w.key("a"), &corev1.Secret{}))
		notCached("List", c.List(x.ctx, &corev1.SecretList{}))
		notCached("metadata", c.Get(x.ctx, w.key("a"), configMapForms[2].object()))
		x.must(c.RemoveInformer(x.ctx, &corev1.ConfigMap{}))
		notCached("what was removed", c.Get(x.ctx, w.key("a"), &corev1.ConfigMap{}))
		x.saw("informers", len(x.made.all()))
	})
}

func TestACacheThatIsNotStartedSaysSo(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		err := mgr.GetCache().Get(x.ctx, w.key("a"), &corev1.ConfigMap{})
		x.sawError("Get", err)
		var notStarted *cache.ErrCacheNotStarted
		x.saw("which is ErrCacheNotStarted", errors.As(err, &notStarted))
		x.sawError("List", mgr.GetCache().List(x.ctx, &corev1.ConfigMapList{}))
	})
}

// Kinds that the cache is not to hold are read from the server, and so is
// everything by the API reader.
func TestReadsPastTheCacheSeeTheServer(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager(func(o *manager.Options) {
			o.Client.Cache = &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}
		})
		w.create(w.configMap("a"))
		w.start(mgr)
		x.must(mgr.GetClient().Get(x.ctx, w.key("a"), &corev1.ConfigMap{}))
		release := w.wire.hold()
		defer release()
		w.create(w.configMap("b"), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "b"}})
		x.must(mgr.GetClient().Get(x.ctx, w.key("b"), &corev1.Secret{}))
		x.must(mgr.GetAPIReader().Get(x.ctx, w.key("b"), &corev1.ConfigMap{}))
		x.sawError("the cache", mgr.GetClient().Get(x.ctx, w.key("b"), &corev1.ConfigMap{}))
		release()
		w.awaitNames("the cache to have it too", "[a b]", func() string { return w.names(mgr.GetClient()) })
		x.saw("informers", len(x.made.all()))
	})
}
