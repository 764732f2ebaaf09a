package informertest

import (
	"context"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is what the suite's server holds. Keys are namespace/name.
type Object = metav1.PartialObjectMetadata

// Config is what a subtest wants of its informer. The zero value of each field
// but Source is the default.
type Config struct {
	// Source is the server. It refuses streamed lists, as old servers do.
	Source reflector.ListerWatcher[*Object]

	// These are those of informer.Options.
	Indexers     indexer.Indexers[*Object]
	Transform    func(*Object) (*Object, error)
	ResyncPeriod time.Duration
}

// Factory makes an informer that does not run yet.
type Factory func(Config) (Informer, error)

// Informer is what the suite tests.
type Informer interface {
	// Run runs until ctx ends and everything that belongs to the informer
	// has.
	Run(ctx context.Context) error

	// AddHandler is informer.SharedIndexInformer.AddHandler. An engine that
	// knows no reasons says ReasonInitial for its initial list and ReasonWatch
	// for the rest.
	AddHandler(handler informer.Handler[*Object], opts informer.HandlerOptions) (Registration, error)

	HasSynced() bool
	Synced() <-chan struct{}

	// Get and ByIndex read the store.
	Get(key string) (*Object, bool)
	ByIndex(name, value string) ([]*Object, error)
	Keys() []string
}

// Registration is informer.Registration.
type Registration interface {
	HasSynced() bool
	Synced() <-chan struct{}
	Remove()
	Done() <-chan struct{}
}

// New is the Factory of informer.SharedIndexInformer with its default queue.
func New(c Config) (Informer, error) { return fromOptions(c, informer.Options[*Object]{}) }

// NewWithDeltaFIFO is New with a DeltaFIFO as the queue.
func NewWithDeltaFIFO(c Config) (Informer, error) {
	return fromOptions(c, informer.Options[*Object]{
		NewQueue: func(a object.Access[*Object], o deltafifo.Options[*Object]) (deltafifo.Queue[*Object], error) {
			return deltafifo.NewDeltaFIFOWithAccess(a, o)
		},
	})
}

func fromOptions(c Config, o informer.Options[*Object]) (Informer, error) {
	o.Indexers, o.Transform, o.ResyncPeriod = c.Indexers, c.Transform, c.ResyncPeriod
	// The errors that the suite makes the server give are not for the log.
	o.Reflector.OnError = func(context.Context, error) {}
	in, err := informer.New(c.Source, o)
	if err != nil {
		return nil, err
	}
	return shared{in}, nil
}

// shared is a SharedIndexInformer as the suite wants it.
type shared struct {
	*informer.SharedIndexInformer[*Object]
}

func (s shared) AddHandler(h informer.Handler[*Object], o informer.HandlerOptions) (Registration, error) {
	return s.SharedIndexInformer.AddHandler(h, o)
}

func (s shared) Get(key string) (*Object, bool) {
	obj, exists, err := s.Indexer().GetByKey(key)
	return obj, exists && err == nil
}

func (s shared) ByIndex(name, value string) ([]*Object, error) {
	return s.Indexer().ByIndex(name, value)
}

func (s shared) Keys() []string { return s.Indexer().ListKeys() }
