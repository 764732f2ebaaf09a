package cache

import (
	"context"

	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

type (
	// SharedInformer is client-go's type of that name.
	SharedInformer = upstream.SharedInformer
	// ResourceEventHandlerRegistration is client-go's type of that name.
	ResourceEventHandlerRegistration = upstream.ResourceEventHandlerRegistration
	// HandlerOptions is client-go's type of that name.
	HandlerOptions = upstream.HandlerOptions
	// SharedIndexInformer is client-go's type of that name.
	SharedIndexInformer = upstream.SharedIndexInformer
	// TypedSharedIndexInformer is client-go's type of that name.
	TypedSharedIndexInformer[T Object] = upstream.TypedSharedIndexInformer[T]
	// SharedIndexInformerOptions is client-go's type of that name.
	SharedIndexInformerOptions = upstream.SharedIndexInformerOptions
	// InformerSynced is client-go's type of that name.
	InformerSynced = upstream.InformerSynced
	// DoneChecker is client-go's type of that name.
	DoneChecker = upstream.DoneChecker
	// SyncResult is client-go's type of that name.
	SyncResult = upstream.SyncResult
)

// NewTypedSharedIndexInformer is client-go's function of that name.
func NewTypedSharedIndexInformer[T Object](informer SharedIndexInformer) TypedSharedIndexInformer[T] {
	return upstream.NewTypedSharedIndexInformer[T](informer)
}

// WaitForNamedCacheSync is client-go's function of that name.
func WaitForNamedCacheSync(controllerName string, stopCh <-chan struct{}, cacheSyncs ...InformerSynced) bool {
	return upstream.WaitForNamedCacheSync(controllerName, stopCh, cacheSyncs...)
}

// WaitForNamedCacheSyncWithContext is client-go's function of that name.
func WaitForNamedCacheSyncWithContext(ctx context.Context, cacheSyncs ...InformerSynced) bool {
	return upstream.WaitForNamedCacheSyncWithContext(ctx, cacheSyncs...)
}

// WaitForCacheSync is client-go's function of that name.
func WaitForCacheSync(stopCh <-chan struct{}, cacheSyncs ...InformerSynced) bool {
	return upstream.WaitForCacheSync(stopCh, cacheSyncs...)
}

// WaitFor is client-go's function of that name. As there, its log lines are
// those of the caller.
func WaitFor(ctx context.Context, what string, checkers ...DoneChecker) bool {
	helper, logger := klog.FromContext(ctx).WithCallStackHelper()
	helper()
	ctx = klog.NewContext(ctx, logger)
	return upstream.WaitFor(ctx, what, checkers...)
}

// IsDone is client-go's function of that name.
func IsDone(checker DoneChecker) bool {
	return upstream.IsDone(checker)
}

// ShutDownEventHandler is client-go's function of that name.
func ShutDownEventHandler(informer SharedInformer, handle ResourceEventHandlerRegistration) error {
	return upstream.ShutDownEventHandler(informer, handle)
}
