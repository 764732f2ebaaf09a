package indexer

// apply makes all changes visible at once. With count the objects' own versions
// count for the resource version of the state.
func (e *engine[T]) apply(changes []Change[T], resourceVersion string, count bool) {
	b := e.newBatch()
	e.prepare(b, changes, count)
	e.lock()
	for !b.current(e) {
		e.mu.Unlock()
		b.restart(e)
		e.prepare(b, changes, count)
		e.lock()
	}
	tx, from := e.begin(), 0
	for i := range changes {
		switch c := &changes[i]; c.Type {
		case ChangePut:
			tx.put(c, *b.indexes, b.of(from))
			from += len(*b.indexes)
		case ChangeRemove:
			tx.remove(c, *b.indexes)
		}
		changes[i].Done = true
	}
	tx.raise(resourceVersion)
	tx.raise(b.newest)
	tx.commit()
	e.note(changes, b.errs)
	e.unlock()
	errs := b.errs
	e.recycle(b)
	e.tell(errs) // last, since it is the user's code and may panic
}

func (e *engine[T]) prepare(b *batch[T], changes []Change[T], count bool) {
	for i := range changes {
		c := &changes[i]
		if c.Type == ChangePut {
			b.index(e, i, c.Key, c.Object)
		}
		if count {
			b.raise(e, c.Object)
		}
	}
}

// note writes into the book of errors what a batch changed there.
func (e *engine[T]) note(changes []Change[T], errs []placedError) {
	e.errors.replay(len(changes), func(i int) (string, bool) { return changes[i].Key, true }, errs)
}

// bookmark raises the resource version of the state.
func (e *engine[T]) bookmark(resourceVersion string) {
	e.lock()
	tx := e.begin()
	tx.raise(resourceVersion)
	tx.commit()
	e.unlock()
}
