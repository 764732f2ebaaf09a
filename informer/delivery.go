package informer

import (
	"context"
	"time"

	"k8s.io/klog/v2"
)

// run delivers until it is halted.
func (r *Registration[T]) run(ctx context.Context) {
	ok := false
	defer func() { r.p.ended(r, ok) }()
	r.caller.begin(r.context(ctx), r.name, r)
	defer r.caller.end()
	defer func() { r.paced.rest() }()
	for r.proceeds() {
		r.meetWaits()
		switch {
		case r.backlog != nil:
			r.drainBacklog()
		case r.inbox != nil:
			r.takeIn()
		default:
			r.readOn()
		}
	}
	ok = true
}

// readOn delivers the next entries of the log, which it waits for.
func (r *Registration[T]) readOn() {
	r.markSynced()
	if last := r.last.Load(); last > 0 && r.reader.Position()+1 >= last {
		if r.settled() {
			r.Remove()
		}
		return
	}
	entries := r.reader.Unread()
	if entries == nil {
		more, alarm := r.repeatOne()
		if more {
			return
		}
		r.meter.idle()
		entries = r.reader.NextUntil(alarm)
	}
	// A Drain that comes now is about more than these entries.
	if last := r.last.Load(); last > 0 {
		left := last - min(last, r.reader.Position()+1)
		entries = entries[:min(uint64(len(entries)), left)]
	}
	r.deliver(entries)
}

// takenIn is how many entries are taken from an inbox in a row.
const takenIn = 256

// takeIn delivers the next entries of the inbox, which it waits for.
func (r *Registration[T]) takeIn() {
	r.markSynced()
	e, ok := r.inbox.take()
	switch {
	case !ok && r.inbox.drained():
		if r.settled() {
			r.Remove()
		}
	case !ok:
		r.await()
	}
	for n := 1; ok; e, ok = r.inbox.take() {
		if r.handle(&e) || r.halt.Load() != haltNot || n == takenIn || r.isAwaited() {
			return
		}
		n++
	}
}

// await waits for the inbox, or tells the handler of a key that is to be repeated.
func (r *Registration[T]) await() {
	more, alarm := r.repeatOne()
	if more {
		return
	}
	r.meter.idle()
	select {
	case <-r.inbox.wake:
	case <-alarm:
	}
}

// context returns the context of callbacks, given that of the run.
func (r *Registration[T]) context(ctx context.Context) context.Context {
	if r.logger.GetSink() == nil {
		return ctx
	}
	return klog.NewContext(ctx, r.logger)
}

// markSynced notes that the initial list is delivered, unless the end of the
// first list is still to come.
func (r *Registration[T]) markSynced() {
	if !r.awaitsMark && !r.HasSynced() && r.settled() {
		r.synced.set()
	}
}

// drainBacklog delivers the snapshot, or has the inbox of a handler that
// coalesces take it in.
func (r *Registration[T]) drainBacklog() {
	if r.coalesces() {
		r.unfold()
		return
	}
	b := r.backlog
	r.backlog = b.drain(r.selection, func(event Event[T]) bool {
		if event, ok := r.selection.see(event); ok {
			r.tell(b.at, event)
		}
		r.owed.Add(-1)
		return r.halt.Load() == haltNot
	}, func() bool { return r.halt.Load() == haltRemoved })
	if r.backlog == nil {
		r.owed.Store(0)
	}
}

func (r *Registration[T]) coalesces() bool {
	return r.inbox != nil && r.inbox.backlog.Policy == BacklogCoalesce
}

// unfold turns the snapshot into events that later ones can be merged into.
func (r *Registration[T]) unfold() {
	f := newFold[T]()
	for key, obj := range r.backlog.all(r.selection) {
		if event, ok := r.selection.see(r.backlog.event(key, obj)); ok {
			f.put(&entry[T]{Event: event, at: r.backlog.at})
		}
	}
	if !r.awaitsMark { // the snapshot is all of the initial list (I6)
		r.awaitsMark = true
		f.put(&entry[T]{})
	}
	r.inbox.unfold(f)
	r.backlog = nil
	r.owed.Store(0)
}

// deliver hands entries of the log to the handler, until it is halted or a
// mark asks for a backlog to be delivered first.
func (r *Registration[T]) deliver(entries []entry[T]) {
	if r.selection == nil && r.caller.isPlain() {
		if !r.deliverRow(entries) {
			r.rest(crashPause)
		}
		return
	}
	for i := range entries {
		r.reader.Advance(1)
		if r.handle(&entries[i]) || r.halt.Load() != haltNot || r.isAwaited() {
			return
		}
	}
}

