package main

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verdict is what a comparison of cache and server found.
type verdict struct {
	server, cache                int
	missing, unexpected, differs []string
}

func (v verdict) agrees() bool { return len(v.missing)+len(v.unexpected)+len(v.differs) == 0 }

// compare lists the server and holds every object against the cache.
func (p *pipeline[T]) compare(ctx context.Context) (verdict, error) {
	objects, err := listAll(ctx, p.source)
	if err != nil {
		return verdict{}, fmt.Errorf("listing the server for the comparison: %w", err)
	}
	snapshot := p.informer.Indexer().Snapshot()

	v := verdict{server: len(objects), cache: snapshot.Len()}
	for key, want := range objects {
		got, exists := snapshot.Get(key)
		switch {
		case !exists:
			v.missing = append(v.missing, key)
		case !sameState(got, want):
			v.differs = append(v.differs, key)
		}
	}
	for key := range snapshot.All() {
		if _, exists := objects[key]; !exists {
			v.unexpected = append(v.unexpected, key)
		}
	}
	return v, nil
}

// sameState compares all of two objects but their kind, which a typed object
// carries or not, depending on whether it came in a list or in an event. It
// changes want.
func sameState[T httpsource.Object](got, want T) bool {
	want.GetObjectKind().SetGroupVersionKind(got.GetObjectKind().GroupVersionKind())
	return reflect.DeepEqual(got, want)
}

// compareUntilAgreed compares again for some time while there is a difference
// or work to do: a watch is always a moment behind, and the workers' writes
// change the server.
func (p *pipeline[T]) compareUntilAgreed(ctx context.Context, patience time.Duration) (verdict, error) {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		v, err := p.compare(ctx)
		if err != nil || v.agrees() && p.idle() {
			return v, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-patient.Done():
			return v, ctx.Err()
		}
	}
}

// idle reports whether no worker has or will get anything to do as things stand.
func (p *pipeline[T]) idle() bool {
	stats := p.queue.Stats()
	return stats.Waiting+stats.Processing+stats.Delayed == 0
}

// listAll pages through the collection as it is now.
func listAll[T httpsource.Object](ctx context.Context, source reflector.ListerWatcher[T]) (map[string]T, error) {
	objects := make(map[string]T)
	opts := metav1.ListOptions{Limit: 500}
	for {
		meta, err := source.List(ctx, opts, func(part reflector.Part[T]) error {
			for _, obj := range part.Items {
				key, err := object.MetaKey(obj)
				if err != nil {
					return err
				}
				objects[key] = obj
			}
			if len(part.Refused) > 0 {
				return part.Refused[0]
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if meta.Continue == "" {
			return objects, nil
		}
		opts.Continue = meta.Continue
	}
}
