package v1alpha1_test

import (
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/application/v1alpha1"
)

// An object that goes to the older version and back is the same, whatever it has.
func TestNothingIsLostOnTheWayAndBack(t *testing.T) {
	meta := metav1.ObjectMeta{Namespace: "a", Name: "x", Annotations: map[string]string{"kept": "yes"}}
	for _, app := range []*v1.Application{
		{},
		{ObjectMeta: meta, Spec: v1.Spec{Image: "x:1"}},
		{Spec: v1.Spec{Image: "x:1", Replicas: new(int32(0)), Port: 80, Settings: map[string]string{"b": "2", "a": ""}}},
		{ObjectMeta: meta, Spec: v1.Spec{Image: "x:1", Port: 80}, Status: v1.Status{
			ComponentsReady: "1/2",
			Components:      []v1.Component{{Kind: "Service", Name: "x", Ready: true}, {Kind: "Deployment", Name: "x", Message: "0 of 1"}},
			Conditions:      []metav1.Condition{{Type: "Ready", Status: metav1.ConditionFalse, Reason: "Progressing"}},
		}},
	} {
		before := app.DeepCopy()
		old, back := &v1alpha1.Application{}, &v1.Application{}
		if err := old.ConvertFrom(app); err != nil {
			t.Fatal(err)
		}
		if err := old.ConvertTo(back); err != nil {
			t.Fatal(err)
		}
		if back.Annotations != nil && len(back.Annotations) == 0 {
			back.Annotations = nil
		}
		if !reflect.DeepEqual(back, before) {
			t.Errorf("%+v comes back as %+v", before, back)
		}
		if !reflect.DeepEqual(app, before) {
			t.Errorf("the conversion has changed what it was given to %+v", app)
		}
	}
}

func TestWhatCannotBeConverted(t *testing.T) {
	twice := &v1alpha1.Application{Spec: v1alpha1.Spec{Settings: []v1alpha1.Setting{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}}}
	spoilt := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"apps.example.com/v1": "{"}}}
	for words, app := range map[string]*v1alpha1.Application{`"a" twice`: twice, "remove it": spoilt} {
		if err := app.ConvertTo(&v1.Application{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("expected is %q, the error is %v", words, err)
		}
	}
}
