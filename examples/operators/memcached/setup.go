package memcached

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/examples/operators/operator"
)

// Name is that of the operator: of its lease, and in its events.
const Name = "memcached-operator"

// NewScheme returns the kinds that the operator reads and writes.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return scheme, AddToScheme(scheme)
}

// New returns the operator, ready to be started. The server has to have the
// Definition.
func New(cfg *rest.Config, o operator.Options) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	ours, err := labels.NewRequirement(Label, selection.Exists, nil)
	if err != nil {
		return nil, err
	}
	mgr, err := operator.Manager(cfg, scheme, Name, o, func(options *manager.Options) {
		// Of all pods only ours are held.
		options.Cache.ByObject = map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.NewSelector().Add(*ours)},
		}
	})
	if err != nil {
		return nil, err
	}
	return mgr, builder.ControllerManagedBy(mgr).
		For(&Memcached{}).
		Owns(&appsv1.Deployment{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(memcachedOf)). // a ReplicaSet owns them
		WithOptions(o.Engine.Controller()).
		Complete(&reconciler{
			Client:    mgr.GetClient(),
			directory: directory{client: mgr.GetClient(), namespace: o.Namespace},
			events:    mgr.GetEventRecorder(Name),
		})
}

// memcachedOf finds the Memcached of a pod.
func memcachedOf(_ context.Context, pod client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: pod.GetLabels()[Label]}}}
}
