package controllers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/informant-go/informant/e2e/realserver"
)

// patience is for one step, on a server that shares its processors with other tests.
const patience = 2 * time.Minute

// world is a namespace whose objects the controllers take care of, seen without a cache.
type world struct {
	ctx    context.Context
	client kubernetes.Interface
	ns     string

	addresses int // how many pods were given one
}

func newWorld(t *testing.T, s *realserver.Server) *world {
	t.Helper()
	client, err := kubernetes.NewForConfigAndClient(s.RESTConfig(), s.Client())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ctx: t.Context(), client: client, ns: s.Namespace(t)}
	// Endpoints are of pods on a node that is there. Its name is that of the namespace.
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: w.ns}}
	if _, err := client.CoreV1().Nodes().Create(w.ctx, node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// until returns when check has no error any more.
func (w *world) until(t *testing.T, what string, check func() error) {
	t.Helper()
	began := time.Now()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			t.Logf("%6.2f s: %s", time.Since(began).Seconds(), what)
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %v: %v", what, patience, err)
		case <-w.ctx.Done():
			t.Fatalf("%s: %v: %v", what, w.ctx.Err(), err)
		}
	}
}

// pods returns the pods with the label app=name.
func (w *world) pods(name string) ([]corev1.Pod, error) {
	listed, err := w.client.CoreV1().Pods(w.ns).List(w.ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return nil, err
	}
	return listed.Items, nil
}

// livePods returns the n pods with the label app=name that are not being deleted; another
// number of them is an error.
func (w *world) livePods(name string, n int) ([]corev1.Pod, error) {
	all, err := w.pods(name)
	if err != nil {
		return nil, err
	}
	live := all[:0]
	for _, pod := range all {
		if pod.DeletionTimestamp == nil {
			live = append(live, pod)
		}
	}
	if len(live) != n {
		return live, fmt.Errorf("%d pods, want %d", len(live), n)
	}
	return live, nil
}

// startPods does what a kubelet does: pods with the label app=name run, have an address
// and are ready.
func (w *world) startPods(name string) error {
	pods, err := w.pods(name)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		w.addresses++
		address := fmt.Sprintf("10.1.%d.%d", w.addresses/200, w.addresses%200+1)
		pod.Status.Phase = corev1.PodRunning
		pod.Status.PodIP, pod.Status.PodIPs = address, []corev1.PodIP{{IP: address}}
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
		})
		err = errors.Join(err, w.writeStatus(&pod))
	}
	return err
}

// finishPods lets the pods with the label app=name end well, and returns how many had not
// before.
func (w *world) finishPods(name string) (running int, err error) {
	pods, err := w.pods(name)
	if err != nil {
		return 0, err
	}
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		running++
		pod.Status.Phase = corev1.PodSucceeded
		err = errors.Join(err, w.writeStatus(&pod))
	}
	return running, err
}

// writeStatus writes the status of a pod, which a controller may delete or change first.
func (w *world) writeStatus(pod *corev1.Pod) error {
	_, err := w.client.CoreV1().Pods(pod.Namespace).UpdateStatus(w.ctx, pod, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// absent has no error when get finds nothing.
func absent[T any](get func(ctx context.Context, name string, o metav1.GetOptions) (T, error), ctx context.Context, name string) error {
	_, err := get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s is still there", name)
}

// labelled is the metadata of an object with the label app=name.
func labelled(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}
}

// template is one of pods with the label app=name. They are on the node from the start, as
// if they were scheduled, and have no grace when they are deleted, which a kubelet would
// have to end.
func (w *world) template(name, image string, restart corev1.RestartPolicy) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			NodeName:                      w.ns,
			RestartPolicy:                 restart,
			TerminationGracePeriodSeconds: new(int64),
			Containers:                    []corev1.Container{{Name: "main", Image: image}},
		},
	}
}

func selecting(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}
