package informerfactory

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"time"
	"unsafe"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
)

// ingredients are what generated code makes an informer of.
type ingredients struct {
	source    cache.ListerWatcher
	example   runtime.Object
	options   cache.SharedIndexInformerOptions
	transform cache.TransformFunc
	onError   cache.WatchErrorHandlerWithContext
}

// Names of client-go's types, and of the fields that are read of them.
const (
	informerType = "sharedIndexInformer"
	typedField   = "SharedIndexInformer" // of a typedSharedIndexInformer, exported
	factoryMap   = "informers"
)

// takeApart reads what an informer of client-go was made of that nobody uses yet, also
// in client-go's own wrapper, which adds nothing: somebody else's may do anything. The
// error says why it cannot be read.
func takeApart(informer cache.SharedIndexInformer) (in ingredients, err error) {
	fields, err := structOf(informer)
	if err != nil {
		return in, err
	}
	own := fields.Type().PkgPath() == reflect.TypeFor[upstream.SharedIndexInformerOptions]().PkgPath()
	if inner := fields.FieldByName(typedField); own && inner.IsValid() && fields.Type().Name() != informerType {
		if wrapped, ok := inner.Interface().(cache.SharedIndexInformer); ok {
			return takeApart(wrapped)
		}
	}
	if !own || fields.Type().Name() != informerType {
		return in, fmt.Errorf("a %T is not an informer that client-go's tools/cache makes", informer)
	}
	r := reader{from: fields}
	started := read[bool](&r, "started")
	in.source = read[cache.ListerWatcher](&r, "listerWatcher")
	in.example = read[runtime.Object](&r, "objectType")
	in.options.ObjectDescription = read[string](&r, "objectDescription")
	in.options.ResyncPeriod = read[time.Duration](&r, "defaultEventHandlerResyncPeriod")
	in.options.Identifier = read[cache.InformerNameAndResource](&r, "identifier")
	in.options.InformerMetricsProvider = read[cache.InformerMetricsProvider](&r, "informerMetricsProvider")
	in.transform = read[cache.TransformFunc](&r, "transform")
	in.onError = read[cache.WatchErrorHandlerWithContext](&r, "watchErrorHandler")
	if r.err != nil {
		return in, r.err
	}
	if started {
		return in, fmt.Errorf("the informer of %s has been started already", in.options.ObjectDescription)
	}
	handlers, err := handlersOf(fields)
	if err != nil {
		return in, err
	}
	if handlers > 0 {
		return in, fmt.Errorf("the informer of %s has %d handlers already: add them to what InformerFor returns", in.options.ObjectDescription, handlers)
	}
	in.options.Indexers = informer.GetIndexer().GetIndexers()
	return in, nil
}

// handlersOf is how many handlers an informer of client-go has.
func handlersOf(informer reflect.Value) (int, error) {
	if processor := informer.FieldByName("processor"); processor.Kind() == reflect.Pointer && !processor.IsNil() {
		if listeners := processor.Elem().FieldByName("listeners"); listeners.Kind() == reflect.Map {
			return listeners.Len(), nil
		}
	}
	return 0, errors.New("this version of client-go is not known: its informers have no processor with a map of listeners")
}

// asked is the number of informers that a generated factory has.
func asked(factory any) (int, error) {
	fields, err := structOf(factory)
	if err != nil {
		return 0, err
	}
	informers := fields.FieldByName(factoryMap)
	if informers.Kind() != reflect.Map {
		return 0, fmt.Errorf("a %T is no factory as client-go's informer-gen generates: it has no map %q", factory, factoryMap)
	}
	return informers.Len(), nil
}

// serverOf is the address of the server of a client of client-go, generated, dynamic or
// for metadata.
func serverOf(client any) (*url.URL, error) {
	requests, err := requestsOf(client)
	if err != nil {
		return nil, err
	}
	if listwatch.IsNil(requests) {
		return nil, fmt.Errorf("a %T sends no requests", client)
	}
	return requests.Get().AbsPath("/").URL(), nil
}

// requestsOf returns what sends the requests of a client.
func requestsOf(client any) (rest.Interface, error) {
	if requests, ok := discovering(client); ok {
		return requests, nil
	}
	fields, err := structOf(client)
	if err != nil {
		return nil, err
	}
	field := fields.FieldByName("client")
	if field.IsValid() {
		if requests, ok := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Interface().(rest.Interface); ok {
			return requests, nil
		}
	}
	return nil, fmt.Errorf("this version of client-go is not known: a %T has no field client that sends requests", client)
}

// discovering returns what sends the requests for discovery of a generated client. The
// interface that its method Discovery returns depends on the version of its generator.
func discovering(client any) (rest.Interface, bool) {
	method := reflect.ValueOf(client).MethodByName("Discovery")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return nil, false
	}
	if discovery, ok := method.Call(nil)[0].Interface().(interface{ RESTClient() rest.Interface }); ok {
		return discovery.RESTClient(), true
	}
	return nil, false
}

// structOf returns what v points to.
func structOf(v any) (reflect.Value, error) {
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Pointer || value.IsNil() || value.Elem().Kind() != reflect.Struct {
		return value, fmt.Errorf("a %T cannot be read: it is no pointer to a struct", v)
	}
	return value.Elem(), nil
}

// reader reads fields that have no names outside their package. err is the first
// failure.
type reader struct {
	from reflect.Value // addressable
	err  error
}

// read returns the field of that name, the zero T if there is none of that type.
func read[T any](r *reader, name string) (value T) {
	field := r.from.FieldByName(name)
	want := reflect.TypeFor[T]()
	if !field.IsValid() || field.Type() != want {
		if r.err == nil {
			r.err = fmt.Errorf("this version of client-go is not known: %s.%s has no field %s of type %s", r.from.Type().PkgPath(), r.from.Type().Name(), name, want)
		}
		return value
	}
	return *(*T)(unsafe.Pointer(field.UnsafeAddr()))
}
