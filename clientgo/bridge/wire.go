package bridge

import (
	"reflect"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/listwatch"
)

// Wire is what brings an informer's objects.
type Wire string

// The wires.
const (
	// WireProtobuf and WireJSON are this library's reflector/httpsource, in that encoding.
	WireProtobuf Wire = listwatch.WireProtobuf
	WireJSON     Wire = listwatch.WireJSON
	// WireClient is the client of the informer's ListerWatcher, in any encoding.
	WireClient Wire = listwatch.WireClient
	// WireUnknown is that of an informer that was made with WithConfig, of package
	// informerfactory or controllerruntime, and has had no answer yet; and that of an
	// informer of neither engine, such as a fake, and of nil.
	WireUnknown Wire = listwatch.WireUnknown
)

// WireOf returns what brought the last list or watch of an informer, whatever interface it
// comes under. It looks through client-go's NewTypedSharedIndexInformer. Any goroutine may
// call it. Why an informer that was made with WithConfig stays with its client is in the
// log, once.
func WireOf(informer cache.SharedInformer) Wire {
	switch EngineOf(informer) {
	case EngineClientGo:
		return WireClient
	case EngineUnknown:
		return WireUnknown
	}
	for {
		if wired, ok := informer.(interface{ Wire() string }); ok {
			return Wire(wired.Wire())
		}
		inner, ok := typedInside(informer)
		if !ok {
			return WireUnknown
		}
		informer = inner
	}
}

// typedInside returns the informer inside of a typed one of client-go.
func typedInside(informer cache.SharedInformer) (cache.SharedInformer, bool) {
	value := reflect.ValueOf(informer)
	if value.Kind() != reflect.Pointer || value.IsNil() || value.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	inner := value.Elem().FieldByName("SharedIndexInformer")
	if !inner.IsValid() {
		return nil, false
	}
	wrapped, ok := inner.Interface().(cache.SharedInformer)
	return wrapped, ok
}
