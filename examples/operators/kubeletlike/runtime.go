package kubeletlike

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// Runtime runs the containers of pods. Its methods may be called by several goroutines
// at once, for different pods; they may not change the pod.
type Runtime interface {
	// Start runs the containers of pod, and returns when they run. It is called again
	// after an error, and for containers that run already, when a Kubelet begins again.
	Start(ctx context.Context, pod *corev1.Pod) error

	// Stop asks the containers of pod to end, kills them when ctx ends, and returns
	// when they are gone, at once if there are none.
	Stop(ctx context.Context, pod *corev1.Pod)
}

// Idle is a Runtime of containers that do nothing, and stop at once.
type Idle struct{}

// Start implements Runtime.
func (Idle) Start(context.Context, *corev1.Pod) error { return nil }

// Stop implements Runtime.
func (Idle) Stop(context.Context, *corev1.Pod) {}
