package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

var (
	ctx    = context.Background()
	podRes = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Protobuf: &corev1.Pod{}}
)

// start returns a server with two pods, and the way to it.
func start(t *testing.T, change func(*rest.Config)) (*apitest.Server, *Wire, kubernetes.Interface) {
	t.Helper()
	server := serve(t, apitest.Start)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w, client := reach(t, server, transport, change)
	return server, w, client
}

// serve returns a server with two pods.
func serve(t *testing.T, start func(apitest.Options) (*apitest.Server, error)) *apitest.Server {
	t.Helper()
	server, err := start(apitest.Options{Resources: []apitest.Resource{podRes}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for _, name := range []string{"x", "y"} {
		if _, err := apitest.Of[*corev1.Pod](server, podRes).Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// reach returns the way to a server by a transport.
func reach(t *testing.T, server *apitest.Server, transport http.RoundTripper, change func(*rest.Config)) (*Wire, kubernetes.Interface) {
	t.Helper()
	config := &rest.Config{Host: server.URL, Transport: transport, QPS: -1}
	if change != nil {
		change(config)
	}
	w, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfigAndClient(w.Config(), w.Client())
	if err != nil {
		t.Fatal(err)
	}
	return w, client
}

type (
	lists   = func(context.Context, metav1.ListOptions) (*corev1.PodList, error)
	watches = func(context.Context, metav1.ListOptions) (watch.Interface, error)
)

// listed are the pods that l lists, and whether that was over the wire.
func listed(t *testing.T, l *ListerWatcher) (pods []*corev1.Pod, handled bool) {
	t.Helper()
	_, handled, err := l.ListOver(ctx, metav1.ListOptions{}, func(p reflector.Part[any]) error {
		for _, item := range p.Items {
			pods = append(pods, item.(*corev1.Pod))
		}
		return errors.Join(p.Refused...)
	})
	if err != nil {
		t.Error(err)
	}
	return pods, handled
}

// A ListerWatcher that hands on what its client returns goes over the wire, and so does one
// that sets kinds. One that does anything else does not.
func TestWhatListerWatchersDo(t *testing.T) {
	kind := corev1.SchemeGroupVersion.WithKind("Pod")
	for name, c := range map[string]struct {
		lists   func(lists) lists
		watches func(watches) watches
		reason  string // "" if it is understood
		kind    schema.GroupVersionKind
	}{
		"nothing": {},
		"a namespace and selectors": {
			lists: func(list lists) lists {
				return func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					o.LabelSelector, o.FieldSelector = "!none", "metadata.name!=none"
					return list(ctx, o)
				}
			},
		},
		"kinds": {
			lists: func(list lists) lists {
				return func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					pods, err := list(ctx, o)
					for i := range pods.Items {
						pods.Items[i].SetGroupVersionKind(kind)
					}
					return pods, err
				}
			},
			watches: func(w watches) watches {
				return func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
					events, err := w(ctx, o)
					return watch.Filter(events, func(e watch.Event) (watch.Event, bool) {
						e.Object.GetObjectKind().SetGroupVersionKind(kind)
						return e, true
					}), err
				}
			},
			kind: kind,
		},
		"no context": {
			lists: func(list lists) lists {
				return func(_ context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					return list(context.Background(), o)
				}
			},
			watches: func(w watches) watches {
				return func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
					return w(context.Background(), o)
				}
			},
			reason: "without the context",
		},
		"two requests": {
			lists: func(list lists) lists {
				return func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					_, _ = list(ctx, o)
					return list(ctx, o)
				}
			},
			watches: func(w watches) watches {
				return func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
					first, err := w(ctx, o)
					if err == nil {
						first.Stop()
					}
					return w(ctx, o)
				}
			},
			reason: "several requests",
		},
		"one less": {
			lists: func(list lists) lists {
				return func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					pods, err := list(ctx, o)
					pods.Items = pods.Items[1:]
					return pods, err
				}
			},
			watches: func(w watches) watches {
				return func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
					events, err := w(ctx, o)
					return watch.Filter(events, func(e watch.Event) (watch.Event, bool) { return e, false }), err
				}
			},
			reason: "changes or leaves out",
		},
		"other labels": {
			lists: func(list lists) lists {
				return func(ctx context.Context, o metav1.ListOptions) (*corev1.PodList, error) {
					pods, err := list(ctx, o)
					for i := range pods.Items {
						pods.Items[i].Labels = nil
					}
					return pods, err
				}
			},
			watches: func(w watches) watches {
				return func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
					events, err := w(ctx, o)
					return watch.Filter(events, func(e watch.Event) (watch.Event, bool) {
						e.Object.(*corev1.Pod).Labels = nil
						return e, true
					}), err
				}
			},
			reason: "changes or leaves out",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, w, client := start(t, nil)
			list, watching := client.CoreV1().Pods("").List, client.CoreV1().Pods("").Watch
			if c.lists != nil {
				list = c.lists(list)
			}
			if c.watches != nil {
				watching = c.watches(watching)
			}
			lw := &upstream.ListWatch{
				ListWithContextFunc:  func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return list(ctx, o) },
				WatchFuncWithContext: watching,
			}
			log := capture(t)
			l := w.Over(lw, &corev1.Pod{}, "pods")
			pods, handled := listed(t, l)
			if handled != (c.reason == "") {
				t.Errorf("handled: %v; %s", handled, log())
			}
			if handled && (len(pods) != 2 || pods[1].GroupVersionKind() != c.kind) {
				t.Errorf("listed %v", pods)
			}
			l2 := w.Over(lw, &corev1.Pod{}, "pods")
			stream, handled, err := l2.WatchOver(ctx, metav1.ListOptions{ResourceVersion: "1"})
			if err != nil || handled != (c.reason == "" || c.watches == nil) {
				t.Errorf("watched: %v, %v; %s", handled, err, log())
			}
			if handled {
				event, err := stream.Next()
				if err != nil || event.Type != watch.Added || event.Object.(*corev1.Pod).GroupVersionKind() != c.kind {
					t.Errorf("watched %v, %v", event, err)
				}
				stream.Close()
			}
			if c.reason != "" {
				if !strings.Contains(log(), c.reason) || l.Wire() != listwatch.WireClient || l2.Wire() != listwatch.WireClient {
					t.Errorf("the wire is %s, and said is %s", l.Wire(), log())
				}
				before := server.Count(apitest.VerbList, "pods")
				if _, handled := listed(t, l); handled || server.Count(apitest.VerbList, "pods") != before {
					t.Error("it is asked again")
				}
			}
		})
	}
}

