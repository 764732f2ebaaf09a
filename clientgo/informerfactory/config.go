package informerfactory

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"runtime"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/clientgo/internal/wire"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	upstream "k8s.io/client-go/tools/cache"
)

// Option is an option of the functions of this package that make or wrap factories.
// WithConfig and WithConfigFor make one; the zero Option changes nothing. Where several are
// given, the last one that changes something counts. An Option may be given to several
// factories, which then share connections.
type Option struct {
	wire *wire.Wire

	// newClient makes a client of other generated packages, nil for client-go's own.
	newClient func(*rest.Config, *http.Client) (any, error)
}

// WithConfig has the informers of a factory read by this library's reflector/httpsource
// over rest.HTTPClientFor(config), in the place of client-go's decoders: doc.go says what that
// brings, and what stays as it was. config is the one that the client of the factory was
// made from. It is copied.
//
// The error says that config is nil, or what rest.HTTPClientFor says of it.
func WithConfig(config *rest.Config) (Option, error) {
	way, err := wire.New(config)
	if err != nil {
		return Option{}, fmt.Errorf("informerfactory: WithConfig: %w", err)
	}
	return Option{wire: way}, nil
}

// WithConfigFor is WithConfig for the factory of another generated client than client-go's.
// newClient is the function NewForConfigAndClient of its package versioned, of which C is
// the Clientset.
func WithConfigFor[C any](config *rest.Config, newClient func(*rest.Config, *http.Client) (C, error)) (Option, error) {
	way, err := wire.New(config)
	if err == nil && newClient == nil {
		err = errors.New("newClient is nil: pass the function NewForConfigAndClient of the package of the generated client")
	}
	if err != nil {
		return Option{}, fmt.Errorf("informerfactory: WithConfigFor: %w", err)
	}
	return Option{wire: way, newClient: func(config *rest.Config, client *http.Client) (any, error) {
		return newClient(config, client)
	}}, nil
}

// last is the Option that counts.
func last(opts []Option) (counts Option) {
	for _, o := range opts {
		if o.wire != nil {
			counts = o
		}
	}
	return counts
}

// over makes informers of clients of type C over a wire. The nil *over makes them over the
// clients that there are.
type over[C any] struct {
	wire *wire.Wire

	// client stands in for the factory's. What its ListerWatchers ask for is seen.
	client C
	failed error // there is no client
}

// newOver returns the over of o for factories of client-go's own clients, nil if there is
// none.
func newOver[C any](o Option, newClient func(*rest.Config, *http.Client) (C, error)) *over[C] {
	if o.wire == nil {
		return nil
	}
	client, err := newClient(o.wire.Config(), o.wire.Client())
	return &over[C]{o.wire, client, err}
}

// newGenerated returns the over of o for a generated factory.
func newGenerated[C any](o Option) (*over[C], error) {
	newClient := o.newClient
	if newClient == nil {
		newClient = func(config *rest.Config, client *http.Client) (any, error) {
			return kubernetes.NewForConfigAndClient(config, client)
		}
	}
	made := newOver(o, newClient)
	switch {
	case made == nil:
		return nil, nil
	case made.failed != nil:
		return nil, fmt.Errorf("informerfactory: the rest.Config makes no client: %w", made.failed)
	}
	client, ok := made.client.(C)
	if !ok {
		return nil, fmt.Errorf("informerfactory: the factory needs a %s, and a client of %T is none: give WithConfigFor the function NewForConfigAndClient of its package", reflect.TypeFor[C](), made.client)
	}
	return &over[C]{wire: o.wire, client: client}, nil
}

// informer returns an informer of this library that does what the one does that newInformer
// makes for the client of a factory.
func (o *over[C]) informer(client C, newInformer func(C) cache.SharedIndexInformer, known bool) cache.SharedIndexInformer {
	if o == nil {
		return ours(newInformer(client), nil)
	}
	err := o.refuses(client)
	if err != nil || !known {
		theirs := newInformer(client)
		if bridge.EngineOf(theirs) == bridge.EngineInformant {
			wire.Stays(fmt.Sprintf("%T", theirs), errMadeAlready)
			return theirs
		}
		if err == nil {
			err = ungenerated(theirs)
		}
		if err != nil {
			return ours(theirs, func(in *ingredients) { wire.Stays(in.name(), err) })
		}
	}
	return ours(newInformer(o.client), func(in *ingredients) {
		in.source = o.wire.Over(in.source, in.example, in.name())
	})
}

var errMadeAlready = errors.New("it is made of this library's cache already")

// ungenerated returns why an informer, which a function of somebody's own has made, is
// not as generated code would make it, or nil.
func ungenerated(informer cache.SharedIndexInformer) error {
	in, err := takeApart(informer)
	if err != nil {
		return err
	}
	return generated(in.source)
}

// refuses returns why informers of client are not made over the wire, or nil.
func (o *over[C]) refuses(client C) error {
	if o.failed != nil {
		return fmt.Errorf("the rest.Config makes no client: %w", o.failed)
	}
	if got, want := reflect.TypeOf(client), reflect.TypeOf(o.client); got != want {
		return fmt.Errorf("its client is a %v, and no %v", got, want)
	}
	server, err := serverOf(client)
	if err != nil {
		return fmt.Errorf("the server of its client is not known: %w", err)
	}
	return o.wire.Serves(server)
}

// name is the informer's, for the log.
func (in *ingredients) name() string {
	if in.options.ObjectDescription != "" {
		return in.options.ObjectDescription
	}
	return fmt.Sprintf("%T", in.example)
}

// generatedFunction is how the functions of a ListWatch are named that informer-gen
// generates.
var generatedFunction = regexp.MustCompile(`\.New\w*Informer\w*\.func\d+(\.\d+)*$`)

// generated returns why a source is none that informer-gen generates, or nil. Others may
// filter what the client returns by what is in the objects, which no trial would show.
func generated(source cache.ListerWatcher) error {
	functions, ok := listWatchOf(source)
	if !ok || functions.ListWithContextFunc == nil || functions.WatchFuncWithContext == nil {
		return fmt.Errorf("its ListerWatcher, a %T, is none that informer-gen generates, with functions that take a context", source)
	}
	for _, function := range []any{functions.ListWithContextFunc, functions.WatchFuncWithContext} {
		name := runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name()
		if !generatedFunction.MatchString(name) {
			return fmt.Errorf("its ListerWatcher has the function %s, which informer-gen has not generated", name)
		}
	}
	return nil
}

// listWatchOf returns the ListWatch that a source is or embeds.
func listWatchOf(source cache.ListerWatcher) (*upstream.ListWatch, bool) {
	if functions, ok := source.(*upstream.ListWatch); ok || listwatch.IsNil(source) {
		return functions, ok
	}
	fields, err := structOf(source)
	if err != nil {
		return nil, false
	}
	inner := fields.FieldByName("ListWatch")
	if !inner.IsValid() || !inner.CanInterface() {
		return nil, false
	}
	functions, ok := inner.Interface().(*upstream.ListWatch)
	return functions, ok && functions != nil
}

func newDynamic(config *rest.Config, client *http.Client) (dynamic.Interface, error) {
	return dynamic.NewForConfigAndClient(config, client)
}

func newMetadata(config *rest.Config, client *http.Client) (metadata.Interface, error) {
	return metadata.NewForConfigAndClient(config, client)
}
