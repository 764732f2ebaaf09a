// Package v1 is the version of Application that is stored.
package v1

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is that of the kind Application.
var GroupVersion = schema.GroupVersion{Group: "apps.example.com", Version: "v1"}

// Application is a program that serves a port.
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   Spec   `json:"spec"`
	Status Status `json:"status,omitzero"`
}

// Spec is what is wanted.
type Spec struct {
	// Image is that of the program, with a tag that does not move: not latest.
	Image string `json:"image"`
	// Replicas is how many there are to be, from 0 to MaxReplicas; 1 by default.
	Replicas *int32 `json:"replicas,omitempty"`
	// Port is the one that is served, 8080 by default. It cannot be changed.
	Port int32 `json:"port,omitempty"`
	// Settings are the environment of the program.
	Settings map[string]string `json:"settings,omitempty"`
}

// Defaults, and the most replicas there may be.
const (
	DefaultReplicas = 1
	DefaultPort     = 8080
	MaxReplicas     = 10
)

// Status is what there is.
type Status struct {
	// Components are the objects, by kind.
	Components []Component `json:"components,omitempty"`
	// ComponentsReady is how many of them are ready, such as 2/3.
	ComponentsReady string `json:"componentsReady,omitempty"`
	// Conditions are of the type Ready alone.
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Component is an object of an Application.
type Component struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	// Message says what a component that is not ready waits for.
	Message string `json:"message,omitempty"`
}

// Default sets what is not given.
func (a *Application) Default() {
	if a.Spec.Replicas == nil {
		a.Spec.Replicas = new(int32(DefaultReplicas))
	}
	if a.Spec.Port == 0 {
		a.Spec.Port = DefaultPort
	}
}

// Validate reports what is wrong with an Application that has its defaults.
func (a *Application) Validate() error {
	_, tag, tagged := strings.Cut(a.Spec.Image[strings.LastIndex(a.Spec.Image, "/")+1:], ":")
	switch {
	case !tagged || tag == "" || tag == "latest":
		return fmt.Errorf("spec.image is %q: give it a tag that always means the same program, such as example.com/web:1.2", a.Spec.Image)
	case *a.Spec.Replicas < 0 || *a.Spec.Replicas > MaxReplicas:
		return fmt.Errorf("spec.replicas is %d: set it to a number from 0 to %d", *a.Spec.Replicas, MaxReplicas)
	case a.Spec.Port < 1 || a.Spec.Port > 65535:
		return fmt.Errorf("spec.port is %d: set it to a number from 1 to 65535", a.Spec.Port)
	}
	return nil
}

// ValidateChange reports what is wrong with a change of old to a, which have their defaults.
func (a *Application) ValidateChange(old *Application) error {
	if a.Spec.Port != old.Spec.Port {
		return fmt.Errorf("spec.port is changed from %d to %d, which would break who uses it: make another Application", old.Spec.Port, a.Spec.Port)
	}
	return nil
}

// Hub marks the version that the others are converted to and from.
func (a *Application) Hub() {}

// DeepCopyObject implements runtime.Object.
func (a *Application) DeepCopyObject() runtime.Object { return a.DeepCopy() }

// DeepCopy returns a copy that shares nothing with a.
func (a *Application) DeepCopy() *Application {
	copied := *a
	a.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	if a.Spec.Replicas != nil {
		copied.Spec.Replicas = new(*a.Spec.Replicas)
	}
	copied.Spec.Settings = maps.Clone(a.Spec.Settings)
	copied.Status.Components = slices.Clone(a.Status.Components)
	copied.Status.Conditions = slices.Clone(a.Status.Conditions)
	return &copied
}

// List is a list of Applications.
type List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []Application `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (l *List) DeepCopyObject() runtime.Object {
	copied := *l
	l.ListMeta.DeepCopyInto(&copied.ListMeta)
	copied.Items = make([]Application, len(l.Items))
	for i := range l.Items {
		copied.Items[i] = *l.Items[i].DeepCopy()
	}
	return &copied
}

// AddToScheme makes the kind known to scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("Application"), &Application{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("ApplicationList"), &List{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
