package indexer

// one stores or removes one object.
func (e *engine[T]) one(key string, obj T, what ChangeType) {
	b := e.newBatch()
	b.one[0] = Change[T]{Key: key, Object: obj, Type: what}
	e.write(b, b.one[:], "")
}

// apply makes all changes visible at once.
func (e *engine[T]) apply(changes []Change[T], resourceVersion string) {
	e.write(e.newBatch(), changes, resourceVersion)
}

// write is apply with a new batch, which it recycles.
func (e *engine[T]) write(b *batch[T], changes []Change[T], resourceVersion string) {
	e.prepare(b, changes)
	e.mu.Lock()
	for !b.current(e) {
		e.mu.Unlock()
		b.restart(e)
		e.prepare(b, changes)
		e.mu.Lock()
	}
	if b.keys != e.head.Load().keys {
		b.locate(e, changes)
	}
	e.note(changes, b.errs) // first, so that who is woken finds it
	if !e.lightly(b, changes, resourceVersion) {
		e.fully(b, changes, resourceVersion)
	}
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
			slot := b.slots[i]
			if b.keys != t.st.keys { // made anew by this commit
				slot = noSlot
			}
			t.put(c, slot, b.of(from))
			from += len(b.indexes.all)
		case ChangeRemove:
			t.remove(c)
		default:
			continue
		}
		c.Done = true
	}
	t.raise(resourceVersion)
	t.raise(b.newest)
	t.commit()
}

// prepare finds out what the changes need. The objects' own versions count for the
// resource version of the state.
func (e *engine[T]) prepare(b *batch[T], changes []Change[T]) {
	b.locate(e, changes)
	for i := range changes {
		c := &changes[i]
		switch c.Type {
		case ChangePut:
			b.index(e, i, c.Key, c.Object)
			b.raise(e, c.Object)
		case ChangeRemove:
			b.raise(e, c.Object)
		}
	}
}

// note writes into the book of errors what a batch changes there.
func (e *engine[T]) note(changes []Change[T], errs []placedError) {
	e.errors.replay(len(changes), func(i int) (string, bool) {
		return changes[i].Key, changes[i].Type == ChangePut || changes[i].Type == ChangeRemove
	}, errs)
}

// bookmark raises the resource version of the state.
func (e *engine[T]) bookmark(resourceVersion string) { e.apply(nil, resourceVersion) }
