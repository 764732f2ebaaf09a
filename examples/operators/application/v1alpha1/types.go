// Package v1alpha1 is the first version of Application, which is still served. It has a
// size where v1 has replicas, a list of settings where v1 has a map, and no port.
package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is that of the kind Application.
var GroupVersion = schema.GroupVersion{Group: "apps.example.com", Version: "v1alpha1"}

// Application is a program that serves a port.
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   Spec   `json:"spec"`
	Status Status `json:"status,omitzero"`
}

// Spec is what is wanted.
type Spec struct {
	// Image is that of the program.
	Image string `json:"image"`
	// Size is how many there are to be.
	Size *int32 `json:"size,omitempty"`
	// Settings are the environment of the program, each name once, in any order.
	Settings []Setting `json:"settings,omitempty"`
}

// Setting is one of the environment.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Status is what there is.
type Status struct {
	// Ready is how many components are ready, such as 2/3.
	Ready string `json:"ready,omitempty"`
}

// DeepCopyObject implements runtime.Object.
func (a *Application) DeepCopyObject() runtime.Object { return a.DeepCopy() }

// DeepCopy returns a copy that shares nothing with a.
func (a *Application) DeepCopy() *Application {
	copied := *a
	a.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	if a.Spec.Size != nil {
		copied.Spec.Size = new(*a.Spec.Size)
	}
	copied.Spec.Settings = slices.Clone(a.Spec.Settings)
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
