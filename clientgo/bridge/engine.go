package bridge

import (
	"reflect"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/listwatch"
)

// Engine is whose code runs an informer.
type Engine string

// The engines.
const (
	// EngineInformant is this library's.
	EngineInformant Engine = "informant"
	// EngineClientGo is client-go's.
	EngineClientGo Engine = "client-go"
	// EngineUnknown is that of an informer of neither, such as a fake, and of nil.
	EngineUnknown Engine = "unknown"
)

const clientGoPackage = "k8s.io/client-go/tools/cache"

// EngineOf returns the engine that runs an informer, whatever interface it comes under. It looks
// through client-go's NewTypedSharedIndexInformer. Any goroutine may call it.
func EngineOf(informer cache.SharedInformer) Engine {
	if listwatch.IsNil(informer) {
		return EngineUnknown
	}
	if ours, ok := informer.(interface{ Engine() string }); ok {
		return Engine(ours.Engine())
	}
	t := reflect.TypeOf(informer)
	if t.Kind() != reflect.Pointer || t.Elem().PkgPath() != clientGoPackage {
		return EngineUnknown
	}
	if wrapped, ok := typedInside(informer); ok {
		return EngineOf(wrapped)
	}
	return EngineClientGo
}
