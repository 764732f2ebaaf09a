package broken

// ShutDown is the method of workqueue.Interface.
func (q *Queue) ShutDown() {
	q.mu.Lock()
	if q.down && q.fault == ShutDownOnlyOnce {
		q.mu.Unlock()
		panic("the queue is shut down already")
	}
	second := q.down && q.fault == SecondIsIgnored
	q.close()
	if q.fault != DrainGoesOn && !second {
		q.forced++
	}
	q.mu.Unlock()
	if q.fault == ShutDownWaits {
		q.await(q.drained)
		q.mu.Unlock()
	}
}

// close shuts the queue down, with the lock held.
func (q *Queue) close() {
	if !q.down {
		q.down = true
		if q.fault == DropsWhatWaits {
			q.waiting = nil
		}
		if q.fault != KeepsDelays {
			q.delays = nil
		}
	}
	q.change()
}

// ShutDownWithDrain is the method of workqueue.Interface.
func (q *Queue) ShutDownWithDrain() {
	q.mu.Lock()
	q.close()
	forced := q.forced
	q.mu.Unlock()
	if q.fault == DrainsNothing {
		return
	}
	q.await(func() bool {
		if q.forced > forced {
			return true
		}
		return q.drained() && (q.fault != DoneEndsOneDrain || q.wakesOne())
	})
	q.mu.Unlock()
}

func (q *Queue) drained() bool {
	return len(q.held) == 0 && (len(q.waiting) == 0 || q.fault == DrainsWhatIsProcessed)
}

// ShuttingDown is the method of workqueue.Interface.
func (q *Queue) ShuttingDown() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.down
}
