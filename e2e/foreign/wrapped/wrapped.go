// Package wrapped has constructors of client-go's informer factories, by the names that
// these have there, with this library's informers in them. Command foreign puts them in
// the place of client-go's where tests of others make their factories.
package wrapped

import (
	"time"

	"github.com/informant-go/informant/clientgo/informerfactory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
)

// NewSharedInformerFactory is client-go's, wrapped.
func NewSharedInformerFactory(client kubernetes.Interface, resync time.Duration) informers.SharedInformerFactory {
	return wrap(informers.NewSharedInformerFactory(client, resync))
}

// NewSharedInformerFactoryWithOptions is client-go's, wrapped.
func NewSharedInformerFactoryWithOptions(client kubernetes.Interface, resync time.Duration, options ...informers.SharedInformerOption) informers.SharedInformerFactory {
	return wrap(informers.NewSharedInformerFactoryWithOptions(client, resync, options...))
}

// NewDynamicSharedInformerFactory is informerfactory's.
func NewDynamicSharedInformerFactory(client dynamic.Interface, resync time.Duration) dynamicinformer.DynamicSharedInformerFactory {
	return informerfactory.NewDynamicSharedInformerFactory(client, resync)
}

// NewFilteredDynamicSharedInformerFactory is informerfactory's.
func NewFilteredDynamicSharedInformerFactory(client dynamic.Interface, resync time.Duration, namespace string, tweak dynamicinformer.TweakListOptionsFunc) dynamicinformer.DynamicSharedInformerFactory {
	return informerfactory.NewFilteredDynamicSharedInformerFactory(client, resync, namespace, tweak)
}

// NewMetadataSharedInformerFactory is informerfactory's, and stands for the
// NewSharedInformerFactory of client-go's metadatainformer.
func NewMetadataSharedInformerFactory(client metadata.Interface, resync time.Duration) metadatainformer.SharedInformerFactory {
	return informerfactory.NewMetadataSharedInformerFactory(client, resync)
}

// NewFilteredMetadataSharedInformerFactory is informerfactory's, and stands for the
// NewFilteredSharedInformerFactory of client-go's metadatainformer.
func NewFilteredMetadataSharedInformerFactory(client metadata.Interface, resync time.Duration, namespace string, tweak metadatainformer.TweakListOptionsFunc) metadatainformer.SharedInformerFactory {
	return informerfactory.NewFilteredMetadataSharedInformerFactory(client, resync, namespace, tweak)
}

// wrap panics where Wrap fails: a test that would run on the other engine is none of ours.
func wrap(factory informers.SharedInformerFactory) informers.SharedInformerFactory {
	wrapped, err := informerfactory.Wrap(factory)
	if err != nil {
		panic(err)
	}
	return wrapped
}
