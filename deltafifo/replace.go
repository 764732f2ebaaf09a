package deltafifo

import "context"

// Commit queues the open list at once: a DeltaDeleted with FinalStateUnknown for
// each key that is gone, then a DeltaReplaced for each of its items, in their
// order, then, unless resourceVersion is "", a DeltaBookmark. With
// Options.DeletionsLast the items come before the deletions.
//
// A key is gone if the list does not have it and it exists by what is known of it:
// the last delta that is queued, else the last that was handed out, else the known
// objects (F2). The DeltaDeleted has the object of that state, or NoObject if
// none is known.
//
// The error is ErrNoList when no list is open, ErrClosed after Close, and
// ctx.Err() when ctx ends while the queue is full. Commit ends the list in any
// case; with an error nothing of it is queued.
//
// It corresponds to client-go's DeltaFIFO.Replace.
func (q *DeltaFIFO[T]) Commit(ctx context.Context, resourceVersion string) error {
	if q.core.isClosed() {
		return ErrClosed
	}
	p, err := q.core.commit()
	if err != nil {
		return err
	}
	tr := q.trace()
	defer q.untrace(tr)
	missing := q.missing(p)
	q.core.lock()
	if err := q.admit(ctx); err != nil {
		q.core.mu.Unlock()
		return err
	}
	q.replace(p, missing, tr)
	q.core.first.list(q.entries.keys)
	if resourceVersion != "" {
		q.pushBookmark(resourceVersion)
	}
	q.core.unlockAndWake()
	return nil
}

// DeleteKey is Delete where only the key is known: it queues a DeltaDeleted with
// FinalStateUnknown and the last known object, if the key exists by what is known of
// it, as Commit does for a key that is gone; without known objects in any case, with
// NoObject where nothing is queued or being processed. While a list is open it takes
// the key out of that instead, whatever the list had of it so far, and queues nothing.
// The error is that of Commit.
func (q *DeltaFIFO[T]) DeleteKey(ctx context.Context, key string) error {
	if q.core.list.remove(key) {
		return nil
	}
	q.attempted()
	tr := q.trace()
	defer q.untrace(tr)
	d := Delta[T]{Key: key, Type: DeltaDeleted, NoObject: true}
	if q.core.in.known != nil {
		d = q.lookup([]string{key}, DeltaDeleted)[0]
	}
	d.FinalStateUnknown = true
	q.core.lock()
	defer q.core.unlockAndWake()
	if err := q.admit(ctx); err != nil {
		return err
	}
	q.core.first.event()
	switch e := q.entries.waiting(key); {
	case e != nil:
		if last := e.newest(); last.Type != DeltaDeleted {
			q.push(unseen(key, last.Object))
		}
	case tr.has(key):
		if last := tr.last[key]; !last.gone {
			q.push(unseen(key, last.obj))
		}
	case !d.NoObject || q.core.in.known == nil:
		q.push(d)
	}
	return nil
}

// missing makes a deletion of each known object that p does not have. It calls
// user code: mu is not held.
func (q *DeltaFIFO[T]) missing(p *pages[T]) []Delta[T] {
	if q.core.in.known == nil {
		return nil
	}
	var keys []string
	for _, key := range q.core.in.known.ListKeys() {
		if !p.has(key) {
			keys = append(keys, key)
		}
	}
	missing := q.lookup(keys, DeltaDeleted)
	for i := range missing {
		missing[i].FinalStateUnknown = true
	}
	return missing
}

// replace queues the items of p and the deletions that follow from it; mu is held.
// tr was begun before missing was made. What is queued overrules tr, and tr
// overrules missing.
func (q *DeltaFIFO[T]) replace(p *pages[T], missing []Delta[T], tr *trace[T]) {
	overruled := func(key string) bool { return tr.has(key) || q.entries.waiting(key) != nil }
	dead := q.handedOut(p, tr)
	for _, d := range missing {
		if !overruled(d.Key) {
			dead = append(dead, d)
		}
	}
	for e := q.entries.queued.head; e != nil; e = e.next {
		if d := e.newest(); d.Type != DeltaDeleted && d.Type != DeltaBookmark && !p.has(d.Key) {
			q.push(unseen(d.Key, d.Object))
		}
	}
	if !q.deletionsLast {
		q.pushAll(dead)
	}
	for i, key := range p.keys {
		q.push(Delta[T]{Key: key, Object: p.objs[i], Type: DeltaReplaced})
	}
	if q.deletionsLast {
		q.pushAll(dead)
	}
}

// handedOut makes a deletion of each key in tr that the consumer holds, that p
// does not have, and of which nothing is queued; mu is held.
func (q *DeltaFIFO[T]) handedOut(p *pages[T], tr *trace[T]) []Delta[T] {
	var dead []Delta[T]
	for _, key := range tr.keys {
		if l := tr.last[key]; !l.gone && !p.has(key) && q.entries.waiting(key) == nil {
			dead = append(dead, unseen(key, l.obj))
		}
	}
	return dead
}

// unseen is the deletion of a key that no watch reported; obj is its last known
// state.
func unseen[T any](key string, obj T) Delta[T] {
	return Delta[T]{Key: key, Object: obj, Type: DeltaDeleted, FinalStateUnknown: true}
}
