package cache

import (
	"context"
	"os"
	"strconv"
	"sync"
)

// newDetector returns client-go's mutation detector, if the environment asks
// for it as client-go's packages are told: with KUBE_CACHE_MUTATION_DETECTOR.
func newDetector(typeName string) MutationDetector {
	if on, err := strconv.ParseBool(os.Getenv("KUBE_CACHE_MUTATION_DETECTOR")); !on || err != nil {
		return nil
	}
	return NewCacheMutationDetector(typeName)
}

// runDetector runs the detector until the function that it returns is called.
func (s *sharedInformer) runDetector(ctx context.Context) (stop func()) {
	if s.detector == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { s.detector.Run(ctx.Done()) })
	return func() {
		cancel()
		wg.Wait()
	}
}
