package kubeletlike

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/operator"
)

// Demo shows the life of a pod on a server where a Kubelet runs that node.
func Demo(ctx context.Context, cfg *rest.Config, node string, out io.Writer) error {
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		return err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "sample"},
		Spec: corev1.PodSpec{
			NodeName:   node,
			Containers: []corev1.Container{{Name: "main", Image: "example.com/sample:1"}},
		},
	}
	if err := c.Create(ctx, pod); err != nil {
		return err
	}
	if err := operator.Await(ctx, c, pod, func() bool { return IsReady(pod) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "The pod is %s and ready.\n", pod.Status.Phase)
	if err := c.Delete(ctx, pod); err != nil {
		return err
	}
	if err := operator.AwaitGone(ctx, c, pod); err != nil {
		return err
	}
	fmt.Fprintln(out, "It was deleted, has stopped, and its object is gone.")
	return nil
}
