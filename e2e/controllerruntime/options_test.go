package controllerruntime

import (
	"fmt"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// occupied returns an address at which somebody listens.
func (x *trial) occupied() string {
	x.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	x.must(err)
	x.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// Options that conflict, each with where the conflict comes out.
var conflicts = []struct {
	name string
	try  func(*world) error
}{
	{"namespaces for a kind that has none", func(w *world) error {
		return errorOf(w.tryManager(func(o *manager.Options) {
			o.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.Node{}: {Namespaces: map[string]cache.Config{w.ns: {}}}}
		}))
	}},
	{"an election without a name", func(w *world) error {
		return errorOf(w.tryManager(func(o *manager.Options) { o.LeaderElection = true }))
	}},
	{"an election without a namespace", func(w *world) error {
		return errorOf(w.tryManager(func(o *manager.Options) { o.LeaderElection, o.LeaderElectionID = true, "x" }))
	}},
	{"a lease that ends before it is renewed", func(w *world) error {
		mgr := w.manager(w.elected, func(o *manager.Options) { o.LeaseDuration = new(time.Second) })
		return w.run(mgr).wait()
	}},
	{"probes at an address that is taken", func(w *world) error {
		return errorOf(w.tryManager(func(o *manager.Options) { o.HealthProbeBindAddress = w.occupied() }))
	}},
	{"metrics at an address that is taken", func(w *world) error {
		mgr := w.manager(func(o *manager.Options) { o.Metrics.BindAddress = w.occupied() })
		return w.run(mgr).wait()
	}},
	{"webhooks without a certificate", func(w *world) error {
		h := &hooks{}
		h.at.Host, h.at.Port, h.at.CertDir = "127.0.0.1", w.port(), w.TempDir()
		mgr := w.manager(h.serve)
		w.must(builder.WebhookManagedBy(mgr, &corev1.ConfigMap{}).WithDefaulter(taste{}).Complete())
		return w.run(mgr).wait()
	}},
	{"an object of no known kind", func(w *world) error {
		w.scheme = runtime.NewScheme()
		return errorOf(w.tryManager(func(o *manager.Options) {
			o.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {}}
		}))
	}},
	{"a controller without a reconciler", func(w *world) error {
		_, err := controller.New("nothing", w.manager(), controller.Options{NewQueue: w.engine.queue})
		return err
	}},
	{"a controller without a name", func(w *world) error {
		_, err := controller.New("", w.manager(), controller.Options{NewQueue: w.engine.queue, Reconciler: idle})
		return err
	}},
	{"two controllers of one name", func(w *world) error {
		mgr := w.manager(func(o *manager.Options) { o.Controller.SkipNameValidation = nil })
		for range 2 {
			err := builder.ControllerManagedBy(mgr).Named("twice-on-" + w.ns).For(&corev1.ConfigMap{}).
				WithOptions(controller.Options{NewQueue: w.engine.queue}).Complete(idle)
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{"a controller of nothing", func(w *world) error {
		return builder.ControllerManagedBy(w.manager()).Named("of-nothing").
			WithOptions(controller.Options{NewQueue: w.engine.queue}).Complete(idle)
	}},
	{"a manager that runs twice", func(w *world) error {
		mgr := w.manager()
		w.start(mgr)
		return mgr.Start(w.ctx)
	}},
}

// errorOf is the error of two results.
func errorOf(_ manager.Manager, err error) error { return err }

func TestOptionsThatConflictAreRefused(t *testing.T) {
	for _, c := range conflicts {
		t.Run(c.name, func(t *testing.T) {
			prove(t, func(x *trial) { x.sawError("the conflict", c.try(newWorld(x, nil))) })
		})
	}
}

// A controller that has asked for no priority queue and is given the one of
// NewQueue by hand has what it was given, as on stock.
func TestAQueueThatIsGivenWinsOverUsePriorityQueue(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		mgr := w.manager()
		var added journal
		w.controller(mgr, "given-queue", controller.Options{
			UsePriorityQueue: new(false), NewQueue: added.noted(x.engine.priorityQueue),
		}, w.configMapEvents(mgr))
		w.create(w.configMap("a"))
		w.start(mgr)
		added.awaitCount(x, 1)
		w.create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.ns, Name: "b"}})
		x.saw("added", fmt.Sprint(added.awaitCount(x, 2)))
	})
}
