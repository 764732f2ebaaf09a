package informer

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/informant-go/informant/indexer"
	"github.com/informant-go/informant/internal/nils"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Query says which objects a lease is for, and how a Group gets them. Resource and
// Source are required. Two queries are equal (G1) if their types of objects, Resource,
// Namespaces, Selectors and Shard are: order and repetition do not matter, nor how a
// selector or a shard is written. A Query is copied where it is handed over; its slices
// and maps must not be changed afterwards, nor its Shard.
type Query[T any] struct {
	// Resource is what is asked for, such as apps/v1 deployments.
	Resource schema.GroupVersionResource

	// Namespaces are those of the objects. nil is all, as is "" among them; an
	// empty slice that is not nil is none, for lists of namespaces that are made
	// at run time.
	Namespaces []string

	// Selectors select objects: those that one of them selects. None selects all.
	Selectors []Selector

	// Shard is the part of these objects that is wanted, nil for all of them.
	Shard *reflector.Shard

	// Transform is applied to each object before it is stored. Equal queries must
	// have the same, which its Name tells (G4).
	Transform Transform[T]

	// Indexers are indexes that the store must have. If an informer is there
	// already it is given those of which it has not the name; that a name stands
	// for the same function everywhere is the caller's to see to.
	Indexers indexer.Indexers[T]

	// Source makes the source of the objects of a namespace ("" for all) that one
	// selector selects. It is called once for each namespace and selector, by the
	// goroutine that asks for the lease or changes its query, under no lock; not at
	// all where there is an informer already. An httpsource.Source fits:
	//
	//	func(namespace string, s informer.Selector) (reflector.ListerWatcher[*Pod], error) {
	//		c := config
	//		c.Namespace, c.LabelSelector, c.FieldSelector = namespace, s.Labels, s.Fields
	//		return httpsource.New(c)
	//	}
	Source func(namespace string, selector Selector) (reflector.ListerWatcher[T], error)

	// Reflector are the settings of the reflectors, nil for those of the Group.
	// They are those of whoever asks first. Its Shard must be nil: there is one of
	// the query.
	Reflector *reflector.Options

	// Wide asks for a view: the objects come from an informer of all namespaces
	// without selectors, which is made if it is not there, and no more is asked of
	// the server. Use it where several parts of a program want different parts of
	// what is all needed anyway. Selectors must not have Fields then. Without Wide
	// the query is a view as well if the Group has such an informer already, with
	// the same Transform (G6).
	Wide bool

	// Private asks for an informer that is shared with no other lease. Only such a
	// lease can change its query, with SetNamespaces and SetSelectors (G5).
	Private bool
}

// Selector selects objects on the server, by both of its parts. The zero value
// selects all.
type Selector struct {
	// Labels is in the syntax of labels.Parse: "app=web,tier!=db".
	Labels string
	// Fields is in the syntax of fields.ParseSelector: "spec.nodeName=n1".
	Fields string
}

// String is how the selector is shown: "app=web and fields spec.nodeName=n1".
func (s Selector) String() string {
	switch {
	case s.Fields == "":
		return s.Labels
	case s.Labels == "":
		return "fields " + s.Fields
	}
	return s.Labels + " and fields " + s.Fields
}

// normal is s in one spelling.
func (s Selector) normal() (Selector, error) {
	byLabels, err := labels.Parse(s.Labels)
	if err != nil {
		return s, fmt.Errorf("the label selector %q does not parse: %w", s.Labels, err)
	}
	byFields, err := fields.ParseSelector(s.Fields)
	if err != nil {
		return s, fmt.Errorf("the field selector %q does not parse: %w", s.Fields, err)
	}
	return Selector{Labels: byLabels.String(), Fields: byFields.String()}, nil
}

// Transform is a function that objects go through before they are stored, and a name
// by which two of them can be compared. The zero value is none.
type Transform[T any] struct {
	// Name tells this transform from others of the same type of objects, such as
	// "without managed fields".
	Name string

	// Func is as Options.Transform.
	Func func(obj T) (T, error)
}

func (t Transform[T]) check() error {
	switch {
	case t.Func != nil && t.Name == "":
		return errors.New("its Transform has no Name, by which it could be told from another: give it one")
	case t.Func == nil && t.Name != "":
		return fmt.Errorf("its Transform %q has no Func: set it, or leave the Name out", t.Name)
	}
	return nil
}

// scope says which objects of a resource a query is for, in one spelling.
type scope struct {
	// namespaces are sorted, each once; all are one "".
	namespaces []string

	// selectors are sorted, each once; what selects all is one zero Selector.
	selectors []Selector

	// shard is nil for all, also where it was written otherwise.
	shard *reflector.Shard
}

// newScope is the scope of a query with these fields.
func newScope(namespaces []string, selectors []Selector, shard *reflector.Shard) (scope, error) {
	if err := shard.Check(); err != nil {
		return scope{}, err
	}
	s := scope{namespaces: unique(namespaces, strings.Compare)}
	if shard.String() != "" {
		s.shard = shard
	}
	if namespaces == nil || slices.Contains(namespaces, "") {
		s.namespaces = []string{""}
	}
	for _, selector := range selectors {
		normal, err := selector.normal()
		if err != nil {
			return scope{}, err
		}
		s.selectors = append(s.selectors, normal)
	}
	s.selectors = unique(s.selectors, func(a, b Selector) int {
		return cmp.Or(strings.Compare(a.Labels, b.Labels), strings.Compare(a.Fields, b.Fields))
	})
	if len(selectors) == 0 || slices.Contains(s.selectors, Selector{}) {
		s.selectors = []Selector{{}}
	}
	return s, nil
}

