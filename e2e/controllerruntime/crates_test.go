package controllerruntime

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/conversion"
)

// crateV2 is a custom resource in the version that is stored; it is the hub.
type crateV2 struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec crateSpecV2 `json:"spec"`
}

type crateSpecV2 struct {
	Bottles int    `json:"bottles"`
	Wine    string `json:"wine,omitempty"`
}

// Hub implements conversion.Hub.
func (*crateV2) Hub() {}

// crateV1 has the same as one text, such as "6 red".
type crateV1 struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec crateSpecV1 `json:"spec"`
}

type crateSpecV1 struct {
	Content string `json:"content"`
}

// unspeakable is a wine that version 1 has no words for.
const unspeakable = "unspeakable"

// ConvertTo implements conversion.Convertible.
func (c *crateV1) ConvertTo(hub conversion.Hub) error {
	to := hub.(*crateV2)
	to.ObjectMeta = c.ObjectMeta
	_, err := fmt.Sscanf(c.Spec.Content, "%d %s", &to.Spec.Bottles, &to.Spec.Wine)
	return err
}

// ConvertFrom implements conversion.Convertible.
func (c *crateV1) ConvertFrom(hub conversion.Hub) error {
	from := hub.(*crateV2)
	if from.Spec.Wine == unspeakable {
		return errors.New("version 1 has no words for this wine")
	}
	c.ObjectMeta = from.ObjectMeta
	c.Spec.Content = strconv.Itoa(from.Spec.Bottles) + " " + from.Spec.Wine
	return nil
}

type crateV1List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []crateV1 `json:"items"`
}

type crateV2List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []crateV2 `json:"items"`
}

// DeepCopyObject implements runtime.Object, as do those below.
func (c *crateV1) DeepCopyObject() runtime.Object {
	out := *c
	c.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

func (c *crateV2) DeepCopyObject() runtime.Object {
	out := *c
	c.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

func (l *crateV1List) DeepCopyObject() runtime.Object {
	out := *l
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]crateV1, len(l.Items))
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopyObject().(*crateV1)
	}
	return &out
}

func (l *crateV2List) DeepCopyObject() runtime.Object {
	out := *l
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]crateV2, len(l.Items))
	for i := range l.Items {
		out.Items[i] = *l.Items[i].DeepCopyObject().(*crateV2)
	}
	return &out
}

// cratesOf is the scheme with crates of a group, beside what client-go's has. A
// definition is the whole server's, so each trial has a group of its own.
func cratesOf(group string) *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		panic(err) // neither depends on anything
	}
	v1, v2 := schema.GroupVersion{Group: group, Version: "v1"}, schema.GroupVersion{Group: group, Version: "v2"}
	scheme.AddKnownTypeWithName(v1.WithKind("Crate"), &crateV1{})
	scheme.AddKnownTypeWithName(v1.WithKind("CrateList"), &crateV1List{})
	scheme.AddKnownTypeWithName(v2.WithKind("Crate"), &crateV2{})
	scheme.AddKnownTypeWithName(v2.WithKind("CrateList"), &crateV2List{})
	metav1.AddToGroupVersion(scheme, v1)
	metav1.AddToGroupVersion(scheme, v2)
	return scheme
}

// crates is the definition of crates of a group. Version 2 alone is served, unless
// h converts.
func crates(group string, h *hooks) *apiextensionsv1.CustomResourceDefinition {
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "crates." + group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "crates", Singular: "crate", Kind: "Crate", ListKind: "CrateList"},
			Scope: apiextensionsv1.NamespaceScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{
				{Name: "v2", Served: true, Storage: true, Schema: spec(map[string]apiextensionsv1.JSONSchemaProps{
					// A text is let through that Go's type does not take.
					"bottles": {
						XIntOrString: true, AnyOf: []apiextensionsv1.JSONSchemaProps{{Type: "integer"}, {Type: "string"}},
						Minimum: new(0.0), Maximum: new(12.0),
					},
					"wine": {Type: "string", Enum: enum("red", "white", unspeakable)},
				}, "bottles")},
			},
		},
	}
	if h != nil {
		crd.Spec.Versions = append(crd.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{
			Name: "v1", Served: true,
			Schema: spec(map[string]apiextensionsv1.JSONSchemaProps{"content": {Type: "string"}}, "content"),
		})
		crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{
			Strategy: apiextensionsv1.WebhookConverter,
			Webhook: &apiextensionsv1.WebhookConversion{
				ClientConfig:             &apiextensionsv1.WebhookClientConfig{URL: new(h.url + "/convert"), CABundle: h.ca},
				ConversionReviewVersions: []string{"v1"},
			},
		}
	}
	return crd
}

func spec(properties map[string]apiextensionsv1.JSONSchemaProps, required ...string) *apiextensionsv1.CustomResourceValidation {
	return &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
		Type:     "object",
		Required: []string{"spec"},
		Properties: map[string]apiextensionsv1.JSONSchemaProps{
			"spec": {Type: "object", Properties: properties, Required: required},
		},
	}}
}

func enum(values ...string) []apiextensionsv1.JSON {
	var all []apiextensionsv1.JSON
	for _, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err) // no text does that
		}
		all = append(all, apiextensionsv1.JSON{Raw: raw})
	}
	return all
}
