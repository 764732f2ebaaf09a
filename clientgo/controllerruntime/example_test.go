package controllerruntime_test

import (
	"context"
	"log"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/controllerruntime"
)

var reconciler = reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
	return reconcile.Result{}, nil
})

// Two lines swap all: Cache the informers of a manager, and NewQueue the queue
// of each controller.
func Example() {
	options := ctrl.Options{}
	controllerruntime.Cache(&options) // once: the informers
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), options)

	if err != nil {
		log.Fatal(err)
	}

	err = ctrl.NewControllerManagedBy(mgr).
		For(&corev1.ConfigMap{}).
		WithOptions(controller.Options{
			NewQueue: controllerruntime.NewQueue[reconcile.Request], // each controller: the queue
		}).
		Complete(reconciler)

	if err != nil {
		log.Fatal(err)
	}
}
