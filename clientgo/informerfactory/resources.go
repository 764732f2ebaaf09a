package informerfactory

import (
	"context"
	"sync"
	"time"

	"github.com/informant-go/informant/clientgo/cache"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/dynamic/dynamiclister"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/metadata/metadatalister"
)

// NewDynamicSharedInformerFactory returns a factory of informers of unstructured objects
// in all namespaces. It corresponds to the function of that name of client-go's
// dynamicinformer. resync is the period after which handlers are told of all objects
// again, 0 for never.
func NewDynamicSharedInformerFactory(client dynamic.Interface, resync time.Duration, opts ...Option) dynamicinformer.DynamicSharedInformerFactory {
	return NewFilteredDynamicSharedInformerFactory(client, resync, metav1.NamespaceAll, nil, opts...)
}

// NewFilteredDynamicSharedInformerFactory is NewDynamicSharedInformerFactory for the
// objects of one namespace, with list options that tweak may change; nil changes none.
func NewFilteredDynamicSharedInformerFactory(client dynamic.Interface, resync time.Duration, namespace string, tweak dynamicinformer.TweakListOptionsFunc, opts ...Option) dynamicinformer.DynamicSharedInformerFactory {
	over := newOver(last(opts), newDynamic)
	return newResources(func(resource schema.GroupVersionResource) informers.GenericInformer {
		informer := over.informer(client, func(client dynamic.Interface) cache.SharedIndexInformer {
			return dynamicinformer.NewFilteredDynamicInformer(client, resource, namespace, resync, byNamespace(), tweak).Informer()
		}, true)
		return &genericInformer{informer, dynamiclister.NewRuntimeObjectShim(dynamiclister.New(informer.GetIndexer(), resource))}
	})
}

// NewMetadataSharedInformerFactory returns a factory of informers of the metadata of
// objects in all namespaces. It corresponds to NewSharedInformerFactory of client-go's
// metadatainformer.
func NewMetadataSharedInformerFactory(client metadata.Interface, resync time.Duration, opts ...Option) metadatainformer.SharedInformerFactory {
	return NewFilteredMetadataSharedInformerFactory(client, resync, metav1.NamespaceAll, nil, opts...)
}

// NewFilteredMetadataSharedInformerFactory is NewMetadataSharedInformerFactory for the
// objects of one namespace, with list options that tweak may change; nil changes none.
// It corresponds to NewFilteredSharedInformerFactory of client-go's metadatainformer.
func NewFilteredMetadataSharedInformerFactory(client metadata.Interface, resync time.Duration, namespace string, tweak metadatainformer.TweakListOptionsFunc, opts ...Option) metadatainformer.SharedInformerFactory {
	over := newOver(last(opts), newMetadata)
	return newResources(func(resource schema.GroupVersionResource) informers.GenericInformer {
		informer := over.informer(client, func(client metadata.Interface) cache.SharedIndexInformer {
			return metadatainformer.NewFilteredMetadataInformer(client, resource, namespace, resync, byNamespace(), tweak).Informer()
		}, true)
		return &genericInformer{informer, metadatalister.NewRuntimeObjectShim(metadatalister.New(informer.GetIndexer(), resource))}
	})
}

func byNamespace() cache.Indexers {
	return cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}
}

// resources is a factory with an informer for each resource.
type resources struct {
	make    func(schema.GroupVersionResource) informers.GenericInformer
	running sync.WaitGroup

	mu        sync.Mutex // guards what follows
	informers map[schema.GroupVersionResource]informers.GenericInformer
	started   map[schema.GroupVersionResource]bool
	shut      bool
}

var _ dynamicinformer.DynamicSharedInformerFactory = (*resources)(nil)

func newResources(one func(schema.GroupVersionResource) informers.GenericInformer) *resources {
	return &resources{
		make:      one,
		informers: map[schema.GroupVersionResource]informers.GenericInformer{},
		started:   map[schema.GroupVersionResource]bool{},
	}
}

// ForResource implements the interface of client-go's factories.
func (r *resources) ForResource(resource schema.GroupVersionResource) informers.GenericInformer {
	r.mu.Lock()
	defer r.mu.Unlock()
	informer, known := r.informers[resource]
	if !known {
		informer = r.make(resource)
		r.informers[resource] = informer
	}
	return informer
}

// Start implements the interface of client-go's factories: it runs what does not run
// yet until stopCh is closed.
func (r *resources) Start(stopCh <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return
	}
	for resource, informer := range r.informers {
		if !r.started[resource] {
			r.started[resource] = true
			r.running.Go(func() { informer.Informer().Run(stopCh) })
		}
	}
}

// Shutdown implements the interface of client-go's factories: nothing is started any
// more, and it waits for the end of what was.
func (r *resources) Shutdown() {
	r.mu.Lock()
	r.shut = true
	r.mu.Unlock()
	r.running.Wait()
}

// WaitForCacheSync implements the interface of client-go's factories. It waits for what
// was started.
func (r *resources) WaitForCacheSync(stopCh <-chan struct{}) map[schema.GroupVersionResource]bool {
	ctx := wait.ContextForChannel(stopCh)
	started := r.startedOnes()
	synced := make(map[schema.GroupVersionResource]bool, len(started))
	for resource, informer := range started {
		synced[resource] = waitFor(ctx, informer)
	}
	return synced
}

func waitFor(ctx context.Context, informer cache.SharedIndexInformer) bool {
	cache.WaitFor(ctx, "", informer.HasSyncedChecker())
	return informer.HasSynced()
}

func (r *resources) startedOnes() map[schema.GroupVersionResource]cache.SharedIndexInformer {
	r.mu.Lock()
	defer r.mu.Unlock()
	started := map[schema.GroupVersionResource]cache.SharedIndexInformer{}
	for resource := range r.started {
		started[resource] = r.informers[resource].Informer()
	}
	return started
}
