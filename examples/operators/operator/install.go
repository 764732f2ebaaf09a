package operator

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// InstallTimeout is how long a server may take to serve a new definition.
const InstallTimeout = time.Minute

// InstallDefinition creates the CustomResourceDefinition in manifest, or makes the
// one that is there like it, and returns when its resources are served. adjust, if
// not nil, changes it before; c reads from the server, not from a cache.
func InstallDefinition(ctx context.Context, c client.Client, manifest []byte, adjust func(*unstructured.Unstructured) error) error {
	definition := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(manifest, &definition.Object); err != nil {
		return fmt.Errorf("operator: the manifest of the definition: %w", err)
	}
	if adjust != nil {
		if err := adjust(definition); err != nil {
			return fmt.Errorf("operator: the definition %s: %w", definition.GetName(), err)
		}
	}
	if err := Apply(ctx, c, definition); err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, InstallTimeout, true, func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKeyFromObject(definition), definition)
		return established(definition), err
	})
}

// Apply creates obj, or puts it in the place of what is there.
func Apply(ctx context.Context, c client.Client, obj client.Object) error {
	err := c.Create(ctx, obj)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	there := obj.DeepCopyObject().(client.Object)
	if err := c.Get(ctx, client.ObjectKeyFromObject(obj), there); err != nil {
		return err
	}
	obj.SetResourceVersion(there.GetResourceVersion())
	return c.Update(ctx, obj)
}

func established(definition *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions")
	for _, each := range conditions {
		condition, _ := each.(map[string]any)
		if condition["type"] == "Established" && condition["status"] == "True" {
			return true
		}
	}
	return false
}
