package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/features"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/watchlist"
	"k8s.io/klog/v2"
)

// feed is the reflector of an informer of this package, made when it runs: by
// then everything is set that client-go lets one set on an informer.
type feed struct {
	name   string
	lw     ListerWatcher
	expect expectation
	access object.Access[any]
	errors errorReport

	minWatchTimeout time.Duration
	pageSize        int64

	running atomic.Pointer[reflector.Reflector[any]]
}

var _ reflector.Runner[any] = (*feed)(nil)

func newFeed(lw ListerWatcher, expect expectation, access object.Access[any], minWatchTimeout time.Duration, pageSize int64) *feed {
	return &feed{
		name:            callerName(),
		lw:              lw,
		expect:          expect,
		access:          access,
		minWatchTimeout: minWatchTimeout,
		pageSize:        pageSize,
		errors:          errorReport{handler: DefaultWatchErrorHandler},
	}
}

// Run implements reflector.Runner.
func (f *feed) Run(ctx context.Context, sink reflector.Sink[any]) error {
	report := f.errors
	report.reflector = upstream.NewReflectorWithOptions(nil, nil, nil, upstream.ReflectorOptions{
		Name: f.name, TypeDescription: f.expect.description,
	})
	if report.handler == nil {
		report.handler = DefaultWatchErrorHandler
	}
	r := reflector.NewWithAccess(reflector.ListerWatcher[any](newSource(f.lw, f.name, f.expect)), f.access, f.options(&report))
	f.running.Store(r)
	return r.Run(ctx, sink)
}

// lastVersion is the version that the reflector has reached, "" before it runs.
func (f *feed) lastVersion() string {
	if r := f.running.Load(); r != nil {
		return r.LastSyncResourceVersion()
	}
	return ""
}

func (f *feed) options(report *errorReport) reflector.Options {
	// What cannot stream is a fake, and its versions are made up.
	fake := watchlist.DoesClientNotSupportWatchListSemantics(f.lw)
	opts := reflector.Options{
		Name:                  f.name,
		TypeDescription:       f.expect.description,
		PageSize:              f.pageSize,
		DisableStreaming:      fake || !features.FeatureGates().Enabled(features.WatchListClient),
		UnorderedVersions:     fake,
		MaxInternalErrorRetry: -1,
		OnError:               report.tell,
	}
	// client-go does not go below its default, to spare the servers.
	if f.minWatchTimeout > reflector.DefaultMinWatchTimeout {
		opts.MinWatchTimeout, opts.MaxWatchTimeout = f.minWatchTimeout, 2*f.minWatchTimeout
	}
	return opts
}

// errorReport brings a reflector's errors to where client-go's would go.
type errorReport struct {
	handler   WatchErrorHandlerWithContext
	reflector *Reflector
}

// tell implements reflector.Options.OnError. As in client-go, the handler is
// for lists that fail, and for watches that cannot be opened; a watch that
// breaks is everyday life and only logged, and objects that cannot be used are
// reported one by one.
func (r *errorReport) tell(ctx context.Context, err error) {
	var e *reflector.Error
	if !errors.As(err, &e) {
		r.handler(ctx, r.reflector, err)
		return
	}
	var open *openError
	cause := e.Err
	if errors.As(cause, &open) {
		cause = open.err
	}
	switch {
	case e.Op != opList && e.Op != opStream && e.Op != opWatch:
		utilruntime.HandleErrorWithContext(ctx, cause, "Object not taken", "reflector", e.Reflector, "type", e.Type, "key", e.Key, "operation", e.Op)
	case e.Op != opList && comesBack(cause), e.Op == opWatch && open == nil:
		r.log(ctx, e, cause)
	case e.Op == opWatch:
		r.handler(ctx, r.reflector, cause)
	default:
		r.handler(ctx, r.reflector, fmt.Errorf("failed to list %v: %w", e.Type, cause))
	}
}

// The operations that reflector.Error names.
const (
	opList   = "list"
	opWatch  = "watch"
	opStream = "list, as a stream,"
)

// comesBack tells an error of a server that is busy or away, on which client-go
// waits and says nothing.
func comesBack(err error) bool {
	return apierrors.IsTooManyRequests(err) || errors.Is(err, syscall.ECONNREFUSED)
}

// log tells of what is not for the handler.
func (r *errorReport) log(ctx context.Context, e *reflector.Error, cause error) {
	logger := klog.FromContext(ctx)
	switch {
	case apierrors.IsResourceExpired(cause), apierrors.IsGone(cause), errors.Is(cause, io.EOF):
		logger = logger.V(4)
	case comesBack(cause), apierrors.IsInternalError(cause):
		logger = logger.V(2)
	}
	logger.Info("Watch ended, trying again", "reflector", e.Reflector, "type", e.Type, "operation", e.Op, "err", cause)
}

// openError marks what a ListerWatcher's Watch returned, as against what came
// over a watch.
type openError struct{ err error }

func (e *openError) Error() string { return e.err.Error() }
func (e *openError) Unwrap() error { return e.err }
