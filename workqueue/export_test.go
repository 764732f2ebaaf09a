package workqueue

// Groups is the number of groups that the queue keeps.
func (q *Queue[T]) Groups() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ready.named)
}

// Entries is the number of entries that the queue keeps, and the number for
// which its table has room.
func (q *Queue[T]) Entries() (kept, room int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.table.segments {
		room += len(s.slots)
	}
	return q.table.n, room
}

// Counts is the number of counts that the limiter keeps.
func (l *ExponentialLimiter[T]) Counts() int { return l.failed.counts() }

// Counts is the number of counts that the limiter keeps.
func (l *FastSlowLimiter[T]) Counts() int { return l.failed.counts() }

func (f *failures[T]) counts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.count)
}
