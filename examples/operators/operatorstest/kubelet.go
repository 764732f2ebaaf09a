package operatorstest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/engine"
	"github.com/informant-go/informant/examples/operators/kubeletlike"
)

// Kubelet is the life of a node and of the pods on it.
func Kubelet(t *testing.T, c Cluster, e engine.Engine) {
	w := &kubeletWorld{world: newWorld(t, c, clientgoscheme.Scheme), node: "node-of-" + c.Namespace, containers: newContainers()}
	line := NewLine(t, c.Config)
	k, err := kubeletlike.New(line.Config, kubeletlike.Options{Engine: e, Node: w.node, Namespace: w.Namespace, Runtime: w.containers})
	w.must(err)
	stop, _ := w.start(k.Run)

	elsewhere := w.create("elsewhere", "another-node")
	pod := w.create("web", w.node)
	w.runs(pod)
	w.writesOver(pod)
	w.triesAgain(line)
	w.outlivesACut(line)
	w.givesGrace(pod)
	w.endsGrace()
	w.killsWhatIsGone(line)
	w.tellsLivesApart()

	w.await(elsewhere, func() bool { return true })
	if elsewhere.Status.Phase != corev1.PodPending && elsewhere.Status.Phase != "" || w.containers.state(elsewhere) != "" {
		w.Errorf("a pod of another node is %s", elsewhere.Status.Phase)
	}
	w.beginsAgain(k, stop)
}

type kubeletWorld struct {
	*world
	node       string
	containers *containers
}

func (w *kubeletWorld) create(name, node string) *corev1.Pod {
	w.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: name},
		Spec: corev1.PodSpec{
			NodeName:   node,
			Containers: []corev1.Container{{Name: "main", Image: "example.com/web:1"}},
		},
	}
	w.must(w.client.Create(w.ctx, pod))
	return pod
}

func (w *kubeletWorld) runs(pod *corev1.Pod) {
	w.Helper()
	w.await(pod, func() bool { return pod.Status.Phase == corev1.PodRunning && kubeletlike.IsReady(pod) })
	if state := w.containers.state(pod); state != running {
		w.Errorf("the containers of %s are %q", pod.Name, state)
	}
}

func (w *kubeletWorld) delete(pod *corev1.Pod, grace int64) {
	w.Helper()
	w.must(w.client.Delete(w.ctx, pod, client.GracePeriodSeconds(grace)))
}

// becomes waits until the containers of a pod are in a state.
func (w *kubeletWorld) becomes(pod *corev1.Pod, state string) {
	w.Helper()
	w.eventually(fmt.Sprintf("the containers of %s are %s", pod.Name, state), func() bool { return w.containers.state(pod) == state })
}

// A status that somebody else writes is written over.
func (w *kubeletWorld) writesOver(pod *corev1.Pod) {
	for i := range pod.Status.Conditions {
		pod.Status.Conditions[i].Status = corev1.ConditionFalse
	}
	pod.Status.Message = "written by the test"
	w.must(w.client.Status().Update(w.ctx, pod))
	w.await(pod, func() bool { return pod.Status.Message == "written by the test" && kubeletlike.IsReady(pod) })
}

func (w *kubeletWorld) triesAgain(line *Line) {
	refused := line.Refuse(2, func(req *http.Request) bool {
		return req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/again/status")
	})
	again := w.create("again", w.node)
	w.runs(again)
	if hits := refused.Hits(); hits != 2 {
		w.Errorf("%d writes were refused", hits)
	}
}

// What happens while the watch is cut is seen.
func (w *kubeletWorld) outlivesACut(line *Line) {
	line.Cut()
	w.runs(w.create("cut", w.node))
}

