package application

import (
	"context"
	"net"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/application/v1alpha1"
	"github.com/informant-go/informant/examples/operators/operator"
)

// Name is that of the operator: of its lease, and in its events.
const Name = "application-operator"

// NewScheme returns the kinds that the operator reads, writes and converts.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

// Run runs the operator until ctx ends. The server has to have the definition, as Install
// brings it. The webhooks are served on listener, of TCP, which is closed in the end, with
// a certificate; a nil listener is none.
func Run(ctx context.Context, cfg *rest.Config, o operator.Options, listener net.Listener, certificate *Certificate) error {
	if listener != nil {
		defer listener.Close()
	}
	mgr, err := newManager(cfg, o, newHooks(listener, certificate))
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func newManager(cfg *rest.Config, o operator.Options, hooks webhook.Server) (manager.Manager, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	mgr, err := operator.Manager(cfg, scheme, Name, o, func(options *manager.Options) { options.WebhookServer = hooks })
	if err != nil {
		return nil, err
	}
	err = builder.WebhookManagedBy(mgr, &v1.Application{}).WithDefaulter(gate{}).WithValidator(gate{}).Complete()
	if err != nil {
		return nil, err
	}
	return mgr, builder.ControllerManagedBy(mgr).
		For(&v1.Application{}).
		Owns(&corev1.ConfigMap{}).
		Owns(&appsv1.Deployment{}).
		Owns(&corev1.Service{}).
		WithOptions(o.Engine.Controller()).
		Complete(&reconciler{Client: mgr.GetClient(), events: mgr.GetEventRecorder(Name)})
}
