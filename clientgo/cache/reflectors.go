package cache

import (
	"time"

	upstream "k8s.io/client-go/tools/cache"
)

// NewReflector returns client-go's Reflector: error handlers name the type, so
// there is no other. It corresponds to client-go's NewReflector. A reflector of
// this module is reflector.New.
func NewReflector(lw ListerWatcher, expectedType interface{}, store ReflectorStore, resyncPeriod time.Duration) *Reflector {
	return upstream.NewNamedReflector(callerName(), lw, expectedType, store, resyncPeriod)
}

// NewNamedReflector is NewReflector with a name. It corresponds to client-go's
// NewNamedReflector.
func NewNamedReflector(name string, lw ListerWatcher, expectedType interface{}, store ReflectorStore, resyncPeriod time.Duration) *Reflector {
	if name == "" {
		name = callerName()
	}
	return upstream.NewNamedReflector(name, lw, expectedType, store, resyncPeriod)
}

// NewReflectorWithOptions is NewReflector with all options. It corresponds to
// client-go's NewReflectorWithOptions.
func NewReflectorWithOptions(lw ListerWatcher, expectedType interface{}, store ReflectorStore, options ReflectorOptions) *Reflector {
	if options.Name == "" {
		options.Name = callerName()
	}
	return upstream.NewReflectorWithOptions(lw, expectedType, store, options)
}

// NewNamespaceKeyedIndexerAndReflector returns an Indexer of this module, with
// an index of namespaces, and a Reflector of client-go that fills it. It
// corresponds to client-go's function of that name.
func NewNamespaceKeyedIndexerAndReflector(lw ListerWatcher, expectedType interface{}, resyncPeriod time.Duration) (indexer Indexer, reflector *Reflector) {
	indexer = NewIndexer(MetaNamespaceKeyFunc, Indexers{NamespaceIndex: MetaNamespaceIndexFunc})
	return indexer, upstream.NewNamedReflector(callerName(), lw, expectedType, indexer, resyncPeriod)
}
