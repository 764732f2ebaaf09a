package cache_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
)

const detectorVariable = "KUBE_CACHE_MUTATION_DETECTOR="

// A program that runs with KUBE_CACHE_MUTATION_DETECTOR dies when an object of
// the cache is changed, however soon: client-go's detector has its copy before
// anybody has the object. client-go reads the variable when it is loaded, so
// the test is several processes. The kind of TestReviewDetectorCopiesBeforeHandlers.
func TestTheMutationDetectorOfClientGoIsHonoured(t *testing.T) {
	for _, what := range changes {
		for _, engine := range engines {
			t.Run(what+"/"+engine.name, func(t *testing.T) {
				t.Parallel()
				for range 3 {
					out, err := child(t, "TestChangingAnObjectOfTheCache", detectorVariable+"true", "GOMAXPROCS=1", "CHANGE="+what, "ENGINE="+engine.name)
					if err == nil || !strings.Contains(out, "CACHE *v1.Pod[") || !strings.Contains(out, "ALTERED!") || !strings.Contains(out, "cache *v1.Pod modified") {
						t.Fatalf("a changed object was not noticed: %v\n%s", err, out)
					}
				}
			})
		}
	}
	t.Run("off", func(t *testing.T) {
		if out, err := child(t, "TestChangingAnObjectOfTheCache", detectorVariable+"false", "CHANGE="+changes[0], "ENGINE=informant"); err != nil {
			t.Errorf("without the detector: %v\n%s", err, out)
		}
	})
}

// changes are when the child changes an object.
var changes = []string{"later", "OnAdd", "OnUpdate", "relist"}

func TestChangingAnObjectOfTheCache(t *testing.T) {
	if !inChild() {
		return // TestTheMutationDetectorOfClientGoIsHonoured runs it
	}
	bubble(t, func(t *testing.T) {
		engine := engines[0]
		if os.Getenv("ENGINE") == engines[1].name {
			engine = engines[1]
		}
		w := &world{source: newSource(t, newPod("ns", "p", "n1"))}
		w.informer = engine.make(fakeSource{w.source}, noOptions())
		what := os.Getenv("CHANGE")
		var once sync.Once
		change := func(obj any) { once.Do(func() { obj.(*corev1.Pod).Labels = map[string]string{"x": "y"} }) }
		for range 8 { // whichever comes first
			_, err := w.informer.AddEventHandler(upstream.ResourceEventHandlerFuncs{
				AddFunc: func(obj any) {
					if what == "OnAdd" {
						change(obj)
					}
				},
				UpdateFunc: func(_, obj any) {
					if what == "OnUpdate" || what == "relist" {
						change(obj)
					}
				},
			})
			must(err)
		}
		run(t, w.informer.RunWithContext)
		switch what {
		case "later":
			pass(5 * time.Second)
			obj, _, _ := w.informer.GetStore().GetByKey("ns/p")
			change(obj)
		case "OnUpdate":
			w.source.Modify(newPod("ns", "p", "n2"))
		case "relist":
			w.source.ModifyDropWatch(newPod("ns", "p", "n2"))
			w.source.ResetWatch()
			pass(relist)
		}
		pass(5 * time.Second)
	})
}
