package memcached

import (
	_ "embed"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is that of the kind Memcached.
var GroupVersion = schema.GroupVersion{Group: "cache.example.com", Version: "v1"}

// Definition is the CustomResourceDefinition, in YAML.
//
//go:embed memcached.yaml
var Definition []byte

// Memcached is a number of memcached servers.
type Memcached struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec   Spec   `json:"spec"`
	Status Status `json:"status,omitzero"`
}

// MaxSize is the largest size.
const MaxSize = 10

// Spec is what is wanted.
type Spec struct {
	// Size is how many servers there are to be, from 1 to MaxSize.
	Size int32 `json:"size"`
}

// Status is what there is.
type Status struct {
	// Nodes are the names of the pods, sorted.
	Nodes []string `json:"nodes,omitempty"`
	// Conditions are of the type Ready alone.
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Validate reports what is wrong with m. A server that has the definition refuses
// the same; this is for one that has not, or had not when m was written.
func (m *Memcached) Validate() error {
	if m.Spec.Size < 1 || m.Spec.Size > MaxSize {
		return fmt.Errorf("spec.size is %d: set it to a number from 1 to %d", m.Spec.Size, MaxSize)
	}
	return nil
}

// DeepCopyObject implements runtime.Object.
func (m *Memcached) DeepCopyObject() runtime.Object { return m.DeepCopy() }

// DeepCopy returns a copy that shares nothing with m.
func (m *Memcached) DeepCopy() *Memcached {
	copied := *m
	m.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	copied.Status.Nodes = slices.Clone(m.Status.Nodes)
	copied.Status.Conditions = slices.Clone(m.Status.Conditions)
	return &copied
}

// List is a list of Memcacheds.
type List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`

	Items []Memcached `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (l *List) DeepCopyObject() runtime.Object {
	copied := *l
	l.ListMeta.DeepCopyInto(&copied.ListMeta)
	copied.Items = make([]Memcached, len(l.Items))
	for i := range l.Items {
		copied.Items[i] = *l.Items[i].DeepCopy()
	}
	return &copied
}

// AddToScheme makes the kind known to scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("Memcached"), &Memcached{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("MemcachedList"), &List{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
