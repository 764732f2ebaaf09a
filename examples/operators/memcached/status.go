package memcached

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ready is the condition that all pods that are wanted are there and ready. Its
// reasons are Ready, Progressing, Invalid and NameTaken.
const Ready = "Ready"

func condition(reason, message string) metav1.Condition {
	return metav1.Condition{Type: Ready, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

// progress is how far m has come.
func progress(m *Memcached, deployment *appsv1.Deployment, nodes []string) metav1.Condition {
	status := deployment.Status
	message := fmt.Sprintf("%d of %d ready", status.ReadyReplicas, m.Spec.Size)
	if status.ObservedGeneration < deployment.Generation || status.ReadyReplicas != m.Spec.Size || len(nodes) != int(m.Spec.Size) {
		return condition("Progressing", message)
	}
	return metav1.Condition{Type: Ready, Status: metav1.ConditionTrue, Reason: "Ready", Message: message}
}

// report writes the status, if it is another than before, and tells of trouble.
func (r *reconciler) report(ctx context.Context, m *Memcached, nodes []string, c metav1.Condition) error {
	before := m.Status
	m.Status = m.DeepCopy().Status
	m.Status.Nodes = nodes
	c.ObservedGeneration = m.Generation
	changed := meta.SetStatusCondition(&m.Status.Conditions, c)
	if changed && c.Status == metav1.ConditionFalse && c.Reason != "Progressing" {
		r.events.Eventf(m, nil, corev1.EventTypeWarning, c.Reason, "Reconcile", "%s", c.Message)
	}
	if equality.Semantic.DeepEqual(before, m.Status) {
		return nil
	}
	return r.Status().Update(ctx, m)
}
