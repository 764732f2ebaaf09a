package informertest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// server holds the objects of the suite and is the informer's source. What
// happens to it inside miss is not told to any watch.
type server struct {
	mu      sync.Mutex
	version int
	objects map[string]*Object
	history []change
	// oldest is the version from which a watch can start; an older one is
	// expired.
	oldest int
	// missing is true inside miss.
	missing bool
	// closed is true while the server answers nothing: lists wait.
	closed bool
	// changed is closed, and made anew, at each change of the above.
	changed chan struct{}
}

type change struct {
	version int
	event   reflector.Event[*Object]
}

func newServer() *server {
	return &server{objects: map[string]*Object{}, version: 1, oldest: 1, changed: make(chan struct{})}
}

// change runs f and tells whoever waits.
func (s *server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// put creates an object or gives it another version, and returns it.
func (s *server) put(name string) *Object {
	var obj *Object
	s.change(func() {
		s.version++
		obj = &Object{}
		obj.Namespace, obj.Name = "ns", name
		obj.ResourceVersion = strconv.Itoa(s.version)
		obj.UID = types.UID("life-" + obj.ResourceVersion)
		obj.Labels = map[string]string{"parity": []string{"even", "odd"}[s.version%2]}
		kind := watch.Added
		if old, ok := s.objects[name]; ok {
			obj.UID, kind = old.UID, watch.Modified
		}
		s.objects[name] = obj
		s.record(kind, obj)
	})
	return obj
}

// remove deletes an object, if there is one. As on a real server its last
// state has the version of the deletion.
func (s *server) remove(name string) {
	s.change(func() {
		old, ok := s.objects[name]
		if !ok {
			return
		}
		s.version++
		last := old.DeepCopy()
		last.ResourceVersion = strconv.Itoa(s.version)
		delete(s.objects, name)
		s.record(watch.Deleted, last)
	})
}

func (s *server) record(kind watch.EventType, obj *Object) {
	if !s.missing {
		event := reflector.Event[*Object]{Type: kind, Object: obj, ResourceVersion: obj.ResourceVersion}
		s.history = append(s.history, change{s.version, event})
	}
}

// miss runs f; watches do not see what it does, and end: their version is
// expired, and it takes a list to go on.
func (s *server) miss(f func()) {
	s.change(func() { s.missing = true })
	f()
	s.change(func() {
		s.missing = false
		s.version++
		s.oldest = s.version
		s.history = nil
	})
}

// close makes lists wait until open.
func (s *server) close() { s.change(func() { s.closed = true }) }
func (s *server) open()  { s.change(func() { s.closed = false }) }

// state returns the version of each object by key.
func (s *server) state() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := make(map[string]string, len(s.objects))
	for name, obj := range s.objects {
		state["ns/"+name] = obj.ResourceVersion
	}
	return state
}

// List answers with everything, in one part.
func (s *server) List(ctx context.Context, _ metav1.ListOptions, part func(reflector.Part[*Object]) error) (metav1.ListMeta, error) {
	for {
		s.mu.Lock()
		items, version := slices.Collect(maps.Values(s.objects)), s.version
		closed, changed := s.closed, s.changed
		s.mu.Unlock()
		if !closed {
			for i, obj := range items {
				items[i] = obj.DeepCopy()
			}
			slices.SortFunc(items, func(a, b *Object) int { return compare(a.Name, b.Name) })
			return metav1.ListMeta{ResourceVersion: strconv.Itoa(version)}, part(reflector.Part[*Object]{Items: items})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return metav1.ListMeta{}, ctx.Err()
		}
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Watch streams what follows a version. It refuses streamed lists.
func (s *server) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Object], error) {
	if opts.SendInitialEvents != nil {
		return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
	}
	version, err := strconv.Atoi(opts.ResourceVersion)
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("version %q", opts.ResourceVersion))
	}
	ctx, cancel := context.WithCancel(ctx)
	return &stream{server: s, ctx: ctx, cancel: cancel, version: version}, nil
}

// stream is one watch.
type stream struct {
	server  *server
	ctx     context.Context
	cancel  context.CancelFunc
	version int // what has been sent
}

func (w *stream) Close() { w.cancel() }

func (w *stream) Next() (reflector.Event[*Object], error) {
	for {
		event, changed, err := w.look()
		if changed == nil {
			return event, err
		}
		select {
		case <-changed:
		case <-w.ctx.Done():
			return event, io.EOF
		}
	}
}

// look returns the next event or an error or, when there is neither, what to
// wait for.
func (w *stream) look() (event reflector.Event[*Object], changed <-chan struct{}, err error) {
	s := w.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.version < s.oldest {
		return event, nil, apierrors.NewResourceExpired("compacted")
	}
	i, _ := slices.BinarySearchFunc(s.history, w.version+1, func(c change, v int) int { return c.version - v })
	if i == len(s.history) {
		return event, s.changed, nil
	}
	w.version = s.history[i].version
	event = s.history[i].event
	event.Object = event.Object.DeepCopy()
	return event, nil, nil
}
