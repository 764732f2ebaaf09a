package controllerruntime

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// gone is the state of a ConfigMap whose deletion was reconciled.
const gone = "gone"

// worker is a reconciler: it writes into each ConfigMap that what is wanted is
// done, and notes what it has seen done.
type worker struct {
	client  client.Client
	changed chan struct{} // has a token when seen is another than before

	mu   sync.Mutex
	seen map[string]string // by name; guarded by mu
}

func newWorker(c client.Client) *worker {
	return &worker{client: c, changed: make(chan struct{}, 1), seen: map[string]string{}}
}

// Reconcile implements reconcile.Reconciler. An error, such as a conflict, is
// tried again by way of the queue's rate limiter.
func (w *worker) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var cm corev1.ConfigMap
	err := w.client.Get(ctx, request.NamespacedName, &cm)
	if apierrors.IsNotFound(err) {
		w.note(request.Name, gone)
		return reconcile.Result{}, nil
	}
	if err != nil || cm.Labels["test"] == "" {
		return reconcile.Result{}, err
	}
	if wanted := cm.Data["wanted"]; cm.Data["done"] != wanted {
		cm.Data["done"] = wanted
		return reconcile.Result{}, client.IgnoreNotFound(w.client.Update(ctx, &cm))
	}
	w.note(request.Name, cm.Data["done"])
	return reconcile.Result{}, nil
}

func (w *worker) note(name, state string) {
	if !strings.HasPrefix(name, "cm-") {
		return
	}
	w.mu.Lock()
	w.seen[name] = state
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// await returns when n ConfigMaps have been seen in the state that want says.
func (w *worker) await(ctx context.Context, t testing.TB, what string, want func(int) string, n int) {
	t.Helper()
	wanted := map[string]string{}
	for i := range n {
		wanted[name(i)] = want(i)
	}
	for {
		w.mu.Lock()
		there := maps.Equal(w.seen, wanted)
		seen := maps.Clone(w.seen)
		w.mu.Unlock()
		if there {
			return
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			t.Fatalf("waiting for %s: seen %v", what, seen)
		}
	}
}
