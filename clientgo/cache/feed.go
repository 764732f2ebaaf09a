package cache

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/client-go/features"
	"k8s.io/client-go/util/watchlist"
)

// feed is the reflector of an informer of this package, made when it runs: by
// then everything is set that client-go lets one set on an informer.
type feed struct {
	name   string
	lw     ListerWatcher
	expect expectation
	access object.Access[any]
	// handler is what the informer's user set, nil for client-go's default.
	handler WatchErrorHandlerWithContext

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
	}
}

// Run implements reflector.Runner.
func (f *feed) Run(ctx context.Context, sink reflector.Sink[any]) error {
	report := &errorReport{feed: f, handler: f.handler, standIn: newStandIn(f.name, f.expect.description)}
	if report.handler == nil {
		report.handler = DefaultWatchErrorHandler
	}
	r, err := reflector.NewWithAccess(f.access, reflector.ListerWatcher[any](newSource(f.lw, f.name, f.expect)), f.options(report))
	if err != nil {
		return err
	}
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

// lists is how many lists were complete, 0 before it runs.
func (f *feed) lists() uint64 {
	if r := f.running.Load(); r != nil {
		return r.Stats().Synced
	}
	return 0
}

func (f *feed) options(report *errorReport) reflector.Options {
	// What cannot stream is a fake, and its versions are made up.
	fake := watchlist.DoesClientNotSupportWatchListSemantics(f.lw)
	pages := fake || listwatch.IsNil(f.lw) || !features.FeatureGates().Enabled(features.WatchListClient)
	opts := reflector.Options{
		Name:                  f.name,
		TypeDescription:       f.expect.description,
		PageSize:              f.pageSize,
		FirstListAnyVersion:   true,
		DisableStreaming:      pages,
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
