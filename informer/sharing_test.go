package informer

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer/mutation"
	"github.com/informant-go/informant/object"
)

// vandal changes the labels of the object named victim in place.
type vandal struct{ victim string }

func (v vandal) OnEvent(_ context.Context, e Event[item]) {
	if e.Type != EventDelete && e.Object.Name == v.victim {
		e.Object.Labels["seen"] = "yes"
	}
}

// labelled is an item with labels of its own that are equal to those of others.
func labelled(name string, version int) item {
	obj := newItem(name, version)
	obj.Labels = map[string]string{"app": "a-shop-with-a-name"}
	return obj
}

// TestDetectorNamesPartsThatASharerShares puts both on an informer by its options
// alone. The labels of three objects are one map; who changes it changes all, and the
// detector says so. An object that comes later has its own.
func TestDetectorNamesPartsThatASharerShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sharer, err := object.NewSharer[item](object.SharerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var found []*mutation.Mutation
		detector := watching(&found)
		detector.Shared = sharer.Shared
		in, source := scripted(t, Options[item]{Name: "things", Transform: sharer.Share, Detector: detector})
		running(t, in)
		source.list(t, 5, labelled("a", 1), labelled("b", 2))
		source.update(t, labelled("c", 6))
		synctest.Wait()
		a, _, _ := in.Indexer().GetByKey("ns/a")
		if !sharer.Shared(a.Labels) {
			t.Fatal("the labels are not shared")
		}
		if _, err := in.AddHandler(vandal{"b"}, HandlerOptions{Name: "vandal"}); err != nil {
			t.Fatal(err)
		}
		<-time.After(61 * time.Second) // virtual
		synctest.Wait()                // the detector waits for its next period
		if len(found) != 3 {
			t.Fatalf("found %v, want one mutation of each object", found)
		}
		for _, m := range found {
			if m.Part == "" || len(m.Others) != 2 || fmt.Sprint(m.Suspects) != "[vandal]" {
				t.Errorf("found %+v", m)
			}
		}
		source.update(t, labelled("d", 7))
		synctest.Wait()
		if d, _, _ := in.Indexer().GetByKey("ns/d"); len(d.Labels) != 1 {
			t.Errorf("a new object was given labels that were changed: %v", d.Labels)
		}
	})
}
