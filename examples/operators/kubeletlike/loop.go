package kubeletlike

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// loop is one run of a Kubelet. Its goroutine owns lives.
type loop struct {
	*Kubelet
	lives map[types.UID]*life // the pods that were started, or asked to stop
	ended chan types.UID      // pods whose containers are gone
	group sync.WaitGroup      // the feed, and the goroutine of each life that ends
}

// life is a pod between its start and its end.
type life struct {
	pod  *corev1.Pod
	kill context.CancelFunc // ends the grace; nil while nobody has asked it to stop
	over bool               // the containers are gone
}

func newLoop(k *Kubelet) *loop {
	return &loop{Kubelet: k, lives: map[types.UID]*life{}, ended: make(chan types.UID)}
}

// run goes through all pods whenever something has happened, until ctx ends or the feed
// does.
func (l *loop) run(ctx context.Context, fed <-chan error) error {
	var pods []*corev1.Pod
	var retry <-chan time.Time
	for {
		select {
		case pods = <-l.states:
		case uid := <-l.ended:
			l.lives[uid].over = true
		case <-retry:
		case err := <-fed:
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-ctx.Done():
			return nil
		}
		retry = nil
		if err := l.sync(ctx, pods); err != nil {
			logr.FromContextOrDiscard(ctx).Error(err, "Pods are behind", "tryAgainAfter", RetryAfter)
			retry = time.After(RetryAfter)
		}
	}
}

// sync does what is to be done for each pod; what fails for one keeps no other waiting.
func (l *loop) sync(ctx context.Context, pods []*corev1.Pod) error {
	var errs []error
	there := map[types.UID]bool{}
	for _, pod := range pods {
		there[pod.UID] = true
		if err := l.syncPod(ctx, pod); err != nil {
			errs = append(errs, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err))
		}
	}
	for uid, each := range l.lives {
		switch {
		case there[uid]:
		case each.over:
			delete(l.lives, uid)
		default:
			l.stop(ctx, each, 0)
			each.kill()
		}
	}
	return errors.Join(errs...)
}

func (l *loop) syncPod(ctx context.Context, pod *corev1.Pod) error {
	each := l.lives[pod.UID]
	switch {
	case pod.DeletionTimestamp == nil && each == nil:
		if err := l.options.Runtime.Start(ctx, pod); err != nil {
			return err
		}
		l.lives[pod.UID] = &life{pod: pod}
		return l.report(ctx, pod)
	case pod.DeletionTimestamp == nil:
		return l.report(ctx, pod)
	case each == nil: // it may run from before this program began
		each = &life{pod: pod}
		l.lives[pod.UID] = each
	}
	if each.over {
		return l.remove(ctx, pod)
	}
	l.stop(ctx, each, graceOf(pod))
	return nil
}

// stop asks the containers of a pod to end, once.
func (l *loop) stop(ctx context.Context, each *life, grace time.Duration) {
	if each.kill != nil {
		return
	}
	var patient context.Context
	patient, each.kill = context.WithTimeout(ctx, grace)
	l.group.Go(func() {
		defer each.kill()
		l.options.Runtime.Stop(patient, each.pod)
		select {
		case l.ended <- each.pod.UID:
		case <-ctx.Done():
		}
	})
}

// graceOf is for how long a pod may go on: a time of our clock, whatever the server's says.
func graceOf(pod *corev1.Pod) time.Duration {
	if pod.DeletionGracePeriodSeconds == nil {
		return 0
	}
	return time.Duration(*pod.DeletionGracePeriodSeconds) * time.Second
}

// report says in the status that a pod runs, where it does not say so.
func (l *loop) report(ctx context.Context, pod *corev1.Pod) error {
	if pod.Status.Phase == corev1.PodRunning && IsReady(pod) {
		return nil
	}
	pod = pod.DeepCopy() // the store's own is for everybody
	now := metav1.Now()
	pod.Status.Phase = corev1.PodRunning
	if pod.Status.StartTime == nil {
		pod.Status.StartTime = &now
	}
	pod.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.ContainersReady, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now},
	}
	_, err := l.pods.Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // a newer state is on its way
	}
	return err
}

// remove lets the object go, if it is still this pod's.
func (l *loop) remove(ctx context.Context, pod *corev1.Pod) error {
	err := l.pods.Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: new(int64(0)),
		Preconditions:      &metav1.Preconditions{UID: &pod.UID},
	})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // it is gone, or another has its name
	}
	return err
}

// IsReady reports whether the status of a pod says that it is ready.
func IsReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
