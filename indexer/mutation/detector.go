package mutation

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
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
	// Observed is when the object was last found intact, or was observed.
	Observed time.Time
	// Suspects are those whom Options.Suspects named for the time since then.
	Suspects []string
	// Part is the path of the map, slice or pointer that was changed, if that is in
	// several objects according to Options.Shared, and "" otherwise. They have all
	// changed; Others are the keys of those that were kept, sorted.
	Part   string
	Others []string
}

// Error names cache, key and field, and says how that changed.
func (m *Mutation) Error() string {
	suspects := ""
	if len(m.Suspects) > 0 {
		suspects = fmt.Sprintf(" (at work since it was intact: %s)", strings.Join(m.Suspects, ", "))
	}
	return fmt.Sprintf("mutation: %s: the shared object %q was changed in place: %s %s%s%s: copy it before changing it",
		m.Cache, m.Key, m.Path, m.Change, m.others(), suspects)
}

// others says whose part was changed besides.
func (m *Mutation) others() string {
	switch {
	case m.Part == "":
		return ""
	case len(m.Others) == 0:
		return fmt.Sprintf(", and in all other objects that have the same %s", m.Part)
	}
	return fmt.Sprintf(", and in all other objects that have the same %s, such as %s", m.Part, strings.Join(m.Others, ", "))
}

// Options configure a Detector.
type Options[T any] struct {
	// Name names the cache in reports. "" stands for the type of its objects.
	Name string
	// Copy makes a deep copy. It is required. An object over which it panics
	// is not kept.
	Copy func(T) T
	// Sample says that one object is kept of so many that are observed: with 1
	// all of them are. 0 or less stands for 64.
	Sample int
	// Max bounds the objects that are kept, each with its copy. A new one takes
	// the place of the oldest. 0 or less stands for 512.
	Max int
	// Period is the time between two checks of Run. 0 or less stands for 1 s.
	Period time.Duration
	// Suspects names who has worked with objects of the cache since it was last
	// called. Each Check calls it twice, without a lock. nil names nobody. An
	// informer names its handlers.
	Suspects func() []string
	// Shared reports whether a map, slice or pointer in an object is in other objects
	// of the cache too, so that a Mutation can say so. It is asked about objects
	// that were changed only, without a lock. nil stands for never. It is the
	// method Shared of an object.Sharer whose Share is the transform of the cache.
	Shared func(part any) bool
	// OnMutation is told of each mutation once, by the goroutine that checks
	// and without a lock. nil logs an error.
	OnMutation func(*Mutation)
	// Logger is used where OnMutation is nil. The zero Logger stands for
	// klog.Background().
	Logger klog.Logger
	// Clock says when Run checks, and what time it is. nil stands for the real
	// one.
	Clock clock.WithTicker
}

// Detector finds handlers and workers that change objects which they share with
// the cache. It is made to stay on in production: it looks at a sample, its
// memory is bounded, and it reports instead of ending the process. It cannot know
// which goroutine changed an object; it narrows that down to one period, and to
// those who were at work in it. Reading an object while somebody changes it is a
// data race: where a map is changed, the runtime may end the process over it. It
// corresponds to client-go's MutationDetector.
//
// All methods may be called by any goroutine.
type Detector[T any] struct {
	options Options[T]
	seen    atomic.Uint64
	// cannotCopy logs a Copy that panics, once.
	cannotCopy sync.Once

	// checking makes checks take turns; only comparing runs under it.
	checking sync.Mutex

	mu sync.Mutex
	// ring has the kept objects, next the place of the oldest once the ring
	// is full.
	ring []*observed[T]
	next int
	// suspects are the answers of the last three calls of Suspects. The first
	// of them reaches back behind the last time at which intact objects were
	// found so.
	suspects [3][]string
}

// observed is a kept object. obj and copy are written before it is kept and
// by who holds checking, the others are guarded by mu.
type observed[T any] struct {
	key       string
	obj, copy T
	intact    time.Time
	told      bool
}

// New returns a Detector. It panics if options.Copy is nil, since it could not
// detect anything.
func New[T any](options Options[T]) *Detector[T] {
	if options.Copy == nil {
		panic("mutation: a Detector needs Options.Copy, such as (*v1.Pod).DeepCopy")
	}
	if options.Name == "" {
		options.Name = reflect.TypeFor[T]().String()
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
	return &Detector[T]{options: options}
}

// Observe shows the Detector an object that is about to be put into the cache,
// before anybody else has it. For an object outside the sample it costs an atomic
// addition.
func (d *Detector[T]) Observe(key string, obj T) {
	if d.seen.Add(1)%uint64(d.options.Sample) == 0 {
		d.keep(key, obj)
	}
}

// ObserveAll is Observe for n objects, numbered from 0. It calls at for those in
// the sample only. If at returns keep as false, the object is not kept: the cache
// has that state already, or will not store it.
func (d *Detector[T]) ObserveAll(n int, at func(i int) (key string, obj T, keep bool)) {
	sample := uint64(d.options.Sample)
	before := d.seen.Add(uint64(n)) - uint64(n)
	for i := sample - before%sample; i <= uint64(n); i += sample {
		if key, obj, keep := at(int(i - 1)); keep {
			d.keep(key, obj)
		}
	}
}

func (d *Detector[T]) keep(key string, obj T) {
	copied, ok := d.copy(key, obj)
	if !ok {
		return
	}
	o := &observed[T]{key: key, obj: obj, copy: copied, intact: d.options.Clock.Now()}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ring) < d.options.Max {
		d.ring = append(d.ring, o)
		return
	}
	d.ring[d.next] = o
	d.next = (d.next + 1) % len(d.ring)
}