// A pod that is deleted is there until its containers have ended.
func (w *kubeletWorld) givesGrace(pod *corev1.Pod) {
	w.containers.hold(pod)
	w.must(w.client.Delete(w.ctx, pod))
	w.becomes(pod, stopping)
	w.await(pod, func() bool { return true })
	if pod.DeletionTimestamp.IsZero() || *pod.DeletionGracePeriodSeconds != 30 {
		w.Errorf("a pod that stops has the metadata %+v", pod.ObjectMeta)
	}
	w.containers.release(pod)
	w.awaitGone(pod)
	if state := w.containers.state(pod); state != stopped {
		w.Errorf("the containers of a pod that is gone are %q", state)
	}
}

// Containers that do not end are killed when their grace is over.
func (w *kubeletWorld) endsGrace() {
	pod := w.create("deaf", w.node)
	w.runs(pod)
	w.containers.hold(pod)
	w.delete(pod, 1)
	w.awaitGone(pod)
	if state := w.containers.state(pod); state != killed {
		w.Errorf("the containers of a pod whose grace is over are %q", state)
	}
}

// A pod that is gone from the server, seen by a watch or not, does not run on.
func (w *kubeletWorld) killsWhatIsGone(line *Line) {
	for _, cut := range []bool{false, true} {
		pod := w.create(fmt.Sprintf("forced-%v", cut), w.node)
		w.runs(pod)
		w.containers.hold(pod)
		w.delete(pod, 0)
		if cut {
			line.Cut()
		}
		w.becomes(pod, killed)
	}
}

// A pod of the same name is another: the one before is killed, the new one started.
func (w *kubeletWorld) tellsLivesApart() {
	before := w.create("twin", w.node)
	w.runs(before)
	w.containers.hold(before)
	w.delete(before, 0)
	after := w.create("twin", w.node)
	w.becomes(before, killed)
	w.runs(after)
	if after.UID == before.UID {
		w.Fatal("the server has given two pods one UID")
	}
}

// A Kubelet that begins again finds what runs, and what was deleted meanwhile.
func (w *kubeletWorld) beginsAgain(k *kubeletlike.Kubelet, stop func()) {
	stays, goes := w.create("stays", w.node), w.create("goes", w.node)
	w.runs(stays)
	w.runs(goes)
	stop()
	w.must(w.client.Delete(w.ctx, goes))
	w.start(k.Run)
	w.awaitGone(goes)
	w.runs(stays)
	if state := w.containers.state(goes); state != stopped {
		w.Errorf("the containers of a pod that was deleted meanwhile are %q", state)
	}
}

// The states of containers.
const (
	running  = "running"
	stopping = "stopping"
	stopped  = "stopped"
	killed   = "killed"
)

// containers is a Runtime whose containers end when they are told to, those that are held
// only when they are released.
type containers struct {
	mu     sync.Mutex
	states map[types.UID]string        // guarded by mu
	held   map[types.UID]chan struct{} // guarded by mu; closed by release
}

func newContainers() *containers {
	return &containers{states: map[types.UID]string{}, held: map[types.UID]chan struct{}{}}
}

// Start implements kubeletlike.Runtime.
func (c *containers) Start(_ context.Context, pod *corev1.Pod) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state := c.states[pod.UID]; state != "" && state != running {
		return fmt.Errorf("the containers of %s are started while they are %s", pod.Name, state)
	}
	c.states[pod.UID] = running
	return nil
}

// Stop implements kubeletlike.Runtime.
func (c *containers) Stop(ctx context.Context, pod *corev1.Pod) {
	c.set(pod, stopping)
	c.mu.Lock()
	held := c.held[pod.UID]
	c.mu.Unlock()
	if ctx.Err() != nil {
		c.set(pod, killed)
		return
	}
	if held == nil {
		c.set(pod, stopped)
		return
	}
	select {
	case <-held:
		c.set(pod, stopped)
	case <-ctx.Done():
		c.set(pod, killed)
	}
}

func (c *containers) set(pod *corev1.Pod, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states[pod.UID] = state
}

func (c *containers) state(pod *corev1.Pod) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[pod.UID]
}

func (c *containers) hold(pod *corev1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[pod.UID] = make(chan struct{})
}

func (c *containers) release(pod *corev1.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.held[pod.UID])
}
