package pipeline

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/informant-go/informant/e2e/realserver"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector/httpsource"
)

// clientOf is the library's client of a resource.
func clientOf[T httpsource.Object](t *testing.T, s *realserver.Server, group, resource string) *httpsource.Client[T] {
	t.Helper()
	c, err := httpsource.NewClient(httpsource.Config[T]{Client: s.Client(), BaseURL: s.URL(), Group: group, Version: "v1", Resource: resource})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// W11: a Client does to a real server what client-go's typed client does, and returns the
// same objects.
func TestAClientWritesToARealServer(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	ctx, ns := within(t, patience), s.Namespace(t)
	client, stock := clientOf[*corev1.ConfigMap](t, s, "", "configmaps"), configMaps(t, s, ns)

	given := numbered(1)
	given.Namespace, given.Finalizers = ns, nil
	made, err := client.Create(ctx, given, metav1.CreateOptions{FieldManager: "pipeline"})
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got *corev1.ConfigMap) {
		t.Helper()
		want, err := stock.Get(ctx, got.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: client-go's (-) and ours (+) differ:\n%s", what, diff)
		}
	}
	same("created", made)
	if made.ManagedFields[0].Manager != "pipeline" {
		t.Errorf("the options were not sent: %+v", made.ManagedFields)
	}
	if _, err := client.Create(ctx, given, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("created again: %v", err)
	}

	changed := made.DeepCopy()
	changed.Data["text"] = "other"
	updated, err := client.Update(ctx, changed, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same("updated", updated)
	if _, err := client.Update(ctx, changed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("updated from an old state: %v", err)
	}
	if dry, err := client.Update(ctx, updated, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil || dry.ResourceVersion != updated.ResourceVersion {
		t.Errorf("a dry run: %+v, %v", dry, err)
	}
	none := updated.DeepCopy()
	none.Name = "none"
	if _, err := client.Update(ctx, none, metav1.UpdateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("updated one that is not there: %v", err)
	}
	bad := updated.DeepCopy()
	bad.Name, bad.ResourceVersion, bad.UID = "UPPER", "", ""
	if _, err := client.Create(ctx, bad, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("created with a bad name: %v", err)
	}
	homeless := configMap("a", nil)
	if _, err := client.Create(ctx, homeless, metav1.CreateOptions{}); err == nil {
		t.Error("created without a namespace")
	} else {
		t.Logf("without a namespace: %v", err)
	}
}

// W11: each type of patch, and a patch by apply that creates.
func TestAClientPatchesOnARealServer(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	ctx, ns := within(t, patience), s.Namespace(t)
	client, name := clientOf[*unstructured.Unstructured](t, s, "", "configmaps"), object.NewName(ns, "a")

	applied, err := client.Patch(ctx, name, types.ApplyYAMLPatchType, []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '1'}\n"), metav1.PatchOptions{FieldManager: "me"})
	if err != nil || applied.GetKind() != "ConfigMap" || applied.GetUID() == "" {
		t.Fatalf("%+v, %v", applied, err)
	}
	for i, p := range []struct {
		of   types.PatchType
		data string
	}{
		{types.JSONPatchType, `[{"op":"add","path":"/data/b","value":"1"}]`},
		{types.MergePatchType, `{"data":{"b":"2"}}`},
		{types.StrategicMergePatchType, `{"data":{"b":"3"}}`},
	} {
		got, err := client.Patch(ctx, name, p.of, []byte(p.data), metav1.PatchOptions{})
		if err != nil {
			t.Errorf("%s: %v", p.of, err)
			continue
		}
		if b, _, _ := unstructured.NestedString(got.Object, "data", "b"); b != fmt.Sprint(i+1) {
			t.Errorf("%s: %+v", p.of, got)
		}
	}
	old, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": applied.GetResourceVersion()}, "data": map[string]string{"b": "4"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Patch(ctx, name, types.MergePatchType, old, metav1.PatchOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("a patch of an old state: %v", err)
	}
	if _, err := client.Patch(ctx, name, types.JSONPatchType, []byte(`{"data":1}`), metav1.PatchOptions{}); !apierrors.IsBadRequest(err) {
		t.Errorf("a patch that is none: %v", err)
	}
	if _, err := client.Patch(ctx, name, "text/plain", []byte(`x`), metav1.PatchOptions{}); !apierrors.IsUnsupportedMediaType(err) {
		t.Errorf("a type of patch that is none: %v", err)
	}
	if _, err := client.Patch(ctx, object.NewName(ns, "none"), types.MergePatchType, []byte(`{}`), metav1.PatchOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a patch of nothing: %v", err)
	}

	metadata := clientOf[*metav1.PartialObjectMetadata](t, s, "", "configmaps")
	labelled, err := metadata.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"web"}}}`), metav1.PatchOptions{})
	if err != nil || labelled.Labels["app"] != "web" || labelled.Kind != "PartialObjectMetadata" {
		t.Errorf("metadata alone: %+v, %v", labelled, err)
	}
}

// W11: the status is written apart from the rest.
func TestAClientWritesTheStatusOnARealServer(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	ctx, ns := within(t, patience), s.Namespace(t)
	client := clientOf[*appsv1.Deployment](t, s, "apps", "deployments")
	labels := map[string]string{"app": "web"}
	replicas := int32(2)
	made, err := client.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	changed := made.DeepCopy()
	changed.Status.ObservedGeneration = made.Generation
	*changed.Spec.Replicas = 7
	got, err := client.UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if err != nil || got.Status.ObservedGeneration != made.Generation || *got.Spec.Replicas != 2 || got.Kind != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := client.UpdateStatus(ctx, changed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("the status of an old state: %v", err)
	}
	patched, err := client.Patch(ctx, object.NewName(ns, "web"), types.StrategicMergePatchType, []byte(`{"spec":{"replicas":9},"status":{"collisionCount":3}}`), metav1.PatchOptions{}, "status")
	if err != nil || patched.Status.CollisionCount == nil || *patched.Status.CollisionCount != 3 || *patched.Spec.Replicas != 2 {
		t.Errorf("%+v, %v", patched, err)
	}
}

// W11: a deletion is of the state that is meant, and finalizers delay it.
func TestAClientDeletesOnARealServer(t *testing.T) {
	t.Parallel()
	s := server.Server(t)
	ctx, ns := within(t, patience), s.Namespace(t)
	client, stock := clientOf[*corev1.ConfigMap](t, s, "", "configmaps"), configMaps(t, s, ns)
	a, name := create(ctx, t, stock, configMap("a", nil)), object.NewName(ns, "a")
	other, old := types.UID("4711"), "1"
	for what, only := range map[string]*metav1.Preconditions{"another UID": {UID: &other}, "another state": {UID: &a.UID, ResourceVersion: &old}} {
		if err := client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: only}); !apierrors.IsConflict(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &a.UID, ResourceVersion: &a.ResourceVersion}}); err != nil {
		t.Errorf("the state that is meant: %v", err)
	}
	if err := client.Delete(ctx, name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("deleted again: %v", err)
	}

	held := configMap("held", nil)
	held.Finalizers = []string{"example.org/keep"}
	create(ctx, t, stock, held)
	if err := client.Delete(ctx, object.NewName(ns, "held"), metav1.DeleteOptions{}); err != nil {
		t.Errorf("with a finalizer: %v", err)
	}
	if got, err := stock.Get(ctx, "held", metav1.GetOptions{}); err != nil || got.DeletionTimestamp == nil {
		t.Errorf("it is not marked: %+v, %v", got, err)
	}
	if _, err := client.Patch(ctx, object.NewName(ns, "held"), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("the last finalizer: %v", err)
	}
	if _, err := stock.Get(ctx, "held", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}
