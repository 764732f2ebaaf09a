package indexer

// one stores or removes one object.
func (e *engine[T]) one(key string, obj T, what ChangeType) {
	b := e.newBatch()
	b.one[0] = Change[T]{Key: key, Object: obj, Type: what}
	e.write(b, b.one[:], "", true)
}

// apply makes all changes visible at once. With count the objects' own versions
// count for the resource version of the state.
func (e *engine[T]) apply(changes []Change[T], resourceVersion string, count bool) {
	e.write(e.newBatch(), changes, resourceVersion, count)
}

// write is apply with a new batch, which it recycles.
func (e *engine[T]) write(b *batch[T], changes []Change[T], resourceVersion string, count bool) {
	e.prepare(b, changes, count)
	e.mu.Lock()
	for !b.current(e) {
		e.mu.Unlock()
		b.restart(e)
		e.prepare(b, changes, count)
		e.mu.Lock()
	}
	if !e.lightly(b, changes, resourceVersion) {
		e.fully(b, changes, resourceVersion)
	}
	e.note(changes, b.errs)
	e.mu.Unlock()
	errs := b.errs
	e.recycle(b)
	e.tell(errs) // last, since it is the user's code and may panic
}

// fully makes the changes of a batch a full commit. mu is held.
func (e *engine[T]) fully(b *batch[T], changes []Change[T], resourceVersion string) {
	t, from := e.begin(len(changes)), 0
	for i := range changes {
		c := &changes[i]
		switch c.Type {
		case ChangePut:
			slot := uint32(noSlot)
			if b.keys == t.st.keys {
				slot = b.slots[i]
			}
			t.put(c, slot, b.of(from))
			from += len(b.indexes.all)
		case ChangeRemove:
			t.remove(c)
		}
		c.Done = true
	}
	t.raise(resourceVersion)
	t.raise(b.newest)
	t.commit()
}

func (e *engine[T]) prepare(b *batch[T], changes []Change[T], count bool) {
	b.locate(e, changes)
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
func (e *engine[T]) bookmark(resourceVersion string) { e.apply(nil, resourceVersion, false) }
