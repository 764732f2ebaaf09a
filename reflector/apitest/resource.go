package apitest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is one kind of object that a Server stores and serves.
type Resource struct {
	// Group is the API group, "" for the core group, which lives below /api.
	Group string
	// Version is the only version that is served, such as v1.
	Version string
	// Resource is the lower-case plural in the path, such as pods.
	Resource string
	// Kind is the kind of an object, such as Pod; a list has the kind PodList.
	Kind string

	// Namespaced is true if the objects live in namespaces. Namespaces
	// themselves are not checked: any name will do.
	Namespaced bool

	// Status gives the resource a status subresource. As in a real server,
	// a write to the object then leaves the field status alone, and a PUT or
	// PATCH of …/status changes nothing else.
	Status bool

	// GracePeriod is how long the deletion of an object waits that does not say
	// otherwise, in whole seconds, such as 30 seconds for pods; 0 is not at all, as
	// with most resources. As in a real server, nothing happens when it is
	// over: somebody, such as a kubelet, deletes the object once more, with
	// gracePeriodSeconds=0, or by Collection.Delete.
	GracePeriod time.Duration

	// BuiltIn makes a group with a dot in its name, such as
	// networking.k8s.io, behave as one that is compiled into the server;
	// groups without a dot always are. Objects in lists of built-in
	// resources carry no kind and no apiVersion, an update without a
	// resource version overwrites, and metadata.generation is counted only
	// with Status. Custom resources carry both in lists, and refuse an
	// update without a version.
	BuiltIn bool

	// Fields are the paths of fields, such as spec.nodeName, that field selectors may
	// ask for besides metadata.name and metadata.namespace: of a built-in resource those
	// that a real server knows of it, of a custom one those that its definition calls
	// selectable. What is not there, and what is no text, number or boolean, counts as "".
	Fields []string

	// Protobuf is an object of the Go type of the resource, such as &corev1.Pod{}, and
	// makes the server answer in protobuf as well, to who asks for it. Only its type
	// counts. An object that does not fit into it is refused with 400, and a field
	// that it does not know is in JSON alone. nil is a resource without protobuf, as
	// custom resources are, of which there are JSON and, in both encodings, the
	// metadata alone.
	Protobuf Message
}

// GroupVersionResource names the resource in apimachinery's terms.
func (r Resource) GroupVersionResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Resource}
}

// GroupVersionKind names the kind of the objects in apimachinery's terms.
func (r Resource) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
}

// Path is the path below a server's URL: of the collection when name is "",
// of the object otherwise. namespace is ignored for a resource that is not
// Namespaced; "" is the collection of all namespaces.
func (r Resource) Path(namespace, name string) string {
	var b strings.Builder
	if r.Group == "" {
		b.WriteString("/api/" + r.Version)
	} else {
		b.WriteString("/apis/" + r.Group + "/" + r.Version)
	}
	if r.Namespaced && namespace != "" {
		b.WriteString("/namespaces/" + namespace)
	}
	b.WriteString("/" + r.Resource)
	if name != "" {
		b.WriteString("/" + name)
	}
	return b.String()
}

func (r Resource) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Resource}
}

func (r Resource) apiVersion() string {
	return schema.GroupVersion{Group: r.Group, Version: r.Version}.String()
}

func (r Resource) builtIn() bool { return r.BuiltIn || !strings.Contains(r.Group, ".") }

// counted reports whether the server counts metadata.generation.
func (r Resource) counted() bool { return r.Status || !r.builtIn() }

// storageKey is where etcd would hold an object; some messages show it.
func (r Resource) storageKey(key string) string {
	if r.builtIn() {
		return "/registry/" + r.Resource + "/" + key
	}
	return "/registry/" + r.Group + "/" + r.Resource + "/" + key
}

// internalGroup is the name of the group inside of a real server.
func (r Resource) internalGroup() string {
	if r.Group == "" {
		return "core"
	}
	name, _, _ := strings.Cut(r.Group, ".")
	return name
}

// internal is the Go type of an object inside of a real server; some messages show it.
func (r Resource) internal() string {
	if !r.builtIn() {
		return "*unstructured.Unstructured"
	}
	return "*" + r.internalGroup() + "." + r.Kind
}

func (r Resource) validate() error {
	switch {
	case r.Version == "":
		return fmt.Errorf("apitest: resource %q has no Version: set it, for example to v1", r.Resource)
	case r.Resource == "" || r.Resource != strings.ToLower(r.Resource) || strings.Contains(r.Resource, "/"):
		return fmt.Errorf("apitest: resource %q of kind %q: Resource must be the lower-case plural, such as widgets", r.Resource, r.Kind)
	case r.Kind == "":
		return fmt.Errorf("apitest: resource %q has no Kind: set it, for example to Widget", r.Resource)
	}
	for _, path := range r.Fields {
		if !fieldPath.MatchString(path) || strings.HasPrefix(path, "metadata.") {
			return fmt.Errorf("apitest: Fields of resource %q has %q: name fields outside of metadata by their path, such as spec.nodeName", r.Resource, path)
		}
	}
	return r.validateProtobuf()
}

// fieldPath is what Fields may have: names with dots between them.
var fieldPath = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$`)

func (r Resource) validateProtobuf() error {
	switch t := reflect.TypeOf(r.Protobuf); {
	case t == nil:
		return nil
	case t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct:
		return fmt.Errorf("apitest: Protobuf of resource %q is a %T: it must be a pointer to a struct, such as &corev1.Pod{}", r.Resource, r.Protobuf)
	case !r.builtIn():
		return fmt.Errorf("apitest: resource %q of group %s has Protobuf, which custom resources have not: set BuiltIn, or leave it out", r.Resource, r.Group)
	}
	return nil
}
