//lint:file-ignore SA1019 what is deprecated has to work too

package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	upstream "k8s.io/client-go/tools/cache"
	"pgregory.net/rapid"
)

// queueWorld is a queue with its consumer.
type queueWorld struct {
	queue upstream.Queue
	known upstream.Store // what the consumer has made of the deltas
	told  map[string][]string
	batch bool // consume with PopBatch
}

type queueKind struct {
	name         string
	theirs, ours func(known upstream.Store) upstream.Queue
	batch        bool
}

func tag(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	pod = pod.DeepCopy()
	if pod.Labels == nil {
		pod.Labels = map[string]string{"transformed": "yes"}
	}
	return pod, nil
}

var queueKinds = []queueKind{
	{
		name: "DeltaFIFO",
		theirs: func(known upstream.Store) upstream.Queue {
			return upstream.NewDeltaFIFOWithOptions(upstream.DeltaFIFOOptions{KeyFunction: podKey, KnownObjects: known, EmitDeltaTypeReplaced: true, Transformer: tag})
		},
		ours: func(known upstream.Store) upstream.Queue {
			return cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{KeyFunction: podKey, KnownObjects: known, EmitDeltaTypeReplaced: true, Transformer: tag})
		},
	},
	{
		name:   "DeltaFIFO that tells lists as Sync",
		theirs: func(known upstream.Store) upstream.Queue { return upstream.NewDeltaFIFO(podKey, known) },
		ours:   func(known upstream.Store) upstream.Queue { return cache.NewDeltaFIFO(podKey, known) },
	},
	{
		name:   "DeltaFIFO without known objects",
		theirs: func(upstream.Store) upstream.Queue { return upstream.NewDeltaFIFO(podKey, nil) },
		ours:   func(upstream.Store) upstream.Queue { return cache.NewDeltaFIFO(podKey, nil) },
	},
	{
		name:   "RealFIFO",
		theirs: func(known upstream.Store) upstream.Queue { return upstream.NewRealFIFO(podKey, known, tag) },
		ours:   func(known upstream.Store) upstream.Queue { return cache.NewRealFIFO(podKey, known, tag) },
	},
	{
		name:   "RealFIFO in batches",
		theirs: func(known upstream.Store) upstream.Queue { return upstream.NewRealFIFO(podKey, known, nil) },
		ours:   func(known upstream.Store) upstream.Queue { return cache.NewRealFIFO(podKey, known, nil) },
		batch:  true,
	},
	{
		name: "RealFIFO with atomic events",
		theirs: func(upstream.Store) upstream.Queue {
			return upstream.NewRealFIFOWithOptions(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, UnlockWhileProcessing: true, EmitDeltaTypeBookmark: true, Transformer: tag})
		},
		ours: func(upstream.Store) upstream.Queue {
			return cache.NewRealFIFOWithOptions(cache.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, UnlockWhileProcessing: true, EmitDeltaTypeBookmark: true, Transformer: tag})
		},
		batch: true,
	},
	{
		name:   "FIFO",
		theirs: func(upstream.Store) upstream.Queue { return upstream.NewFIFO(podKey) },
		ours:   func(upstream.Store) upstream.Queue { return cache.NewFIFO(podKey) },
	},
}

// last is the object that ends a drain: nothing comes out after it that went in
// before it.
const last = "~last"

// drain consumes everything that is queued.
func (w *queueWorld) drain(t failer) {
	if err := w.queue.Add(newPod("", last, "")); err != nil {
		t.Fatalf("Add: %v", err)
	}
	for ended := false; !ended; {
		single := func(obj any, initial bool) error {
			ended = w.consume(obj, initial) || ended
			return nil
		}
		if err := w.pop(single); err != nil {
			t.Fatalf("Pop: %v", err)
		}
	}
}

func (w *queueWorld) pop(single upstream.PopProcessFunc) error {
	if !w.batch {
		_, err := w.queue.Pop(single)
		return err
	}
	return w.queue.(upstream.QueueWithBatch).PopBatch(func(deltas []upstream.Delta, initial bool) error {
		for _, d := range deltas {
			if err := single(upstream.Deltas{d}, initial); err != nil {
				return err
			}
		}
		return nil
	}, single)
}

