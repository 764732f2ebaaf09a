package pipeline

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/httpsource"
)

// R1, R4, S3: objects that came in a list, in a stream or as events are those
// that client-go's clients make of the same collection, and the indexes hold
// them.
func TestTheCacheHoldsExactlyWhatClientGoLists(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	t.Run("typed", func(t *testing.T) {
		t.Parallel()
		holdsWhatIsListed[*corev1.ConfigMap](t, s, typedList)
	})
	t.Run("unstructured", func(t *testing.T) {
		t.Parallel()
		holdsWhatIsListed[*unstructured.Unstructured](t, s, dynamicList)
	})
}

func holdsWhatIsListed[T httpsource.Object](t *testing.T, s *realserver.Server, list lister[T]) {
	ctx := within(t, patience)
	one, two := s.Namespace(t), s.Namespace(t)
	mine := map[string]string{"suite": one}
	label := func(c *corev1.ConfigMap) {
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		c.Labels["suite"] = one
	}
	fill(ctx, t, configMaps(t, s, one), 0, 200, label)
	fill(ctx, t, configMaps(t, s, two), 100, 100, label)

	selected := metav1.ListOptions{LabelSelector: "suite=" + one}
	streamed := start(t, s, settings[T]{labels: selected.LabelSelector})
	paged := start(t, s, settings[T]{labels: selected.LabelSelector, reflector: reflector.Options{DisableStreaming: true}})
	check := func(when string) {
		t.Helper()
		t.Log(when)
		for _, p := range []*pipeline[T]{streamed, paged} {
			listed := list(ctx, t, s, "", selected)
			p.agree(t, listed)
			checkIndexes(t, p.informer.Indexer(), byKey(t, listed))
		}
	}

	for _, p := range []*pipeline[T]{streamed, paged} {
		p.sync(ctx, t)
		if err := p.crew.idle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	check("after the first list")

	for i := 0; i < 60; i += 3 {
		change(ctx, t, configMaps(t, s, one), numbered(i).Name, "1", map[string]string{"suite": one, "app": "moved"})
	}
	fill(ctx, t, configMaps(t, s, one), 300, 30, label)
	for i := 102; i < 130; i += 3 {
		remove(ctx, t, configMaps(t, s, two), numbered(i).Name)
	}
	marker := streamed.settle(ctx, t, configMaps(t, s, two), mine)
	paged.await(ctx, t, marker)
	check("after events")
}

// checkIndexes is S3, against indexes that are made here.
func checkIndexes[T httpsource.Object](t *testing.T, store indexer.Indexer[T], objs map[string]T) {
	t.Helper()
	for name, values := range indexers[T]() {
		want := make(map[string][]string)
		for _, key := range slices.Sorted(maps.Keys(objs)) {
			of, err := values(objs[key])
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(of)
			for _, v := range slices.Compact(of) {
				want[v] = append(want[v], key)
			}
		}
		if len(want) == 0 {
			t.Errorf("index %s: no object has a value, so that it shows nothing", name)
		}
		got := make(map[string][]string)
		for _, v := range store.ListIndexFuncValues(name) {
			keys, err := store.IndexKeys(name, v)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(keys)
			got[v] = keys
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("S3: index %s, as it should be (-) and is (+):\n%s", name, diff)
		}
		for v, keys := range want {
			objs, err := store.ByIndex(name, v)
			if err != nil || len(objs) != len(keys) {
				t.Errorf("S3: ByIndex(%s, %s): %d objects (%v), want %d", name, v, len(objs), err, len(keys))
			}
		}
	}
}
