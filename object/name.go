package object

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// Name identifies an object of one resource. Namespace is empty for objects
// that live in none. It corresponds to client-go's ObjectName.
type Name struct {
	Namespace string
	Name      string
}

// NewName returns Name{namespace, name}.
func NewName(namespace, name string) Name { return Name{Namespace: namespace, Name: name} }

// String is the key of the object: namespace/name, or the name alone.
func (n Name) String() string {
	if n.Namespace == "" {
		return n.Name
	}
	return n.Namespace + "/" + n.Name
}

// Parts returns the namespace and the name.
func (n Name) Parts() (namespace, name string) { return n.Namespace, n.Name }

// NamespacedName converts n to apimachinery's type.
func (n Name) NamespacedName() types.NamespacedName {
	return types.NamespacedName{Namespace: n.Namespace, Name: n.Name}
}

// FromNamespacedName converts apimachinery's type to a Name.
func FromNamespacedName(n types.NamespacedName) Name {
	return Name{Namespace: n.Namespace, Name: n.Name}
}

// ParseName splits a key at its slash. A key with more than one slash is an
// error, as in client-go's ParseObjectName.
func ParseName(key string) (Name, error) {
	namespace, name, err := SplitKey(key)
	return Name{Namespace: namespace, Name: name}, err
}

// SplitKey splits a key into namespace and name; a key without a slash is a
// name alone. A key with more than one slash is an error. It corresponds to
// client-go's SplitMetaNamespaceKey.
func SplitKey(key string) (namespace, name string, err error) {
	before, after, found := strings.Cut(key, "/")
	if !found {
		return "", before, nil
	}
	if strings.Contains(after, "/") {
		return "", "", fmt.Errorf("object: key %q has more than one slash: expected namespace/name or name", key)
	}
	return before, after, nil
}

// CutKey splits a key at its first slash and never fails: further slashes
// become part of the name. It is what a tombstone, which has no object to
// ask, uses to name what was deleted.
func CutKey(key string) Name {
	before, after, found := strings.Cut(key, "/")
	if !found {
		return Name{Name: before}
	}
	return Name{Namespace: before, Name: after}
}
