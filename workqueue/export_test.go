package workqueue

// Groups is the number of groups that the queue keeps.
func (q *Queue[T]) Groups() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.order.named)
}

// Entries is the number of entries that the queue keeps, and the number for
// which its table has room.
func (q *Queue[T]) Entries() (kept, room int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	room, _ = q.table.Room()
	return q.table.Len(), room
}

// Counts is the number of counts that the limiter keeps.
func (l *ExponentialLimiter[T]) Counts() int { return l.failed.Len() }

// Counts is the number of counts that the limiter keeps.
func (l *FastSlowLimiter[T]) Counts() int { return l.failed.Len() }
