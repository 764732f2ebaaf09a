package httpsource

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// batchFrames and batchBytes are how much one decoder takes at once, if
	// as much has come.
	batchFrames = 32
	batchBytes  = 128 << 10

	// batchesEach is how many full batches there may be for each decoder, in
	// all: one that is decoded, one that waits for that and one that waits to
	// be taken.
	batchesEach = 3
)

// lanes decode on several goroutines what one goroutine cuts, the cutter, and
// hand it on to another, the receiver, in the order in which it was cut:
//
//	cutter ──put──► batch ──► cut ──────────────────► receiver ──► giveBack
//	                  │                                  ▲             │
//	                  └─────► work ──► decoders ─────────┘             │
//	   ▲                                                               │
//	   └────────────────────────── back ◄──────────────────────────────┘
//
// Each batch is in cut, and in work as well for whoever has time. Who claims it
// decodes it; the receiver does so itself when nobody else has begun, so that an
// event that comes alone waits for no other goroutine.
//
// What is in flight is bounded: by batchesEach full batches for each decoder, or
// one batch of a single larger frame.
type lanes[T Object] struct {
	ctx    context.Context // ends all goroutines
	cancel context.CancelFunc
	decode func(*frame) (reflector.Event[T], error)

	cut  chan *batch[T] // has room for every batch that there is
	work chan *batch[T] // may hold batches that were claimed meanwhile
	back chan *batch[T] // has room for every batch that there is

	running sync.WaitGroup

	// The cutter's own.
	filling  *batch[T]
	spare    []*batch[T]
	decoders int // that may run
	started  int // that do
	flying   int // batches between cut and back
	bytes    int // in them
}

// A batch is some frames that follow one another. The cutter fills it in, who
// claims it decodes it, and the receiver takes it.
type batch[T Object] struct {
	of       metav1.TypeMeta // what the list has said of itself by now
	raw      []byte          // of all frames
	ends     []int           // in raw
	frames   []frame
	outcomes []outcome[T] // as many as frames, once it is decoded

	state   atomic.Int32
	decoded chan struct{} // has a signal once it is, if a decoder claimed it
	undone  bool          // a decoder gave up

	last *ending // nil where more follows
}

// An outcome is what has become of a frame.
type outcome[T Object] struct {
	event reflector.Event[T]
	err   error
}

// An ending is how the cutter ended.
type ending struct {
	err      error
	frame    frame // that err is about
	panicked any
}

// The states of a batch.
const (
	filling = iota
	ready
	claimed
)

// errCaughtUp ends lanes where the receiver takes everything at once.
var errCaughtUp = errors.New("nothing waits")

