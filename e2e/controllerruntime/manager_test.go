package controllerruntime

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// patience is for a server that shares its processors with other tests.
const patience = 2 * time.Minute

// configMaps is how many ConfigMaps the test begins with.
const configMaps = 30

func TestAManagerReconcilesOnOurEngines(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := server.Server(t)
	ns := s.Namespace(t)
	transport := s.NewClient()
	t.Cleanup(transport.CloseIdleConnections)
	restConfig := &rest.Config{Host: s.URL(), Transport: transport.Transport, QPS: -1}
	direct := kubernetes.NewForConfigOrDie(restConfig).CoreV1().ConfigMaps(ns)

	var ours engines
	options := manager.Options{
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{ns: {}}},
	}
	ours.cache(&options)
	mgr, err := manager.New(restConfig, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &corev1.ConfigMap{}, "wanted", func(obj client.Object) []string {
		return []string{obj.(*corev1.ConfigMap).Data["wanted"]}
	}); err != nil {
		t.Fatal(err)
	}
	worker := newWorker(mgr.GetClient())
	if err := builder.ControllerManagedBy(mgr).
		For(&corev1.ConfigMap{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4, NewQueue: ours.newQueue}).
		Complete(worker); err != nil {
		t.Fatal(err)
	}

	create := func(i int) {
		t.Helper()
		cm := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name(i), Labels: map[string]string{"test": "yes"}},
			Data:       map[string]string{"wanted": "first"},
		}
		if _, err := direct.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range configMaps {
		create(i)
	}
	stop := start(t, ctx, mgr)

	// What was there, and what comes.
	create(configMaps)
	worker.await(ctx, t, "the first state", func(i int) string { return "first" }, configMaps+1)
	ours.check(t)

	// What changes, and what goes.
	for i := range configMaps + 1 {
		if i%3 == 0 {
			if err := direct.Delete(ctx, name(i), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		patch := fmt.Sprintf(`{"data":{"wanted":"second-%d"}}`, i%2)
		if _, err := direct.Patch(ctx, name(i), "application/merge-patch+json", []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	second := func(i int) string {
		if i%3 == 0 {
			return gone
		}
		return fmt.Sprintf("second-%d", i%2)
	}
	worker.await(ctx, t, "the second state", second, configMaps+1)
	compareWithServer(ctx, t, direct.List, mgr.GetClient(), ns, second)

	stop()
	ours.checkStopped(t)
}

func name(i int) string { return fmt.Sprintf("cm-%03d", i) }

// start runs mgr until the function that it returns is called.
func start(t *testing.T, ctx context.Context, mgr manager.Manager) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// compareWithServer holds the server's ConfigMaps against what was wanted, and
// the cache's, also by index, against the server's.
func compareWithServer(ctx context.Context, t *testing.T, list func(context.Context, metav1.ListOptions) (*corev1.ConfigMapList, error), cached client.Client, ns string, want func(int) string) {
	t.Helper()
	onServer, err := list(ctx, metav1.ListOptions{LabelSelector: "test=yes"})
	if err != nil {
		t.Fatal(err)
	}
	byWanted := map[string]int{}
	for _, cm := range onServer.Items {
		var i int
		if _, err := fmt.Sscanf(cm.Name, "cm-%03d", &i); err != nil {
			t.Fatal(err)
		}
		byWanted[want(i)]++
		if cm.Data["wanted"] != want(i) || cm.Data["done"] != want(i) {
			t.Errorf("%s: %v, wanted %s", cm.Name, cm.Data, want(i))
		}
	}
	if byWanted[gone] > 0 || len(byWanted) != 2 {
		t.Errorf("left on the server: %v", byWanted)
	}
	for wanted, n := range byWanted {
		var found corev1.ConfigMapList
		if err := cached.List(ctx, &found, client.InNamespace(ns), client.MatchingFields{"wanted": wanted}); err != nil {
			t.Fatal(err)
		}
		if len(found.Items) != n {
			t.Errorf("the cache's index has %d ConfigMaps that want %s, the server %d", len(found.Items), wanted, n)
		}
	}
}

// madeHere reports whether the type of v is of a package of this project.
func madeHere(v any, pkg string) bool {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.HasPrefix(t.PkgPath(), "github.com/informant-go/informant/"+pkg)
}
