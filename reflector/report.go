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
	r := m.r
	e := r.wrap(op, key, err)
	r.record.update(func(s *Stats) { s.LastError = e })
	if r.opts.OnError != nil {
		r.opts.OnError(ctx, e)
		return
	}
	logger := m.logger(ctx)
	if level := logLevel(e); level > 0 {
		logger.V(level).Info("Will try again", "err", e)
		return
	}
	logger.Error(e, "The reflector met an error")
}

func (m *machine[T]) logger(ctx context.Context) klog.Logger {
	if m.r.opts.Logger.GetSink() != nil {
		return m.r.opts.Logger
	}
	return klog.FromContext(ctx)
}

// logLevel is the verbosity that e is for, 0 when everybody should see it. A
// watch that breaks and goes on is everyday life; versions that go backwards are
// not: the server may have been restored from a backup.
func logLevel(e *Error) int {
	var bad *DecodeError
	if e.Op != opWatch || errors.As(e.Err, &bad) || errors.Is(e.Err, ErrVersionBackwards) {
		return 0
	}
	switch judge(e.Err) {
	case expired:
		return 4
	case transient:
		return 2
	}
	return 0
}
