package kubeletlike

import (
	"context"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/stores"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

// A feed calls push with all pods of the node whenever one of them has changed, one call
// at a time, until ctx ends.
type feed func(ctx context.Context, push func([]*corev1.Pod)) error

func selectorOf(o Options) fields.Selector {
	return fields.OneTermEqualSelector("spec.nodeName", o.Node)
}

// ourFeed is a Reflector and an UndeltaStore of this library.
func ourFeed(cfg *rest.Config, client *http.Client, _ *typedcorev1.CoreV1Client, o Options) (feed, error) {
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, err
	}
	source, err := httpsource.New(httpsource.Config[*corev1.Pod]{
		Client: client, BaseURL: base.String(), JSONOnly: cfg.ContentType == "application/json",
		Version: "v1", Resource: "pods", Namespace: o.Namespace, FieldSelector: selectorOf(o).String(),
	})
	if err != nil {
		return nil, err
	}
	r, err := reflector.New(source, reflector.Options{Name: "kubeletlike"})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, push func([]*corev1.Pod)) error {
		pods, err := indexer.New(indexer.Options[*corev1.Pod]{})
		if err != nil {
			return err
		}
		store, err := stores.NewUndeltaStore[*corev1.Pod](pods, push)
		if err != nil {
			return err
		}
		return r.Run(ctx, &sink{store: store})
	}, nil
}

// sink lets a Reflector write a Store: lists replace it whole, and a list that is not
// complete changes nothing.
type sink struct {
	store indexer.Store[*corev1.Pod]
	list  []*corev1.Pod // what has come of the open list
}

// Begin implements reflector.Sink, and so do the others.
func (s *sink) Begin(context.Context) error {
	s.list = nil
	return nil
}

func (s *sink) Page(_ context.Context, pods []*corev1.Pod) error {
	s.list = append(s.list, pods...)
	return nil
}

func (s *sink) Commit(_ context.Context, resourceVersion string) error {
	defer s.Abort()
	return s.store.Replace(s.list, resourceVersion)
}

func (s *sink) Abort() { s.list = nil }

func (s *sink) Add(_ context.Context, pod *corev1.Pod) error    { return s.store.Add(pod) }
func (s *sink) Update(_ context.Context, pod *corev1.Pod) error { return s.store.Update(pod) }
func (s *sink) Delete(_ context.Context, pod *corev1.Pod) error { return s.store.Delete(pod) }

func (s *sink) Bookmark(_ context.Context, resourceVersion string) error {
	s.store.Bookmark(resourceVersion)
	return nil
}

// stockFeed is a Reflector and an UndeltaStore of client-go.
func stockFeed(_ *rest.Config, _ *http.Client, core *typedcorev1.CoreV1Client, o Options) (feed, error) {
	pods := cache.NewListWatchFromClient(core.RESTClient(), "pods", o.Namespace, selectorOf(o))
	return func(ctx context.Context, push func([]*corev1.Pod)) error {
		store := cache.NewUndeltaStore(func(all []any) { push(asPods(all)) }, cache.MetaNamespaceKeyFunc)
		cache.NewReflectorWithOptions(pods, &corev1.Pod{}, store, cache.ReflectorOptions{Name: "kubeletlike"}).RunWithContext(ctx)
		return nil
	}, nil
}

func asPods(all []any) []*corev1.Pod {
	pods := make([]*corev1.Pod, len(all))
	for i := range all {
		pods[i] = all[i].(*corev1.Pod)
	}
	return pods
}
