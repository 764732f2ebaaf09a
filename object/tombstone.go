package object

// ExplicitKey stands for an object of which only the key is known. Key
// functions made by Dynamic return it as it is. It corresponds to client-go's
// ExplicitKey.
type ExplicitKey string

// DeletedFinalStateUnknown stands for an object whose deletion was noticed but
// not seen: Obj is the last known state, which may be stale. It corresponds to
// client-go's DeletedFinalStateUnknown; clientgo/ hands its handlers client-go's
// own type.
type DeletedFinalStateUnknown[T any] struct {
	Key string
	Obj T
}

// TombstoneKey returns the key of the deleted object.
func (d DeletedFinalStateUnknown[T]) TombstoneKey() string { return d.Key }

// Deleted tells a handler what is gone. Name, namespace and key are always
// known, whatever is known of the object. It corresponds to client-go's
// DeletedObject.
type Deleted[T any] struct {
	// Key is the key under which the object was stored.
	Key string

	// Object is the last known state; the zero T with NoObject.
	Object T

	// NoObject is true when no state of the object was ever seen.
	NoObject bool

	// FinalStateUnknown is true when the deletion was missed and noticed
	// later, by a list. Object may then be older than what was deleted.
	FinalStateUnknown bool
}

// ObjectName returns the namespace and name that Key holds.
func (d Deleted[T]) ObjectName() Name { return CutKey(d.Key) }

// GetName returns the name of the deleted object; with GetNamespace it lets a
// Deleted be logged with klog.KObj.
func (d Deleted[T]) GetName() string { return CutKey(d.Key).Name }

// GetNamespace returns the namespace of the deleted object.
func (d Deleted[T]) GetNamespace() string { return CutKey(d.Key).Namespace }
