package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// inOrder is a handler that notes what it is told, all keys together.
type inOrder struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (h *inOrder) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

func (h *inOrder) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

func (h *inOrder) OnAdd(obj any, initial bool) { h.note("add %s %v", describe(obj), initial) }
func (h *inOrder) OnUpdate(old, obj any)       { h.note("update %s %s", describe(old), describe(obj)) }
func (h *inOrder) OnDelete(obj any) {
	if gone, ok := obj.(upstream.DeletedFinalStateUnknown); ok {
		h.note("missed %s %s", gone.Key, describe(gone.Obj))
		return
	}
	h.note("delete %s", describe(obj))
}

func expire(lw *turns) {
	status := apierrors.NewResourceExpired("gone").Status()
	lw.event(watch.Event{Type: watch.Error, Object: &status})
	pass(relist)
}

// A new list is told with what is gone first: who keeps objects by something
// that they hand on loses the new owner otherwise. The kind of
// TestReviewRelistTellsDeletionsFirst.
func TestARelistIsToldInClientGosOrder(t *testing.T) {
	a, b, c := versioned(newPod("ns", "a", "n1"), 1), versioned(newPod("ns", "b", "n1"), 4), versioned(newPod("ns", "c", "n2"), 2)
	for name, lists := range map[string][2]*corev1.PodList{
		"one for another":           {podList(a), podList(b)},
		"two for one":               {podList(a, c), podList(b)},
		"one for two":               {podList(c), podList(a, b)},
		"some stay":                 {podList(a, c), podList(b, versioned(c, 6))},
		"all are gone":              {podList(a), podList()},
		"unchanged ones in between": {podList(a, c), podList(b, c)},
	} {
		t.Run(name, func(t *testing.T) {
			var told [2][]string
			for i, engine := range engines {
				bubble(t, func(t *testing.T) {
					lw := newTurns(lists[0], lists[1])
					informer := engine.make(lw, noOptions())
					var handler inOrder
					_, err := informer.AddEventHandler(&handler)
					must(err)
					run(t, informer.RunWithContext)
					expire(lw)
					told[i] = handler.told()
				})
			}
			// Of deletions client-go has no order.
			for _, lines := range told {
				first := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "missed") })
				if first >= 0 {
					last := first
					for last < len(lines) && strings.HasPrefix(lines[last], "missed") {
						last++
					}
					slices.Sort(lines[first:last])
				}
			}
			if diff := cmp.Diff(told[0], told[1]); diff != "" {
				t.Errorf("told (-client-go +informant):\n%s", diff)
			}
		})
	}
}

// What an indexer is filled with before the run is not told, but the difference
// that the first list makes. The kind of TestReviewAFilledIndexerIsNotTold.
func TestAFilledIndexerIsToldOfAsByClientGo(t *testing.T) {
	for name, list := range map[string]*corev1.PodList{
		"changed and gone": podList(versioned(newPod("ns", "a", "n2"), 4)),
		"the same":         podList(versioned(newPod("ns", "a", "n1"), 1), versioned(newPod("ns", "b", "n1"), 1)),
		"new ones":         podList(versioned(newPod("ns", "c", "n1"), 4)),
		"empty":            podList(),
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/late %v", name, late), func(t *testing.T) {
				var told [2]map[string][]string
				for i, engine := range engines {
					bubble(t, func(t *testing.T) {
						informer := engine.make(newTurns(list), noOptions())
						r := &recorder{byKey: map[string][]string{}}
						add := func() { _, err := informer.AddEventHandler(r); must(err) }
						must(informer.GetIndexer().Add(versioned(newPod("ns", "a", "n1"), 1)))
						if !late {
							add()
						}
						must(informer.GetIndexer().Add(versioned(newPod("ns", "b", "n1"), 1)))
						run(t, informer.RunWithContext)
						if late {
							add()
							settle()
						}
						told[i] = r.events()
					})
				}
				if diff := cmp.Diff(told[0], told[1]); diff != "" {
					t.Errorf("told (-client-go +informant):\n%s", diff)
				}
			})
		}
	}
}

// The definition of a custom resource changes, and a list shows other content
// under the same version: it is taken, and told.
func TestOtherContentUnderTheSameVersionIsTaken(t *testing.T) {
	before, after := versioned(newPod("ns", "p", "n1"), 3), versioned(newPod("ns", "p", "n2"), 3)
	var told [2][]string
	var stored [2][]string
	for i, engine := range engines {
		bubble(t, func(t *testing.T) {
			lw := newTurns(podList(before), podList(after))
			informer := engine.make(lw, upstream.SharedIndexInformerOptions{Indexers: upstream.Indexers{"node": byNode}})
			var handler inOrder
			_, err := informer.AddEventHandler(&handler)
			must(err)
			run(t, informer.RunWithContext)
			expire(lw)
			told[i] = handler.told()
			stored[i] = contents(informer.GetStore())
			keys, err := informer.GetIndexer().IndexKeys("node", "n2")
			stored[i] = append(stored[i], fmt.Sprint(keys, err))
		})
	}
	if diff := cmp.Diff(told[0], told[1]); diff != "" {
		t.Errorf("told (-client-go +informant):\n%s", diff)
	}
	if diff := cmp.Diff(stored[0], stored[1]); diff != "" {
		t.Errorf("stored (-client-go +informant):\n%s", diff)
	}
}

