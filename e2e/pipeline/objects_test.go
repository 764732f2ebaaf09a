package pipeline

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/informant-go/informant/e2e/realserver"
)

// patience bounds a test that would hang.
const patience = 90 * time.Second

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, fmt.Errorf("nothing happened for %v", d))
	t.Cleanup(cancel)
	return ctx
}

// configMaps is client-go's client of a namespace, on the harness' connection:
// client-go's own would outlive the test.
func configMaps(t *testing.T, s *realserver.Server, namespace string) typedv1.ConfigMapInterface {
	t.Helper()
	set, err := kubernetes.NewForConfigAndClient(s.RESTConfig(), s.Client())
	if err != nil {
		t.Fatal(err)
	}
	return set.CoreV1().ConfigMaps(namespace)
}

// lister is a list as one of client-go's clients makes it.
type lister[T any] func(ctx context.Context, t *testing.T, s *realserver.Server, namespace string, o metav1.ListOptions) []T

func typedList(ctx context.Context, t *testing.T, s *realserver.Server, namespace string, o metav1.ListOptions) []*corev1.ConfigMap {
	t.Helper()
	list, err := configMaps(t, s, namespace).List(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return pointers(list.Items)
}

func dynamicList(ctx context.Context, t *testing.T, s *realserver.Server, namespace string, o metav1.ListOptions) []*unstructured.Unstructured {
	t.Helper()
	client, err := dynamic.NewForConfigAndClient(s.RESTConfig(), s.Client())
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Resource(corev1.SchemeGroupVersion.WithResource("configmaps")).Namespace(namespace).List(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return pointers(list.Items)
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}

func configMap(name string, labels map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Data:       map[string]string{"value": "0"},
	}
}

// numbered is the i-th of many objects, of which no two are alike.
func numbered(i int) *corev1.ConfigMap {
	c := configMap(fmt.Sprintf("object-%04d", i), map[string]string{"app": fmt.Sprintf("app-%d", i%7)})
	c.Annotations = map[string]string{"zones": fmt.Sprintf("z%d,z%d", i%3, i%5)}
	c.BinaryData = map[string][]byte{"bytes": {byte(i), 0, '<', 0xff}}
	c.Data["text"] = fmt.Sprintf("ünï\u2028code \"%d\"\n", i)
	switch i % 3 {
	case 1:
		c.Finalizers = []string{"example.org/keep"}
		c.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: "owner", UID: "1-2-3"}}
	case 2:
		c.Labels, c.Data = nil, nil
		immutable := true
		c.Immutable = &immutable
	}
	return c
}

// fill creates objects first to first+n-1, several at a time.
func fill(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, first, n int, change func(*corev1.ConfigMap)) {
	t.Helper()
	var group sync.WaitGroup
	const writers = 16
	for w := range writers {
		group.Go(func() {
			for i := first + w; i < first+n && ctx.Err() == nil; i += writers {
				c := numbered(i)
				change(c)
				if _, err := client.Create(ctx, c, metav1.CreateOptions{}); err != nil {
					t.Errorf("create %s: %v", c.Name, err)
					return
				}
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func asIs(*corev1.ConfigMap) {}

func create(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, c *corev1.ConfigMap) *corev1.ConfigMap {
	t.Helper()
	out, err := client.Create(ctx, c, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// change gives an object another value and, unless nil, other labels.
func change(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, name, value string, labels map[string]string) *corev1.ConfigMap {
	t.Helper()
	c, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Data = map[string]string{"value": value}
	if labels != nil {
		c.Labels = labels
	}
	out, err := client.Update(ctx, c, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func remove(ctx context.Context, t *testing.T, client typedv1.ConfigMapInterface, name string) {
	t.Helper()
	if err := client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func labelOf(obj metav1.Object, name string) []string {
	if v, ok := obj.GetLabels()[name]; ok {
		return []string{v}
	}
	return nil
}

func zonesOf(obj metav1.Object) []string {
	zones := obj.GetAnnotations()["zones"]
	if zones == "" {
		return nil
	}
	return strings.Split(zones, ",")
}
