package cache

import (
	"context"
	"os"
	"strconv"
	"sync"

	"github.com/informant-go/informant/informer"
)

// watchMutations puts client-go's mutation detector on an informer, if the
// environment asks for it as client-go's packages are told: with
// KUBE_CACHE_MUTATION_DETECTOR.
func watchMutations(s *sharedInformer) MutationDetector {
	if on, err := strconv.ParseBool(os.Getenv("KUBE_CACHE_MUTATION_DETECTOR")); !on || err != nil {
		return nil
	}
	detector := NewCacheMutationDetector(s.typeName)
	handler := informer.HandlerFunc[any](func(_ context.Context, event informer.Event[any]) {
		if event.Type != informer.Delete {
			detector.AddObject(event.Object)
		}
	})
	if _, err := s.engine.AddHandler(handler, informer.HandlerOptions{Name: "mutation detector", ResyncPeriod: never}); err != nil {
		panic(err) // the handler is not nil
	}
	return detector
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
