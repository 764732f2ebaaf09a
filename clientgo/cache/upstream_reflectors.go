package cache

import (
	"context"
	"time"

	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

type (
	// ReflectorStore is client-go's type of that name.
	ReflectorStore = upstream.ReflectorStore
	// ReflectorBookmarkStore is client-go's type of that name.
	ReflectorBookmarkStore = upstream.ReflectorBookmarkStore
	// TransformingStore is client-go's type of that name.
	TransformingStore = upstream.TransformingStore
	// Reflector is client-go's type of that name.
	Reflector = upstream.Reflector
	// ResourceVersionUpdater is client-go's type of that name.
	ResourceVersionUpdater = upstream.ResourceVersionUpdater
	// WatchErrorHandler is client-go's type of that name.
	WatchErrorHandler = upstream.WatchErrorHandler
	// WatchErrorHandlerWithContext is client-go's type of that name.
	WatchErrorHandlerWithContext = upstream.WatchErrorHandlerWithContext
	// ReflectorOptions is client-go's type of that name.
	ReflectorOptions = upstream.ReflectorOptions
	// VeryShortWatchError is client-go's type of that name.
	VeryShortWatchError = upstream.VeryShortWatchError
	// RetryWithDeadline is client-go's type of that name.
	RetryWithDeadline = upstream.RetryWithDeadline
)

// DefaultWatchErrorHandler is client-go's function of that name.
func DefaultWatchErrorHandler(ctx context.Context, r *Reflector, err error) {
	upstream.DefaultWatchErrorHandler(ctx, r, err)
}

// NewRetryWithDeadline is client-go's function of that name.
func NewRetryWithDeadline(maxRetryDuration time.Duration, minResetPeriod time.Duration, isRetryable func(error) bool, clock clock.Clock) RetryWithDeadline {
	return upstream.NewRetryWithDeadline(maxRetryDuration, minResetPeriod, isRetryable, clock)
}
