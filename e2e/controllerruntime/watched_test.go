package controllerruntime

import (
	"context"
	"fmt"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/source"
)

// watchedSource tells when a controller's source has synced, so that what is
// written from then on is no part of its initial list.
type watchedSource struct {
	source.SyncingSource
	once   sync.Once
	synced chan struct{}
}

func newWatchedSource(s source.SyncingSource) *watchedSource {
	return &watchedSource{SyncingSource: s, synced: make(chan struct{})}
}

// WaitForSync implements source.SyncingSource.
func (s *watchedSource) WaitForSync(ctx context.Context) error {
	err := s.SyncingSource.WaitForSync(ctx)
	if err == nil && ctx.Err() == nil {
		s.once.Do(func() { close(s.synced) })
	}
	return err
}

// String is for controller-runtime's errors.
func (s *watchedSource) String() string { return fmt.Sprint(s.SyncingSource) }
