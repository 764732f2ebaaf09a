package informer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Informer keeps a map of objects in step with a server and tells handlers what
// happens to it. It must be made by New. All methods may be called by any
// goroutine.
type Informer[T metav1.Object] struct {
	source reflector.ListerWatcher[T]
	synced chan struct{} // closed when the first list is in objects

	mu       sync.Mutex
	ctx      context.Context // that of the present Run, nil when there is none
	objects  map[string]T
	handlers []*Registration[T]
	calls    []call[T] // what the handlers are yet to be told, in order
	telling  bool      // a goroutine is in tell
}

// New returns an informer of what source lists and watches.
func New[T metav1.Object](source reflector.ListerWatcher[T]) *Informer[T] {
	return &Informer[T]{source: source, synced: make(chan struct{}), objects: map[string]T{}}
}

// Run keeps the map in step until ctx ends. One Run at a time is allowed.
func (in *Informer[T]) Run(ctx context.Context) error {
	in.mu.Lock()
	if in.ctx != nil {
		in.mu.Unlock()
		return errors.New("informer: it runs already: call Run once at a time")
	}
	in.ctx = ctx
	in.mu.Unlock()
	defer func() {
		in.mu.Lock()
		in.ctx = nil
		in.mu.Unlock()
	}()
	for ctx.Err() == nil {
		if version, err := in.list(ctx); err == nil {
			in.watch(ctx, version)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	return nil
}

// list makes the map what the server holds, and returns the version of that.
func (in *Informer[T]) list(ctx context.Context) (version string, err error) {
	listed := map[string]T{}
	meta, err := in.source.List(ctx, metav1.ListOptions{}, func(part reflector.Part[T]) error {
		for _, obj := range part.Items {
			if key, err := object.MetaKey(obj); err == nil {
				listed[key] = obj
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	in.mu.Lock()
	first := !in.hasSynced()
	reason := informer.ReasonRelist
	if first {
		reason = informer.ReasonInitial
	}
	for _, key := range slices.Sorted(maps.Keys(in.objects)) {
		if _, there := listed[key]; !there {
			in.remove(informer.Event[T]{Key: key, Object: in.objects[key], Reason: reason, FinalStateUnknown: true})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(listed)) {
		in.put(key, listed[key], reason)
	}
	if first {
		close(in.synced)
		for _, r := range in.handlers {
			in.calls = append(in.calls, call[T]{to: r})
		}
	}
	in.mu.Unlock()
	in.tell()
	return meta.ResourceVersion, nil
}

// watch follows the changes after version until the watch ends.
func (in *Informer[T]) watch(ctx context.Context, version string) {
	stream, err := in.source.Watch(ctx, metav1.ListOptions{ResourceVersion: version})
	if err != nil {
		return
	}
	defer stream.Close()
	for ctx.Err() == nil {
		event, err := stream.Next()
		if err != nil {
			return
		}
		key, err := object.MetaKey(event.Object)
		if err != nil {
			continue
		}
		in.mu.Lock()
		switch event.Type {
		case watch.Added, watch.Modified:
			in.put(key, event.Object, informer.ReasonWatch)
		case watch.Deleted:
			in.remove(informer.Event[T]{Key: key, Object: event.Object, Reason: informer.ReasonWatch})
		}
		in.mu.Unlock()
		in.tell()
	}
}

// put stores obj and notes what the handlers are to be told. The caller holds
// mu.
func (in *Informer[T]) put(key string, obj T, reason informer.Reason) {
	old, there := in.objects[key]
	in.objects[key] = obj
	switch {
	case !there:
		in.note(informer.Event[T]{Type: informer.EventAdd, Key: key, Object: obj, Reason: reason})
	case old.GetResourceVersion() != obj.GetResourceVersion():
		in.note(informer.Event[T]{Type: informer.EventUpdate, Key: key, Old: old, Object: obj, Reason: reason})
	}
}

// remove drops the object of event, which lacks Type and Old. The caller holds
// mu.
func (in *Informer[T]) remove(event informer.Event[T]) {
	if old, there := in.objects[event.Key]; there {
		delete(in.objects, event.Key)
		event.Type, event.Old = informer.EventDelete, old
		in.note(event)
	}
}

// Synced is closed when the first list is in the map.
func (in *Informer[T]) Synced() <-chan struct{} { return in.synced }

func (in *Informer[T]) hasSynced() bool {
	select {
	case <-in.synced:
		return true
	default:
		return false
	}
}

// Get returns the object under key.
func (in *Informer[T]) Get(key string) (obj T, exists bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	obj, exists = in.objects[key]
	return obj, exists
}

// List returns all objects by key.
func (in *Informer[T]) List() map[string]T {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.objects)
}
