package informer

import (
	"slices"
	"sync"
)

// tasks are the goroutines of one run, by name. Whoever starts one waits for
// it.
type tasks struct {
	wg sync.WaitGroup

	mu      sync.Mutex
	running map[*string]struct{} // guarded by mu
}

// Go runs fn in a goroutine that wait waits for.
func (t *tasks) Go(name string, fn func()) {
	id := &name
	t.mu.Lock()
	if t.running == nil {
		t.running = make(map[*string]struct{})
	}
	t.running[id] = struct{}{}
	t.mu.Unlock()
	t.wg.Go(func() {
		defer func() {
			t.mu.Lock()
			delete(t.running, id)
			t.mu.Unlock()
		}()
		fn()
	})
}

// wait returns when all have ended. No Go comes after it.
func (t *tasks) wait() { t.wg.Wait() }

// names returns the names of those that have not ended.
func (t *tasks) names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := make([]string, 0, len(t.running))
	for name := range t.running {
		names = append(names, *name)
	}
	slices.Sort(names)
	return names
}
