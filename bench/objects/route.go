package objects

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// RouteKind is the kind of a Route, and RouteResource the plural in URLs.
var (
	RouteKind     = schema.GroupVersionKind{Group: "routing.example.com", Version: "v1", Kind: "Route"}
	RouteResource = "routes"
)

// Route is a custom resource as users write its type.
type Route struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RouteSpec   `json:"spec"`
	Status RouteStatus `json:"status,omitempty"`
}

// RouteSpec is what a user asks for.
type RouteSpec struct {
	Gateway string      `json:"gateway"`
	Strict  bool        `json:"strict,omitempty"`
	Rules   []RouteRule `json:"rules,omitempty"`
}

// RouteRule says where requests go.
type RouteRule struct {
	Name    string   `json:"name"`
	Host    string   `json:"host"`
	Methods []string `json:"methods,omitempty"`
	Service string   `json:"service"`
	Port    int32    `json:"port"`
	Weight  *int64   `json:"weight,omitempty"`
	Budget  float64  `json:"budget,omitempty"`
}

// RouteStatus is what a controller says.
type RouteStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// RouteList is a list of Routes.
type RouteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Route `json:"items"`
}

// DeepCopyObject makes *Route a runtime.Object.
func (r *Route) DeepCopyObject() runtime.Object {
	made := *r
	r.ObjectMeta.DeepCopyInto(&made.ObjectMeta)
	made.Spec.Rules = slices.Clone(r.Spec.Rules)
	for i, rule := range r.Spec.Rules {
		made.Spec.Rules[i].Methods = slices.Clone(rule.Methods)
		if rule.Weight != nil {
			made.Spec.Rules[i].Weight = ptr(*rule.Weight)
		}
	}
	made.Status.Conditions = slices.Clone(r.Status.Conditions)
	return &made
}

// DeepCopyObject makes *RouteList a runtime.Object.
func (l *RouteList) DeepCopyObject() runtime.Object {
	made := *l
	l.ListMeta.DeepCopyInto(&made.ListMeta)
	made.Items = slices.Clone(l.Items)
	for i := range l.Items {
		made.Items[i] = *l.Items[i].DeepCopyObject().(*Route)
	}
	return &made
}

// routeShares are those of custom resources, which one controller applies as a whole.
var routeShares = map[Size]shares{
	Small:  {status: 0.08},
	Medium: {managedFields: 0.30, annotations: 0.06, status: 0.22},
	Large:  {managedFields: 0.28, annotations: 0.18, status: 0.08},
}

var routes = map[Size]func() func(int) *Route{Small: routesOf(Small), Medium: routesOf(Medium), Large: routesOf(Large)}

func routesOf(size Size) func() func(int) *Route {
	return sync.OnceValue(func() func(int) *Route {
		return maker[*Route]{size, routeShares[size], func(i int, p pads) *Route { return route(i, size, p) }}.padded()
	})
}

// NewRoute makes the i-th Route of a size, one of the constants. It has no kind.
func NewRoute(i int, size Size) *Route { return routes[size]()(i) }

// Unstructured is NewRoute as whoever does not know its type gets it, with its kind.
func Unstructured(i int, size Size) *unstructured.Unstructured {
	made := NewRoute(i, size)
	made.SetGroupVersionKind(RouteKind)
	raw, err := json.Marshal(made)
	if err != nil {
		panic(err) // of an object that was made here
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		panic(err)
	}
	return u
}

func route(i int, size Size, p pads) *Route {
	r := newSource(i, 6)
	made := &Route{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("route-%05d", i%100_000), Namespace: namespace(i), UID: r.uid(), ResourceVersion: version(i)},
		Spec:       RouteSpec{Gateway: "public"},
		Status:     RouteStatus{ObservedGeneration: 4},
	}
	if size == Small {
		made.Spec.Gateway += words(i, p.spec)
		return made
	}
	made.Spec.Rules = rules(i, r, p.spec)
	created := r.time()
	made.CreationTimestamp, made.Generation = created, 4
	made.Labels = map[string]string{"team": namespace(i)}
	made.Annotations = map[string]string{}
	annotations(made.Annotations, i, p.annotations, true)
	made.ManagedFields = managedFields(i, p.managedFields, RouteKind.GroupVersion().String(), "argocd-controller", "route-controller", created)
	for _, kind := range []string{"Accepted", "Programmed"} {
		made.Status.Conditions = append(made.Status.Conditions, metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind, ObservedGeneration: 4, LastTransitionTime: created, Message: words(i, p.status/2)})
	}
	return made
}

const ruleOverhead = len(`{"name":"rule-00","host":".example.com","methods":["GET","POST"],"service":"shop","port":8080,"weight":50,"budget":0.25},`)

// rules are n bytes of them.
func rules(i int, r source, n int) (all []RouteRule) {
	for j, piece := range split(n, ruleOverhead+20, ruleOverhead+5) {
		all = append(all, RouteRule{
			Name: fmt.Sprintf("rule-%02d", j%100), Host: words(i+j, max(1, piece-ruleOverhead)) + ".example.com", Methods: []string{"GET", "POST"},
			Service: "shop", Port: 8080, Weight: ptr(int64(10 + r.IntN(90))), Budget: float64(1+r.IntN(3)) / 4,
		})
	}
	return all
}
