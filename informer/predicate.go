package informer

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Predicate selects events. It must not change the objects, and not wait. A nil
// Predicate selects every event.
//
// Those of this package are, as controller-runtime's of the same names, about
// EventUpdate alone: every EventAdd and EventDelete passes, and so does an
// EventUpdate by which another object takes over the key (Options.UIDUpdates). An
// EventUpdate of a resync has nothing that changed, and does not pass.
type Predicate[T any] func(Event[T]) bool

func (p Predicate[T]) passes(e Event[T]) bool { return p == nil || p(e) }

// GenerationChanged passes an update that changes metadata.generation, which the
// server raises with each change of the spec, and when a deletion begins. A change of
// the status or of the metadata does not pass, and neither does any of a resource
// that has no generation. It corresponds to GenerationChangedPredicate of
// controller-runtime.
func GenerationChanged[T metav1.Object](e Event[T]) bool {
	return isNews(e) || e.Old.GetGeneration() != e.Object.GetGeneration()
}

// LabelsChanged passes an update that changes the labels. It corresponds to
// LabelChangedPredicate of controller-runtime.
func LabelsChanged[T metav1.Object](e Event[T]) bool {
	return isNews(e) || !maps.Equal(e.Old.GetLabels(), e.Object.GetLabels())
}

// AnnotationsChanged passes an update that changes the annotations. It corresponds to
// AnnotationChangedPredicate of controller-runtime.
func AnnotationsChanged[T metav1.Object](e Event[T]) bool {
	return isNews(e) || !maps.Equal(e.Old.GetAnnotations(), e.Object.GetAnnotations())
}

// isNews reports whether e is about another object than the one before.
func isNews[T metav1.Object](e Event[T]) bool {
	return e.Type != EventUpdate || e.Old.GetUID() != e.Object.GetUID()
}

// And passes what all of them pass; with none of them it passes everything.
func And[T any](predicates ...Predicate[T]) Predicate[T] {
	return func(e Event[T]) bool {
		for _, p := range predicates {
			if !p.passes(e) {
				return false
			}
		}
		return true
	}
}

// Or passes what any of them passes; with none of them it passes nothing.
func Or[T any](predicates ...Predicate[T]) Predicate[T] {
	return func(e Event[T]) bool {
		for _, p := range predicates {
			if p.passes(e) {
				return true
			}
		}
		return false
	}
}

// Not passes what p does not.
func Not[T any](p Predicate[T]) Predicate[T] {
	return func(e Event[T]) bool { return !p.passes(e) }
}