// deliverRow is deliver for a plain handler that is told of everything. One guard
// is for all the callbacks, which at 16 handlers saves a sixth of the time of an
// event (BenchmarkInformer/events); after a panic the rest of the row is another.
// It reports what caller.call does.
func (r *Registration[T]) deliverRow(entries []entry[T]) (calm bool) {
	return r.caller.row(func() {
		for i := range entries {
			r.reader.Advance(1)
			if r.handleRow(&entries[i]) || r.halt.Load() != haltNot || r.isAwaited() {
				return
			}
		}
	})
}

// handleRow is handle for deliverRow.
func (r *Registration[T]) handleRow(e *entry[T]) (backlogFirst bool) {
	if e.Type == 0 || !e.concerns(r) {
		return r.handle(e)
	}
	r.count(e.at, e.Key)
	r.caller.inRow(&e.Event)
	return false
}

// handle delivers one entry. It reports whether there is a backlog to be
// delivered before the next one.
func (r *Registration[T]) handle(e *entry[T]) (backlogFirst bool) {
	switch {
	case e.isSyncMark():
		r.awaitsMark = false
		r.markSynced()
	case e.isResyncMark():
		return r.beginResync(e)
	case !e.concerns(r):
	case r.inbox != nil || r.selection == nil: // what is in an inbox has passed
		r.tell(e.at, e.Event)
	default:
		if event, ok := r.selection.see(e.Event); ok {
			r.tell(e.at, event)
		}
	}
	return false
}

// tell delivers an event that the store had at that time.
func (r *Registration[T]) tell(stored int64, event Event[T]) {
	r.count(stored, event.Key)
	r.call(event)
}

// count notes that an event is about to be delivered.
func (r *Registration[T]) count(stored int64, key string) {
	r.note(stored)
	if r.paced != nil && r.paced.told(key) {
		r.owed.Add(-1)
	}
}

// note measures how long an event waited that is about to be delivered.
func (r *Registration[T]) note(stored int64) {
	if r.inbox != nil || r.meter.due() {
		r.meter.look(stored, r.p.now())
	}
}

// beginResync makes the snapshot that the mark has for r the next thing to be
// delivered. A handler that coalesces was given it by then.
func (r *Registration[T]) beginResync(mark *entry[T]) bool {
	if r.coalesces() {
		r.owesResync.Store(false)
		return false
	}
	snapshot := mark.round.targets[r]
	if snapshot == nil {
		return false
	}
	r.owesResync.Store(false)
	r.owed.Store(int64(snapshot.Len()))
	r.backlog = &backlog[T]{snapshot: snapshot, reason: ReasonResync, at: mark.at}
	return true
}

// call makes one callback. After a panic that the process survived the event
// counts as delivered, and there is a pause.
func (r *Registration[T]) call(event Event[T]) {
	if !r.caller.call(event) {
		r.rest(crashPause)
	}
}

// proceeds hands a handler of batches what has come, and reports whether there may be
// further callbacks.
func (r *Registration[T]) proceeds() bool {
	if r.halted() {
		return false
	}
	r.flush()
	return !r.halted()
}

// settled reports whether the handler has dealt with all that it was told of.
func (r *Registration[T]) settled() bool {
	r.flush()
	return r.caller.settled()
}

func (r *Registration[T]) flush() {
	if !r.caller.flush() {
		r.rest(crashPause)
	}
}

// halted reports whether no further callback may begin.
func (r *Registration[T]) halted() bool { return r.halt.Load() != haltNot }

// rest waits for d or until r is halted.
func (r *Registration[T]) rest(d time.Duration) {
	for end := time.Now().Add(d); r.halt.Load() == haltNot && time.Now().Before(end); {
		r.pause(time.Until(end))
	}
}

// pause waits for d, or less when r is interrupted.
func (r *Registration[T]) pause(d time.Duration) {
	if r.inbox == nil {
		r.reader.Pause(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.inbox.wake:
	}
}

// interrupt has the handler's goroutine look at halt and last. r has joined.
func (r *Registration[T]) interrupt() {
	if r.inbox != nil {
		r.inbox.interrupt()
	} else {
		r.reader.Interrupt()
	}
}

// dispose gives back what r holds. It has no goroutine and gets none any more;
// the caller holds p.mu.
func (r *Registration[T]) dispose() {
	if r.reader != nil {
		r.reader.Leave()
	}
	if r.inbox != nil {
		r.inbox.drop()
	}
	r.backlog = nil
	r.endPaced()
	r.owed.Store(0)
	r.caller.drop()
	r.done.set()
}