// consume notes what was popped and keeps the known objects up to date.
func (w *queueWorld) consume(popped any, initial bool) (end bool) {
	deltas, ok := popped.(upstream.Deltas)
	if !ok {
		deltas = upstream.Deltas{{Type: "Object", Object: popped}}
	}
	for _, d := range deltas {
		if pod, ok := d.Object.(*corev1.Pod); ok && pod.Name == last {
			end = true
			continue
		}
		key, text := w.apply(d)
		// client-go's FIFO hands a list out in a random order, and with it
		// the object that is the last of the list.
		if d.Type != "Object" {
			text = fmt.Sprintf("%s initial=%v", text, initial)
		}
		w.told[key] = append(w.told[key], fmt.Sprintf("%s %s", d.Type, text))
	}
	return end
}

func (w *queueWorld) apply(d upstream.Delta) (key, text string) {
	switch obj := d.Object.(type) {
	case upstream.ReplacedAllInfo:
		must(w.known.Replace(obj.Objects, obj.ResourceVersion))
		return "all", fmt.Sprint(described(obj.Objects), obj.ResourceVersion)
	case upstream.SyncAllInfo, upstream.BookmarkInfo:
		return "all", fmt.Sprintf("%T %v", obj, obj)
	case upstream.DeletedFinalStateUnknown:
		must(w.known.Delete(obj.Obj))
		return obj.Key, "tombstone of " + describe(obj.Obj)
	}
	if d.Type == upstream.Deleted {
		must(w.known.Delete(d.Object))
	} else {
		must(w.known.Update(d.Object))
	}
	key, err := podKey(d.Object)
	must(err)
	return key, describe(d.Object) + fmt.Sprint(d.Object.(*corev1.Pod).Labels)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// F1, F2, F4, F5: whatever goes in, lists included that have a key more than
// once, both engines hand the same out for each key, in the same order. One of
// the kinds of TestReviewStoresAndQueues.
func TestQueuesHandOutWhatClientGoHandsOut(t *testing.T) {
	for _, kind := range queueKinds {
		t.Run(kind.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { compareQueues(rt, kind) })
		})
	}
}

func compareQueues(rt *rapid.T, kind queueKind) {
	var worlds []*queueWorld
	for _, make := range []func(upstream.Store) upstream.Queue{kind.theirs, kind.ours} {
		known := upstream.NewStore(podKey)
		worlds = append(worlds, &queueWorld{queue: make(known), known: known, told: map[string][]string{}, batch: kind.batch})
	}
	version := 0
	draw := func(rt *rapid.T) *corev1.Pod {
		version++
		name := rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "name")
		return versioned(newPod("ns", name, ""), version)
	}
	both := func(do func(q upstream.Queue) error) {
		if a, b := outcome(do(worlds[0].queue)), outcome(do(worlds[1].queue)); a != b {
			rt.Fatalf("client-go: %s; informant: %s", a, b)
		}
	}
	actions := map[string]func(*rapid.T){
		"add":    func(rt *rapid.T) { p := draw(rt); both(func(q upstream.Queue) error { return q.Add(p) }) },
		"update": func(rt *rapid.T) { p := draw(rt); both(func(q upstream.Queue) error { return q.Update(p) }) },
		"delete": func(rt *rapid.T) { p := draw(rt); both(func(q upstream.Queue) error { return q.Delete(p) }) },
		"resync": func(rt *rapid.T) { both(upstream.Queue.Resync) },
		"replace": func(rt *rapid.T) {
			var list []any
			for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"p", "q", "r"}), 0, 5).Draw(rt, "list") {
				version++
				list = append(list, versioned(newPod("ns", name, ""), version))
			}
			rv := fmt.Sprint(version)
			both(func(q upstream.Queue) error { return q.Replace(list, rv) })
		},
		"drain": func(rt *rapid.T) {
			for _, w := range worlds {
				w.drain(rt)
			}
			compareDrained(rt, worlds)
		},
		"": func(*rapid.T) {
			if a, b := worlds[0].queue.HasSynced(), worlds[1].queue.HasSynced(); a != b {
				rt.Fatalf("HasSynced: client-go %v, informant %v", a, b)
			}
		},
	}
	if _, ok := worlds[0].queue.(upstream.ReflectorBookmarkStore); ok {
		actions["bookmark"] = func(rt *rapid.T) {
			version++
			both(func(q upstream.Queue) error { return q.(upstream.ReflectorBookmarkStore).Bookmark(fmt.Sprint(version)) })
		}
	}
	rt.Repeat(actions)
	for _, w := range worlds {
		w.drain(rt)
	}
	compareDrained(rt, worlds)
}

