package informer

import "context"

// Syncer is what one can wait for: an informer, whose store has a first list
// then, or a Registration, whose handler was told of it. It corresponds to
// client-go's DoneChecker.
type Syncer interface {
	// Name describes what is waited for.
	Name() string
	// Synced is closed when it has come true; it never turns back.
	Synced() <-chan struct{}
}

// WaitForSync waits, without polling, until all of what it is given has
// synced. When ctx ends first, the error is a *SyncError with the names of
// those that have not. It corresponds to client-go's WaitFor and
// WaitForCacheSync.
//
// An informer that never runs, and a handler that was removed, never sync: ctx
// should end some time.
func WaitForSync(ctx context.Context, syncers ...Syncer) error {
	for _, s := range syncers {
		select {
		case <-s.Synced():
			continue
		case <-ctx.Done():
		}
		if missing := unsynced(syncers); len(missing) > 0 {
			return &SyncError{Unsynced: missing, Err: context.Cause(ctx)}
		}
	}
	return nil
}

func unsynced(syncers []Syncer) []string {
	var names []string
	for _, s := range syncers {
		if !isClosed(s.Synced()) {
			names = append(names, s.Name())
		}
	}
	return names
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
