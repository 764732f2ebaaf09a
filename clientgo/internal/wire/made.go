package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/reflector/httpsource"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// form is how objects say their kind.
type form int

const (
	formTyped        form = iota // not in lists
	formUnstructured             // always
	formMetadata                 // as that of metadata, if at all
)

// example is what an informer was told of its objects.
type example struct {
	typ  reflect.Type // a pointer
	form form
	kind string
}

func exampleOf(object runtime.Object) (e example, err error) {
	e.typ = reflect.TypeOf(object)
	switch object := object.(type) {
	case *unstructured.Unstructured:
		e.form, e.kind = formUnstructured, madeKind
		if object != nil && object.GetKind() != "" {
			e.kind = object.GetKind()
		}
		return e, nil
	case *metav1.PartialObjectMetadata:
		e.form, e.kind = formMetadata, metadataKind.Kind
		return e, nil
	}
	if _, ok := object.(httpsource.Object); !ok || e.typ.Kind() != reflect.Pointer || e.typ.Elem().Kind() != reflect.Struct {
		return e, fmt.Errorf("its example is a %T, which is no pointer to a struct with kind and metadata", object)
	}
	e.kind = e.typ.Elem().Name()
	return e, nil
}

// What is made up.
const (
	madeKind    = "Made"
	madeVersion = "1"
	madeObjects = 2
)

var metadataKind = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")

// sent is the kind that made-up objects are sent with.
func (e example) sent(r request) schema.GroupVersionKind {
	if e.form == formMetadata {
		return metadataKind
	}
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: e.kind}
}

// object is the made-up object of a number, with its kind if that is to be said.
func (e example) object(r request, number int, kind schema.GroupVersionKind) map[string]any {
	metadata := map[string]any{
		"name":            fmt.Sprint("made-", number),
		"uid":             fmt.Sprint("00000000-0000-0000-0000-00000000000", number),
		"resourceVersion": madeVersion,
		"labels":          map[string]any{"made": "label"},
		"annotations":     map[string]any{"made": "annotation"},
	}
	if r.namespace != "" {
		metadata["namespace"] = r.namespace
	}
	object := map[string]any{"metadata": metadata}
	if !kind.Empty() {
		object["apiVersion"], object["kind"] = kind.GroupVersion().String(), kind.Kind
	}
	return object
}

// inLists is the kind that the items of lists say.
func (e example) inLists(r request) schema.GroupVersionKind {
	if e.form == formTyped {
		return schema.GroupVersionKind{}
	}
	return e.sent(r)
}

// list is the made-up list.
func (e example) list(r request) ([]byte, error) {
	if r.opts.Watch {
		return nil, errors.New("it watches where it is to list")
	}
	var items []any
	for n := range madeObjects {
		items = append(items, e.object(r, n, e.inLists(r)))
	}
	kind := e.sent(r)
	return json.Marshal(map[string]any{
		"kind": kind.Kind + "List", "apiVersion": kind.GroupVersion().String(),
		"metadata": map[string]any{"resourceVersion": madeVersion}, "items": items,
	})
}

// watch is the made-up watch: one event.
func (e example) watch(r request) ([]byte, error) {
	if !r.opts.Watch {
		return nil, errors.New("it lists where it is to watch")
	}
	return json.Marshal(map[string]any{"type": string(watch.Added), "object": e.object(r, 0, e.sent(r))})
}

// kinds are the kinds that a ListerWatcher gives to its objects: nil where it leaves them.
type kinds struct{ items, events *schema.GroupVersionKind }

var errChanges = errors.New("its ListerWatcher changes or leaves out what its client returns")

// listed reads what has become of the made-up list.
func (e example) listed(r request, list runtime.Object) (*schema.GroupVersionKind, error) {
	about, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	objects, err := meta.ExtractList(list)
	if err != nil {
		return nil, err
	}
	if len(objects) != madeObjects || about.GetResourceVersion() != madeVersion || about.GetContinue() != "" {
		return nil, errChanges
	}
	sent := e.inLists(r)
	var given schema.GroupVersionKind
	for n, object := range objects {
		kind, err := e.compare(object, e.object(r, n, sent))
		if err != nil {
			return nil, err
		}
		if n > 0 && kind != given {
			return nil, errChanges
		}
		given = kind
	}
	if given == sent {
		return nil, nil
	}
	return &given, nil
}

// watched reads what has become of the made-up watch. Typed clients clear the kinds in
// events, or do not; what is typed is decoded without.
func (e example) watched(ctx context.Context, r request, w watch.Interface) (*schema.GroupVersionKind, error) {
	if listwatch.IsNil(w) {
		return nil, errChanges
	}
	defer end(w)
	var event watch.Event
	select {
	case event = <-w.ResultChan():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if event.Type != watch.Added {
		return nil, errChanges
	}
	kind, err := e.compare(event.Object, e.object(r, 0, e.sent(r)))
	if err != nil || e.form != formTyped && kind == e.sent(r) {
		return nil, err
	}
	return &kind, nil
}

// endTime is how long a watch may take to close its channel once it is stopped.
const endTime = time.Second

// end stops a watch and takes what is still sent: watch.Filter, for one, waits for somebody to
// take an event, stopped or not.
func end(w watch.Interface) {
	w.Stop()
	timer := time.NewTimer(endTime)
	defer timer.Stop()
	for {
		select {
		case _, open := <-w.ResultChan():
			if !open {
				return
			}
		case <-timer.C:
			return
		}
	}
}

// compare returns the kind of an object that has to be want in all else.
func (e example) compare(object runtime.Object, want map[string]any) (kind schema.GroupVersionKind, err error) {
	if reflect.TypeOf(object) != e.typ {
		return kind, fmt.Errorf("its ListerWatcher has objects of type %T", object)
	}
	kind = object.GetObjectKind().GroupVersionKind()
	if e.form == formUnstructured {
		if !reflect.DeepEqual(object.(*unstructured.Unstructured).Object, want) {
			return kind, errChanges
		}
		return kind, nil
	}
	raw, err := json.Marshal(want)
	if err != nil {
		return kind, err
	}
	decoded := reflect.New(e.typ.Elem()).Interface().(runtime.Object)
	if err := json.Unmarshal(raw, decoded); err != nil {
		return kind, err
	}
	decoded.GetObjectKind().SetGroupVersionKind(kind)
	if !reflect.DeepEqual(object, decoded) {
		return kind, errChanges
	}
	return kind, nil
}
