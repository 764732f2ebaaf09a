package pipeline

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	"github.com/informant-go/informant/workqueue"
)

// newQueue makes the queue of deltas of an informer.
type newQueue[T any] func(object.Access[T], deltafifo.Options[T]) (deltafifo.Queue[T], error)

// settings say what pipeline a test wants. The zero value watches the ConfigMaps
// of all namespaces.
type settings[T httpsource.Object] struct {
	// base and client are where to reach the server and how; by default its
	// own.
	base   string
	client *http.Client

	namespace, labels, fields string

	// reflector may set anything but the backoff.
	reflector reflector.Options
	queue     newQueue[T]
	reconcile reconcile[T]
}

// pipeline is the data flow with its observers.
type pipeline[T httpsource.Object] struct {
	reflector *reflector.Reflector[T]
	informer  *informer.SharedIndexInformer[T]
	oracle    *oracle[T]
	handler   *informer.Registration[T]
	queue     *workqueue.RateLimitingQueue[string]
	crew      *crew[T]

	bell   bell // rung by the reflector's errors
	mu     sync.Mutex
	errors []error  // what the reflector reported
	misuse []string // what the work queue complained of
}

// start runs a pipeline until the end of the test, which fails if the informer
// does not stop, or if an observer has seen a promise broken.
func start[T httpsource.Object](t *testing.T, s *realserver.Server, o settings[T]) *pipeline[T] {
	t.Helper()
	p := assemble(t, s, o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.informer.Run(ctx) }()
	p.crew.start(ctx, 4)
	t.Cleanup(func() {
		defer cancel()
		p.stop(t, ended)
		for _, fault := range append(p.oracle.broken(), p.crew.broken()...) {
			t.Error(fault)
		}
		for _, what := range p.misuse {
			t.Error(what)
		}
	})
	return p
}

func assemble[T httpsource.Object](t *testing.T, s *realserver.Server, o settings[T]) *pipeline[T] {
	t.Helper()
	if o.base == "" {
		o.base = s.URL()
	}
	if o.client == nil {
		o.client = s.Client()
	}
	source, err := httpsource.New(httpsource.Config[T]{
		Client: o.client, BaseURL: o.base,
		Version: "v1", Resource: "configmaps", Kind: "ConfigMap",
		Namespace: o.namespace, LabelSelector: o.labels, FieldSelector: o.fields,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline[T]{}
	o.reflector.Backoff = reflector.Backoff{Initial: 20 * time.Millisecond, Max: 200 * time.Millisecond}
	o.reflector.OnError = p.noteError
	p.reflector, err = reflector.New(source, o.reflector)
	if err != nil {
		t.Fatal(err)
	}
	p.informer, err = informer.NewFromRunner(object.Meta[T](), p.reflector, informer.Options[T]{
		Name: t.Name(), Indexers: indexers[T](), NewQueue: o.queue, SourceStatus: p.reflector.Status,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.queue = workqueue.NewRateLimiting(workqueue.Options[string]{
		Name:     t.Name(),
		Limiter:  workqueue.NewExponentialLimiter[string](time.Millisecond, 100*time.Millisecond),
		OnMisuse: p.noteMisuse,
	})
	p.crew = newCrew(p.queue, p.informer.Indexer(), o.reconcile)
	p.oracle = newOracle(p.informer.Indexer())
	// The key is queued before the oracle tells of the event, so that who has
	// waited for the oracle can wait for the crew.
	p.handler, err = p.informer.AddHandler(informer.HandlerFunc[T](func(ctx context.Context, e informer.Event[T]) {
		p.queue.Add(e.Key)
		p.oracle.OnEvent(ctx, e)
	}), informer.HandlerOptions{Name: "keys"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pipeline[T]) noteError(_ context.Context, err error) {
	p.mu.Lock()
	p.errors = append(p.errors, err)
	p.mu.Unlock()
	p.bell.ring()
}

// reported is what the reflector reported so far.
func (p *pipeline[T]) reported() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors)
}

func (p *pipeline[T]) noteMisuse(err *workqueue.MisuseError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.misuse = append(p.misuse, err.Error())
}

// stop is I9: Run returns, and nothing of it is left.
func (p *pipeline[T]) stop(t *testing.T, ended <-chan error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.informer.Stop(ctx); err != nil {
		t.Errorf("I9: %v", err)
	} else if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	p.queue.ShutDown()
	p.crew.group.Wait()
}

// sync waits until cache and handler have the first list.
func (p *pipeline[T]) sync(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := informer.WaitForSync(ctx, p.informer, p.handler); err != nil {
		t.Fatalf("%v\nstats: %+v", err, p.reflector.Stats())
	}
}

// indexers are the three indexes of each pipeline.
func indexers[T httpsource.Object]() indexer.Indexers[T] {
	return indexer.Indexers[T]{
		"namespace": func(obj T) ([]string, error) { return []string{obj.GetNamespace()}, nil },
		"app":       func(obj T) ([]string, error) { return labelOf(obj, "app"), nil },
		"zones":     func(obj T) ([]string, error) { return zonesOf(obj), nil },
	}
}
