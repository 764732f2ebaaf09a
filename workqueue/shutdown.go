package workqueue

// ShutDown makes the queue ignore new items, and drops and counts pending delays.
// Workers still get what waits; after that Get returns shutdown. ShutDown ends the
// wait of every ShutDownWithDrain. It may be called many times (Q5).
func (q *Queue[T]) ShutDown() {
	q.mu.Lock()
	end := q.close()
	if q.drain != nil {
		close(q.drain)
		q.drain = nil
	}
	q.mu.Unlock()
	end.finish()
}

// ShutDownWithDrain is ShutDown and then waits until no item waits and none is
// being processed; with Options.Tolerant, until none is being processed. It must
// not be called by someone who is processing an item, and needs workers that go on
// until Get returns shutdown.
func (q *Queue[T]) ShutDownWithDrain() {
	q.mu.Lock()
	end := q.close()
	var drain chan struct{}
	if !q.drained() {
		if q.drain == nil {
			q.drain = make(chan struct{})
		}
		drain = q.drain
	}
	q.mu.Unlock()
	end.finish()
	if drain != nil {
		<-drain
	}
}

// ShuttingDown reports whether the queue was shut down.
func (q *Queue[T]) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.down
}

// drained reports whether ShutDownWithDrain need not wait.
func (q *Queue[T]) drained() bool {
	return q.processing == 0 && (q.tolerant || q.len() == 0)
}

// ending is what a shutdown must end after the lock is released.
type ending struct {
	wake   *waiter
	ticker *ticker
	alarm  alarm
}

// close shuts the queue down; a second time it does nothing.
func (q *Queue[T]) close() ending {
	if q.down {
		return ending{}
	}
	q.down = true
	q.dropped += q.delays.drop(&q.table.slabs, q.settle)
	q.delays.also = 0
	end := ending{wake: q.waiters.all(), ticker: q.ticker, alarm: q.delays.alarm}
	q.ticker = nil
	return end
}

// finish wakes the workers, and waits for the goroutines of the queue. Those end
// at once.
func (e ending) finish() {
	e.wake.signal()
	if e.ticker != nil {
		e.ticker.stop()
	}
	if e.alarm != nil {
		e.alarm.stop()
	}
}
