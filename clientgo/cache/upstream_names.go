package cache

import (
	"k8s.io/apimachinery/pkg/types"
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// ObjectName is client-go's type of that name.
	ObjectName = upstream.ObjectName
)

// DeletionHandlingMetaNamespaceKeyFunc is client-go's function of that name.
func DeletionHandlingMetaNamespaceKeyFunc(obj interface{}) (string, error) {
	return upstream.DeletionHandlingMetaNamespaceKeyFunc(obj)
}

// DeletionHandlingObjectToName is client-go's function of that name.
func DeletionHandlingObjectToName(obj interface{}) (ObjectName, error) {
	return upstream.DeletionHandlingObjectToName(obj)
}

// NewObjectName is client-go's function of that name.
func NewObjectName(namespace string, name string) ObjectName {
	return upstream.NewObjectName(namespace, name)
}

// ParseObjectName is client-go's function of that name.
func ParseObjectName(str string) (ObjectName, error) {
	return upstream.ParseObjectName(str)
}

// NamespacedNameAsObjectName is client-go's function of that name.
func NamespacedNameAsObjectName(nn types.NamespacedName) ObjectName {
	return upstream.NamespacedNameAsObjectName(nn)
}
