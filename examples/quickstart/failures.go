package main

import "sync"

// failures are the keys that the workers have failed with and will try again.
type failures struct {
	mu    sync.Mutex
	keys  map[string]struct{} // guarded by mu
	total int                 // guarded by mu: of all failures so far
	last  error               // guarded by mu
}

func (f *failures) add(key string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys == nil {
		f.keys = make(map[string]struct{})
	}
	f.keys[key] = struct{}{}
	f.total++
	f.last = err
}

func (f *failures) remove(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.keys, key)
}

// pending is how many keys have failed and not succeeded since.
func (f *failures) pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.keys)
}

func (f *failures) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

func (f *failures) lastError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
