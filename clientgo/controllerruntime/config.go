package controllerruntime

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/wire"
)

// Option is an option of Cache, which WithConfig makes. The zero Option changes nothing; of
// several the last one that changes something counts. It may be given for several managers
// of one config, whose caches then share connections.
type Option struct{ wire *wire.Wire }

// WithConfig has a manager's informers read by this library's reflector/httpsource over
// rest.HTTPClientFor(config), in the place of client-go's decoders: of typed, unstructured
// and metadata-only objects, with the namespaces and selectors of the cache's options.
// config is the one that the manager is made from; it is copied. The documentation of
// package informerfactory says what that brings, and what is different.
//
// The error says that config is nil, or what rest.HTTPClientFor says of it.
func WithConfig(config *rest.Config) (Option, error) {
	way, err := wire.New(config)
	if err != nil {
		return Option{}, fmt.Errorf("controllerruntime: WithConfig: %w", err)
	}
	return Option{way}, nil
}

var errOwnClient = errors.New("the manager's Cache.HTTPClient is set already, and stays: leave it nil, and let the rest.Config say what its transport is")

// apply makes the informers of o read over the wire, if there is one. What they ask for is
// seen in the client that the cache makes its clients with.
func (opt Option) apply(o *manager.Options) {
	if o.Cache.HTTPClient != nil {
		wire.Stays("all of the manager's cache", errOwnClient)
		return
	}
	o.Cache.HTTPClient = opt.wire.Client()
	o.Cache.NewInformer = func(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
		return cache.NewSharedIndexInformer(opt.wire.Over(lw, obj, nameOf(obj)), obj, resync, indexers)
	}
}

// nameOf names an informer in the log.
func nameOf(obj runtime.Object) string {
	if kind := obj.GetObjectKind().GroupVersionKind(); !kind.Empty() {
		return kind.String()
	}
	return fmt.Sprintf("%T", obj)
}
