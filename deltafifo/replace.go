package deltafifo

import "context"

// Commit makes the open list take effect at once: a Deleted with
// FinalStateUnknown for each key that is gone, then a Replaced for each of its
// items, in their order, then, unless resourceVersion is "", a Bookmark;
// Options.DeletionsLast has the items come first. A key is gone
// when the list has it not, and the last that was queued of it, or else handed
// out, or else the known objects, say that it exists (F2). The Deleted has the
// object of that state; NoObject if none is known.
//
// Commit ends the list, also when it fails, and then nothing of it shows: with
// ErrNoList when none was open, otherwise as Add does.
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
	q.core.mu.Lock()
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

// missing makes a Deleted for each known object that p has not. It calls user
// code: mu is not held.
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

// replace queues what p brings and what it shows to be gone; mu is held. tr was
// begun before missing was made. What is queued overrules tr, and tr overrules
// missing.
func (q *DeltaFIFO[T]) replace(p *pages[T], missing []Delta[T], tr *trace[T]) {
	overruled := func(key string) bool { return tr.has(key) || q.entries.waiting(key) != nil }
	dead := q.handedOut(p, tr)
	for _, d := range missing {
		if !overruled(d.Key) {
			dead = append(dead, d)
		}
	}
	for e := q.entries.line.head; e != nil; e = e.next {
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

// handedOut makes a Deleted for each key in tr that the consumer holds, that p
// has not, and of which nothing is queued; mu is held.
func (q *DeltaFIFO[T]) handedOut(p *pages[T], tr *trace[T]) []Delta[T] {
	var dead []Delta[T]
	for _, key := range tr.keys {
		if l := tr.last[key]; !l.gone && !p.has(key) && q.entries.waiting(key) == nil {
			dead = append(dead, unseen(key, l.obj))
		}
	}
	return dead
}

// unseen is the deletion of what was obj last.
func unseen[T any](key string, obj T) Delta[T] {
	return Delta[T]{Key: key, Object: obj, Type: DeltaDeleted, FinalStateUnknown: true}
}