// copy makes a copy. ok is false if Options.Copy panicked, which must not keep an
// object from being stored.
func (d *Detector[T]) copy(key string, obj T) (copied T, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			d.cannotCopy.Do(func() {
				d.logger().Error(fmt.Errorf("panic: %v", r),
					"Options.Copy panicked, such objects are not watched for changes",
					"cache", d.options.Name, "key", key, "stack", string(debug.Stack()))
			})
		}
	}()
	return d.options.Copy(obj), true
}

// Check compares the kept objects with their copies, tells Options.OnMutation of
// those that differ and returns what it told. It forgets these objects.
func (d *Detector[T]) Check() []*Mutation {
	d.suspect()
	changes := d.compare()
	suspects := d.suspect()
	d.nameParts(changes)
	found := make([]*Mutation, len(changes))
	for i, c := range changes {
		found[i] = c.Mutation
		c.Suspects = suspects
		d.tell(c.Mutation)
	}
	return found
}

// changed is a mutation that was found, and what it was found in.
type changed struct {
	*Mutation
	within []place
}

// nameParts says of mutations that were made in a part of several objects which part
// that is, and which of the kept objects have it.
func (d *Detector[T]) nameParts(changes []changed) {
	if d.options.Shared == nil {
		return
	}
	keys := make(map[uintptr][]string)
	for i := range changes {
		c := &changes[i]
		c.within = slices.DeleteFunc(c.within, func(p place) bool {
			return !p.value.CanInterface() || !d.options.Shared(p.value.Interface())
		})
		if len(c.within) > 0 {
			at := c.within[0].value.Pointer()
			keys[at] = append(keys[at], c.Key)
		}
	}
	for i := range changes {
		if c := &changes[i]; len(c.within) > 0 {
			c.Part = c.within[0].path
			c.Others = others(keys[c.within[0].value.Pointer()], c.Key)
		}
	}
}

// others returns keys without key, sorted.
func others(keys []string, key string) (rest []string) {
	for _, k := range keys {
		if k != key {
			rest = append(rest, k)
		}
	}
	slices.Sort(rest)
	return slices.Compact(rest)
}

// compare returns what was changed, and forgets those objects.
func (d *Detector[T]) compare() (found []changed) {
	d.checking.Lock()
	defer d.checking.Unlock()
	now := d.options.Clock.Now()
	for _, o := range d.kept() {
		path, change, within := difference(reflect.ValueOf(&o.copy).Elem(), reflect.ValueOf(&o.obj).Elem())
		d.mu.Lock()
		if change != "" {
			m := &Mutation{Cache: d.options.Name, Key: o.key, Path: path, Change: change, Observed: o.intact}
			found = append(found, changed{m, within})
			*o = observed[T]{told: true}
		} else {
			o.intact = now
		}
		d.mu.Unlock()
	}
	return found
}

// kept returns the objects of which nothing was told.
func (d *Detector[T]) kept() []*observed[T] {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := make([]*observed[T], 0, len(d.ring))
	for _, o := range d.ring {
		if !o.told {
			kept = append(kept, o)
		}
	}
	return kept
}

// suspect asks who was at work, and returns the answers of the last three times.
func (d *Detector[T]) suspect() []string {
	if d.options.Suspects == nil {
		return nil
	}
	named := d.options.Suspects()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.suspects = [3][]string{d.suspects[1], d.suspects[2], named}
	all := slices.Concat(d.suspects[:]...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (d *Detector[T]) tell(m *Mutation) {
	if d.options.OnMutation != nil {
		d.options.OnMutation(m)
		return
	}
	d.logger().Error(m, "A shared object was changed in place",
		"cache", m.Cache, "key", m.Key, "field", m.Path, "part", m.Part)
}

func (d *Detector[T]) logger() klog.Logger {
	if d.options.Logger.GetSink() == nil {
		return klog.Background()
	}
	return d.options.Logger
}

// Run checks once a period until ctx ends, and then once more. It starts no
// goroutine.
func (d *Detector[T]) Run(ctx context.Context) {
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
