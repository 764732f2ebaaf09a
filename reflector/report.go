package reflector

import (
	"context"
	"errors"

	"k8s.io/klog/v2"
)

// The parts of an Error's Op that decide how it is logged.
const (
	opWatch  = "watch"
	opList   = "list"
	opStream = "list, as a stream,"
)

// report tells whoever wants to know of an error.
func (m *machine[T]) report(ctx context.Context, op, key string, err error) {
	m.reportAt(ctx, logLevel(op, err), op, key, err)
}

// reportAt is report for an error that is logged at level, unless OnError is
// told of it.
func (m *machine[T]) reportAt(ctx context.Context, level int, op, key string, err error) {
	r := m.r
	e := r.wrap(op, key, err)
	r.record.failed(e)
	r.health.failed(e)
	if r.opts.OnError != nil {
		r.opts.OnError(ctx, e)
		return
	}
	logger := m.logger(ctx)
	if level > 0 {
		logger.V(level).Info("Will try again", "err", e)
		return
	}
	logger.Error(e, "The reflector met an error")
}

func (m *machine[T]) logger(ctx context.Context) klog.Logger { return m.r.logger(ctx) }

func (r *Reflector[T]) logger(ctx context.Context) klog.Logger {
	if r.opts.Logger.GetSink() != nil {
		return r.opts.Logger
	}
	return klog.FromContext(ctx)
}

// logLevel is the verbosity that an error is for, 0 when everybody should see
// it. A watch that breaks and goes on is everyday life, and when it does not go on
// health and detour say so; a streamed list that fails is followed by pages.
// Versions that go backwards are neither: the server may have been restored from
// a backup.
func logLevel(op string, err error) int {
	if op != opWatch && op != opStream || isDecodeError(err) || errors.Is(err, ErrVersionBackwards) {
		return 0
	}
	if judge(err) == expired {
		return 4
	}
	return 2
}
