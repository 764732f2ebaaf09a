//lint:file-ignore SA1019 what is deprecated has to work too

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/clientgo/cache"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
)

// failures are what lists and watches fail with.
func failures() map[string]error {
	pods := schema.GroupResource{Resource: "pods"}
	wire := func(op string, err error) error {
		return &url.Error{Op: "Get", URL: "https://server/api/v1/pods", Err: &net.OpError{Op: op, Net: "tcp", Err: err}}
	}
	return map[string]error{
		"400":                 apierrors.NewBadRequest("no"),
		"401":                 apierrors.NewUnauthorized("who?"),
		"403":                 apierrors.NewForbidden(pods, "", errors.New("no")),
		"404":                 apierrors.NewNotFound(pods, ""),
		"405":                 apierrors.NewMethodNotSupported(pods, "watch"),
		"410":                 apierrors.NewResourceExpired("too old"),
		"410 gone":            apierrors.NewGone("too old"),
		"429":                 apierrors.NewTooManyRequestsError("later"),
		"500":                 apierrors.NewInternalError(errors.New("oh")),
		"503":                 apierrors.NewServiceUnavailable("away"),
		"504":                 apierrors.NewTimeoutError("slow", 0),
		"504 too large":       tooLarge(),
		"an answer of nobody": apierrors.NewGenericServerResponse(http.StatusTeapot, "get", pods, "", "teapot", 0, true),
		"EOF":                 io.EOF,
		"unexpected EOF":      io.ErrUnexpectedEOF,
		"refused":             wire("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"reset":               wire("read", os.NewSyscallError("read", syscall.ECONNRESET)),
		"deadline":            context.DeadlineExceeded,
		"plain":               errNoName,
	}
}

func tooLarge() error {
	err := apierrors.NewTimeoutError("Too large resource version: 9, current: 1", 0)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version"}}
	return err
}

// broken is a source of which some of what it is asked for fails.
type broken struct {
	list, open, stream, event error // of lists, opened watches, streamed lists, and over a watch
	ends, midway              bool  // streams end before they are complete, midway after an object
	noStreams                 bool
}

func (b broken) IsWatchListSemanticsUnSupported() bool { return b.noStreams }

func (b broken) List(metav1.ListOptions) (runtime.Object, error) {
	if b.list != nil {
		return nil, b.list
	}
	return podList(versioned(newPod("ns", "p", "n1"), 7)), nil
}

func (b broken) Watch(opts metav1.ListOptions) (watch.Interface, error) {
	if opts.SendInitialEvents != nil {
		switch {
		case b.stream != nil:
			return nil, b.stream
		case !b.ends:
			return streamedPods(opts, newPod("ns", "p", "n1")), nil
		}
		w := watch.NewFakeWithChanSize(1, false)
		if b.midway {
			w.Add(newPod("ns", "p", "n1"))
		}
		w.Stop()
		return w, nil
	}
	w := watch.NewFakeWithChanSize(1, false)
	if b.event != nil {
		var status apierrors.APIStatus
		errors.As(b.event, &status)
		s := status.Status()
		w.Error(&s)
	}
	return w, b.open
}

// R1, R5: whatever fails, the watch error handler is told what client-go's is
// told, in the same words and no more, though not as often: both engines space
// their tries.
func TestTheWatchErrorHandlerIsToldWhatClientGoTells(t *testing.T) {
	sources := map[string]broken{
		"streams that end at once":                      {ends: true},
		"streams that end at once, and lists that fail": {ends: true, list: errNoName},
	}
	for name, err := range failures() {
		sources["lists: "+name] = broken{list: err, noStreams: true}
		if !strings.HasPrefix(name, "410") && !strings.HasSuffix(name, "too large") { // client-go would ask without end, and without a pause
			sources["lists and streams: "+name] = broken{list: err, stream: err}
			sources["streams: "+name] = broken{stream: err}
		}
		sources["watches: "+name] = broken{open: err, noStreams: true}
		if status := apierrors.APIStatus(nil); errors.As(err, &status) {
			sources["over a watch: "+name] = broken{event: err, noStreams: true}
		}
	}
	// client-go asks such a server for a stream without end, and its handler
	// hears of nothing; here lists follow, which fail too.
	louder := map[string]string{"lists and streams: 429": "lists: 429", "lists and streams: refused": "lists: refused"}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			theirs := source
			if other, ok := louder[name]; ok {
				theirs = sources[other]
			}
			var told [2][]string
			for i, engine := range engines {
				bubble(t, func(t *testing.T) {
					informer := engine.make([]broken{theirs, source}[i], noOptions())
					w := watchErrors(informer)
					run(t, informer.RunWithContext)
					pass(2 * time.Minute)
					told[i] = w.texts()
				})
			}
			if diff := cmp.Diff(told[0], told[1]); diff != "" {
				t.Errorf("told (-client-go +informant):\n%s", diff)
			}
		})
	}
}

