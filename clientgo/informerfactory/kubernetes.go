package informerfactory

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/informant-go/informant/clientgo/cache"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/informers/admissionregistration"
	"k8s.io/client-go/informers/apiserverinternal"
	"k8s.io/client-go/informers/apps"
	"k8s.io/client-go/informers/autoscaling"
	"k8s.io/client-go/informers/batch"
	"k8s.io/client-go/informers/certificates"
	"k8s.io/client-go/informers/coordination"
	"k8s.io/client-go/informers/core"
	"k8s.io/client-go/informers/discovery"
	"k8s.io/client-go/informers/events"
	"k8s.io/client-go/informers/extensions"
	"k8s.io/client-go/informers/flowcontrol"
	"k8s.io/client-go/informers/internalinterfaces"
	"k8s.io/client-go/informers/lifecycle"
	"k8s.io/client-go/informers/networking"
	"k8s.io/client-go/informers/node"
	"k8s.io/client-go/informers/policy"
	"k8s.io/client-go/informers/rbac"
	"k8s.io/client-go/informers/resource"
	"k8s.io/client-go/informers/scheduling"
	"k8s.io/client-go/informers/storage"
	"k8s.io/client-go/informers/storagemigration"
	"k8s.io/client-go/kubernetes"
)

// Wrap returns factory with this library's informers, under the same interface: use it
// in the place of factory, which has the same informers from then on.
//
// The error is ErrUsed when something has been asked of factory already. It wraps
// ErrNoFactory when factory is nil, or was not made by a constructor of client-go's
// informers; for the factories of other generated clients there is WrapGenerated. Another
// one says what is wrong with an option.
func Wrap(factory informers.SharedInformerFactory, opts ...Option) (informers.SharedInformerFactory, error) {
	wrapped, err := WrapGenerated[kubernetes.Interface, internalinterfaces.NewInformerFunc](factory, opts...)
	if err != nil {
		return nil, err
	}
	fields, err := structOf(factory)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFactory, err)
	}
	r := reader{from: fields}
	k := &kubernetesFactory{Wrapped: wrapped, runner: factory}
	k.client = read[kubernetes.Interface](&r, "client")
	k.namespace = read[string](&r, "namespace")
	k.tweak = read[internalinterfaces.TweakListOptionsFunc](&r, "tweakListOptions")
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFactory, r.err)
	}
	return k, nil
}

// runner is what a kubernetesFactory leaves to the factory that it wraps.
type runner interface {
	StartWithContext(ctx context.Context)
	Shutdown()
	WaitForCacheSync(stopCh <-chan struct{}) map[reflect.Type]bool
	WaitForCacheSyncWithContext(ctx context.Context) cache.SyncResult
}

// kubernetesFactory is client-go's own factory, wrapped.
type kubernetesFactory struct {
	*Wrapped[kubernetes.Interface, internalinterfaces.NewInformerFunc]
	runner

	client    kubernetes.Interface
	namespace string
	tweak     internalinterfaces.TweakListOptionsFunc
}

// ForResource returns the informer of a resource. client-go knows which type that has
// by its own code only, which makes an informer for it: that of a factory that is used
// for nothing else.
func (k *kubernetesFactory) ForResource(resource schema.GroupVersionResource) (informers.GenericInformer, error) {
	probe, err := k.alone(k.client, 0, nil).ForResource(resource)
	if err != nil {
		return nil, err
	}
	in, err := takeApart(probe.Informer())
	if err != nil {
		return nil, fmt.Errorf("informerfactory: %s cannot be served: %w", resource, err)
	}
	informer := k.InformerFor(in.example, func(client kubernetes.Interface, resync time.Duration) cache.SharedIndexInformer {
		generic, _ := k.alone(client, resync, k.InformerName()).ForResource(resource) // as before
		return generic.Informer()
	})
	return &genericInformer{informer, cache.NewGenericLister(informer.GetIndexer(), resource.GroupResource())}, nil
}

// alone is a factory of client-go with the same options.
func (k *kubernetesFactory) alone(client kubernetes.Interface, resync time.Duration, name *cache.InformerName) informers.SharedInformerFactory {
	return informers.NewSharedInformerFactoryWithOptions(client, resync,
		informers.WithNamespace(k.namespace), informers.WithTweakListOptions(k.tweak), informers.WithInformerName(name))
}

// genericInformer is an informer with its lister.
type genericInformer struct {
	informer cache.SharedIndexInformer
	lister   cache.GenericLister
}

// Informer implements client-go's GenericInformer.
func (g *genericInformer) Informer() cache.SharedIndexInformer { return g.informer }

// Lister implements client-go's GenericInformer.
func (g *genericInformer) Lister() cache.GenericLister { return g.lister }

// The groups, as client-go's factory has them.

func (k *kubernetesFactory) Admissionregistration() admissionregistration.Interface {
	return admissionregistration.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Internal() apiserverinternal.Interface {
	return apiserverinternal.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Apps() apps.Interface {
	return apps.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Autoscaling() autoscaling.Interface {
	return autoscaling.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Batch() batch.Interface {
	return batch.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Certificates() certificates.Interface {
	return certificates.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Coordination() coordination.Interface {
	return coordination.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Core() core.Interface {
	return core.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Discovery() discovery.Interface {
	return discovery.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Events() events.Interface {
	return events.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Extensions() extensions.Interface {
	return extensions.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Flowcontrol() flowcontrol.Interface {
	return flowcontrol.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Lifecycle() lifecycle.Interface {
	return lifecycle.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Networking() networking.Interface {
	return networking.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Node() node.Interface {
	return node.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Policy() policy.Interface {
	return policy.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Rbac() rbac.Interface {
	return rbac.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Resource() resource.Interface {
	return resource.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Scheduling() scheduling.Interface {
	return scheduling.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Storage() storage.Interface {
	return storage.New(k, k.namespace, k.tweak)
}

func (k *kubernetesFactory) Storagemigration() storagemigration.Interface {
	return storagemigration.New(k, k.namespace, k.tweak)
}
