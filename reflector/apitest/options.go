package apitest

import (
	"errors"
	"fmt"
	"time"
)

// Options configures a Server. Only Resources is required; the zero values of
// the others are a real server's defaults.
type Options struct {
	// Resources are served from the start; more can be added with
	// Server.Serve.
	Resources []Resource

	// BookmarkInterval is the time between the bookmarks of a watch that
	// allows them; 0 is one minute.
	BookmarkInterval time.Duration

	// WatchTimeout ends a watch that names no timeoutSeconds; 0 is half an
	// hour. (A real server chooses between half an hour and an hour.)
	WatchTimeout time.Duration

	// FreshTimeout is how long a request for a future resource version waits
	// for it before it fails; 0 is three seconds.
	FreshTimeout time.Duration

	// History is how many events of a resource are kept at least; older ones
	// are compacted away, in steps. 0 is 102,400, the bound of a real
	// server's watch cache.
	History int

	// RequestLog is how many requests Server.Requests remembers; 0 is
	// 16,384. Counts are exact however many there were.
	RequestLog int

	// Shards makes lists and watches heed a shardSelector, as the feature gate
	// ShardedListAndWatch does. Without it they ignore one, as older servers do.
	Shards bool

	// CBOR makes the server answer in CBOR as well, to who asks for it, as the feature
	// gate CBORServingAndStorage does. Without it JSON and protobuf are all there is.
	CBOR bool

	// Seed changes the UIDs and generated names, which are otherwise the
	// same in each run.
	Seed uint64
}

func (o Options) complete() (Options, error) {
	defaults := func(value *time.Duration, name string, otherwise time.Duration) error {
		if *value < 0 {
			return fmt.Errorf("apitest: Options.%s is %v: it must not be negative", name, *value)
		}
		if *value == 0 {
			*value = otherwise
		}
		return nil
	}
	err := errors.Join(
		defaults(&o.BookmarkInterval, "BookmarkInterval", time.Minute),
		defaults(&o.WatchTimeout, "WatchTimeout", 30*time.Minute),
		defaults(&o.FreshTimeout, "FreshTimeout", 3*time.Second),
	)
	if o.History < 0 || o.RequestLog < 0 {
		err = errors.Join(err, fmt.Errorf("apitest: Options.History is %d and RequestLog is %d: they must not be negative", o.History, o.RequestLog))
	}
	if o.History == 0 {
		o.History = 100 * 1024
	}
	if o.RequestLog == 0 {
		o.RequestLog = 16 * 1024
	}
	return o, err
}
