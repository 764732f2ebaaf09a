package swap

import (
	"context"
	"errors"

	"github.com/informant-go/informant/reflector"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// foreignReflector is client-go's reflector as a Runner.
type foreignReflector struct {
	*upstream.Reflector
	store *sinkStore
}

var _ reflector.Runner[*corev1.Pod] = (*foreignReflector)(nil)

func newForeignReflector(lw upstream.ListerWatcher) *foreignReflector {
	store := &sinkStore{}
	return &foreignReflector{
		Reflector: upstream.NewReflectorWithOptions(lw, &corev1.Pod{}, store, upstream.ReflectorOptions{Name: "swap"}),
		store:     store,
	}
}

// Run implements reflector.Runner.
func (r *foreignReflector) Run(ctx context.Context, sink reflector.Sink[*corev1.Pod]) error {
	r.store.ctx, r.store.sink = ctx, sink
	r.RunWithContext(ctx)
	return ctx.Err()
}

// sinkStore is what client-go's reflector writes to, for a Sink.
type sinkStore struct {
	ctx  context.Context
	sink reflector.Sink[*corev1.Pod]
}

var (
	_ upstream.ReflectorStore         = (*sinkStore)(nil)
	_ upstream.ReflectorBookmarkStore = (*sinkStore)(nil)
)

func (s *sinkStore) Add(obj any) error    { return s.sink.Add(s.ctx, obj.(*corev1.Pod)) }
func (s *sinkStore) Update(obj any) error { return s.sink.Update(s.ctx, obj.(*corev1.Pod)) }
func (s *sinkStore) Delete(obj any) error { return s.sink.Delete(s.ctx, obj.(*corev1.Pod)) }

func (s *sinkStore) Bookmark(resourceVersion string) error {
	return s.sink.Bookmark(s.ctx, resourceVersion)
}

func (s *sinkStore) Replace(list []any, resourceVersion string) error {
	if err := s.sink.Begin(s.ctx); err != nil {
		return err
	}
	pods := make([]*corev1.Pod, len(list))
	for i, obj := range list {
		pods[i] = obj.(*corev1.Pod)
	}
	err := s.sink.Page(s.ctx, pods)
	if err == nil {
		err = s.sink.Commit(s.ctx, resourceVersion)
	}
	if err != nil {
		s.sink.Abort()
	}
	return err
}

// errNoResync is why a reflector asks for no resync: the informer does.
var errNoResync = errors.New("the informer sees to resyncs")

func (s *sinkStore) Resync() error { return errNoResync }
