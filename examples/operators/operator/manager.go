package operator

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/informant-go/informant/examples/operators/engine"
)

// Options are those of an operator.
type Options struct {
	// Engine is the one that it runs on; the zero value is stock.
	Engine engine.Engine

	// Namespace is the operator's own: its lease lives there, and what it keeps
	// for itself. It is required.
	Namespace string

	// Watch restricts the operator to the objects of a namespace; "" is all of them.
	Watch string

	// LeaderElection makes several replicas elect one that works. The lease times
	// are controller-runtime's.
	LeaderElection bool
}

// Manager returns a manager on the engine of o. name is that of the operator's
// lease; what adjust, if not nil, changes comes last.
func Manager(cfg *rest.Config, scheme *runtime.Scheme, name string, o Options, adjust func(*manager.Options)) (manager.Manager, error) {
	options := manager.Options{
		Scheme:                  scheme,
		LeaderElection:          o.LeaderElection,
		LeaderElectionID:        name,
		LeaderElectionNamespace: o.Namespace,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		GracefulShutdownTimeout: new(10 * time.Second),
		// Several replicas may be in one process, as in tests.
		Controller: config.Controller{SkipNameValidation: new(true)},
	}
	// What the operator has written it reads, or its next look would find its own objects
	// missing and make them once more.
	options.Client.Cache = &client.CacheOptions{EnableReadYourWritesConsistency: new(true)}
	if o.Watch != "" {
		options.Cache.DefaultNamespaces = map[string]cache.Config{o.Watch: {}}
	}
	if adjust != nil {
		adjust(&options)
	}
	o.Engine.Manager(&options)
	return manager.New(cfg, options)
}
