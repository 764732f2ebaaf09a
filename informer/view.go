package informer

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/eventlog"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
)

// view is the Runner of an informer that has a part of the objects of another, its
// wide one. It gives its sink a snapshot of the wide one's store as a list, and then
// what the wide one's log says, each as far as it passes; and how far the wide one's
// store is as bookmarks (G6).
//
// One goroutine does all of that, the source of the view's informer. It reads the log
// as a handler does (I4), but for the pauses between its reading and the store's
// versions, for which see follower.
type view[T any] struct {
	wide *SharedIndexInformer[T]

	mu sync.Mutex // guards what follows

	// passes reports whether an object belongs to the view.
	passes func(obj T) bool

	// anew is set when what is listed next may differ: passes is another.
	anew bool

	// lost is why the wide one has ended, nil while it has not; lostC is closed
	// then.
	lost  error
	lostC chan struct{}

	// reader is that of the present Run, nil without one.
	reader *eventlog.Reader[entry[T]]
}

var _ reflector.Runner[any] = (*view[any])(nil)

func newView[T any](wide *SharedIndexInformer[T], passes func(T) bool) *view[T] {
	return &view[T]{wide: wide, passes: passes, lostC: make(chan struct{})}
}

// Run gives sink what belongs to the view until ctx or the wide informer ends. It
// begins when that has its first list.
func (v *view[T]) Run(ctx context.Context, sink reflector.Sink[T]) error {
	select {
	case <-v.wide.Synced():
	case <-v.lostC:
		return v.lost
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		if err := v.serve(ctx, sink); err != nil {
			return err
		}
	}
}

// begin notes the reader of a Run, and returns what passes.
func (v *view[T]) begin(reader *eventlog.Reader[entry[T]]) (passes func(T) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reader, v.anew = reader, false
	return v.passes
}

// end leaves the wide one.
func (v *view[T]) end(f *follower[T]) {
	v.mu.Lock()
	v.reader = nil
	v.mu.Unlock()
	v.wide.processor.unfollow(f)
}

// set changes what belongs to the view. It never waits.
func (v *view[T]) set(passes func(T) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.passes, v.anew = passes, true
	v.interrupt()
}

// lose notes that the wide one has ended, and why. It never waits.
func (v *view[T]) lose(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.lost == nil {
		v.lost = err
		close(v.lostC)
		v.interrupt()
	}
}

// interrupt has a Run look around; mu is held.
func (v *view[T]) interrupt() {
	if v.reader != nil {
		v.reader.Interrupt()
	}
}

// errAnew ends what is served when it has to be listed anew.
var errAnew = errors.New("informer: the view has changed")

// goesOn is nil while what is served may go on.
func (v *view[T]) goesOn(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case v.lost != nil:
		return v.lost
	case v.anew:
		return errAnew
	}
	return nil
}

// serve gives sink a list and what follows. The error is nil when the view has to be
// listed anew.
func (v *view[T]) serve(ctx context.Context, sink reflector.Sink[T]) error {
	f := v.wide.processor.follow()
	defer v.end(f)
	snapshot, err := f.join(ctx)
	if err != nil {
		return err
	}
	passes := v.begin(f.reader)
	defer context.AfterFunc(ctx, f.reader.Interrupt)()
	if err := list(ctx, sink, snapshot, passes); err != nil {
		return err
	}
	return v.follow(ctx, sink, f, passes, snapshot.ResourceVersion())
}

// follow gives sink what follows the state at version told.
func (v *view[T]) follow(ctx context.Context, sink reflector.Sink[T], f *follower[T], passes func(T) bool, told string) error {
	for {
		if err := v.goesOn(ctx); err != nil {
			if err == errAnew {
				return nil
			}
			return err
		}
		entries := f.reader.Next()
		for i := range entries {
			if err := tell(ctx, sink, &entries[i], passes); err != nil {
				return err
			}
		}
		f.reader.Advance(len(entries))
		version := v.wide.processor.reached(f)
		if version == "" || version == told {
			continue
		}
		if c, err := object.CompareVersions(version, told); err == nil && c < 0 {
			return nil // the server went back, which only a list can say
		}
		if err := sink.Bookmark(ctx, version); err != nil {
			return err
		}
		told = version
	}
}

