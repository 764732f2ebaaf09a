package informer

import (
	"reflect"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/mutation"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/klog/v2"
)

// Options are the settings of an informer. The zero value is an informer with
// an in-order queue, a store without indexes and no resyncs. It corresponds to
// client-go's SharedIndexInformerOptions and InformerOptions, and to what is
// set on an informer there before it runs.
type Options[T any] struct {
	// Name stands in errors, in logs and on the debug page. "" is the type of
	// the objects.
	Name string

	// Indexers are the indexes of the store.
	Indexers indexer.Indexers[T]

	// Transform, if not nil, is applied to each object before it is queued,
	// by the goroutine that runs the source. It may change the object or
	// return another with the same key; its error refuses the object, and so
	// does its panic, if the process survives that (I8). Package object has
	// transforms that make objects smaller, see object.Transforms; with the Share
	// of an object.Sharer, Detector is given its Shared. It corresponds to
	// client-go's TransformFunc.
	Transform func(obj T) (T, error)

	// ResyncPeriod is how often handlers are told of every object again that
	// do not say otherwise; 0 is never. Below one second it counts as one.
	ResyncPeriod time.Duration

	// RelistUpdates takes each object of a list as it comes, also with the
	// version of the stored one, and sends an Update to every handler for
	// each object that a list, or an event that came twice, shows at the same
	// version, as client-go does. Without it such an object is taken for the
	// same state and dropped, which spares a second copy of the world and the
	// handlers' work, and misses what changes under a version: what the
	// server makes of an object on reading, such as the defaults of a custom
	// resource whose definition has changed. That shows when the object is
	// next written. An Indexer of one's own needs indexer.Options.Renew
	// besides.
	RelistUpdates bool

	// UIDUpdates sends one Update when another object has taken over a key
	// and its predecessor's deletion was missed, as client-go does. Without
	// it that is a Delete and an Add.
	UIDUpdates bool

	// SkipFilled keeps what the store holds before the first Run from the
	// handlers that are added before it, as client-go does: the first list is
	// told to them as the difference that it makes, with Updates of and
	// Deletes of what they were not given (I1). Without it they are told of
	// what is there as Adds. It only matters with an Indexer that is not
	// empty. A Controller always keeps it from its handler.
	SkipFilled bool

	// Reflector are the settings of the reflector, with OnError for what
	// goes wrong with the server. Name and Logger are the informer's unless
	// set. The constructors that are given a Runner do not use it.
	Reflector reflector.Options

	// SourceStatus, if not nil, returns how the source stands with its
	// server, for Status.Source and for the reasons of Unsynced. It is for
	// the constructors that are given a Runner; set it to the Status of a
	// Reflector that is one, or is part of one. The other constructors make
	// the Reflector, and set it. It is called by any goroutine, under no lock.
	SourceStatus func() reflector.Status

	// VersionsByBookmark says that the source is several watches at once, as a
	// union.Runner is: the version of an object that one of them brings says nothing
	// of how far the others are. The store then takes its version from the source's
	// lists and bookmarks alone, so that WaitFor waits for all of them (S5); see
	// indexer.Options.VersionsByBookmark, which an Indexer of one's own needs
	// besides. It is for the constructors that are given a Runner.
	VersionsByBookmark bool

	// Indexer is the store, empty or not; nil for a new one. Nobody but the
	// informer may write it. It is called by any goroutine; Snapshot,
	// besides, while joining handlers wait.
	Indexer indexer.Indexer[T]

	// NewQueue makes the queue of a run, nil is
	// deltafifo.NewInOrderWithAccess. It is given everything that the queues
	// of deltafifo can use, the store as known objects included, so that a
	// DeltaFIFO is
	//
	//	NewQueue: func(a object.Access[T], o deltafifo.Options[T]) (deltafifo.Queue[T], error) {
	//		return deltafifo.NewDeltaFIFOWithAccess(a, o)
	//	}
	NewQueue func(object.Access[T], deltafifo.Options[T]) (deltafifo.Queue[T], error)

	// Detector, if not nil, looks for handlers and workers that change the
	// objects of the store in place, which they share with everybody. It is
	// made to stay on in production, see mutation.Detector; it runs
	// while the informer does. Name, Logger and Suspects are the informer's
	// unless set, and Suspects names the handlers that were in a callback.
	Detector *mutation.Options[T]

	// Observe, if not nil, is called with each object that the store is about to
	// take, before the store or any handler has it, by the goroutine that
	// writes the store, which waits for it. An object that is in the store as
	// it is already is left out. It is for code that must see objects before
	// anybody can change them, as client-go's mutation detector must.
	Observe func(key string, obj T)

	// Logger is used for what cannot be returned; the zero value is the
	// logger of Run's context.
	Logger klog.Logger
}

// name returns the name of the informer.
func (o *Options[T]) name() string {
	if o.Name != "" {
		return o.Name
	}
	return reflect.TypeFor[T]().String()
}