// capture returns what is logged.
func capture(t *testing.T) func() string {
	t.Helper()
	var log bytes.Buffer
	klog.LogToStderr(false)
	klog.SetOutput(&log)
	t.Cleanup(func() {
		klog.SetOutput(io.Discard)
		klog.LogToStderr(true)
	})
	return func() string { klog.Flush(); return log.String() }
}

// A context that has ended is no reason to give the wire up.
func TestTheEndOfAContextTeachesNothing(t *testing.T) {
	_, w, client := start(t, nil)
	l := w.Over(podsOf(client), &corev1.Pod{}, "pods")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, handled, err := l.ListOver(ended, metav1.ListOptions{}, nil); !handled || !errors.Is(err, context.Canceled) {
		t.Errorf("listed: %v, %v", handled, err)
	}
	if _, handled, err := l.WatchOver(ended, metav1.ListOptions{}); !handled || !errors.Is(err, context.Canceled) {
		t.Errorf("watched: %v, %v", handled, err)
	}
	if pods, handled := listed(t, l); !handled || len(pods) != 2 || l.Wire() != listwatch.WireProtobuf {
		t.Errorf("listed %d, %v over %s", len(pods), handled, l.Wire())
	}
}

// gatedWatch is a watch that is filtered: its event is under way until it is stopped.
type gatedWatch struct {
	watch.Interface
	stopped chan struct{}
}

