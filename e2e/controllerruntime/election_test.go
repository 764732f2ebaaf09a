package controllerruntime

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// elected makes a manager take part in the election of the world's namespace.
// Leases are long, since a busy machine must not lose one; they change hands
// because they are given up.
func (w *world) elected(o *manager.Options) {
	o.LeaderElection = true
	o.LeaderElectionID = "suite.example.io"
	o.LeaderElectionNamespace = w.ns
	o.LeaderElectionReleaseOnCancel = true
	o.LeaseDuration = new(2 * time.Minute)
	o.RenewDeadline = new(90 * time.Second)
	o.RetryPeriod = new(100 * time.Millisecond)
}

func isElected(mgr manager.Manager) bool {
	select {
	case <-mgr.Elected():
		return true
	default:
		return false
	}
}

// Of two managers only the leader reconciles. The other one's cache is as fresh
// as the leader's, so that it goes on from there, with all objects, when the
// leader leaves.
func TestOnlyTheLeaderReconcilesAndAnotherTakesOver(t *testing.T) {
	for name, warmup := range map[string]bool{"cold": false, "warm": true} {
		t.Run(name, func(t *testing.T) {
			prove(t, func(x *trial) { checkElection(x, warmup) })
		})
	}
}

func checkElection(x *trial, warmup bool) {
	w := newWorld(x, nil)
	w.create(w.configMap("before"))
	var reconciled [2]journal
	var managers [2]manager.Manager
	var stops [2]func()
	for i := range managers {
		managers[i] = w.manager(w.elected)
		_, err := managers[i].GetCache().GetInformer(x.ctx, &corev1.ConfigMap{})
		x.must(err)
		w.controller(managers[i], "elected", controller.Options{
			Reconciler: reconciled[i].reconciler(), EnableWarmup: &warmup,
		}, w.configMapEvents(managers[i]))
		stops[i] = w.begin(managers[i])
		if i == 0 {
			x.wait("the election of the first", managers[0].Elected())
			reconciled[0].awaitLine(x, "before")
		}
	}
	w.create(w.configMap("during"))
	reconciled[0].awaitLine(x, "during")
	for i, mgr := range managers {
		w.synced(mgr)
		w.awaitNames("the cache", "[before during]", func() string { return w.names(mgr.GetCache()) })
		x.saw("elected", isElected(mgr))
		x.saw("reconciled", sorted(reconciled[i].all()))
	}
	stops[0]()
	w.create(w.configMap("after"))
	w.patch(w.configMap("before"), `{"data":{"n":"1"}}`)
	x.wait("the election of the second", managers[1].Elected())
	for _, name := range []string{"before", "during", "after"} {
		reconciled[1].awaitLine(x, name)
	}
	var fresh corev1.ConfigMap
	x.must(managers[1].GetClient().Get(x.ctx, w.key("before"), &fresh))
	x.saw("the first one, after its end", sorted(reconciled[0].all()))
	stops[1]()
}

// A controller that needs no election works in each manager.
func TestAControllerWithoutElectionDoesNotWaitForIt(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		leader, follower := w.manager(w.elected), w.manager(w.elected)
		w.start(leader)
		x.wait("an election", leader.Elected())
		var reconciled journal
		w.controller(follower, "unelected", controller.Options{Reconciler: reconciled.reconciler(), NeedLeaderElection: new(false)}, w.configMapEvents(follower))
		w.start(follower)
		w.create(w.configMap("a"))
		x.saw("reconciled", reconciled.awaitLine(x, "a"))
		x.saw("elected", isElected(follower))
	})
}
