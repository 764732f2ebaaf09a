package deltafifo

import (
	"fmt"

	"github.com/informant-go/informant/object"
	"k8s.io/klog/v2"
)

// intake makes what a producer hands over ready for the queue: it finds the key
// and applies the transform. It calls user code and so is never used under a
// lock. Only memo changes after construction.
type intake[T any] struct {
	name      string
	access    object.Access[T]
	transform func(T) (T, error)
	known     KnownObjects[T] // may be nil
	renew     bool
	logger    klog.Logger
	memo      keyMemo
}

func (in *intake[T]) init(name string, access object.Access[T], opts Options[T]) {
	logger := opts.Logger
	if logger.GetSink() == nil {
		logger = klog.Background()
	}
	in.name = name
	in.access = access
	in.transform = opts.Transform
	in.known = opts.KnownObjects
	in.renew = opts.Renew
	in.logger = klog.LoggerWithValues(logger, "queue", name)
}

// key returns the key of obj, from memo where that has it.
func (in *intake[T]) key(obj T) (string, error) {
	if !in.access.NameIsKey() || in.memo.off.Load() {
		return in.access.Key(obj)
	}
	name, ok := in.nameOf(obj)
	if !ok {
		return in.access.Key(obj)
	}
	if name.Namespace == "" && in.memo.trusted.Load() {
		return name.Name, nil
	}
	h := nameHash(name)
	if key, ok := in.memo.get(name, h); ok {
		return key, nil
	}
	key, err := in.access.Key(obj)
	if err == nil {
		in.memo.put(name, h, key)
	}
	return key, err
}

// nameOf returns false for an object whose name cannot be read, such as a nil
// pointer; Key then says why.
func (in *intake[T]) nameOf(obj T) (name object.Name, ok bool) {
	defer func() {
		if !ok {
			_ = recover()
		}
	}()
	return in.access.Name(obj), true
}

// eventKey returns the key of the object of an event. The error is an
// *object.RefusedError.
func (in *intake[T]) eventKey(op string, obj T) (string, error) {
	key, err := in.key(obj)
	if err != nil {
		return "", in.refuse(op, "", obj, err)
	}
	return key, nil
}

// event returns key and transformed object of an event. The error is an
// *object.RefusedError.
func (in *intake[T]) event(op string, obj T) (string, T, error) {
	key, err := in.eventKey(op, obj)
	if err != nil {
		return "", obj, err
	}
	if in.transform == nil {
		return key, obj, nil
	}
	return in.transformed(op, key, obj)
}

// listed is event for an item of a list.
func (in *intake[T]) listed(item T) (string, T, error) {
	key, err := in.access.Key(item)
	if err != nil {
		return "", item, in.refuse("Page", "", item, err)
	}
	if known, ok := in.unchanged(key, item); ok {
		return key, known, nil
	}
	if in.transform == nil {
		return key, item, nil
	}
	return in.transformed("Page", key, item)
}

// unchanged returns the known object if item is the same state of it. The UID
// is compared too: after a restore of the server's data a version can come
// back with another object.
func (in *intake[T]) unchanged(key string, item T) (known T, ok bool) {
	if in.known == nil || in.renew {
		return known, false
	}
	version := in.access.Version(item)
	if version == "" {
		return known, false
	}
	known, ok = in.lookUp(key)
	ok = ok && in.access.Version(known) == version && in.access.UID(known) == in.access.UID(item)
	return known, ok
}

// lookUp returns the known object under key. known is not nil.
func (in *intake[T]) lookUp(key string) (obj T, exists bool) {
	obj, exists, err := in.known.GetByKey(key)
	if err != nil {
		in.logger.Error(err, "A known object could not be read and counts as unknown", "key", key)
		return obj, false
	}
	return obj, exists
}

// transformed applies the transform, and asks the result for its key: the
// consumer will store it under that one.
func (in *intake[T]) transformed(op, key string, obj T) (string, T, error) {
	out, err := in.transform(obj)
	if err != nil {
		return "", obj, in.refuse(op, key, obj, fmt.Errorf("transform: %w", err))
	}
	if name, ok := in.nameOf(out); ok && in.access.NameIsKey() && isKeyOf(key, name) {
		return key, out, nil
	}
	newKey, err := in.access.Key(out)
	if err != nil {
		return "", obj, in.refuse(op, key, obj, fmt.Errorf("transform returned an object without a key: %w", err))
	}
	return newKey, out, nil
}

func (in *intake[T]) refuse(op, key string, obj T, err error) error {
	if name, ok := in.nameOf(obj); key == "" && ok {
		key = name.String() // better than nothing, where the key function fails
	}
	return &object.RefusedError{By: "deltafifo: queue " + in.name, Op: op, Type: fmt.Sprintf("%T", obj), Key: key, Err: err}
}
