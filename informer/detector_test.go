package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/indexer/mutation"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"
)

// watching returns detector options that look at everything and write down
// what they find.
func watching(found *[]*mutation.Mutation) *mutation.Options[item] {
	return &mutation.Options[item]{
		Copy: item.DeepCopy, Sample: 1, Period: time.Minute,
		OnMutation: func(m *mutation.Mutation) { *found = append(*found, m) },
	}
}

// mutator changes the objects named victim that it is told of.
type mutator struct{ victim string }

func (m mutator) OnEvent(_ context.Context, e Event[item]) {
	if e.Type != EventDelete && e.Object.Name == m.victim {
		e.Object.Labels = map[string]string{"seen": "yes"}
	}
}

// TestDetectorNamesHandlerKeyAndChange has one of two handlers change what it
// was told of: the detector names the object, the field, and who was in a
// callback, whichever way the object came.
func TestDetectorNamesHandlerKeyAndChange(t *testing.T) {
	for name, come := range map[string]func(*script, testing.TB){
		"list":   func(s *script, t testing.TB) { s.list(t, 5, newItem("other", 1), newItem("x", 2)) },
		"event":  func(s *script, t testing.TB) { s.list(t, 5); s.update(t, newItem("x", 6)) },
		"relist": func(s *script, t testing.TB) { s.list(t, 5, newItem("other", 1)); s.list(t, 7, newItem("x", 6)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var found []*mutation.Mutation
				in, source := scripted(t, Options[item]{Name: "things", Detector: watching(&found)})
				if _, err := in.AddHandler(mutator{"x"}, HandlerOptions{Name: "culprit"}); err != nil {
					t.Fatal(err)
				}
				running(t, in)
				come(source, t)
				<-time.After(61 * time.Second) // virtual
				synctest.Wait()                // the detector waits for its next period
				if len(found) != 1 {
					t.Fatalf("found %v, want one mutation", found)
				}
				m := found[0]
				if m.Cache != "things" || m.Key != "ns/x" || !strings.Contains(m.Path, "Labels") || !slices.Equal(m.Suspects, []string{"culprit"}) {
					t.Errorf("found %+v", m)
				}
				if obj, ok, _ := in.Indexer().GetByKey("ns/x"); !ok || obj.Labels["seen"] != "yes" {
					t.Errorf("the store has %v", obj)
				}
				<-time.After(time.Hour)
				synctest.Wait()
				if len(found) != 1 {
					t.Errorf("told again: %v", found[1:])
				}
			})
		})
	}
}

// TestDetectorSuspectsOnlyWhoWasAtWork proves that a handler which was last
// called before the object was found intact is not named.
func TestDetectorSuspectsOnlyWhoWasAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var found []*mutation.Mutation
		in, source := scripted(t, Options[item]{Detector: watching(&found)})
		idle, err := in.AddHandler(&recorder{}, HandlerOptions{Name: "idle"})
		if err != nil {
			t.Fatal(err)
		}
		running(t, in)
		source.list(t, 5, newItem("x", 1))
		<-time.After(5*time.Minute + time.Second)
		synctest.Wait() // the fifth check is over, the sixth is to come
		if !idle.HasSynced() {
			t.Fatal("the handler was not called")
		}
		obj, _, _ := in.Indexer().GetByKey("ns/x")
		obj.Labels = map[string]string{"by": "a worker"}
		in.Status() // takes the lock that the next check takes, which orders the write before it
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if len(found) != 1 || len(found[0].Suspects) != 0 {
			t.Fatalf("found %+v, want one mutation and no suspect", found)
		}
		if since := time.Since(found[0].Observed); since > 4*time.Minute {
			t.Errorf("it was intact %v ago, want the time of the check before", since)
		}
	})
}

// TestDetectorOfAController proves that a plain informer has it too, and names
// its only handler.
func TestDetectorOfAController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var found []*mutation.Mutation
		source := newScript()
		c, err := NewControllerFromRunner(newAccess(), source, mutator{"x"}, Options[item]{Detector: watching(&found)})
		if err != nil {
			t.Fatal(err)
		}
		running(t, c)
		source.list(t, 5, newItem("x", 1))
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if len(found) != 1 || !slices.Equal(found[0].Suspects, []string{"informer.mutator"}) {
			t.Errorf("found %+v", found)
		}
	})
}

// TestDetectorLeavesAloneWhatIsIntact proves that a relist that shows the same
// versions, resyncs and deletions keep nothing in the detector but what the
// store holds, and that it finds nothing in them. With RelistUpdates the store
// takes each object of the relist anew.
func TestDetectorLeavesAloneWhatIsIntact(t *testing.T) {
	for renew, want := range map[bool]string{false: "map[x:1 y:1]", true: "map[x:2 y:2]"} {
		synctest.Test(t, func(t *testing.T) {
			var found []*mutation.Mutation
			copies := map[string]int{}
			opts := watching(&found)
			opts.Copy = func(obj item) item {
				copies[obj.Name]++
				return obj.DeepCopy()
			}
			in, source := scripted(t, Options[item]{Detector: opts, RelistUpdates: renew, ResyncPeriod: time.Minute})
			add(t, in, &recorder{})
			running(t, in)
			source.list(t, 5, newItem("x", 1), newItem("y", 2))
			source.list(t, 6, newItem("x", 1), newItem("y", 2))
			source.remove(t, newItem("y", 7))
			<-time.After(10 * time.Minute)
			synctest.Wait()
			if len(found) != 0 || fmt.Sprint(copies) != want {
				t.Errorf("found %v, copied %v, want %s", found, copies, want)
			}
		})
	}
}

