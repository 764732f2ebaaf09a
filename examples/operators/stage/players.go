package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// NodeName is the node on which the pods of Deployments are.
const NodeName = "stage"

// pace is the time between two looks at the cluster.
const pace = 100 * time.Millisecond

// Play plays the controller of Deployments and the garbage collector in a namespace,
// "" for all of them, until ctx ends. Each look reads all there is and does what is
// to be done: there is no cache, and nothing to be missed. What fails is logged, to
// the logger of ctx, and done at the next look. The error is one of cfg.
func Play(ctx context.Context, cfg *rest.Config, namespace string) error {
	c, err := client.New(cfg, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		return fmt.Errorf("stage: a client: %w", err)
	}
	p := &players{client: c, namespace: namespace}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			logr.FromContextOrDiscard(ctx).Error(err, "The stage tries again", "after", pace)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

type players struct {
	client    client.Client
	namespace string
}

func (p *players) look(ctx context.Context) error {
	var deployments appsv1.DeploymentList
	if err := p.client.List(ctx, &deployments, client.InNamespace(p.namespace)); err != nil {
		return err
	}
	var pods corev1.PodList
	if err := p.client.List(ctx, &pods, client.InNamespace(p.namespace)); err != nil {
		return err
	}
	for i := range deployments.Items {
		if err := p.deploy(ctx, &deployments.Items[i], pods.Items); ignore(err) != nil {
			return err
		}
	}
	return p.collect(ctx)
}

// ignore leaves out what only says that somebody else was faster.
func ignore(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// deploy creates and deletes pods, and says in the status how many there are.
func (p *players) deploy(ctx context.Context, d *appsv1.Deployment, pods []corev1.Pod) error {
	if !d.DeletionTimestamp.IsZero() || d.Spec.Replicas == nil {
		return nil
	}
	var live []*corev1.Pod
	for i := range pods {
		if pod := &pods[i]; metav1.IsControlledBy(pod, d) && pod.DeletionTimestamp.IsZero() {
			live = append(live, pod)
		}
	}
	wanted := int(*d.Spec.Replicas)
	for range wanted - len(live) {
		if err := p.client.Create(ctx, podOf(d)); err != nil {
			return err
		}
	}
	for _, pod := range live[min(wanted, len(live)):] {
		if err := p.client.Delete(ctx, pod, client.Preconditions{UID: &pod.UID}); err != nil {
			return err
		}
	}
	status := statusOf(d, live)
	if d.Status.ObservedGeneration == status.ObservedGeneration && d.Status.Replicas == status.Replicas && d.Status.ReadyReplicas == status.ReadyReplicas {
		return nil
	}
	d.Status = status
	return p.client.Status().Update(ctx, d)
}

// podOf is a pod of d. There is one node, so that no scheduler is needed.
func podOf(d *appsv1.Deployment) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       d.Namespace,
			GenerateName:    d.Name + "-",
			Labels:          d.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec: *d.Spec.Template.Spec.DeepCopy(),
	}
	pod.Spec.NodeName = NodeName
	return pod
}

func statusOf(d *appsv1.Deployment, pods []*corev1.Pod) appsv1.DeploymentStatus {
	ready := int32(0)
	for _, pod := range pods {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	n := int32(len(pods))
	return appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: ready, AvailableReplicas: ready,
	}
}

// collected are the lists of what goes when its owner has gone.
var collected = []func() client.ObjectList{
	func() client.ObjectList { return &appsv1.DeploymentList{} },
	func() client.ObjectList { return &corev1.PodList{} },
	func() client.ObjectList { return &corev1.ServiceList{} },
	func() client.ObjectList { return &corev1.ConfigMapList{} },
}

// collect deletes what has lost its controller.
func (p *players) collect(ctx context.Context) error {
	for _, list := range collected {
		objects := list()
		if err := p.client.List(ctx, objects, client.InNamespace(p.namespace)); err != nil {
			return err
		}
		err := eachObject(objects, func(obj client.Object) error {
			owner := metav1.GetControllerOf(obj)
			if owner == nil || !obj.GetDeletionTimestamp().IsZero() {
				return nil
			}
			if there, err := p.exists(ctx, obj.GetNamespace(), owner); err != nil || there {
				return err
			}
			uid := obj.GetUID()
			return ignore(p.client.Delete(ctx, obj, client.Preconditions{UID: &uid}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// exists reports whether an owner is there, in this life.
func (p *players) exists(ctx context.Context, namespace string, owner *metav1.OwnerReference) (bool, error) {
	there := &metav1.PartialObjectMetadata{}
	there.SetGroupVersionKind(schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind))
	err := p.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: owner.Name}, there)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return there.UID == owner.UID, err
}

func eachObject(list client.ObjectList, do func(client.Object) error) error {
	return meta.EachListItem(list, func(obj runtime.Object) error { return do(obj.(client.Object)) })
}
