package cache

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// AppendFunc is client-go's type of that name.
	AppendFunc = upstream.AppendFunc
	// GenericLister is client-go's type of that name.
	GenericLister = upstream.GenericLister
	// GenericNamespaceLister is client-go's type of that name.
	GenericNamespaceLister = upstream.GenericNamespaceLister
)

// ListAll is client-go's function of that name.
func ListAll(store Store, selector labels.Selector, appendFn AppendFunc) error {
	return upstream.ListAll(store, selector, appendFn)
}

// ListAllByNamespace is client-go's function of that name.
func ListAllByNamespace(indexer Indexer, namespace string, selector labels.Selector, appendFn AppendFunc) error {
	return upstream.ListAllByNamespace(indexer, namespace, selector, appendFn)
}

// NewGenericLister is client-go's function of that name.
func NewGenericLister(indexer Indexer, resource schema.GroupResource) GenericLister {
	return upstream.NewGenericLister(indexer, resource)
}
