package cache

import (
	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/object"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// DeltaFIFO is client-go's DeltaFIFO on the engine of this module. It has the
// methods of client-go's type and is a type of its own, because nobody but
// client-go can put something else behind that struct. It differs in that
// producers do not wait for process, and in that a Replace with an object that
// has no key changes nothing.
type DeltaFIFO struct {
	fifo
	engine *deltafifo.DeltaFIFO[any]

	// listed is the type of the deltas of a list's objects.
	listed DeltaType
}

var (
	_ upstream.Queue             = (*DeltaFIFO)(nil)
	_ upstream.TransformingStore = (*DeltaFIFO)(nil)
	_ upstream.DoneChecker       = (*DeltaFIFO)(nil)
)

// NewDeltaFIFO is NewDeltaFIFOWithOptions with two of the options. It
// corresponds to client-go's NewDeltaFIFO.
func NewDeltaFIFO(keyFunc KeyFunc, knownObjects KeyListerGetter) *DeltaFIFO {
	return NewDeltaFIFOWithOptions(DeltaFIFOOptions{KeyFunction: keyFunc, KnownObjects: knownObjects})
}

// NewDeltaFIFOWithOptions returns an empty DeltaFIFO. It corresponds to
// client-go's NewDeltaFIFOWithOptions.
func NewDeltaFIFOWithOptions(opts DeltaFIFOOptions) *DeltaFIFO {
	f := &DeltaFIFO{fifo: newFIFO("DeltaFIFO", opts.Name, opts.KeyFunction, opts.Transformer), listed: Sync}
	if opts.EmitDeltaTypeReplaced {
		f.listed = Replaced
	}
	engineOptions := f.engineOptions(opts.Logger)
	engineOptions.KnownObjects = knownObjects(opts.KnownObjects, f.logger(opts.Logger))
	engineOptions.DeletionsLast = true
	engineOptions.RefusedSync = true
	engineOptions.NoBookmarks = true
	engine, err := deltafifo.NewDeltaFIFOWithAccess(object.Keyed(f.keyOf, object.Fields[any]{}), engineOptions)
	if err != nil {
		panic(err) // it is given nothing that it refuses
	}
	f.engine, f.queue = engine, engine
	return f
}

// knownObjects returns known for the engine. Without known objects client-go drops
// the deletion of a key of which nothing is queued, where the engine would queue
// it: so the engine is given known objects of which there are none.
func knownObjects(known KeyListerGetter, logger klog.Logger) deltafifo.KnownObjects[any] {
	if known == nil {
		return nothingKnown{}
	}
	return reported{known, logger}
}

// nothingKnown are known objects of which there are none.
type nothingKnown struct{}

func (nothingKnown) ListKeys() []string                 { return nil }
func (nothingKnown) GetByKey(string) (any, bool, error) { return nil, false, nil }

// reported are known objects whose errors are reported as client-go does it.
type reported struct {
	KeyListerGetter
	logger klog.Logger
}

func (r reported) GetByKey(key string) (obj any, exists bool, err error) {
	obj, exists = lookUp(r.logger, r.KeyListerGetter, key)
	return obj, exists, nil
}

// lookUp reads a known object. One that cannot be read is reported, and counts as
// unknown.
func lookUp(logger klog.Logger, known KeyListerGetter, key string) (obj any, exists bool) {
	obj, exists, err := known.GetByKey(key)
	if err != nil {
		utilruntime.HandleErrorWithLogger(logger, err, "Known object not readable", "key", key)
		return nil, false
	}
	return obj, exists
}

// Replace queues a list: its objects, and a deletion of each known key that it
// does not have. With an error nothing of it is queued.
func (f *DeltaFIFO) Replace(list []interface{}, resourceVersion string) error {
	return f.replace(list, func() error { return f.commitList(len(list), resourceVersion) })
}

func (f *DeltaFIFO) commitList(_ int, resourceVersion string) error {
	return f.endList(resourceVersion)
}

// KeyOf returns the key of an object, of Deltas, or of a tombstone. It
// corresponds to client-go's DeltaFIFO.KeyOf.
func (f *DeltaFIFO) KeyOf(obj interface{}) (string, error) { return f.keyOf(obj) }

// Pop waits for a key and calls process with its Deltas, which it returns. One
// Pop runs at a time; others wait. The error is ErrFIFOClosed when the queue
// is closed and empty, else that of process. It corresponds to client-go's
// DeltaFIFO.Pop.
func (f *DeltaFIFO) Pop(process PopProcessFunc) (interface{}, error) {
	var popped Deltas
	err := f.pop(func(batch deltafifo.Batch[any]) error {
		popped = make(Deltas, len(batch.Deltas))
		for i := range batch.Deltas {
			popped[i] = f.delta(&batch.Deltas[i])
		}
		return process(popped, batch.Initial)
	})
	if popped == nil {
		return nil, err
	}
	return popped, err
}

func (f *DeltaFIFO) delta(d *deltafifo.Delta[any]) Delta {
	converted := toDelta(d)
	if d.Type == deltafifo.DeltaReplaced {
		converted.Type = f.listed
	}
	return converted
}

// Resync queues a Sync for each known object of which nothing is queued. It
// corresponds to client-go's DeltaFIFO.Resync.
func (f *DeltaFIFO) Resync() error { return producerError(nil, f.engine.Resync()) }