// list gives sink what of the snapshot passes.
func list[T any](ctx context.Context, sink reflector.Sink[T], snapshot indexer.Snapshot[T], passes func(T) bool) error {
	if err := sink.Begin(ctx); err != nil {
		return err
	}
	defer sink.Abort() // has no effect after the Commit
	var page []T
	for _, obj := range snapshot.All() {
		if !passes(obj) {
			continue
		}
		if page = append(page, obj); len(page) == viewPage {
			if err := sink.Page(ctx, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if err := sink.Page(ctx, page); err != nil {
		return err
	}
	return sink.Commit(ctx, snapshot.ResourceVersion())
}

// viewPage is the number of objects that are handed over at once.
const viewPage = 128

// tell gives sink what an entry of the log means for what passes.
func tell[T any](ctx context.Context, sink reflector.Sink[T], e *entry[T], passes func(T) bool) error {
	if e.Type == 0 || e.round != nil { // a mark, or a repetition
		return nil
	}
	event, ok := through(passes, e.Event)
	switch {
	case !ok:
		return nil
	case event.Type == EventAdd:
		return sink.Add(ctx, event.Object)
	case event.Type == EventUpdate:
		return sink.Update(ctx, event.Object)
	}
	if keyed, ok := sink.(reflector.KeyedSink[T]); ok && event.FinalStateUnknown {
		return keyed.DeleteKey(ctx, event.Key)
	}
	return sink.Delete(ctx, event.Object)
}

// follower is a reader of the log that knows which version of the store its place in
// the log stands for. That is known whenever the store agrees with the log, which it
// does not between open and publish (see processor).
type follower[T any] struct {
	// joined is closed when the follower has its place in the log, where reader
	// is, and snapshot, which is the state of the store there.
	joined   chan struct{}
	reader   *eventlog.Reader[entry[T]]
	snapshot indexer.Snapshot[T]

	// at is a number of entries of the log, and version that of the store which
	// they lead to. They are guarded by the processor's mu.
	at      uint64
	version string
}

// join waits until the follower has joined, which takes no longer than a batch, and
// returns the snapshot, which the follower lets go of. The error is ctx.Err().
func (f *follower[T]) join(ctx context.Context) (snapshot indexer.Snapshot[T], err error) {
	select {
	case <-f.joined:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	snapshot, f.snapshot = f.snapshot, nil
	return snapshot, nil
}

// follow returns a follower, which may yet have to join.
func (p *processor[T]) follow() *follower[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &follower[T]{joined: make(chan struct{})}
	p.followers = append(p.followers, f)
	if !p.applying {
		p.lead()
	}
	return f
}

// unfollow drops f.
func (p *processor[T]) unfollow(f *follower[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.reader != nil {
		f.reader.Leave()
	}
	p.followers = slices.DeleteFunc(p.followers, func(other *follower[T]) bool { return other == f })
}

// lead tells the followers which version the log has come to: the store agrees with
// it. The caller holds mu.
func (p *processor[T]) lead() {
	for _, f := range p.followers {
		before := f.version
		f.at, f.version = p.log.End(), p.base.store.LastStoreSyncResourceVersion()
		switch {
		case !isClosed(f.joined):
			f.reader = p.log.Join()
			f.snapshot = p.base.store.Snapshot()
			close(f.joined)
		case f.version != before:
			f.reader.Interrupt() // for a bookmark, which is no entry
		}
	}
}

// reached is the version of the state to which the entries lead that f has read, ""
// if it has more to read first.
func (p *processor[T]) reached(f *follower[T]) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.reader.Position() < f.at {
		return ""
	}
	return f.version
}
