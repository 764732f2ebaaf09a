package deltafifo

// first tells when the queue has synced (F4). It is guarded by the queue's
// lock, done's closing aside, which any goroutine may see.
type first struct {
	// done is closed once, when started && left == 0.
	done chan struct{}

	// started is true once an event or a list came; left is how much of the
	// first list is not processed yet, 0 when an event came first.
	started bool
	left    int
}

// event notes that an event was queued.
func (f *first) event() {
	if !f.started {
		f.list(0)
	}
}

// list notes that a list was queued, of which n pieces are to be processed.
func (f *first) list(n int) {
	if f.started {
		return
	}
	f.started, f.left = true, n
	if n == 0 {
		close(f.done)
	}
}

// processed notes that a piece of the first list was processed.
func (f *first) processed() {
	if f.left == 0 {
		return
	}
	f.left--
	if f.left == 0 {
		close(f.done)
	}
}

// synced is hasSynced for who holds the lock.
func (f *first) synced() bool { return f.started && f.left == 0 }

func (f *first) hasSynced() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
