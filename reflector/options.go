package reflector

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"
)

// The defaults of Options.
const (
	DefaultPageSize              = 500
	DefaultMinWatchTimeout       = 5 * time.Minute
	DefaultListSilence           = 10 * time.Minute
	DefaultMaxInternalErrorRetry = time.Minute
	DefaultMaxPause              = 10 * time.Minute
	DefaultOutOfStepAfter        = 30 * time.Second
)

// Options configures a Reflector. The zero value is the sensible default. It
// corresponds to client-go's ReflectorOptions and the exported fields of its
// Reflector.
type Options struct {
	// Name is this Reflector's name in errors and logs. By default
	// it is file:line of the caller outside this module's machinery.
	Name string

	// TypeDescription names the objects in errors and logs. By default it is
	// GVK or, without one, the Go type.
	TypeDescription string

	// Source names where the objects come from in logs and in Status, best the
	// URL path. By default it is what lw prints as, if it is a fmt.Stringer
	// like an httpsource.Source.
	Source string

	// Bytes, if not nil, says how many bytes the source has read since it was
	// made, for Stats and Status. Any goroutine may call it. By default it is
	// the method Bytes of lw, if it has one like an httpsource.Source.
	Bytes func() uint64

	// GVK is what each object has to be; others are refused (R4). It is for
	// objects that carry their kind, *unstructured.Unstructured before all;
	// a typed object that a client decoded has lost it. Empty: not checked.
	GVK schema.GroupVersionKind

	// Logger takes what is not an error for OnError: at V(2) and above, and
	// as errors the changes that R5 speaks of. By default it is that of Run's
	// context.
	Logger klog.Logger

	// PageSize is the limit of a page of a list. When it is 0, lists that
	// the server can answer from its cache are asked for whole and others
	// in pages of DefaultPageSize, as client-go does; below 0 no list is
	// asked for in pages. It corresponds to client-go's WatchListPageSize.
	PageSize int64

	// DisableStreaming makes every list a list in pages. Without it, a list
	// is first asked for as a stream (KEP-3157). Set it for sources that
	// neither send nor refuse streamed lists, such as the fake clientsets.
	DisableStreaming bool

	// FirstListAnyVersion lets the first list, where it is not a stream, show any
	// state that the server has at hand (resourceVersion "0"), as client-go's does.
	// That may be an older state than this program has seen before it was started
	// anew: behind a load balancer one API server may lag behind another, and the
	// past seems to come back, deleted objects included
	// (kubernetes/kubernetes#59848). By default it shows the newest state.
	//
	// The price of the default: servers before 1.31, and those without a watch
	// cache, read the newest state from etcd, all of it before any selector. Set
	// this where very many programs begin at once on such a server and can live
	// with a state from the past, as long as it becomes the present; and where
	// they have to begin while the server cannot reach etcd. Streamed lists show
	// the newest state either way.
	FirstListAnyVersion bool

	// Shard is the part of the collection that is wanted, nil for all of it. The
	// server is asked for that part, and what it sends besides is left out before
	// the sink sees it; nothing else differs. It is the UID of the Access that is
	// hashed. Of an object that cannot be decoded (R4) nobody knows to which part
	// it belongs: each refuses it.
	Shard *Shard

	// UnorderedVersions keeps the Reflector from comparing versions, so that
	// none is held to have gone backwards, as client-go's never does. Set it
	// for sources that hand out whatever versions their objects were given,
	// such as the fake clientsets.
	UnorderedVersions bool

	// MinWatchTimeout and MaxWatchTimeout bound how long the server is asked
	// to keep a watch open; each watch draws a time between them, in whole
	// seconds. By default 5 and 10 minutes; without Max it is twice Min. New
	// refuses a Max that is below Min.
	MinWatchTimeout, MaxWatchTimeout time.Duration

	// ListSilence is how long a list may hand over nothing before it is cut
	// and tried again. By default 10 minutes: a source may hand over a list
	// only when all of it is there. httpsource has a shorter limit of its own.
	ListSilence time.Duration

	// Backoff spaces the tries after an error.
	Backoff Backoff

	// MaxPause is the longest that the Reflector waits after an error, also
	// where the server asks for more (R6). By default 10 minutes.
	MaxPause time.Duration

	// OutOfStepAfter is for how long no watch may be open and no list be
	// answered before the Reflector is out of step, which is logged as an
	// error (R5). By default 30 seconds.
	OutOfStepAfter time.Duration

	// MaxInternalErrorRetry is for how long a watch that fails with internal
	// errors (500) is tried again from where it was; after that follows a
	// full list. By default one minute; below 0, and in client-go by default,
	// the list follows at once. It corresponds to client-go's
	// MaxInternalErrorRetryDuration.
	MaxInternalErrorRetry time.Duration

	// Vanish says what to do when the resource vanishes (R7): the server
	// answers lists with 404 or 403. By default the list is tried again and
	// again, as in client-go.
	Vanish Vanish

	// Turn, if not nil, is called before each list, waits until the list may
	// begin, and returns what is called when it has ended. It is for a limit
	// to how many lists of several Reflectors are in flight: one function for
	// all of a process is a limit to those of the process, see the Example. It
	// is called by the goroutine of Run; its error counts as one of the list,
	// and it has to return when ctx ends.
	Turn func(ctx context.Context) (done func(), err error)

	// OnError is told of every error, always an *Error, before the Reflector
	// waits and goes on; but not of a refusal to stream a list, after which
	// pages are asked for. It is called by the goroutine of Run, which it
	// keeps from working. By default errors are logged: those that need
	// nobody's attention at V(2) and above. What R5 speaks of is logged in
	// either case. It corresponds to client-go's
	// WatchErrorHandlerWithContext.
	OnError func(ctx context.Context, err error)
}

// check returns which option cannot be met, and what to set.
func (o Options) check() error {
	if o.MaxWatchTimeout > 0 && o.MaxWatchTimeout < o.MinWatchTimeout {
		return fmt.Errorf("Options.MaxWatchTimeout is %v and Options.MinWatchTimeout %v: set Max to Min or more, or leave it out for twice Min", o.MaxWatchTimeout, o.MinWatchTimeout)
	}
	return cmp.Or(o.Shard.Check(), o.Vanish.check())
}

// complete returns o with its defaults filled in.
func (o Options) complete() Options {
	if o.MinWatchTimeout <= 0 {
		o.MinWatchTimeout = DefaultMinWatchTimeout
		if o.MaxWatchTimeout > 0 {
			o.MinWatchTimeout = min(o.MinWatchTimeout, o.MaxWatchTimeout)
		}
	}
	// Half as much again, and a grace, is still a time.
	o.MinWatchTimeout, o.MaxWatchTimeout = min(o.MinWatchTimeout, never), min(o.MaxWatchTimeout, never)
	if o.MaxWatchTimeout < o.MinWatchTimeout {
		o.MaxWatchTimeout = 2 * o.MinWatchTimeout
	}
	if o.ListSilence <= 0 {
		o.ListSilence = DefaultListSilence
	}
	if o.MaxPause <= 0 {
		o.MaxPause = DefaultMaxPause
	}
	o.MaxPause = max(o.MaxPause, minPause)
	if o.OutOfStepAfter <= 0 {
		o.OutOfStepAfter = DefaultOutOfStepAfter
	}
	if o.MaxInternalErrorRetry == 0 {
		o.MaxInternalErrorRetry = DefaultMaxInternalErrorRetry
	}
	o.Vanish = o.Vanish.complete()
	o.Shard = o.Shard.clone()
	return o
}
