package swap

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
)

// world is a server that a test writes to and disturbs, in virtual time.
type world struct {
	t      *testing.T
	server *apitest.Server
	pods   apitest.Collection[*corev1.Pod]
	source upstream.ListerWatcher
	rand   *rand.Rand

	// paged: the server refuses to stream lists.
	paged  bool
	writes int
	faults []fault
}

// fault is one in force, and what it is called.
type fault struct {
	*apitest.Injected
	name string
}

var podResource = apitest.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}

func newWorld(t *testing.T, seed uint64, paged bool) *world {
	server, err := apitest.StartPipe(apitest.Options{Resources: []apitest.Resource{podResource}, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, server: server, paged: paged,
		pods: apitest.Of[*corev1.Pod](server, podResource),
		rand: rand.New(rand.NewPCG(seed, 6)),
	}
	if paged {
		refusal := &metav1.Status{Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: "sendInitialEvents is forbidden"}
		server.Inject(apitest.Fault{Match: apitest.Match{Verb: apitest.VerbWatch, Func: streams}, Do: apitest.FailWith(refusal)})
	}
	w.source = w.listWatch()
	w.write(20)
	return w
}

// listWatch is what both reflectors read.
func (w *world) listWatch() upstream.ListerWatcher {
	client, err := kubernetes.NewForConfigAndClient(&rest.Config{Host: w.server.URL, QPS: -1}, w.server.Client())
	if err != nil {
		w.t.Fatal(err)
	}
	pods := client.CoreV1().Pods("")
	return &upstream.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return pods.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return pods.Watch(ctx, o)
		},
	}
}

// streams reports whether a request is for a list as a stream.
func streams(r apitest.Request) bool { return r.Query.Get("sendInitialEvents") == "true" }

// watching are requests for a watch that is no list; listing those for a list, in the form
// that this server answers.
func (w *world) watching() apitest.Match {
	return apitest.Match{Verb: apitest.VerbWatch, Func: func(r apitest.Request) bool { return !streams(r) }}
}

func (w *world) listing() apitest.Match {
	if w.paged {
		return apitest.Match{Verb: apitest.VerbList}
	}
	return apitest.Match{Verb: apitest.VerbWatch, Func: streams}
}

// lists counts the requests for a list so far.
func (w *world) lists() (n int) {
	for _, r := range w.server.Requests() {
		if r.Verb == apitest.VerbList || streams(r) {
			n++
		}
	}
	return n
}

// lastRequests tells what the server was asked for last, and when.
func (w *world) lastRequests(n int) string {
	var b strings.Builder
	all := w.server.Requests()
	for _, r := range all[max(0, len(all)-n):] {
		fmt.Fprintf(&b, "%s %s ?%s: %d, %d sent, done=%v\n", r.Time.Format(time.TimeOnly), r.Verb, r.Query.Encode(), r.Code, r.Sent, r.Done)
	}
	fmt.Fprintf(&b, "%s now, at version %s", time.Now().Format(time.TimeOnly), w.server.ResourceVersion())
	return b.String()
}

const (
	names = 20
	nodes = 4
)

// write makes n changes.
func (w *world) write(n int) {
	for n > 0 {
		name := fmt.Sprint("pod-", w.rand.IntN(names))
		if w.rand.IntN(4) == 0 {
			_, err := w.pods.Delete("default", name)
			if apierrors.IsNotFound(err) {
				continue
			}
			w.must(err)
		} else {
			w.put(name)
		}
		n--
	}
}

// put changes a pod, or creates it.
func (w *world) put(name string) {
	w.writes++
	node := fmt.Sprint("node-", w.writes%nodes)
	_, err := w.pods.Modify("default", name, func(pod *corev1.Pod) *corev1.Pod {
		pod.Spec.NodeName, pod.Status.Message = node, fmt.Sprint(w.writes)
		return pod
	})
	if apierrors.IsNotFound(err) {
		pod := &corev1.Pod{Spec: corev1.PodSpec{NodeName: node}}
		pod.Namespace, pod.Name = "default", name
		_, err = w.pods.Create(pod)
	}
	w.must(err)
}

func (w *world) must(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass, and what is due meanwhile happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// cut ends the watches that are open, of which there must be some.
func (w *world) cut(how apitest.Manner) {
	if w.server.Cut(apitest.Match{Verb: apitest.VerbWatch}, how) == 0 {
		w.t.Error("no watch was open")
	}
}

// inject puts a fault in force.
func (w *world) inject(name string, m apitest.Match, times int, do apitest.Action) {
	w.faults = append(w.faults, fault{w.server.Inject(apitest.Fault{Match: m, Times: times, Do: do}), name})
}

// lift ends the faults, each of which must have come to something.
func (w *world) lift() {
	for _, f := range w.faults {
		if f.Hits() == 0 {
			w.t.Errorf("%s: no request was hit", f.name)
		}
		f.Remove()
	}
	w.faults = nil
}

// away does something while the server is, and writes besides.
func (w *world) away(do func()) {
	w.server.Down()
	w.write(5)
	do()
	pass(10 * time.Second)
	w.must(w.server.Up())
}

// truth is what the server has: versions by key, and keys by node.
func (w *world) truth() (versions map[string]string, onNode map[string][]string) {
	objects, err := w.pods.Objects()
	w.must(err)
	versions, onNode = map[string]string{}, map[string][]string{}
	for _, pod := range objects {
		key := keyOf(pod)
		versions[key] = pod.ResourceVersion
		onNode[pod.Spec.NodeName] = append(onNode[pod.Spec.NodeName], key)
	}
	return versions, onNode
}
