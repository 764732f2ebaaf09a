package cache

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/informant-go/informant/indexer"
)

// newDetector returns client-go's mutation detector, if the environment asks
// for it as client-go's packages are told: with KUBE_CACHE_MUTATION_DETECTOR.
func newDetector(typeName string) MutationDetector {
	if on, err := strconv.ParseBool(os.Getenv("KUBE_CACHE_MUTATION_DETECTOR")); !on || err != nil {
		return nil
	}
	return NewCacheMutationDetector(typeName)
}

// shown lets detector copy each object before it is stored and anybody is told
// of it: it is in the place of the copy that the engine's own detector makes,
// which is left with nothing to find.
func shown(detector MutationDetector) *indexer.DetectorOptions[any] {
	if detector == nil {
		return nil
	}
	return &indexer.DetectorOptions[any]{
		Copy: func(obj any) any {
			detector.AddObject(obj)
			return nil
		},
		Sample:     1,
		Max:        1,
		Period:     24 * time.Hour,
		OnMutation: func(indexer.Mutation) {},
	}
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