// newLanes returns lanes for up to that many decoders, which decode with decode,
// until ctx ends. Nothing runs before start.
func newLanes[T Object](ctx context.Context, decoders int, decode func(*frame) (reflector.Event[T], error)) *lanes[T] {
	most := decoders*batchesEach + 1
	l := &lanes[T]{
		decode:   decode,
		decoders: decoders,
		cut:      make(chan *batch[T], most+1), // and the last one
		work:     make(chan *batch[T], most),
		back:     make(chan *batch[T], most+1),
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l
}

// start runs the cutter. It returns how it ended, and sets the frame that this
// is about.
func (l *lanes[T]) start(cutter func(about *frame) error) {
	l.running.Go(func() {
		last := &ending{err: io.ErrUnexpectedEOF} // for a Goexit
		defer func() {
			last.panicked = recover()
			l.finish(last)
		}()
		last.err = cutter(&last.frame)
	})
}

// halt ends all goroutines and waits for them. What the cutter reads from must
// have been closed.
func (l *lanes[T]) halt() {
	l.cancel()
	l.running.Wait()
}

// put adds a copy of f to what is decoded, once there is room for it. An error
// is the end of the context.
func (l *lanes[T]) put(of metav1.TypeMeta, f *frame) error {
	if b := l.filling; b != nil && len(b.raw)+len(f.object) > batchBytes {
		l.flush()
	}
	if l.filling == nil {
		if err := l.room(len(f.object)); err != nil {
			return err
		}
	}
	b := l.filling
	b.of = of
	b.add(f)
	if len(b.frames) == batchFrames {
		l.flush()
	}
	return nil
}

// add adds a copy of f.
func (b *batch[T]) add(f *frame) {
	b.raw = append(b.raw, f.object...)
	b.ends = append(b.ends, len(b.raw))
	b.frames = append(b.frames, *f)
}

// seal makes the frames point into raw, which does not move any more.
func (b *batch[T]) seal() {
	from := 0
	for i, end := range b.ends {
		if b.frames[i].object != nil {
			b.frames[i].object = b.raw[from:end:end]
		}
		from = end
	}
	b.state.Store(ready)
}

// room waits until a batch that begins with n bytes may be filled.
func (l *lanes[T]) room(n int) error {
	for {
		l.collect()
		if l.flying == 0 || l.flying < l.decoders*batchesEach && l.bytes+n <= l.decoders*batchesEach*batchBytes {
			break
		}
		select {
		case b := <-l.back:
			l.reclaim(b)
		case <-l.ctx.Done():
			return l.ctx.Err()
		}
	}
	if n := len(l.spare); n > 0 {
		l.filling, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		l.filling = &batch[T]{decoded: make(chan struct{}, 1)}
	}
	return l.ctx.Err()
}

// collect reclaims what has come back.
func (l *lanes[T]) collect() {
	for {
		select {
		case b := <-l.back:
			l.reclaim(b)
		default:
			return
		}
	}
}

func (l *lanes[T]) reclaim(b *batch[T]) {
	l.flying--
	l.bytes -= len(b.raw)
	if cap(b.raw) > 2*batchBytes {
		b.raw = nil
	}
	b.raw, b.ends, b.frames, b.undone = b.raw[:0], b.ends[:0], b.frames[:0], false
	l.spare = append(l.spare, b)
}

// flush hands on what has been put so far. It never waits.
func (l *lanes[T]) flush() {
	b := l.filling
	if b == nil {
		return
	}
	l.filling = nil
	l.flying++
	l.bytes += len(b.raw)
	b.seal()
	l.cut <- b
	if l.flying > 1 && l.started < l.decoders {
		l.started++
		l.running.Go(l.decoder)
	}
	select {
	case l.work <- b:
	default: // there is enough to do, and the receiver can do it too
	}
}

// caughtUp reports whether the receiver has taken all that was put.
func (l *lanes[T]) caughtUp() bool {
	l.collect()
	return l.flying == 0
}

// finish hands on what has been put so far, and how the cutter ended.
func (l *lanes[T]) finish(last *ending) {
	l.flush()
	b := &batch[T]{last: last}
	b.state.Store(ready)
	l.cut <- b
}

func (l *lanes[T]) decoder() {
	for {
		select {
		case b := <-l.work:
			if b.claim() {
				l.decodeApart(b)
			}
		case <-l.ctx.Done():
			return
		}
	}
}

func (b *batch[T]) claim() bool { return b.state.CompareAndSwap(ready, claimed) }

// decodeApart decodes b for the receiver. What panics is left for the receiver to
// do again, so that it panics where somebody may expect it.
func (l *lanes[T]) decodeApart(b *batch[T]) {
	b.undone = true
	defer func() {
		_ = recover()
		b.decoded <- struct{}{}
	}()
	for i := range b.frames {
		if l.ctx.Err() != nil {
			return
		}
		b.decodeOne(i, l.decode)
	}
	b.undone = false
}

func (b *batch[T]) decodeOne(i int, decode func(*frame) (reflector.Event[T], error)) {
	event, err := decode(&b.frames[i])
	b.outcomes = append(b.outcomes, outcome[T]{event, err})
}

// next waits for the next batch and has it decoded. The receiver gives it back. An
// error is the end of the context.
func (l *lanes[T]) next() (*batch[T], error) {
	var b *batch[T]
	select {
	case b = <-l.cut:
	case <-l.ctx.Done():
		return nil, l.ctx.Err()
	}
	if b.claim() {
		l.decodeHere(b)
		return b, nil
	}
	<-b.decoded
	if b.undone {
		if err := l.ctx.Err(); err != nil {
			return nil, err
		}
		b.drop()
		l.decodeHere(b)
	}
	return b, nil
}

// decodeHere decodes b on the receiver's goroutine.
func (l *lanes[T]) decodeHere(b *batch[T]) {
	if b.last != nil && b.last.panicked != nil {
		panic(b.last.panicked)
	}
	for i := range b.frames {
		b.decodeOne(i, l.decode)
	}
}

// drop lets go of the outcomes.
func (b *batch[T]) drop() {
	clear(b.outcomes)
	b.outcomes = b.outcomes[:0]
}

// giveBack hands b back, whose outcomes have been taken.
func (l *lanes[T]) giveBack(b *batch[T]) {
	b.drop()
	clear(b.frames)
	b.state.Store(filling)
	l.back <- b
}