// A streamed list that ends midway is no error for the handler: a list in pages
// follows. (client-go asks again without end, and says nothing either.)
func TestAStreamThatEndsMidwayIsNoErrorForTheHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer := cache.NewSharedIndexInformer(broken{ends: true, midway: true}, &corev1.Pod{}, 0, nil)
		told := watchErrors(informer)
		run(t, informer.RunWithContext)
		pass(2 * time.Minute)
		if texts := told.texts(); len(texts) > 0 || !informer.HasSynced() {
			t.Errorf("told %q, synced: %v", texts, informer.HasSynced())
		}
	})
}

// texts are what was told, each once.
func (e *errorsOf) texts() []string {
	var all []string
	for _, err := range e.all() {
		all = append(all, fmt.Sprintf("%T: %v", errors.Unwrap(err), err))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The handler names *cache.Reflector: it gets one that has name, type
// description and the version that the informer has reached.
func TestTheWatchErrorHandlerGetsAReflectorThatKnowsWhereItIs(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				source := newTurns(emptyList())
				open := source.WatchFuncWithContext
				var mu sync.Mutex
				var refuse bool
				source.WatchFuncWithContext = func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
					mu.Lock()
					defer mu.Unlock()
					if refuse {
						return nil, errNoName
					}
					return open(ctx, opts)
				}
				informer := engine.make(source, upstream.SharedIndexInformerOptions{ObjectDescription: "all the pods"})
				var told []string
				must(informer.SetWatchErrorHandler(func(r *upstream.Reflector, err error) {
					told = append(told, r.LastSyncResourceVersion()+" "+r.TypeDescription()+" "+err.Error())
					if !strings.Contains(r.Name(), ".go:") {
						t.Errorf("the reflector is called %q", r.Name())
					}
				}))
				run(t, informer.RunWithContext)
				source.event(watch.Event{Type: watch.Added, Object: versioned(newPod("ns", "p", "n1"), 42)})
				mu.Lock()
				refuse = true
				mu.Unlock()
				source.watch.Stop()
				pass(time.Second)
				if want := "42 all the pods " + errNoName.Error(); len(told) == 0 || told[0] != want {
					t.Errorf("told %q, not %q", told, want)
				}
			})
		})
	}
}

// Who is told of no error before the first list is told no version.
func TestTheReflectorOfAFirstErrorHasNoVersion(t *testing.T) {
	bubble(t, func(t *testing.T) {
		informer := cache.NewSharedIndexInformer(broken{list: errNoName, noStreams: true}, &corev1.Pod{}, 0, nil)
		told := make(chan string, 100)
		must(informer.SetWatchErrorHandler(func(r *upstream.Reflector, _ error) { told <- r.LastSyncResourceVersion() }))
		run(t, informer.RunWithContext)
		if version := <-told; version != "" {
			t.Errorf("the reflector is at %q", version)
		}
	})
}

// wrapped is a source inside another type, which shows what it is.
type wrapped struct{ upstream.ListerWatcher }

func (w wrapped) IsWatchListSemanticsUnSupported() bool {
	inner, ok := w.ListerWatcher.(interface{ IsWatchListSemanticsUnSupported() bool })
	return ok && inner.IsWatchListSemanticsUnSupported()
}

// fakeClient is a client that says that it sends no streamed lists.
type fakeClient struct{}

func (fakeClient) IsWatchListSemanticsUnSupported() bool { return true }