// survive lets the process survive panics during the test.
func survive(t *testing.T) {
	utilruntime.ReallyCrash = false
	t.Cleanup(func() { utilruntime.ReallyCrash = true })
}

// I8: where a panic does not end the process, one object that an index function
// refuses or panics over costs no other its place, of lists, and of events.
// The kind of TestReviewOneBadObjectCostsNoOther.
func TestAnObjectThatCannotBeIndexedCostsNoOther(t *testing.T) {
	survive(t)
	for name, index := range map[string]upstream.IndexFunc{
		"an error": func(obj any) ([]string, error) {
			if obj.(*corev1.Pod).Name == "bad" {
				return nil, errNoName
			}
			return []string{"x"}, nil
		},
		"a panic": func(obj any) ([]string, error) {
			if obj.(*corev1.Pod).Name == "bad" {
				panic("bad")
			}
			return []string{"x"}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				pod := func(name string) *corev1.Pod { return versioned(newPod("ns", name, "n1"), 7) }
				lw := newTurns(podList(pod("a"), pod("bad"), pod("c")))
				informer := cache.NewSharedIndexInformer(lw, &corev1.Pod{}, 0, upstream.Indexers{"x": index})
				r := &recorder{byKey: map[string][]string{}}
				_, err := informer.AddEventHandler(r)
				must(err)
				run(t, informer.RunWithContext)
				pass(5 * time.Second)
				lw.event(watch.Event{Type: watch.Added, Object: versioned(newPod("ns", "d", "n1"), 8)})
				pass(5 * time.Second)
				keys, err := informer.GetIndexer().IndexKeys("x", "x")
				if want := []string{"ns/a", "ns/c", "ns/d"}; err != nil || !slices.Equal(keys, want) {
					t.Errorf("indexed are %v, %v", keys, err)
				}
				stored := sorted(informer.GetStore().ListKeys())
				if want := []string{"ns/a", "ns/bad", "ns/c", "ns/d"}; !slices.Equal(stored, want) || !informer.HasSynced() || len(r.events()) != 4 {
					t.Errorf("stored are %v, synced: %v, told %v", stored, informer.HasSynced(), r.events())
				}
			})
		})
	}
}

func indexThatPanics(obj any) ([]string, error) { return []string{obj.(*corev1.Node).Name}, nil }

// A crash in an index function shows that function, whoever writes. The kind of
// TestReviewACrashNamesTheIndexFunction.
func TestACrashShowsTheIndexFunction(t *testing.T) {
	writes := map[string]func(m makers){
		"a list":  func(m makers) { must(crashing(m).Replace([]any{newPod("ns", "p", "")}, "1")) },
		"a write": func(m makers) { must(crashing(m).Add(newPod("ns", "p", ""))) },
		"a transaction": func(m makers) {
			_ = crashing(m).(upstream.TransactionStore).Transaction(upstream.Transaction{Object: newPod("ns", "p", ""), Type: upstream.TransactionTypeAdd})
		},
		"a new index": func(m makers) {
			s := m.store(podKey).(upstream.Indexer)
			must(s.Add(newPod("ns", "p", "")))
			must(s.AddIndexers(upstream.Indexers{"bad": indexThatPanics}))
		},
		"a query": func(m makers) { _, _ = crashing(m).Index("bad", newPod("ns", "p", "")) },
		"an informer": func(m makers) {
			informer := m.informer(newTurns(podList(newPod("ns", "p", ""))), upstream.SharedIndexInformerOptions{Indexers: upstream.Indexers{"bad": indexThatPanics}})
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			informer.RunWithContext(ctx)
		},
	}
	if inChild() {
		i := slices.IndexFunc(both, func(m makers) bool { return m.name == os.Getenv("ENGINE") })
		writes[os.Getenv("WRITE")](both[i])
		return
	}
	for what := range writes {
		for _, m := range both {
			t.Run(what+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				out, err := child(t, "TestACrashShowsTheIndexFunction", "ENGINE="+m.name, "WRITE="+what)
				if err == nil || !strings.Contains(out, "indexThatPanics(") {
					t.Errorf("%v, and the function is not shown:\n%.2000s", err, out)
				}
			})
		}
	}
}

func crashing(m makers) upstream.Indexer {
	return m.indexer(podKey, upstream.Indexers{"bad": indexThatPanics})
}

// logged is what a logger of a test writes.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) logger(name string) klog.Logger {
	return klog.LoggerWithName(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(l))), name)
}