func compareDrained(rt *rapid.T, worlds []*queueWorld) {
	// One SyncAll that waits does for many in ours.
	for _, w := range worlds {
		w.told["all"] = slices.DeleteFunc(w.told["all"], func(told string) bool { return strings.HasPrefix(told, "SyncAll") })
	}
	if diff := cmp.Diff(worlds[0].told, worlds[1].told, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("consumers were told different things (-client-go +informant):\n%s", diff)
	}
	if diff := cmp.Diff(contents(worlds[0].known), contents(worlds[1].known)); diff != "" {
		rt.Fatalf("consumers hold different things (-client-go +informant):\n%s", diff)
	}
}

// F1, F4: a FIFO hands objects out in client-go's order over all keys, those
// included that were deleted and came again or came after Close, and has synced
// when client-go's has. Lists have one object, since client-go shuffles them.
func TestAFIFOHasTheOrderOfClientGos(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		queues := []upstream.Queue{upstream.NewFIFO(podKey), cache.NewFIFO(podKey)}
		version, closed := 0, false
		waits := map[string]bool{}
		draw := func(rt *rapid.T) *corev1.Pod {
			version++
			return versioned(newPod("ns", rapid.SampledFrom([]string{"p", "q", "r"}).Draw(rt, "name"), ""), version)
		}
		both := func(do func(q upstream.Queue) string) {
			if a, b := do(queues[0]), do(queues[1]); a != b {
				rt.Fatalf("client-go: %s; informant: %s", a, b)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				p := draw(rt)
				waits[p.Name] = true
				both(func(q upstream.Queue) string { return outcome(q.Add(p)) })
			},
			"delete": func(rt *rapid.T) {
				p := draw(rt)
				delete(waits, p.Name)
				both(func(q upstream.Queue) string { return outcome(q.Delete(p)) })
			},
			"replace": func(rt *rapid.T) {
				clear(waits)
				list := []any{}
				if rapid.Bool().Draw(rt, "one") {
					p := draw(rt)
					waits[p.Name], list = true, append(list, p, p)
				}
				both(func(q upstream.Queue) string { return outcome(q.Replace(list, "1")) })
			},
			"pop": func(*rapid.T) {
				if len(waits) == 0 && !closed {
					return // it would wait
				}
				both(func(q upstream.Queue) string {
					obj, err := q.Pop(func(obj any, initial bool) error {
						delete(waits, obj.(*corev1.Pod).Name)
						return fmt.Errorf("%s %v", describe(obj), initial)
					})
					return fmt.Sprint(obj, outcome(err))
				})
			},
			"close": func(rt *rapid.T) {
				if closed = rapid.IntRange(0, 9).Draw(rt, "close") == 0 || closed; closed {
					both(func(q upstream.Queue) string { q.Close(); return "" })
				}
			},
			"": func(*rapid.T) { both(func(q upstream.Queue) string { return fmt.Sprint(q.HasSynced()) }) },
		})
	})
}

// F6: Close wakes who waits, and what was queued before can still be popped.
func TestClosedQueuesAreEmptiedLikeClientGos(t *testing.T) {
	for _, kind := range queueKinds {
		t.Run(kind.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				known := cache.NewStore(podKey)
				q := kind.ours(known)
				if err := q.Add(newPod("ns", "p", "")); err != nil {
					t.Fatal(err)
				}
				q.Close()
				if _, err := q.Pop(func(any, bool) error { return errNoName }); err != errNoName {
					t.Errorf("what was queued before Close: %v", err)
				}
				if _, err := q.Pop(func(any, bool) error { return nil }); err != cache.ErrFIFOClosed {
					t.Errorf("a closed and empty queue: %v", err)
				}
				other := kind.ours(known)
				popped := make(chan error)
				go func() {
					_, err := other.Pop(func(any, bool) error { return nil })
					popped <- err
				}()
				settle()
				other.Close()
				if err := <-popped; !errors.Is(err, cache.ErrFIFOClosed) {
					t.Errorf("a Pop that waited: %v", err)
				}
				if closer, ok := other.(interface{ IsClosed() bool }); !ok || !closer.IsClosed() {
					t.Error("IsClosed is false")
				}
			})
		})
	}
}

