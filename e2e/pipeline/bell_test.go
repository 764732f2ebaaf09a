package pipeline

import (
	"context"
	"sync"
)

// bell lets others wait for a change without polling. Its zero value is ready.
type bell struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next ring; guarded by mu
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

// until waits for a ring after which done is true, or for the end of ctx.
func (b *bell) until(ctx context.Context, done func() bool) error {
	for {
		rung := b.listen() // before done looks, so that no ring is missed
		if done() {
			return nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
