package cache

import (
	"time"

	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

type (
	// MutationCache is client-go's type of that name.
	MutationCache = upstream.MutationCache
	// ResourceVersionComparator is client-go's type of that name.
	ResourceVersionComparator = upstream.ResourceVersionComparator
	// MutationCacheOptions is client-go's type of that name.
	MutationCacheOptions = upstream.MutationCacheOptions
	// MutationDetector is client-go's type of that name.
	MutationDetector = upstream.MutationDetector
)

// NewIntegerResourceVersionMutationCacheWithOptions is client-go's function of that name.
func NewIntegerResourceVersionMutationCacheWithOptions(logger klog.Logger, backingCache Store, options MutationCacheOptions) MutationCache {
	return upstream.NewIntegerResourceVersionMutationCacheWithOptions(logger, backingCache, options)
}

// NewIntegerResourceVersionMutationCache is client-go's function of that name.
func NewIntegerResourceVersionMutationCache(logger klog.Logger, backingCache Store, indexer Indexer, ttl time.Duration, includeAdds bool) MutationCache {
	return upstream.NewIntegerResourceVersionMutationCache(logger, backingCache, indexer, ttl, includeAdds)
}

// NewCacheMutationDetector is client-go's function of that name.
func NewCacheMutationDetector(name string) MutationDetector {
	return upstream.NewCacheMutationDetector(name)
}
