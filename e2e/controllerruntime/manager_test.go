package controllerruntime

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
)

// configMaps is how many ConfigMaps the test begins with.
const configMaps = 30

func TestAManagerBringsTheServerToWhatIsWanted(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		x.must(mgr.GetFieldIndexer().IndexField(x.ctx, &corev1.ConfigMap{}, "wanted", func(obj client.Object) []string {
			return []string{obj.(*corev1.ConfigMap).Data["wanted"]}
		}))
		worker := newWorker(mgr.GetClient())
		x.must(builder.ControllerManagedBy(mgr).
			For(&corev1.ConfigMap{}).
			WithOptions(controller.Options{MaxConcurrentReconciles: 4, NewQueue: x.engine.queue}).
			Complete(worker))

		for i := range configMaps {
			w.create(w.wanting(i, "first"))
		}
		stop := w.start(mgr)

		// What was there, and what comes.
		w.create(w.wanting(configMaps, "first"))
		worker.await(x.ctx, x, "the first state", func(i int) string { return "first" }, configMaps+1)

		// What changes, and what goes.
		for i := range configMaps + 1 {
			if i%3 == 0 {
				w.remove(w.configMap(name(i)))
				continue
			}
			w.patch(w.configMap(name(i)), fmt.Sprintf(`{"data":{"wanted":"second-%d"}}`, i%2))
		}
		second := func(i int) string {
			if i%3 == 0 {
				return gone
			}
			return fmt.Sprintf("second-%d", i%2)
		}
		worker.await(x.ctx, x, "the second state", second, configMaps+1)
		w.compareWithServer(mgr.GetClient(), second)
		stop()
	})
}

func name(i int) string { return fmt.Sprintf("cm-%03d", i) }

func (w *world) wanting(i int, wanted string) *corev1.ConfigMap {
	return labelled(w.configMap(name(i), "wanted", wanted), "test", "yes")
}

// compareWithServer holds the server's ConfigMaps against what was wanted, and
// the cache's, also by index, against the server's.
func (w *world) compareWithServer(cached client.Client, want func(int) string) {
	w.Helper()
	var onServer corev1.ConfigMapList
	w.must(w.direct.List(w.ctx, &onServer, client.InNamespace(w.ns), client.MatchingLabels{"test": "yes"}))
	byWanted := map[string]int{}
	for _, cm := range onServer.Items {
		var i int
		if _, err := fmt.Sscanf(cm.Name, "cm-%03d", &i); err != nil {
			w.Fatal(err)
		}
		byWanted[want(i)]++
		if cm.Data["wanted"] != want(i) || cm.Data["done"] != want(i) {
			w.Errorf("%s: %v, wanted %s", cm.Name, cm.Data, want(i))
		}
	}
	if byWanted[gone] > 0 || len(byWanted) != 2 {
		w.Errorf("left on the server: %v", byWanted)
	}
	for wanted, n := range byWanted {
		var found corev1.ConfigMapList
		w.must(cached.List(w.ctx, &found, client.InNamespace(w.ns), client.MatchingFields{"wanted": wanted}))
		if len(found.Items) != n {
			w.Errorf("the cache's index has %d ConfigMaps that want %s, the server %d", len(found.Items), wanted, n)
		}
	}
}
