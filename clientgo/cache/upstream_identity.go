package cache

import (
	upstream "k8s.io/client-go/tools/cache"
)

type (
	// InformerName is client-go's type of that name.
	InformerName = upstream.InformerName
	// InformerNameAndResource is client-go's type of that name.
	InformerNameAndResource = upstream.InformerNameAndResource
)

// NewInformerName is client-go's function of that name.
func NewInformerName(name string) (*InformerName, error) {
	return upstream.NewInformerName(name)
}

// ResetInformerNamesForTesting is client-go's function of that name.
func ResetInformerNamesForTesting() {
	upstream.ResetInformerNamesForTesting()
}
