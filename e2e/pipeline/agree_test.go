package pipeline

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/httpsource"
)

// markerPrefix begins the names of the objects that settle creates.
const markerPrefix = "marker-"

func isMarker(key string) bool { return strings.Contains(key, "/"+markerPrefix) }

// settle writes one more object, which the pipeline's selectors have to let
// through, and waits until everything up to it is in the cache (S5), told to
// the handler and worked on. It returns the marker.
func (p *pipeline[T]) settle(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, labels map[string]string) *corev1.ConfigMap {
	t.Helper()
	marker := configMap("", labels)
	marker.GenerateName = markerPrefix
	marker = create(ctx, t, client, marker)
	p.await(ctx, t, marker)
	return marker
}

// await waits until everything up to the creation of obj is in the cache, told
// and worked on.
func (p *pipeline[T]) await(ctx context.Context, t *testing.T, obj *corev1.ConfigMap) {
	t.Helper()
	key := obj.Namespace + "/" + obj.Name
	if err := p.informer.Indexer().WaitFor(ctx, obj.ResourceVersion); err != nil {
		t.Fatalf("the cache has not reached version %s: %v\nstats: %+v", obj.ResourceVersion, err, p.reflector.Stats())
	}
	// A list brings its objects at once, and tells of others before and after obj.
	if err := p.oracle.bell.until(ctx, func() bool { return p.oracle.has(key) && p.oracle.knowsAll() }); err != nil {
		t.Fatalf("the handler was not told of %s, or of what is in the cache with it: %v", key, err)
	}
	if err := p.crew.idle(ctx); err != nil {
		t.Fatalf("the workers do not come to rest: %v; %+v", err, p.queue.Stats())
	}
}

// agree compares the cache, what the handler was told and what the workers saw
// with what client-go lists. The pipeline has settled.
func (p *pipeline[T]) agree(t *testing.T, listed []T) {
	t.Helper()
	want := byKey(t, listed)
	snapshot := p.informer.Indexer().Snapshot()
	sameObjects(t, "client-go (-) and the cache (+)", want, maps.Collect(snapshot.All()))
	sameObjects(t, "client-go (-) and what the handler was told (+)", want, p.oracle.rebuilt())
	if diff := cmp.Diff(versions(want), p.crew.notes()); diff != "" {
		t.Errorf("Q2: versions on the server (-) and versions that workers saw last (+):\n%s", diff)
	}
}

func byKey[T httpsource.Object](t *testing.T, objs []T) map[string]T {
	t.Helper()
	m := make(map[string]T, len(objs))
	for _, obj := range objs {
		key, err := object.MetaKey(obj)
		if err != nil {
			t.Fatal(err)
		}
		m[key] = obj
	}
	return m
}

func versions[T metav1.Object](objs map[string]T) map[string]string {
	v := make(map[string]string, len(objs))
	for key, obj := range objs {
		v[key] = obj.GetResourceVersion()
	}
	return v
}

// sameObjects compares two collections, and shows the first difference of many.
func sameObjects[T any](t *testing.T, what string, want, got map[string]T) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("keys of %s:\n%s", what, diff)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if diff := cmp.Diff(want[key], got[key]); diff != "" {
			t.Errorf("%s of %s:\n%s", key, what, diff)
			return
		}
	}
}
