package indexer

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IndexFunc gives the values under which an index lists obj. It is called
// without a lock, by the goroutine that writes, and must not write itself. It
// is not called for a nil object that is stored, only for one that is given to
// Index.
type IndexFunc[T any] func(obj T) ([]string, error)

// Indexers are index functions by the name of the index.
type Indexers[T any] map[string]IndexFunc[T]

// NamespaceIndex is the customary name of the index by namespace. It
// corresponds to client-go's NamespaceIndex.
const NamespaceIndex = "namespace"

// MetaNamespaceIndexFunc indexes API objects by namespace, "" for those that
// live in none. It corresponds to client-go's MetaNamespaceIndexFunc.
func MetaNamespaceIndexFunc[T metav1.Object](obj T) ([]string, error) {
	return []string{obj.GetNamespace()}, nil
}

// IndexFuncToKeyFunc makes a key function of an index function that gives
// exactly one value for every object; the key function fails for other numbers
// of values. It corresponds to client-go's IndexFuncToKeyFuncAdapter.
func IndexFuncToKeyFunc[T any](fn IndexFunc[T]) func(obj T) (string, error) {
	return func(obj T) (string, error) {
		values, err := fn(obj)
		if err != nil {
			return "", err
		}
		if len(values) != 1 {
			return "", fmt.Errorf("indexer: an index function used for keys must give one value, it gave %d: %q", len(values), values)
		}
		return values[0], nil
	}
}

// checkIndexers refuses index functions that are nil.
func checkIndexers[T any](cache string, indexers Indexers[T]) error {
	for _, name := range sortedKeys(indexers) {
		if indexers[name] == nil {
			return fmt.Errorf("indexer: %s: index %q has no index function: give one that is not nil, such as MetaNamespaceIndexFunc; nothing was added",
				cache, name)
		}
	}
	return nil
}
