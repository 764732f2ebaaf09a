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
	// Unsynced is why it has not come true, nil once it has.
	Unsynced() error
}

// WaitForSync waits, without polling, until all of what it is given has
// synced. When ctx ends first, the error is a *SyncError with the names of
// those that have not, and why (R5). It corresponds to client-go's WaitFor and
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
		if missing, reasons := unsynced(syncers); len(missing) > 0 {
			return &SyncError{Unsynced: missing, Reasons: reasons, Err: context.Cause(ctx)}
		}
	}
	return nil
}

func unsynced(syncers []Syncer) (names []string, reasons []error) {
	for _, s := range syncers {
		if reason := s.Unsynced(); !isClosed(s.Synced()) {
			names, reasons = append(names, s.Name()), append(reasons, reason)
		}
	}
	return names, reasons
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