// unique returns a sorted copy of s in which each is once.
func unique[E comparable](s []E, compare func(a, b E) int) []E {
	sorted := slices.Clone(s)
	slices.SortFunc(sorted, compare)
	return slices.Compact(sorted)
}

func (s scope) allNamespaces() bool {
	return len(s.namespaces) == 1 && s.namespaces[0] == ""
}

func (s scope) selectsAll() bool { return s.selectors[0] == Selector{} }

// everything reports whether it is all namespaces without selectors, and no shard.
func (s scope) everything() bool { return s.allNamespaces() && s.selectsAll() && s.shard == nil }

// byFields reports whether a server is needed to tell which objects belong to it.
func (s scope) byFields() bool {
	return slices.ContainsFunc(s.selectors, func(s Selector) bool { return s.Fields != "" })
}

// key tells the scope from any other.
func (s scope) key() string { return fmt.Sprintf("%q %q %q", s.namespaces, s.selectors, s.shard) }

// String is how the scope is shown: " in a, b where app=web or app=db".
func (s scope) String() string {
	var b strings.Builder
	switch {
	case len(s.namespaces) == 0:
		b.WriteString(" in no namespace")
	case !s.allNamespaces():
		b.WriteString(" in " + strings.Join(s.namespaces, ", "))
	}
	if !s.selectsAll() {
		word := " where "
		for _, selector := range s.selectors {
			b.WriteString(word + selector.String())
			word = " or "
		}
	}
	if s.shard != nil {
		b.WriteString(", " + shardName(s.shard))
	}
	return b.String()
}

// shardName is how a shard is shown: "shard 0 of 3", "shard 0 of 3 by namespace".
func shardName(s *reflector.Shard) string {
	switch {
	case s.Count == 0:
		return s.String()
	case s.Key == reflector.ShardByNamespace:
		return fmt.Sprintf("shard %d of %d by namespace", s.Index, s.Count)
	}
	return fmt.Sprintf("shard %d of %d", s.Index, s.Count)
}

// passes returns whether an object belongs to the scope, which is not byFields.
func passes[T any](s scope, access object.Access[T]) func(obj T) bool {
	var selectors []labels.Selector
	for _, selector := range s.selectors {
		if parsed, err := labels.Parse(selector.Labels); err == nil { // it was parsed before
			selectors = append(selectors, parsed)
		}
	}
	return func(obj T) bool {
		if s.shard != nil && !s.shard.Holds(access.UID(obj), access.Name(obj).Namespace) {
			return false
		}
		if !s.allNamespaces() && !slices.Contains(s.namespaces, access.Name(obj).Namespace) {
			return false
		}
		if s.selectsAll() {
			return true
		}
		set := labels.Set(access.Labels(obj))
		return slices.ContainsFunc(selectors, func(s labels.Selector) bool { return s.Matches(set) })
	}
}

// queryKey is the same for equal queries.
type queryKey struct {
	objects  reflect.Type
	resource schema.GroupVersionResource
	scope    string
}

// want is a Query that was checked, and who asks.
type want[T any] struct {
	Query[T]
	access object.Access[T]
	scope  scope
	by     string
}

// newWant checks q.
func newWant[T any](access object.Access[T], q Query[T], by string) (*want[T], error) {
	w := &want[T]{Query: q, access: access, by: by}
	scope, err := newScope(q.Namespaces, q.Selectors, q.Shard)
	w.scope = scope
	if err == nil {
		err = w.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w (%s, asked for by %s)", ErrQuery, err, resourceName(q.Resource), by)
	}
	return w, nil
}

func (w *want[T]) check() error {
	switch {
	case w.Resource.Resource == "":
		return errors.New("its Resource is empty: name the resource, such as pods, with group and version")
	case nils.Is(w.Source):
		return errors.New("it has no Source: set it to a function that makes a ListerWatcher, such as an httpsource.Source")
	case w.Query.Reflector != nil && w.Query.Reflector.Shard != nil:
		return errors.New("its Reflector has a Shard, by which queries are not compared: set the Shard of the Query instead")
	case w.Wide && w.scope.byFields():
		return errors.New("it is Wide and selects by Fields, which only the server can: leave one of them out")
	}
	return cmp.Or(w.access.Check(), w.Transform.check())
}

func (w *want[T]) key() queryKey {
	return queryKey{objects: reflect.TypeFor[T](), resource: w.Resource, scope: w.scope.key()}
}

// name is how the query is shown: "pods.v1 in a, b where app=web".
func (w *want[T]) name() string { return resourceName(w.Resource) + w.scope.String() }

// informerName is how an informer of the query is called: as the query, or after who
// asks where that can change.
func (w *want[T]) informerName() string {
	if w.Private {
		return resourceName(w.Resource) + " of " + w.by
	}
	return w.name()
}

// wide is the query for everything that w is a part of.
func (w *want[T]) wide() *want[T] {
	wide := *w
	wide.Namespaces, wide.Selectors, wide.Shard, wide.Indexers, wide.Wide, wide.Private = nil, nil, nil, nil, false, false
	wide.scope = scope{namespaces: []string{""}, selectors: []Selector{{}}}
	return &wide
}

// resourceName is a resource as it is shown: "deployments.v1.apps", "pods.v1".
func resourceName(r schema.GroupVersionResource) string {
	return strings.TrimSuffix(r.Resource+"."+r.Version+"."+r.Group, ".")
}
