package indexer

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
