package controllerruntime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// taste is what the webhooks of the tests think of ConfigMaps.
type taste struct{}

// Default implements admission.Defaulter.
func (taste) Default(_ context.Context, cm *corev1.ConfigMap) error {
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	if cm.Data["colour"] == "" {
		cm.Data["colour"] = "white"
	}
	return nil
}

// ValidateCreate implements admission.Validator.
func (taste) ValidateCreate(_ context.Context, cm *corev1.ConfigMap) (admission.Warnings, error) {
	if cm.Data["colour"] == "mauve" {
		return nil, errors.New("mauve is out of the question")
	}
	return nil, nil
}

// ValidateUpdate implements admission.Validator.
func (t taste) ValidateUpdate(ctx context.Context, _, cm *corev1.ConfigMap) (admission.Warnings, error) {
	return t.ValidateCreate(ctx, cm)
}

// ValidateDelete implements admission.Validator.
func (taste) ValidateDelete(_ context.Context, cm *corev1.ConfigMap) (admission.Warnings, error) {
	if cm.Data["colour"] == "gold" {
		return nil, apierrors.NewConflict(corev1.Resource("configmaps"), cm.Name, errors.New("gold is kept"))
	}
	return nil, nil
}

// tasteful registers the webhooks with a manager that serves them, and with the
// server, for the world's namespace.
func (w *world) tasteful(mgr manager.Manager, h *hooks) {
	w.Helper()
	w.must(builder.WebhookManagedBy(mgr, &corev1.ConfigMap{}).WithDefaulter(taste{}).WithValidator(taste{}).Complete())
	rules := []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.OperationAll},
		Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
	here := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.ns}}
	at := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{URL: new(h.url + path), CABundle: h.ca}
	}
	w.temporary(
		&admissionv1.MutatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: w.ns},
			Webhooks: []admissionv1.MutatingWebhook{{
				Name: "default.example.io", ClientConfig: at("/mutate--v1-configmap"), Rules: rules, NamespaceSelector: here,
				SideEffects: new(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
			}},
		},
		&admissionv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: w.ns},
			Webhooks: []admissionv1.ValidatingWebhook{{
				Name: "validate.example.io", ClientConfig: at("/validate--v1-configmap"), Rules: rules, NamespaceSelector: here,
				SideEffects: new(admissionv1.SideEffectClassNone), AdmissionReviewVersions: []string{"v1"},
			}},
		})
}

// temporary creates cluster-scoped objects that go with the trial.
func (w *world) temporary(objects ...client.Object) {
	w.Helper()
	w.create(objects...)
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the trial's has ended
		defer cancel()
		for _, o := range objects {
			if err := w.direct.Delete(ctx, o); err != nil {
				w.Error(err)
			}
		}
	})
}

// judged waits until both webhooks are in force. While a webhook does not answer,
// or is not known to the server yet, a dry run says so.
func (w *world) judged() {
	w.Helper()
	w.eventually("the webhooks", func() error {
		probe := w.configMap("probe")
		if err := w.direct.Create(w.ctx, probe, client.DryRunAll); err != nil {
			return err
		}
		if probe.Data["colour"] != "white" {
			return errors.New("the mutating one is not asked")
		}
		err := w.direct.Create(w.ctx, w.configMap("probe", "colour", "mauve"), client.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), "mauve") {
			return fmt.Errorf("the validating one is not asked: %v", err)
		}
		return nil
	})
}

func TestWebhooksChangeAndRefuseWhatAControllerWrites(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		h := newHooks(x)
		mgr := w.manager(h.serve)
		w.tasteful(mgr, h)
		stop := w.start(mgr)
		w.judged()
		c := mgr.GetClient()

		a := w.configMap("a")
		x.must(c.Create(x.ctx, a))
		x.saw("defaulted", pairs(a.Data))
		var cached corev1.ConfigMap
		w.eventually("the cache", func() error { return c.Get(x.ctx, w.key("a"), &cached) })
		x.saw("cached", pairs(cached.Data))

		err := c.Create(x.ctx, w.configMap("b", "colour", "mauve"))
		x.sawError("a creation that is refused", err)
		x.saw("which is Forbidden", apierrors.IsForbidden(err))
		cached.Data["colour"] = "mauve"
		x.sawError("an update that is refused", c.Update(x.ctx, &cached))
		cached.Data["colour"] = "gold"
		x.must(c.Update(x.ctx, &cached))
		err = c.Delete(x.ctx, &cached)
		x.sawError("a deletion that is refused", err)
		x.saw("which is a Conflict", apierrors.IsConflict(err))
		x.saw("left", w.names(w.direct, client.InNamespace(w.ns)))

		// Without its webhooks the server takes no write.
		stop()
		x.saw("without webhooks", apierrors.IsInternalError(c.Create(x.ctx, w.configMap("c"))))
	})
}

// A reconciler whose write a webhook refuses fails, is asked again, and gets there
// once what is wanted is allowed.
func TestAReconcilerThatAWebhookRefusesIsAskedAgain(t *testing.T) {
	prove(t, func(x *trial) {
		w := newWorld(x, nil)
		h := newHooks(x)
		mgr := w.manager(h.serve)
		w.tasteful(mgr, h)
		var answers journal
		paint := reconcile.Func(func(ctx context.Context, r request) (reconcile.Result, error) {
			var cm corev1.ConfigMap
			if err := mgr.GetClient().Get(ctx, r.NamespacedName, &cm); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			if cm.Data["colour"] == cm.Data["wanted"] {
				answers.note("%s is %s", cm.Name, cm.Data["colour"])
				return reconcile.Result{}, nil
			}
			cm.Data["colour"] = cm.Data["wanted"]
			err := mgr.GetClient().Update(ctx, &cm)
			if err != nil && !apierrors.IsConflict(err) {
				answers.note("%v", err)
			}
			return reconcile.Result{}, err
		})
		w.controller(mgr, "refused", controller.Options{Reconciler: paint}, w.configMapEvents(mgr))
		w.start(mgr)
		w.judged()
		w.create(w.configMap("a", "wanted", "mauve"))
		x.saw("refused", answers.awaitCount(x, 3)[0])
		w.patch(w.configMap("a"), `{"data":{"wanted":"blue"}}`)
		answers.awaitLine(x, "a is blue")
		var cm corev1.ConfigMap
		x.must(w.direct.Get(x.ctx, w.key("a"), &cm))
		x.saw("on the server", pairs(cm.Data))
	})
}