func TestAListWithAnObjectWithoutAKeyChangesNothing(t *testing.T) {
	for _, kind := range queueKinds {
		t.Run(kind.name, func(t *testing.T) {
			q := kind.ours(cache.NewStore(podKey))
			err := q.Replace([]any{newPod("ns", "p", ""), newPod("ns", "", "")}, "1")
			var keyErr cache.KeyError
			if !errors.As(err, &keyErr) || !errors.Is(err, errNoName) {
				t.Errorf("Replace: %v", err)
			}
			q.Close()
			if _, err := q.Pop(func(obj any, _ bool) error { return fmt.Errorf("popped %v", obj) }); err != cache.ErrFIFOClosed {
				t.Errorf("something of the list was queued: %v", err)
			}
		})
	}
}

func TestARealFIFORefusesTheOptionsThatClientGosRefuses(t *testing.T) {
	known := cache.NewStore(podKey)
	for name, opts := range map[string]cache.RealFIFOOptions{
		"known objects with atomic events": {AtomicEvents: true, KnownObjects: known},
		"no known objects":                 {},
		"unlocking without atomic events":  {KnownObjects: known, UnlockWhileProcessing: true},
		"bookmarks without atomic events":  {KnownObjects: known, EmitDeltaTypeBookmark: true},
	} {
		for engine, build := range map[string]func(){
			"client-go": func() { upstream.NewRealFIFOWithOptions(opts) },
			"informant": func() { cache.NewRealFIFOWithOptions(opts) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s takes %s", engine, name)
					}
				}()
				build()
			}()
		}
	}
}

func TestAResyncRepeatsWhatIsKnown(t *testing.T) {
	pod := newPod("ns", "p", "n1")
	known := cache.NewStore(podKey)
	must(known.Add(pod))
	for name, c := range map[string]struct {
		queue cache.Queue
		want  cache.DeltaType
	}{
		"DeltaFIFO":       {cache.NewDeltaFIFO(podKey, known), cache.Sync},
		"RealFIFO":        {cache.NewRealFIFO(podKey, known, nil), cache.Sync},
		"atomic RealFIFO": {cache.NewRealFIFOWithOptions(cache.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true}), cache.SyncAll},
	} {
		for range 2 {
			if err := c.queue.Resync(); err != nil {
				t.Fatal(err)
			}
		}
		popped, err := c.queue.Pop(func(any, bool) error { return nil })
		deltas := popped.(cache.Deltas)
		if err != nil || len(deltas) != 1 || deltas[0].Type != c.want {
			t.Errorf("%s: %v, %v", name, popped, err)
		}
		c.queue.Close()
		if _, err := c.queue.Pop(func(any, bool) error { return nil }); err != cache.ErrFIFOClosed {
			t.Errorf("%s: the resync was queued twice: %v", name, err)
		}
	}
}

func TestKeyErrorsAreClientGos(t *testing.T) {
	nameless := newPod("ns", "", "")
	for _, kind := range queueKinds {
		theirs, ours := kind.theirs(cache.NewStore(podKey)), kind.ours(cache.NewStore(podKey))
		for op, do := range map[string]func(q upstream.Queue) error{
			"Add":    func(q upstream.Queue) error { return q.Add(nameless) },
			"Update": func(q upstream.Queue) error { return q.Update(nameless) },
			"Delete": func(q upstream.Queue) error { return q.Delete(nameless) },
		} {
			if a, b := outcome(do(theirs)), outcome(do(ours)); a != b {
				t.Errorf("%s: %s: client-go: %s; informant: %s", kind.name, op, a, b)
			}
		}
	}
}

func TestKeyOfReadsWhateverAQueueHolds(t *testing.T) {
	q := cache.NewDeltaFIFO(podKey, nil)
	pod := newPod("ns", "p", "")
	for _, obj := range []any{pod, cache.Deltas{{Type: cache.Added, Object: pod}}, cache.DeletedFinalStateUnknown{Key: "ns/p"}} {
		if key, err := q.KeyOf(obj); key != "ns/p" || err != nil {
			t.Errorf("KeyOf(%T) = %q, %v", obj, key, err)
		}
	}
	if _, err := q.KeyOf(cache.Deltas{}); !errors.Is(err, cache.ErrZeroLengthDeltasObject) {
		t.Errorf("KeyOf no deltas: %v", err)
	}
}

