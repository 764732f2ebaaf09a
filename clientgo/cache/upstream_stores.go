package cache

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// ExpirationPolicy is client-go's type of that name.
	ExpirationPolicy = upstream.ExpirationPolicy
	// TTLPolicy is client-go's type of that name.
	TTLPolicy = upstream.TTLPolicy
	// TimestampedEntry is client-go's type of that name.
	TimestampedEntry = upstream.TimestampedEntry
	// FakeExpirationPolicy is client-go's type of that name.
	FakeExpirationPolicy = upstream.FakeExpirationPolicy
	// FakeCustomStore is client-go's type of that name.
	FakeCustomStore = upstream.FakeCustomStore
	// LessFunc is client-go's type of that name.
	LessFunc = upstream.LessFunc
	// Indexer is client-go's type of that name.
	Indexer = upstream.Indexer
	// IndexFunc is client-go's type of that name.
	IndexFunc = upstream.IndexFunc
	// Indexers is client-go's type of that name.
	Indexers = upstream.Indexers
	// Indices is client-go's type of that name.
	Indices = upstream.Indices
	// TypedIndexers is client-go's type of that name.
	TypedIndexers[T any] = upstream.TypedIndexers[T]
	// TypedIndexFunc is client-go's type of that name.
	TypedIndexFunc[T any] = upstream.TypedIndexFunc[T]
	// TypedIndexer is client-go's type of that name.
	TypedIndexer[T any] = upstream.TypedIndexer[T]
	// Store is client-go's type of that name.
	Store = upstream.Store
	// TransactionType is client-go's type of that name.
	TransactionType = upstream.TransactionType
	// Transaction is client-go's type of that name.
	Transaction = upstream.Transaction
	// TransactionStore is client-go's type of that name.
	TransactionStore = upstream.TransactionStore
	// TransactionError is client-go's type of that name.
	TransactionError = upstream.TransactionError
	// KeyFunc is client-go's type of that name.
	KeyFunc = upstream.KeyFunc
	// KeyError is client-go's type of that name.
	KeyError = upstream.KeyError
	// ExplicitKey is client-go's type of that name.
	ExplicitKey = upstream.ExplicitKey
	// StoreOption is client-go's type of that name.
	StoreOption = upstream.StoreOption
	// ThreadSafeStore is client-go's type of that name.
	ThreadSafeStore = upstream.ThreadSafeStore
	// ThreadSafeStoreWithTransaction is client-go's type of that name.
	ThreadSafeStoreWithTransaction = upstream.ThreadSafeStoreWithTransaction
	// ThreadSafeStoreTransaction is client-go's type of that name.
	ThreadSafeStoreTransaction = upstream.ThreadSafeStoreTransaction
	// ThreadSafeStoreOption is client-go's type of that name.
	ThreadSafeStoreOption = upstream.ThreadSafeStoreOption
	// UndeltaStore is client-go's type of that name.
	UndeltaStore = upstream.UndeltaStore
)

// Values of client-go under their names.
const (
	NamespaceIndex        = upstream.NamespaceIndex
	TransactionTypeAdd    = upstream.TransactionTypeAdd
	TransactionTypeUpdate = upstream.TransactionTypeUpdate
	TransactionTypeDelete = upstream.TransactionTypeDelete
)

// IndexFuncToKeyFuncAdapter is client-go's function of that name.
func IndexFuncToKeyFuncAdapter(indexFunc IndexFunc) KeyFunc {
	return upstream.IndexFuncToKeyFuncAdapter(indexFunc)
}

// MetaNamespaceIndexFunc is client-go's function of that name.
func MetaNamespaceIndexFunc(obj interface{}) ([]string, error) {
	return upstream.MetaNamespaceIndexFunc(obj)
}

// TypedIndexersToIndexers is client-go's function of that name.
func TypedIndexersToIndexers[T any](indexers TypedIndexers[T]) Indexers {
	return upstream.TypedIndexersToIndexers(indexers)
}

// TypedIndexerFuncToIndexerFunc is client-go's function of that name.
func TypedIndexerFuncToIndexerFunc[T any](indexer TypedIndexFunc[T]) IndexFunc {
	return upstream.TypedIndexerFuncToIndexerFunc(indexer)
}

// MetaNamespaceKeyFunc is client-go's function of that name.
func MetaNamespaceKeyFunc(obj interface{}) (string, error) {
	return upstream.MetaNamespaceKeyFunc(obj)
}

// ObjectToName is client-go's function of that name.
func ObjectToName(obj interface{}) (ObjectName, error) {
	return upstream.ObjectToName(obj)
}

// MetaObjectToName is client-go's function of that name.
func MetaObjectToName(obj metav1.Object) ObjectName {
	return upstream.MetaObjectToName(obj)
}

// SplitMetaNamespaceKey is client-go's function of that name.
func SplitMetaNamespaceKey(key string) (namespace, name string, err error) {
	return upstream.SplitMetaNamespaceKey(key)
}

// WithTransformer is client-go's function of that name.
func WithTransformer(transformer TransformFunc) StoreOption {
	return upstream.WithTransformer(transformer)
}

// WithStoreMetrics is client-go's function of that name.
func WithStoreMetrics(identifier InformerNameAndResource, metrics InformerMetricsProvider) StoreOption {
	return upstream.WithStoreMetrics(identifier, metrics)
}

// WithThreadSafeStoreMetrics is client-go's function of that name.
func WithThreadSafeStoreMetrics(identifier InformerNameAndResource, metricsProvider InformerMetricsProvider) ThreadSafeStoreOption {
	return upstream.WithThreadSafeStoreMetrics(identifier, metricsProvider)
}
