package workqueue

import (
	"errors"
	"fmt"

	"k8s.io/klog/v2"
)

// misuse tells the owner of the queue that a call broke its contract.
func (q *Queue[T]) misuse(call string, item T, reason error) {
	tellMisuse(q.onMisuse, q.logger, q.name, call, item, reason)
}

func tellMisuse[T comparable](tell func(*MisuseError), logger *klog.Logger, name, call string, item T, reason error) {
	l := klog.Background()
	if logger != nil {
		l = *logger
	}
	grave := errors.Is(reason, ErrNotInHand) || errors.Is(reason, ErrNoLimiter)
	if tell == nil && !grave && !l.V(4).Enabled() {
		return
	}
	err := &MisuseError{Queue: name, Call: call, Item: fmt.Sprint(item), Err: reason}
	switch {
	case tell != nil:
		tell(err)
	case grave:
		l.Error(err, "Work queue was misused", "queue", name, "call", call, "item", err.Item)
	default:
		l.V(4).Info("Work queue was misused", "queue", name, "call", call, "item", err.Item, "reason", reason)
	}
}
