package object

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Transforms returns a transform that applies those given, each to what the one before
// returned, until one fails: informer.Options take one. nil ones are left out. A
// Sharer goes last, since it is the only one after which objects have parts in common.
func Transforms[T any](transforms ...func(obj T) (T, error)) func(obj T) (T, error) {
	var steps []func(obj T) (T, error)
	for _, t := range transforms {
		if t != nil {
			steps = append(steps, t)
		}
	}
	return func(obj T) (T, error) {
		for _, step := range steps {
			var err error
			if obj, err = step(obj); err != nil {
				return obj, err
			}
		}
		return obj, nil
	}
}

// StripManagedFields is a transform that removes the managed fields, which say who has
// set which field and are read by nobody but appliers: often a third of an object. It
// changes obj and returns it. The error is always nil.
func StripManagedFields[T metav1.Object](obj T) (T, error) {
	obj.SetManagedFields(nil)
	return obj, nil
}

// lastApplied is the annotation of kubectl apply.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// StripLastApplied is a transform that removes the annotation in which kubectl apply
// keeps a copy of what was applied. It changes obj and returns it. The error is always
// nil.
//
// A program that updates such an object with what it has from the cache would remove
// the annotation on the server: it should patch, or get the object first. Managed
// fields are no danger: an update without them changes none.
func StripLastApplied[T metav1.Object](obj T) (T, error) {
	annotations := obj.GetAnnotations()
	if _, ok := annotations[lastApplied]; !ok {
		return obj, nil
	}
	delete(annotations, lastApplied)
	if len(annotations) == 0 {
		annotations = nil
	}
	obj.SetAnnotations(annotations)
	return obj, nil
}