func (g *gatedWatch) Stop() {
	g.Interface.Stop()
	close(g.stopped)
}

// A watch that is filtered, and whose event comes when the context has ended, leaves no
// goroutine behind: goleak sees to it.
func TestAFilteredWatchEnds(t *testing.T) {
	_, w, client := start(t, nil)
	l := w.Over(podsOf(client), &corev1.Pod{}, "pods")
	p := &probe{answer: l.example.watch}
	events, err := l.WatchWithContext(p.mark(ctx), metav1.ListOptions{Watch: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.request()
	if err != nil {
		t.Fatal(err)
	}
	entered, stopped := make(chan struct{}), make(chan struct{})
	filtered := watch.Filter(events, func(e watch.Event) (watch.Event, bool) {
		close(entered)
		<-stopped
		return e, true
	})
	<-entered
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.example.watched(ended, r, &gatedWatch{filtered, stopped}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func podsOf(client kubernetes.Interface) *upstream.ListWatch {
	return &upstream.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return client.CoreV1().Pods("").List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return client.CoreV1().Pods("").Watch(ctx, o)
		},
	}
}

// An error of the receiver ends a list and comes back as it is.
func TestAnErrorOfTheReceiver(t *testing.T) {
	_, w, client := start(t, nil)
	enough := errors.New("enough")
	if _, _, err := w.Over(podsOf(client), &corev1.Pod{}, "pods").ListOver(ctx, metav1.ListOptions{}, func(reflector.Part[any]) error { return enough }); err != enough {
		t.Errorf("the error is %v", err)
	}
}

// Asked as any ListerWatcher of client-go, it is the one that it was made of.
func TestItIsAListerWatcherOfClientGo(t *testing.T) {
	_, w, client := start(t, nil)
	var l upstream.ListerWatcher = w.Over(podsOf(client), &corev1.Pod{}, "pods")
	//lint:ignore SA1019 There are callers without a context.
	list, err := l.List(metav1.ListOptions{})
	if err != nil || len(list.(*corev1.PodList).Items) != 2 {
		t.Errorf("listed %v, %v", list, err)
	}
	//lint:ignore SA1019 There are callers without a context.
	events, err := l.Watch(metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if event := <-events.ResultChan(); event.Object.(*corev1.Pod).Name != "x" {
		t.Errorf("watched %v", event)
	}
	events.Stop()
	if l.(interface{ IsWatchListSemanticsUnSupported() bool }).IsWatchListSemanticsUnSupported() {
		t.Error("it is taken for a fake")
	}
}

// Requests that are no list or watch of a collection of the server are not understood.
func TestRequestsThatAreRead(t *testing.T) {
	for address, want := range map[string]string{
		"http://h/base/api/v1/pods":                                             "/v1, Resource=pods  &ListOptions",
		"http://h/base/api/v1/namespaces":                                       "/v1, Resource=namespaces ",
		"http://h/base/api/v1/namespaces/a/pods?watch=true&timeout=5s":          "/v1, Resource=pods a",
		"http://h/base/apis/apps/v1/deployments?labelSelector=a%3Db&limit=500":  "apps/v1, Resource=deployments ",
		"http://h/base/apis/apps/v1/namespaces/a/deployments?resourceVersion=0": "apps/v1, Resource=deployments a",
		"http://h/base/api/v1/pods/x":                                           "no collection",
		"http://h/base/api/v1/namespaces/a/pods/x":                              "no collection",
		"http://h/base/api/v1/":                                                 "no collection",
		"http://h/base/version":                                                 "no collection of an API",
		"http://h/other/api/v1/pods":                                            "not below",
		"http://h/base/api/v1/pods?pretty=true":                                 "pretty",
		"http://h/base/api/v1/pods?limit=many":                                  "not that of list options",
		"http://h/base/api/v1/pods?labelSelector=a&labelSelector=b":             "labelSelector",
		"http://h/base/api/v1/pods?watch=1":                                     "watch",
	} {
		base := &url.URL{Scheme: "http", Host: "h", Path: "/base"}
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := read(base, req)
		if got := fmt.Sprint(r.GroupVersionResource, " ", r.namespace, " ", &r.opts, " ", err); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
		req.Method = http.MethodPost
		if _, err := read(base, req); err == nil {
			t.Errorf("%s: a write is read", address)
		}
	}
}

// What is asked for decides on the encoding; what is neither protobuf nor JSON is an error.
func TestEncodingsOfAConfig(t *testing.T) {
	for _, c := range []struct {
		contentType, accept, want string
	}{
		{"", "", "false <nil>"},
		{"application/json", "", "true <nil>"},
		{"application/vnd.kubernetes.protobuf", "", "false <nil>"},
		{"application/vnd.kubernetes.protobuf", "application/json", "true <nil>"},
		{"application/json", "Application/vnd.kubernetes.protobuf;q=1, application/json", "false <nil>"},
		{"application/cbor", "", `false the rest.Config asks for "application/cbor", which is neither protobuf nor JSON`},
	} {
		config := &rest.Config{}
		config.ContentType, config.AcceptContentTypes = c.contentType, c.accept
		jsonOnly, err := negotiated(config)
		if got := fmt.Sprint(jsonOnly, " ", err); got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.contentType, c.accept, got, c.want)
		}
	}
}

// The credentials of a config go to its server alone.
func TestNothingIsSentElsewhere(t *testing.T) {
	_, w, _ := start(t, func(c *rest.Config) { c.BearerToken = "secret" })
	other, err := apitest.Start(apitest.Options{Resources: []apitest.Resource{podRes}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = w.Client().Post(other.URL+"/api/v1/namespaces/a/pods", "application/json", strings.NewReader("{}"))
	if err == nil || !strings.Contains(err.Error(), "give WithConfig the rest.Config that the others are made from") || len(other.Requests()) != 0 {
		t.Errorf("the error is %v, and %d requests came", err, len(other.Requests()))
	}
}

// Warnings of the server come to the handler of the config, as with client-go's clients.
func TestWarningsAreHandedOn(t *testing.T) {
	told := make(warnings, 10)
	_, w, client := start(t, func(c *rest.Config) {
		c.WarningHandler = told
		c.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(req)
				if err == nil {
					resp.Header.Set("Warning", `299 - "v1 is old"`)
				}
				return resp, err
			})
		}
	})
	if _, handled := listed(t, w.Over(podsOf(client), &corev1.Pod{}, "pods")); !handled || len(told) != 1 || <-told != "v1 is old" {
		t.Errorf("handled: %v, told %d", handled, len(told))
	}
}

