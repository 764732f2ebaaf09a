package informerfactory

import (
	"reflect"
	"strings"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

// known are the fields of client-go's informer. One that is new may be something that an
// informer was made with: look whether takeApart has to read it, and add it here.
var known = []string{
	"indexer", "controller", "synced", "processor", "cacheMutationDetector", "listerWatcher", "objectType",
	"objectDescription", "resyncCheckPeriod", "defaultEventHandlerResyncPeriod", "clock", "started", "stopped",
	"startedLock", "blockDeltas", "watchErrorHandler", "transform", "identifier", "informerMetricsProvider", "keyFunc",
}

// The fields that are read by reflection are those of the version of client-go that this
// module requires.
func TestClientGoHasTheFieldsThatWeRead(t *testing.T) {
	informer := upstream.NewSharedIndexInformerWithOptions(&cache.ListWatch{}, &corev1.Pod{}, cache.SharedIndexInformerOptions{
		ResyncPeriod: 7, ObjectDescription: "pods", Indexers: cache.Indexers{"by": nil},
	})
	if err := informer.SetTransform(func(obj any) (any, error) { return obj, nil }); err != nil {
		t.Fatal(err)
	}
	if err := informer.SetWatchErrorHandler(func(*cache.Reflector, error) {}); err != nil {
		t.Fatal(err)
	}
	in, err := takeApart(upstream.NewTypedSharedIndexInformer[*corev1.Pod](informer))
	if err != nil {
		t.Fatal(err)
	}
	if in.source == nil || reflect.TypeOf(in.example) != reflect.TypeFor[*corev1.Pod]() || in.options.ResyncPeriod != 7 ||
		in.options.ObjectDescription != "pods" || len(in.options.Indexers) != 1 || in.transform == nil || in.onError == nil {
		t.Errorf("read: %+v", in)
	}
	for field := range reflect.TypeOf(informer).Elem().Fields() {
		found := false
		for _, name := range known {
			found = found || name == field.Name
		}
		if !found {
			t.Errorf("client-go's informer has a new field, %s", field.Name)
		}
	}
}

// A field that is not there, or is of another type, is an error that names it.
func TestAnUnknownVersionIsAnError(t *testing.T) {
	other := &struct{ started string }{}
	r := reader{from: reflect.ValueOf(other).Elem()}
	if read[bool](&r, "started"); r.err == nil || !strings.Contains(r.err.Error(), "has no field started of type bool") {
		t.Errorf("the error is %v", r.err)
	}
	first := r.err
	if read[bool](&r, "stopped"); r.err != first {
		t.Errorf("the error is %v", r.err)
	}
}