// An empty list is one that is not nil.
func TestAnEmptyAtomicListIsNotNil(t *testing.T) {
	for _, m := range both {
		q := m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true})
		must(q.Replace([]any{}, "1"))
		popped, err := q.Pop(func(any, bool) error { return nil })
		if list := popped.(upstream.Deltas)[0].Object.(upstream.ReplacedAllInfo); err != nil || list.Objects == nil || len(list.Objects) > 0 {
			t.Errorf("%s: %#v, %v", m.name, list, err)
		}
	}
}

// A transform may make something without a key of an object, which stays under
// the one that it had.
func TestWhatATransformMakesStaysUnderTheOldKey(t *testing.T) {
	for _, kind := range []struct {
		name   string
		atomic bool
		make   func(makers, upstream.Store) upstream.Queue
	}{
		{"DeltaFIFO", false, func(m makers, known upstream.Store) upstream.Queue {
			return m.deltas(upstream.DeltaFIFOOptions{KeyFunction: podKey, KnownObjects: known, Transformer: nameOnly, EmitDeltaTypeReplaced: true})
		}},
		{"RealFIFO", false, func(m makers, known upstream.Store) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, KnownObjects: known, Transformer: nameOnly})
		}},
		{"atomic RealFIFO", true, func(m makers, _ upstream.Store) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, Transformer: nameOnly})
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			var told [2][]string
			for i, m := range both {
				q := kind.make(m, upstream.NewStore(podKey))
				must(q.Replace([]any{newPod("ns", "p", ""), newPod("ns", "q", "")}, "1"))
				must(q.Add(newPod("ns", "r", "")))
				must(q.Update(newPod("ns", "p", "")))
				q.Close()
				for {
					popped, err := q.Pop(func(any, bool) error { return nil })
					if err != nil {
						break
					}
					told[i] = append(told[i], fmt.Sprint(popped))
				}
			}
			if diff := cmp.Diff(told[0], told[1]); diff != "" {
				t.Errorf("handed out (-client-go +informant):\n%s", diff)
			}
		})
	}
}

// nameOnly makes the pod's name of a pod, and fails for a second time.
func nameOnly(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return nil, fmt.Errorf("transformed already: %v", obj)
	}
	return pod.Name, nil
}

// A transform runs once for each object of a list, in pages and as a stream.
func TestATransformRunsOnceForEachObject(t *testing.T) {
	for name, make := range map[string]func(m makers) upstream.Queue{
		"DeltaFIFO": func(m makers) upstream.Queue {
			return m.deltas(upstream.DeltaFIFOOptions{KeyFunction: podKey, KnownObjects: upstream.NewStore(podKey), Transformer: nameOnly})
		},
		"RealFIFO": func(m makers) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, KnownObjects: upstream.NewStore(podKey), Transformer: nameOnly})
		},
		"atomic RealFIFO": func(m makers) upstream.Queue {
			return m.real(upstream.RealFIFOOptions{KeyFunction: podKey, AtomicEvents: true, Transformer: nameOnly})
		},
	} {
		for _, pages := range []bool{true, false} {
			for _, m := range both { // a queue of client-go's under our reflector too
				t.Run(fmt.Sprintf("%s/pages %v/%s", name, pages, m.name), func(t *testing.T) {
					bubble(t, func(t *testing.T) {
						q := make(m)
						var told []string
						run(t, cache.New(&cache.Config{
							Queue: q, ListerWatcher: broken{noStreams: pages}, ObjectType: &corev1.Pod{},
							Process: func(obj any, _ bool) error { told = append(told, fmt.Sprint(obj)); return nil },
						}).RunWithContext)
						if !q.HasSynced() || len(told) == 0 || !strings.Contains(told[0], " p}") && !strings.Contains(told[0], "[p]") {
							t.Errorf("synced: %v, told %q", q.HasSynced(), told)
						}
					})
				})
			}
		}
	}
}
