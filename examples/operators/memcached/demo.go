package memcached

import (
	"context"
	"fmt"
	"io"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/informant-go/informant/examples/operators/operator"
	"github.com/informant-go/informant/reflector/apitest"
)

// Resource is what a server in memory serves in the place of the Definition.
var Resource = apitest.Resource{
	Group: GroupVersion.Group, Version: GroupVersion.Version,
	Resource: "memcacheds", Kind: "Memcached", Namespaced: true, Status: true,
}

// Demo shows the life of a Memcached on a server where the operator runs.
func Demo(ctx context.Context, cfg *rest.Config, out io.Writer) error {
	scheme, err := NewScheme()
	if err != nil {
		return err
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	m := &Memcached{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "sample"}, Spec: Spec{Size: 2}}
	if err := c.Create(ctx, m); err != nil {
		return err
	}
	for _, size := range []int32{2, 4, 1} {
		if m.Spec.Size != size {
			before := m.DeepCopy()
			m.Spec.Size = size
			if err := c.Patch(ctx, m, client.MergeFrom(before)); err != nil {
				return err
			}
		}
		if err := operator.Await(ctx, c, m, m.IsReady); err != nil {
			return err
		}
		fmt.Fprintf(out, "Size %d: %q are ready.\n", size, m.Status.Nodes)
	}
	if err := c.Delete(ctx, m); err != nil {
		return err
	}
	if err := operator.AwaitGone(ctx, c, m); err != nil {
		return err
	}
	fmt.Fprintln(out, "Deleted: it is out of the directory, so that the finalizer let it go.")
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name}}
	if err := operator.AwaitGone(ctx, c, deployment); err != nil {
		return err
	}
	fmt.Fprintln(out, "Its Deployment is gone too.")
	return nil
}

// IsReady reports whether the status says so of the present spec.
func (m *Memcached) IsReady() bool {
	c := meta.FindStatusCondition(m.Status.Conditions, Ready)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == m.Generation
}
