package operator

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// TakenError says that an object that an operator has to make is there already and
// belongs to somebody else. The operator leaves it alone.
type TakenError struct {
	Kind, Name string // of the object
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("operator: there is a %s %s that belongs to somebody else: delete or rename it, or choose another name", e.Kind, e.Name)
}

// Ensure makes obj, of which the name is given, as mutate has it, and owner its
// controller, so that it goes when owner goes. mutate changes obj in place: on the
// server's present state, or on the bare name if there is none. The error is a
// *TakenError for an object that owner does not control; others may pass, and are
// worth another try.
func Ensure(ctx context.Context, c client.Client, owner, obj client.Object, mutate func()) (controllerutil.OperationResult, error) {
	return controllerutil.CreateOrUpdate(ctx, c, obj, func() error {
		if obj.GetUID() != "" && !metav1.IsControlledBy(obj, owner) {
			gvk, err := apiutil.GVKForObject(obj, c.Scheme())
			if err != nil {
				return err
			}
			return &TakenError{Kind: gvk.Kind, Name: obj.GetName()}
		}
		mutate()
		return controllerutil.SetControllerReference(owner, obj, c.Scheme())
	})
}
