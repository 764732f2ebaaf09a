package application

import (
	"context"
	_ "embed"
	"encoding/base64"
	"errors"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/informant-go/informant/examples/operators/application/v1"
	"github.com/informant-go/informant/examples/operators/operator"
)

// Definition is the CustomResourceDefinition, in YAML, but for the conversion.
//
//go:embed application.yaml
var Definition []byte

// The paths of the webhooks, as controller-runtime makes them.
const (
	MutatePath   = "/mutate-apps-example-com-v1-application"
	ValidatePath = "/validate-apps-example-com-v1-application"
	ConvertPath  = "/convert"
)

// Webhooks are where an API server finds the webhooks.
type Webhooks struct {
	// URL is https, with a host and a port that the API server can reach.
	URL string
	// Authority is what it trusts, in PEM.
	Authority []byte
}

// Install brings the definition to the server of c, which reads no cache, and with w the
// webhooks. Without (nil) nobody is asked, by what an earlier Install has left neither, and
// nobody could convert: v1 alone is served.
func Install(ctx context.Context, c client.Client, w *Webhooks) error {
	if err := operator.InstallDefinition(ctx, c, Definition, w.convert); err != nil {
		return err
	}
	name := metav1.ObjectMeta{Name: "applications." + v1.GroupVersion.Group}
	if w == nil {
		return errors.Join(
			client.IgnoreNotFound(c.Delete(ctx, &admissionv1.MutatingWebhookConfiguration{ObjectMeta: name})),
			client.IgnoreNotFound(c.Delete(ctx, &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: name})),
		)
	}
	rules := []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		// Other versions are converted to this one before the webhook sees them.
		Rule: admissionv1.Rule{APIGroups: []string{v1.GroupVersion.Group}, APIVersions: []string{v1.GroupVersion.Version}, Resources: []string{"applications"}},
	}}
	mutating := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: name, Webhooks: []admissionv1.MutatingWebhook{{
		Name: "default." + v1.GroupVersion.Group, ClientConfig: w.at(MutatePath), Rules: rules,
		SideEffects: new(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
	}}}
	if err := operator.Apply(ctx, c, mutating); err != nil {
		return err
	}
	return operator.Apply(ctx, c, &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: name, Webhooks: []admissionv1.ValidatingWebhook{{
		Name: "validate." + v1.GroupVersion.Group, ClientConfig: w.at(ValidatePath), Rules: rules,
		SideEffects: new(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
	}}})
}

func (w *Webhooks) at(path string) admissionv1.WebhookClientConfig {
	return admissionv1.WebhookClientConfig{URL: new(w.URL + path), CABundle: w.Authority}
}

// convert makes w the converter of a definition, or takes out what would need one.
func (w *Webhooks) convert(definition *unstructured.Unstructured) error {
	if w == nil {
		versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
		if err != nil {
			return err
		}
		for _, each := range versions {
			version := each.(map[string]any)
			version["served"] = version["storage"]
		}
		return unstructured.SetNestedSlice(definition.Object, versions, "spec", "versions")
	}
	return unstructured.SetNestedMap(definition.Object, map[string]any{
		"strategy": "Webhook",
		"webhook": map[string]any{
			"conversionReviewVersions": []any{"v1"},
			"clientConfig":             map[string]any{"url": w.URL + ConvertPath, "caBundle": base64.StdEncoding.EncodeToString(w.Authority)},
		},
	}, "spec", "conversion")
}