// TestObserveComesBeforeAnybodyElse proves that Options.Observe sees each object
// before the store and the handlers do, and that its panic costs no event (I8).
func TestObserveComesBeforeAnybodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		surviving(t)
		var in *SharedIndexInformer[item]
		var seen []string
		observe := func(key string, obj item) {
			seen = append(seen, obj.Name+"@"+obj.ResourceVersion)
			if stored, exists, _ := in.Indexer().GetByKey(key); exists && stored == obj {
				t.Errorf("%s is in the store already", key)
			}
			if obj.Name == "b" {
				panic("b")
			}
		}
		in, source := scripted(t, Options[item]{Observe: observe})
		r := &recorder{}
		add(t, in, HandlerFunc[item](func(ctx context.Context, e Event[item]) {
			if e.Object.Labels != nil {
				t.Error("a handler came first")
			}
			e.Object.Labels = map[string]string{"changed": "yes"}
			r.OnEvent(ctx, e)
		}))
		running(t, in)
		source.list(t, 5, newItem("a", 1), newItem("b", 2), newItem("c", 3))
		source.list(t, 6, newItem("a", 1), newItem("b", 2), newItem("c", 6))
		source.update(t, newItem("a", 7))
		if want := []string{"a@1", "b@2", "c@3", "c@6", "a@7"}; !slices.Equal(seen, want) {
			t.Errorf("seen %q, want %q", seen, want)
		}
		if got := r.take(); len(got) != 5 {
			t.Errorf("told %q", got)
		}
	})
}

// TestDetectorEndsWithTheRun proves I9: the last check happens when the run
// ends, and a later run has a detector again.
func TestDetectorEndsWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var found []*mutation.Mutation
		in, source := scripted(t, Options[item]{Detector: watching(&found)})
		for i, name := range []string{"x", "y"} {
			ended := running(t, in)
			source.list(t, i+1, newItem(name, i+1))
			obj, _, _ := in.Indexer().GetByKey("ns/" + name)
			obj.Labels = map[string]string{"changed": "yes"}
			if err := in.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if len(found) != i+1 || found[i].Key != "ns/"+name {
				t.Errorf("run %d: found %v", i, found)
			}
		}
	})
}

// TestDetectorThatPanicsKeepsNothingFromTheStore proves I8 for Copy, and that a
// detector without Copy is refused.
func TestDetectorThatPanicsKeepsNothingFromTheStore(t *testing.T) {
	_, err := NewFromRunner(newAccess(), newScript(), Options[item]{Name: "things", Detector: &mutation.Options[item]{}})
	if !errors.Is(err, ErrNoCopy) || !strings.Contains(err.Error(), "things") {
		t.Errorf("no Copy: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true)))
		in, source := scripted(t, Options[item]{Logger: klog.Logger(logger), Detector: &mutation.Options[item]{
			Copy: func(item) item { panic("no copy of this") }, Sample: 1,
		}})
		running(t, in)
		source.list(t, 5, newItem("x", 1), newItem("y", 2))
		if keys := in.Indexer().ListKeys(); len(keys) != 2 {
			t.Errorf("the store has %v", keys)
		}
		log := logger.GetSink().(ktesting.Underlier).GetBuffer().String()
		if strings.Count(log, "no copy of this") != 1 || !strings.Contains(log, "ns/x") {
			t.Errorf("the log says %q, want the panic once", log)
		}
	})
}

// BenchmarkDetector is the cost of a detector to the goroutine that writes the
// store: lists of 1,000 changed objects, applied with none, with the defaults,
// and with one that looks at everything.
func BenchmarkDetector(b *testing.B) {
	copied := item.DeepCopy
	for name, opts := range map[string]*mutation.Options[item]{
		"none": nil, "default": {Copy: copied}, "everything": {Copy: copied, Sample: 1},
	} {
		b.Run(name, func(b *testing.B) {
			detector, err := newDetector(Options[item]{Detector: opts}, nil)
			if err != nil {
				b.Fatal(err)
			}
			const objects = 1000
			a := applier[item]{store: newCache(indexer.Options[item]{}), access: newAccess(), detector: detector}
			deltas := make([]deltafifo.Delta[item], objects)
			version := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for i := range deltas {
					version++
					obj := newItem(fmt.Sprint(i), version)
					obj.Labels = map[string]string{"app": "web", "tier": "front", "env": "test"}
					deltas[i] = deltafifo.Delta[item]{Key: "ns/" + obj.Name, Object: obj, Type: deltafifo.DeltaUpdated}
				}
				b.StartTimer()
				a.apply(deltafifo.Batch[item]{Deltas: deltas}, false)
			}
			if a.store.LastStoreSyncResourceVersion() != fmt.Sprint(version) {
				b.Fatal("not everything was stored")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*objects), "ns/object")
		})
	}
}