type warnings chan string

func (w warnings) HandleWarningHeader(_ int, _ string, text string) { w <- text }

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// The time that a config gives requests is for the whole of a list, and not for a watch.
// It is virtual, so that a slow machine takes none of it.
func TestTheTimeoutOfAConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, apitest.StartPipe)
		w, client := reach(t, server, server.Client().Transport, func(c *rest.Config) { c.Timeout = 200_000_000 })
		l := w.Over(podsOf(client), &corev1.Pod{}, "pods")
		slow := server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbList}, Do: apitest.StallAfter(0)})
		if _, handled, err := l.ListOver(ctx, metav1.ListOptions{}, func(reflector.Part[any]) error { return nil }); !handled || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("handled: %v, %v", handled, err)
		}
		slow.Remove()
		if _, handled := listed(t, l); !handled {
			t.Error("one list that took too long has ended the wire")
		}
	})
}

// Examples that httpsource cannot make stay with their clients.
func TestExamplesThatCannotBe(t *testing.T) {
	_, w, client := start(t, nil)
	for _, object := range []runtime.Object{nil, &corev1.PodList{}, &runtime.Unknown{}} {
		log := capture(t)
		l := w.Over(podsOf(client), object, "odd")
		if _, handled := listed(t, l); handled || l.Wire() != listwatch.WireClient || !strings.Contains(log(), "its example is a") {
			t.Errorf("%T: handled: %v, over %s: %s", object, handled, l.Wire(), log())
		}
	}
}
