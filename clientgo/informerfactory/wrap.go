package informerfactory

import (
	"errors"
	"fmt"
	"time"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
)

// ErrUsed is the error for a factory of which informers have been asked already.
var ErrUsed = errors.New("informerfactory: the factory has informers already: wrap it before the first Informer(), Lister() or ForResource() is called")

// ErrNoFactory is the error for what cannot be a generated factory, such as nil.
var ErrNoFactory = errors.New("informerfactory: this is no factory that can be wrapped")

// Generated is a factory that client-go's informer-gen generates. N is its package's
// internalinterfaces.NewInformerFunc, and is inferred.
type Generated[N any] interface {
	// Start runs the informers until stopCh is closed.
	Start(stopCh <-chan struct{})

	// InformerFor returns the informer of obj's type. Where there is none yet it
	// calls newFunc and keeps the result.
	InformerFor(obj runtime.Object, newFunc N) cache.SharedIndexInformer
}

// Wrapped is a generated factory with this library's informers, for the group
// constructors of its generated package. C is the client of that package. Any goroutine
// may call its methods.
type Wrapped[C any, N ~func(C, time.Duration) cache.SharedIndexInformer] struct {
	factory Generated[N]
	over    *over[C]
}

// WrapGenerated returns factory with this library's informers. The group constructors,
// which are the function New of each package below the generated informers, take the
// result in the place of factory, and the namespace and the function that tweaks list
// options which factory was made with, if it was. Everything else goes on with factory
// itself, which has the same informers: start it, wait for it, shut it down. Of the options
// that there are, WithConfigFor is for this.
//
// The error is ErrUsed when something has been asked of factory already, and wraps
// ErrNoFactory when factory is nil or none that client-go's informer-gen generates. Another
// one says that an option does not fit C.
func WrapGenerated[C any, N ~func(C, time.Duration) cache.SharedIndexInformer](factory Generated[N], opts ...Option) (*Wrapped[C, N], error) {
	n, err := asked(factory)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoFactory, err)
	case n > 0:
		return nil, ErrUsed
	}
	over, err := newGenerated[C](last(opts))
	if err != nil {
		return nil, err
	}
	return &Wrapped[C, N]{factory, over}, nil
}

// Start starts the factory.
func (w *Wrapped[C, N]) Start(stopCh <-chan struct{}) { w.factory.Start(stopCh) }

// InformerFor returns the informer of obj's type, and has one made where there is none.
// Generated code calls it.
func (w *Wrapped[C, N]) InformerFor(obj runtime.Object, newFunc N) cache.SharedIndexInformer {
	return w.factory.InformerFor(obj, func(client C, resync time.Duration) cache.SharedIndexInformer {
		return w.over.informer(client, func(client C) cache.SharedIndexInformer { return newFunc(client, resync) }, false)
	})
}

// InformerName returns that of the factory, nil where it has none. Generated code calls
// it.
func (w *Wrapped[C, N]) InformerName() *cache.InformerName {
	if named, ok := w.factory.(interface{ InformerName() *cache.InformerName }); ok {
		return named.InformerName()
	}
	return nil
}

// ours returns an informer of this library that does what theirs would, or theirs, and
// says why. change, if not nil, changes what it is made of.
func ours(theirs cache.SharedIndexInformer, change func(*ingredients)) cache.SharedIndexInformer {
	if bridge.EngineOf(theirs) == bridge.EngineInformant {
		return theirs
	}
	in, err := takeApart(theirs)
	if err != nil {
		klog.Background().Error(err, "An informer stays on client-go's engine", "informer", fmt.Sprintf("%T", theirs))
		return theirs
	}
	if change != nil {
		change(&in)
	}
	informer := cache.NewSharedIndexInformerWithOptions(in.source, in.example, in.options)
	// Neither fails before the informer is started.
	if in.transform != nil {
		_ = informer.SetTransform(in.transform)
	}
	if in.onError != nil {
		_ = informer.SetWatchErrorHandlerWithContext(in.onError)
	}
	return informer
}
