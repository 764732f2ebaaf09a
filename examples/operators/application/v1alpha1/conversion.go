package v1alpha1

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/conversion"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
)

// restAnnotation holds, in an object of this version, what only v1 has a place for, so
// that an object that goes there and back is the same.
const restAnnotation = "apps.example.com/v1"

// rest is what v1 has besides.
type rest struct {
	Port   int32     `json:"port,omitempty"`
	Status v1.Status `json:"status,omitzero"`
}

// ConvertTo writes a to hub, a *v1.Application.
func (a *Application) ConvertTo(hub conversion.Hub) error {
	to, ok := hub.(*v1.Application)
	if !ok {
		return fmt.Errorf("v1alpha1: an Application cannot become a %T", hub)
	}
	from := a.DeepCopy()
	var kept rest
	if text, ok := from.Annotations[restAnnotation]; ok {
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return fmt.Errorf("v1alpha1: the annotation %s, which conversion has written, cannot be read: remove it: %w", restAnnotation, err)
		}
		delete(from.Annotations, restAnnotation)
	}
	to.ObjectMeta = from.ObjectMeta
	to.Spec = v1.Spec{Image: from.Spec.Image, Replicas: from.Spec.Size, Port: kept.Port}
	to.Status = kept.Status
	to.Status.ComponentsReady = from.Status.Ready
	if len(from.Spec.Settings) > 0 {
		to.Spec.Settings = map[string]string{}
	}
	for _, s := range from.Spec.Settings {
		if _, twice := to.Spec.Settings[s.Name]; twice {
			return fmt.Errorf("v1alpha1: spec.settings has %q twice: name each setting once", s.Name)
		}
		to.Spec.Settings[s.Name] = s.Value
	}
	return nil
}

// ConvertFrom writes hub, a *v1.Application, to a.
func (a *Application) ConvertFrom(hub conversion.Hub) error {
	given, ok := hub.(*v1.Application)
	if !ok {
		return fmt.Errorf("v1alpha1: a %T cannot become an Application", hub)
	}
	from := given.DeepCopy()
	a.ObjectMeta = from.ObjectMeta
	a.Spec = Spec{Image: from.Spec.Image, Size: from.Spec.Replicas}
	for _, name := range slices.Sorted(maps.Keys(from.Spec.Settings)) {
		a.Spec.Settings = append(a.Spec.Settings, Setting{Name: name, Value: from.Spec.Settings[name]})
	}
	a.Status.Ready = from.Status.ComponentsReady
	from.Status.ComponentsReady = ""
	kept, err := json.Marshal(rest{Port: from.Spec.Port, Status: from.Status})
	if err != nil {
		return err
	}
	if string(kept) == "{}" {
		return nil
	}
	if a.Annotations == nil {
		a.Annotations = map[string]string{}
	}
	a.Annotations[restAnnotation] = string(kept)
	return nil
}
