package informer

import (
	"fmt"
	"time"

	"k8s.io/klog/v2"
)

// HandlerOptions are the settings of one handler. The zero value is the
// sensible default. It corresponds to client-go's HandlerOptions.
type HandlerOptions struct {
	// Name stands in errors, in logs and on the debug page; "" is the type of
	// the handler. A number is added if the informer has that name already.
	Name string

	// ResyncPeriod is how often the handler is told of every object again:
	// 0 as the informer's Options say, below 0 never. Periods under one
	// second count as one; those under the informer's shortest, once it
	// runs, as that one; others are rounded up to a multiple of it. What
	// becomes less often by that than was asked for is logged. A handler that
	// stands still is resynced once for all that was due meanwhile.
	ResyncPeriod time.Duration

	// Logger is used for what is to be said about the handler, its panics
	// above all, and is that of the context of its callbacks. The zero value
	// is the informer's logger.
	Logger klog.Logger
}

// AddHandler adds a handler, at any time. It is told of what the store holds,
// as one snapshot, and then of exactly what follows; nobody else notices, and
// the call neither waits nor copies, whatever the store holds (I4). While the
// informer does not run, the handler's events wait for the next Run.
//
// The error is ErrNoHandler for a nil handler. It corresponds to client-go's
// AddEventHandlerWithOptions.
func (in *SharedIndexInformer[T]) AddHandler(handler Handler[T], opts HandlerOptions) (*Registration[T], error) {
	if isNil(handler) {
		return nil, fmt.Errorf("informer %s %w", in.Name(), ErrNoHandler)
	}
	if opts.Name == "" {
		opts.Name = fmt.Sprintf("%T", handler)
	}
	if opts.ResyncPeriod == 0 {
		opts.ResyncPeriod = in.resyncPeriod
	}
	if opts.Logger.GetSink() != nil {
		opts.Logger = klog.LoggerWithValues(opts.Logger, "informer", in.Name())
	}
	r := &Registration[T]{
		p:       in.processor,
		name:    opts.Name,
		handler: handler,
		logger:  opts.Logger,
		synced:  make(chan struct{}),
		done:    make(chan struct{}),
	}
	in.processor.add(r, opts.ResyncPeriod)
	return r, nil
}
