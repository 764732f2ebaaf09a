package indexer

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

// Mutation says that somebody changed an object that a cache had shared with
// everybody.
type Mutation struct {
	// Cache is the name of the cache, Key the key of the object.
	Cache, Key string
	// Path is the first field that differs, such as .Spec.Containers[0].Image,
	// and Change says how.
	Path, Change string
	// Observed is when the object was as it should be.
	Observed time.Time
}

// Error makes a Mutation an error.
func (m Mutation) Error() string {
	return fmt.Sprintf("indexer: %s: the shared object %q was changed in place: %s %s: copy it before changing it",
		m.Cache, m.Key, m.Path, m.Change)
}

// DetectorOptions configure a MutationDetector.
type DetectorOptions[T any] struct {
	// Name names the cache in reports, "" for the type of its objects.
	Name string
	// Copy makes a deep copy. It is required.
	Copy func(T) T
	// Sample keeps one object of so many that are observed; 0 stands for 64,
	// 1 keeps all.
	Sample int
	// Max bounds the objects kept, each with its copy; 0 stands for 512. A
	// new one takes the place of the oldest.
	Max int
	// Period is the time between two checks of Run; 0 stands for 1 s.
	Period time.Duration
	// OnMutation is told of each mutation once. nil logs an error.
	OnMutation func(Mutation)
	// Logger is used where OnMutation is nil. The zero Logger stands for
	// klog.Background().
	Logger klog.Logger
	// Clock is the real one for nil.
	Clock clock.WithTicker
}

// MutationDetector finds handlers and workers that change objects which they
// share with the cache. It is made to stay on in production: it looks at a
// sample, its memory is bounded, and it tells instead of ending the process.
// What it cannot tell is which goroutine it was. Reading an object that
// somebody changes is a data race, of which the runtime may tell in its own
// way where a map is changed. It corresponds to client-go's
// CacheMutationDetector.
type MutationDetector[T any] struct {
	options DetectorOptions[T]
	seen    atomic.Uint64

	mu sync.Mutex
	// ring has the kept objects, next the place of the oldest once the ring
	// is full.
	ring []observed[T]
	next int
}

type observed[T any] struct {
	key       string
	obj, copy T
	at        time.Time
	gone      bool
}

// NewMutationDetector returns a detector. It panics without a Copy function,
// since it could not detect anything.
func NewMutationDetector[T any](options DetectorOptions[T]) *MutationDetector[T] {
	if options.Copy == nil {
		panic("indexer: a MutationDetector needs DetectorOptions.Copy, such as (*v1.Pod).DeepCopy")
	}
	if options.Name == "" {
		options.Name = typeName[T]()
	}
	if options.Sample <= 0 {
		options.Sample = 64
	}
	if options.Max <= 0 {
		options.Max = 512
	}
	if options.Period <= 0 {
		options.Period = time.Second
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	return &MutationDetector[T]{options: options}
}

// Observe tells of an object as it is put into the cache, before anyone else
// has it. It may be called by any goroutine; for an object outside the sample
// it costs an atomic addition.
func (d *MutationDetector[T]) Observe(key string, obj T) {
	if d.seen.Add(1)%uint64(d.options.Sample) != 0 {
		return
	}
	o := observed[T]{key: key, obj: obj, copy: d.options.Copy(obj), at: d.options.Clock.Now()}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ring) < d.options.Max {
		d.ring = append(d.ring, o)
		return
	}
	d.ring[d.next] = o
	d.next = (d.next + 1) % len(d.ring)
}

// Check compares the kept objects with their copies and returns the mutations
// that it told of.
func (d *MutationDetector[T]) Check() []Mutation {
	d.mu.Lock()
	kept := append([]observed[T](nil), d.ring...)
	d.mu.Unlock()
	var found []Mutation
	for i, o := range kept {
		if o.gone {
			continue
		}
		if path, change := difference(reflect.ValueOf(&o.copy).Elem(), reflect.ValueOf(&o.obj).Elem()); change != "" {
			found = append(found, Mutation{d.options.Name, o.key, path, change, o.at})
			d.forget(i, o.at)
		}
	}
	for _, m := range found {
		d.tell(m)
	}
	return found
}

// forget drops an object that was told of, if it is still in its place.
func (d *MutationDetector[T]) forget(i int, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ring[i].at.Equal(at) {
		d.ring[i] = observed[T]{gone: true}
	}
}

func (d *MutationDetector[T]) tell(m Mutation) {
	if d.options.OnMutation != nil {
		d.options.OnMutation(m)
		return
	}
	logger := d.options.Logger
	if logger.GetSink() == nil {
		logger = klog.Background()
	}
	logger.Error(m, "A shared object was changed in place", "cache", m.Cache, "key", m.Key, "field", m.Path)
}

// Run checks once a period until ctx ends, and once more then.
func (d *MutationDetector[T]) Run(ctx context.Context) {
	ticker := d.options.Clock.NewTicker(d.options.Period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C():
			d.Check()
		case <-ctx.Done():
			d.Check()
			return
		}
	}
}
