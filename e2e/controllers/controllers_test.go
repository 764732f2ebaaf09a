package controllers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/informant-go/informant/clientgo/bridge"
)

func TestControllersOfKubernetes(t *testing.T) {
	engines := []bridge.Engine{bridge.EngineInformant, bridge.EngineClientGo}
	if *engine != "" {
		if !slices.Contains(engines, bridge.Engine(*engine)) {
			t.Fatalf("-controllers.engine is %q, not one of %v", *engine, engines)
		}
		engines = []bridge.Engine{bridge.Engine(*engine)}
	}
	for _, on := range engines {
		t.Run(string(on), func(t *testing.T) {
			s := server.Server(t)
			startCrew(t, s, on)
			w := newWorld(t, s)
			t.Run("Deployment", w.deployment)
			t.Run("EndpointSlices", w.endpointSlices)
			t.Run("Job", w.job)
			t.Run("GarbageCollection", w.garbage)
			t.Run("AfterARestart", func(t *testing.T) {
				if err := s.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.until(t, "connections of before are found to be broken", func() error {
					_, err := w.pods("shop")
					return err
				})
				w.afterARestart(t)
			})
		})
	}
}

// deployment is created, scaled, broken and rolled, and deleted with all that is its.
func (w *world) deployment(t *testing.T) {
	w.deploy(t, "web", 3)
	w.until(t, "3 pods of the first version", w.settled("web", 3, "image:1"))
	w.scale(t, "web", 5)
	w.until(t, "scaled to 5", w.settled("web", 5, "image:1"))
	w.scale(t, "web", 2)
	w.until(t, "scaled to 2", w.settled("web", 2, "image:1"))

	lost, err := w.livePods("web", 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.client.CoreV1().Pods(w.ns).Delete(w.ctx, lost[0].Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "a lost pod is replaced", func() error {
		return errors.Join(w.settled("web", 2, "image:1")(), absent(w.client.CoreV1().Pods(w.ns).Get, w.ctx, lost[0].Name))
	})

	w.patch(t, "web", `{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"image:2"}]}}}}`)
	w.until(t, "2 pods of the second version", w.settled("web", 2, "image:2"))
	w.until(t, "both revisions are kept", func() error { return w.revisions("web", map[string]int32{"1": 0, "2": 2}) })

	w.remove(t, "web", metav1.DeletePropagationForeground)
	w.until(t, "deleted, in the foreground", func() error { return w.noneLeft("web") })
}

// endpointSlices have the addresses of the ready pods of a service, and go with it.
func (w *world) endpointSlices(t *testing.T) {
	services := w.client.CoreV1().Services(w.ns)
	if _, err := services.Create(w.ctx, &corev1.Service{
		ObjectMeta: labelled("shop"),
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "shop"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.deploy(t, "shop", 3)
	for _, n := range []int32{3, 5, 1} {
		w.scale(t, "shop", n)
		w.until(t, fmt.Sprintf("%d pods are in the slices", n), func() error {
			return errors.Join(w.settled("shop", n, "image:1")(), w.sliced("shop", int(n)))
		})
	}
	if err := services.Delete(w.ctx, "shop", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "no slices without the service", func() error { return w.slicesGone("shop") })
}

// job has two pods at a time until three have ended, and takes them with it.
func (w *world) job(t *testing.T) {
	jobs := w.client.BatchV1().Jobs(w.ns)
	if _, err := jobs.Create(w.ctx, &batchv1.Job{
		ObjectMeta: labelled("count"),
		Spec: batchv1.JobSpec{
			Parallelism: new(int32(2)),
			Completions: new(int32(3)),
			Template:    w.template("count", "image:1", corev1.RestartPolicyNever),
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "two pods", func() error {
		_, err := w.livePods("count", 2)
		return err
	})
	w.until(t, "three pods have ended", func() error {
		running, err := w.finishPods("count")
		if running > 2 {
			t.Errorf("%d pods ran at a time", running)
		}
		return errors.Join(err, w.complete("count", 3))
	})
	if err := jobs.Delete(w.ctx, "count", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "deleted, in the background", func() error {
		_, err := w.livePods("count", 0)
		return errors.Join(err, absent(jobs.Get, w.ctx, "count"))
	})
}

// garbage is what has no owner any more, unless the owner was deleted without it.
func (w *world) garbage(t *testing.T) {
	sets := w.client.AppsV1().ReplicaSets(w.ns)
	if _, err := sets.Create(w.ctx, &appsv1.ReplicaSet{
		ObjectMeta: labelled("kept"),
		Spec:       appsv1.ReplicaSetSpec{Replicas: new(int32(2)), Selector: selecting("kept"), Template: w.template("kept", "image:1", corev1.RestartPolicyAlways)},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "2 pods of a ReplicaSet", func() error { return w.owned("kept", 2, true) })
	if err := sets.Delete(w.ctx, "kept", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationOrphan)}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "it is gone, and its pods are orphans", func() error {
		return errors.Join(absent(sets.Get, w.ctx, "kept"), w.owned("kept", 2, false))
	})

	settings := w.client.CoreV1().ConfigMaps(w.ns)
	stray := &corev1.ConfigMap{ObjectMeta: labelled("stray")}
	stray.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "never", UID: types.UID("57ecc4a9-0000-4000-8000-000000000000")}}
	if _, err := settings.Create(w.ctx, stray, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "what has an owner that never was is collected", func() error { return absent(settings.Get, w.ctx, "stray") })
}

// afterARestart of the API server, which ended all watches, the controllers go on.
func (w *world) afterARestart(t *testing.T) {
	w.scale(t, "shop", 4)
	w.until(t, "scaled to 4", w.settled("shop", 4, "image:1"))
	w.remove(t, "shop", metav1.DeletePropagationBackground)
	w.until(t, "deleted, in the background", func() error { return w.noneLeft("shop") })
}

// deploy creates a Deployment of n pods.
func (w *world) deploy(t *testing.T, name string, n int32) {
	t.Helper()
	if _, err := w.client.AppsV1().Deployments(w.ns).Create(w.ctx, &appsv1.Deployment{
		ObjectMeta: labelled(name),
		Spec:       appsv1.DeploymentSpec{Replicas: &n, Selector: selecting(name), Template: w.template(name, "image:1", corev1.RestartPolicyAlways)},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) scale(t *testing.T, name string, n int32) {
	t.Helper()
	w.patch(t, name, fmt.Sprintf(`{"spec":{"replicas":%d}}`, n))
}

func (w *world) patch(t *testing.T, name, patch string) {
	t.Helper()
	if _, err := w.client.AppsV1().Deployments(w.ns).Patch(w.ctx, name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) remove(t *testing.T, name string, how metav1.DeletionPropagation) {
	t.Helper()
	if err := w.client.AppsV1().Deployments(w.ns).Delete(w.ctx, name, metav1.DeleteOptions{PropagationPolicy: &how}); err != nil {
		t.Fatal(err)
	}
}

// settled starts the pods of a Deployment, and has no error when its status says that all
// n are up to date, and they are.
func (w *world) settled(name string, n int32, image string) func() error {
	return func() error {
		if err := w.startPods(name); err != nil {
			return err
		}
		d, err := w.client.AppsV1().Deployments(w.ns).Get(w.ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		got := d.Status
		counts := []int32{got.Replicas, got.UpdatedReplicas, got.ReadyReplicas, got.AvailableReplicas}
		if got.ObservedGeneration != d.Generation || !slices.Equal(counts, []int32{n, n, n, n}) {
			return fmt.Errorf("generation %d has the status %+v", d.Generation, got)
		}
		pods, err := w.livePods(name, int(n))
		for _, pod := range pods {
			if have := pod.Spec.Containers[0].Image; have != image {
				err = errors.Join(err, fmt.Errorf("%s has %s", pod.Name, have))
			}
		}
		return err
	}
}

// revisions has no error when the ReplicaSets of a Deployment have these replicas, by
// revision.
func (w *world) revisions(name string, want map[string]int32) error {
	sets, err := w.client.AppsV1().ReplicaSets(w.ns).List(w.ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return err
	}
	if len(sets.Items) != len(want) {
		return fmt.Errorf("%d ReplicaSets, want %d", len(sets.Items), len(want))
	}
	for _, set := range sets.Items {
		revision := set.Annotations["deployment.kubernetes.io/revision"]
		if n, known := want[revision]; !known || set.Status.Replicas != n {
			return fmt.Errorf("revision %q has %d pods, want %d", revision, set.Status.Replicas, n)
		}
	}
	return nil
}

// noneLeft has no error when nothing of a Deployment is there.
func (w *world) noneLeft(name string) error {
	sets, err := w.client.AppsV1().ReplicaSets(w.ns).List(w.ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return err
	}
	if n := len(sets.Items); n > 0 {
		err = fmt.Errorf("%d ReplicaSets", n)
	}
	pods, podsErr := w.pods(name)
	if len(pods) > 0 {
		podsErr = fmt.Errorf("%d pods", len(pods))
	}
	return errors.Join(err, podsErr, absent(w.client.AppsV1().Deployments(w.ns).Get, w.ctx, name))
}

// sliced has no error when the slices of a service have the addresses of its n pods, all
// ready.
func (w *world) sliced(name string, n int) error {
	pods, err := w.livePods(name, n)
	if err != nil {
		return err
	}
	var want, got []string
	for _, pod := range pods {
		want = append(want, pod.Status.PodIP+"@"+pod.Name)
	}
	listed, err := w.client.DiscoveryV1().EndpointSlices(w.ns).List(w.ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name})
	if err != nil {
		return err
	}
	for _, slice := range listed.Items {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || !*endpoint.Conditions.Ready || endpoint.TargetRef == nil {
				return fmt.Errorf("%v of %s is not ready", endpoint.Addresses, slice.Name)
			}
			got = append(got, endpoint.Addresses[0]+"@"+endpoint.TargetRef.Name)
		}
	}
	slices.SortFunc(want, cmp.Compare)
	slices.SortFunc(got, cmp.Compare)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the slices have %v, want %v", got, want)
	}
	return nil
}

func (w *world) slicesGone(name string) error {
	listed, err := w.client.DiscoveryV1().EndpointSlices(w.ns).List(w.ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name})
	if err == nil && len(listed.Items) > 0 {
		err = fmt.Errorf("%d slices", len(listed.Items))
	}
	return err
}

// complete has no error when a Job has ended with n pods.
func (w *world) complete(name string, n int32) error {
	job, err := w.client.BatchV1().Jobs(w.ns).Get(w.ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range job.Status.Conditions {
		if condition.Type == batchv1.JobComplete && condition.Status == corev1.ConditionTrue && job.Status.Succeeded == n {
			return nil
		}
	}
	return fmt.Errorf("the status is %+v", job.Status)
}

// owned has no error when there are n pods of that name, all with an owner or all without.
func (w *world) owned(name string, n int, want bool) error {
	pods, err := w.livePods(name, n)
	for _, pod := range pods {
		if got := len(pod.OwnerReferences) > 0; got != want {
			err = errors.Join(err, fmt.Errorf("%s: owned: %v", pod.Name, got))
		}
	}
	return err
}
