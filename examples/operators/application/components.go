package application

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
)

// Label has, on each pod, the name of its Application.
const Label = "apps.example.com/application"

// part is an object of an Application.
type part struct {
	kind string
	obj  client.Object // a bare name, until it has been read or made

	// mutate sets in obj what the Application has a say in. The server's defaults
	// stay, or each update would differ from what it stores.
	mutate func()

	// waits says what obj waits for; "" when it is ready.
	waits func() string
}

// partsOf are the objects of app, which has its defaults, those first that others need.
func partsOf(app *v1.Application) []part {
	return []part{settingsOf(app), deploymentOf(app), serviceOf(app)}
}

func bare(app *v1.Application) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Name}
}

func labelsOf(app *v1.Application) map[string]string { return map[string]string{Label: app.Name} }

func settingsOf(app *v1.Application) part {
	cm := &corev1.ConfigMap{ObjectMeta: bare(app)}
	return part{
		kind: "ConfigMap", obj: cm,
		mutate: func() { cm.Data = app.Spec.Settings },
		waits:  func() string { return "" },
	}
}

func deploymentOf(app *v1.Application) part {
	d := &appsv1.Deployment{ObjectMeta: bare(app)}
	return part{
		kind: "Deployment", obj: d,
		mutate: func() { adjust(&d.Spec, app) },
		waits: func() string {
			if d.Status.ObservedGeneration >= d.Generation && d.Status.ReadyReplicas == *app.Spec.Replicas {
				return ""
			}
			return fmt.Sprintf("%d of %d pods ready", d.Status.ReadyReplicas, *app.Spec.Replicas)
		},
	}
}

func adjust(spec *appsv1.DeploymentSpec, app *v1.Application) {
	spec.Replicas = app.Spec.Replicas
	spec.Selector = &metav1.LabelSelector{MatchLabels: labelsOf(app)}
	spec.Template.Labels = labelsOf(app)
	if len(spec.Template.Spec.Containers) != 1 {
		spec.Template.Spec.Containers = make([]corev1.Container, 1)
	}
	c := &spec.Template.Spec.Containers[0]
	c.Name, c.Image = "main", app.Spec.Image
	c.Env = nil
	for _, name := range slices.Sorted(maps.Keys(app.Spec.Settings)) {
		c.Env = append(c.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: app.Name}, Key: name},
		}})
	}
}

func serviceOf(app *v1.Application) part {
	s := &corev1.Service{ObjectMeta: bare(app)}
	return part{
		kind: "Service", obj: s,
		mutate: func() {
			s.Spec.Selector = labelsOf(app)
			if len(s.Spec.Ports) != 1 {
				s.Spec.Ports = make([]corev1.ServicePort, 1)
			}
			s.Spec.Ports[0].Port, s.Spec.Ports[0].TargetPort = app.Spec.Port, intstr.FromInt32(app.Spec.Port)
		},
		waits: func() string { return "" },
	}
}