// What is said of a handler is said by its logger: its panics, at the line that
// panicked, and periods that it cannot have. The kind of
// TestReviewAHandlersLoggerIsUsed.
func TestTheLoggerOfAHandlerIsUsed(t *testing.T) {
	survive(t)
	handlers := utilruntime.ErrorHandlers
	defer func() { utilruntime.ErrorHandlers = handlers }()
	boom := func(what string) upstream.ResourceEventHandlerFuncs {
		return upstream.ResourceEventHandlerFuncs{
			AddFunc: func(any) {
				if what == "add" {
					panic("boom")
				}
			},
			UpdateFunc: func(any, any) {
				if what == "update" {
					panic("boom")
				}
			},
			DeleteFunc: func(any) {
				if what == "delete" {
					panic("boom")
				}
			},
		}
	}
	for _, what := range []string{"add", "update", "delete"} {
		for _, engine := range engines {
			t.Run(what+"/"+engine.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					var out logged
					logger := out.logger("mine")
					source := newSource(t, newPod("ns", "p", "n1"))
					informer := engine.make(fakeSource{source}, noOptions())
					_, err := informer.AddEventHandlerWithOptions(boom(what), upstream.HandlerOptions{Logger: &logger})
					must(err)
					run(t, informer.RunWithContext)
					source.Modify(newPod("ns", "p", "n2"))
					pass(2 * time.Second)
					source.Delete(newPod("ns", "p", "n2"))
					pass(2 * time.Second)
					if first, _, _ := strings.Cut(out.String(), "\n"); !strings.Contains(first, `logger="mine"`) || !strings.Contains(first, "ways_test.go:") {
						t.Errorf("logged is %q", first)
					}
				})
			})
		}
	}
	for name, c := range map[string]struct {
		informer, handler time.Duration
		running           bool
	}{
		"no resyncs":       {0, time.Minute, false},
		"under a second":   {time.Minute, time.Millisecond, false},
		"under the period": {time.Minute, 30 * time.Second, true},
	} {
		for _, engine := range engines {
			t.Run(name+"/"+engine.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					var out logged
					logger := out.logger("mine")
					informer := engine.make(newTurns(emptyList()), upstream.SharedIndexInformerOptions{ResyncPeriod: c.informer})
					if c.running {
						run(t, informer.RunWithContext)
					}
					_, err := informer.AddEventHandlerWithOptions(boom(""), upstream.HandlerOptions{Logger: &logger, ResyncPeriod: &c.handler})
					must(err)
					if !c.running {
						run(t, informer.RunWithContext)
					}
					if !strings.Contains(out.String(), `logger="mine"`) {
						t.Errorf("logged is %q", out.String())
					}
				})
			})
		}
	}
}

// The log lines of WaitFor are its caller's. The kind of
// TestReviewWaitForLogsAtItsCaller.
func TestWaitForLogsAtItsCaller(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for name, waitFor := range map[string]func(context.Context, string, ...upstream.DoneChecker) bool{"client-go": upstream.WaitFor, "informant": cache.WaitFor} {
		for _, ctx := range []context.Context{t.Context(), ended} {
			var out logged
			informer := engines[0].make(scripted{&cache.ListWatch{}}, noOptions())
			checkers := []upstream.DoneChecker{informer.HasSyncedChecker()}
			if ctx == t.Context() {
				checkers = nil
			}
			waitFor(klog.NewContext(ctx, out.logger("mine")), "it", checkers...)
			for line := range strings.Lines(out.String()) {
				if !strings.Contains(line, "ways_test.go:") || !strings.Contains(line, `logger="mine"`) {
					t.Errorf("%s logs %q", name, line)
				}
			}
			if out.String() == "" {
				t.Errorf("%s logs nothing", name)
			}
		}
	}
}

// A nil object is none for index functions, and a transaction of no known type
// changes nothing. Two of the kinds of TestReviewStoresAndQueues.
func TestOddWritesDoWhatTheyDoInClientGo(t *testing.T) {
	for _, m := range both {
		s := m.threadSafe(upstream.Indexers{"ns": upstream.MetaNamespaceIndexFunc}).(upstream.ThreadSafeStoreWithTransaction)
		s.Add("nil", nil)
		s.Update("nil", nil)
		s.Replace(map[string]any{"nil": nil, "p": versioned(newPod("ns", "p", ""), 3)}, "3")
		must(s.AddIndexers(upstream.Indexers{"again": upstream.MetaNamespaceIndexFunc}))
		s.Transaction(
			upstream.ThreadSafeStoreTransaction{Transaction: upstream.Transaction{Type: upstream.TransactionTypeUpdate}, Key: "nil"},
			upstream.ThreadSafeStoreTransaction{Transaction: upstream.Transaction{Type: "Nonsense", Object: versioned(newPod("ns", "q", ""), 9)}, Key: "q"},
		)
		keys, err := s.IndexKeys("again", "ns")
		if got := fmt.Sprintln(sorted(s.ListKeys()), keys, err, s.LastStoreSyncResourceVersion()); got != "[nil p] [p] <nil> 9\n" {
			t.Errorf("%s: %s", m.name, got)
		}
		s.Delete("nil")
	}
}