// R1: whatever a source is wrapped in, it is asked for a streamed list if and
// only if client-go asks for one: a fake that does not say so is waited for.
func TestSourcesAreAskedForStreamsAsByClientGo(t *testing.T) {
	for name, source := range map[string]func(lw *upstream.ListWatch) upstream.ListerWatcher{
		"bare": func(lw *upstream.ListWatch) upstream.ListerWatcher { return lw },
		"of a real client": func(lw *upstream.ListWatch) upstream.ListerWatcher {
			return upstream.ToListWatcherWithWatchListSemantics(lw, nil)
		},
		"of a fake client": func(lw *upstream.ListWatch) upstream.ListerWatcher {
			return upstream.ToListWatcherWithWatchListSemantics(lw, fakeClient{})
		},
		"by our name": func(lw *upstream.ListWatch) upstream.ListerWatcher {
			return cache.ToListWatcherWithWatchListSemantics(lw, fakeClient{})
		},
		"wrapped, and says so":        func(lw *upstream.ListWatch) upstream.ListerWatcher { return wrapped{scripted{lw}} },
		"wrapped, and says otherwise": func(lw *upstream.ListWatch) upstream.ListerWatcher { return wrapped{lw} },
		"hidden": func(lw *upstream.ListWatch) upstream.ListerWatcher {
			return struct{ upstream.ListerWatcher }{scripted{lw}}
		},
		"with contexts": func(lw *upstream.ListWatch) upstream.ListerWatcher {
			return struct {
				upstream.ListerWatcherWithContext
				scripted
			}{upstream.ToListerWatcherWithContext(lw), scripted{lw}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var requests [3][]string
			for i, make := range []func(lw upstream.ListerWatcher) func(context.Context){
				func(lw upstream.ListerWatcher) func(context.Context) {
					return engines[0].make(lw, noOptions()).RunWithContext
				},
				func(lw upstream.ListerWatcher) func(context.Context) {
					return engines[1].make(lw, noOptions()).RunWithContext
				},
				func(lw upstream.ListerWatcher) func(context.Context) {
					_, c := cache.NewInformerWithOptions(cache.InformerOptions{ListerWatcher: lw, ObjectType: &corev1.Pod{}})
					return c.RunWithContext
				},
			} {
				bubble(t, func(t *testing.T) {
					lw, asked := streamingSource()
					run(t, make(source(lw)))
					requests[i] = asked()
				})
			}
			for _, ours := range requests[1:] {
				if diff := cmp.Diff(requests[0], ours); diff != "" {
					t.Errorf("asked for (-client-go +informant):\n%s", diff)
				}
			}
		})
	}
}

// unreadable is a list whose items cannot be read.
type unreadable struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []string
}

func (u *unreadable) DeepCopyObject() runtime.Object { return u }

// refusing is a store that takes no list.
type refusing struct{ upstream.Queue }

func (refusing) Replace([]any, string) error { return errNoName }

// A list that cannot be read, or that the store does not take, is told in
// client-go's words, without what is in the list.
func TestAListThatCannotBeTakenIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		list  runtime.Object
		queue func(upstream.Queue) upstream.Queue
		want  string
	}{
		"items that are no objects": {
			&unreadable{ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []string{"secret"}},
			func(q upstream.Queue) upstream.Queue { return q },
			"unable to understand list result ",
		},
		"a store that refuses": {
			podList(newPod("ns", "secret", "")),
			func(q upstream.Queue) upstream.Queue { return refusing{q} },
			"unable to sync list result: " + errNoName.Error(),
		},
	} {
		for engine, make := range map[string]func(*upstream.Config) upstream.Controller{"client-go": upstream.New, "informant": cache.New} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					told := new(inOrder)
					q := upstream.NewRealFIFOWithOptions(upstream.RealFIFOOptions{AtomicEvents: true})
					run(t, make(&upstream.Config{
						Queue: c.queue(q), ListerWatcher: newTurns(c.list), ObjectType: &corev1.Pod{},
						Process:           func(any, bool) error { return nil },
						WatchErrorHandler: func(_ *upstream.Reflector, err error) { told.note("%v", err) },
					}).RunWithContext)
					lines := told.told()
					if len(lines) == 0 || !strings.HasPrefix(lines[0], c.want) {
						t.Fatalf("told of %q", lines)
					}
					if engine == "informant" && strings.Contains(lines[0], "secret") {
						t.Errorf("told what is in the list: %q", lines[0])
					}
				})
			})
		}
	}
}
