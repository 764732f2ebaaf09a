package operatorstest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/informant-go/informant/examples/operators/application"
)

// front asks the webhooks, as an API server does before it stores or shows an object.
type front interface {
	// admit returns obj as it would be stored in the place of old, nil for a new
	// object, or why it is refused.
	admit(ctx context.Context, old, obj client.Object) (client.Object, error)
	// convert makes into, of which the type is given, of the object from.
	convert(ctx context.Context, from, into client.Object) error
}

// server is the front of a server that asks by itself. Nothing is stored.
type server struct{ client client.Client }

func (s server) admit(ctx context.Context, old, obj client.Object) (client.Object, error) {
	obj = obj.DeepCopyObject().(client.Object)
	if old == nil {
		return obj, s.client.Create(ctx, obj, client.DryRunAll)
	}
	there := old.DeepCopyObject().(client.Object)
	for {
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(old), there); err != nil {
			return nil, err
		}
		obj.SetResourceVersion(there.GetResourceVersion())
		if err := s.client.Update(ctx, obj, client.DryRunAll); !apierrors.IsConflict(err) {
			return obj, err
		}
	}
}

// convert stores from under a name of its own, since a server converts what is stored.
func (s server) convert(ctx context.Context, from, into client.Object) error {
	from = from.DeepCopyObject().(client.Object)
	from.SetName("convert-" + string(uuid.NewUUID()))
	from.SetResourceVersion("")
	if err := s.client.Create(ctx, from); err != nil {
		return err
	}
	err := s.client.Get(ctx, client.ObjectKeyFromObject(from), into)
	return errors.Join(err, s.client.Delete(ctx, from))
}

// reviewer asks in the place of a server that does not.
type reviewer struct {
	scheme   *runtime.Scheme
	webhooks *application.Webhooks
	client   *http.Client
}

func newReviewer(scheme *runtime.Scheme, w *application.Webhooks) *reviewer {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.Authority)
	return &reviewer{scheme: scheme, webhooks: w, client: &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}}
}

func (r *reviewer) admit(ctx context.Context, old, obj client.Object) (client.Object, error) {
	request := &admissionv1.AdmissionRequest{UID: uuid.NewUUID(), Operation: admissionv1.Create}
	if old != nil {
		request.Operation = admissionv1.Update
		raw, err := r.encode(old)
		if err != nil {
			return nil, err
		}
		request.OldObject.Raw = raw
	}
	raw, err := r.encode(obj)
	if err != nil {
		return nil, err
	}
	request.Object.Raw = raw
	mutated, err := r.review(ctx, application.MutatePath, request)
	if err != nil {
		return nil, err
	}
	stored := obj.DeepCopyObject().(client.Object)
	if err := patch(stored, mutated.Patch); err != nil {
		return nil, err
	}
	if request.Object.Raw, err = r.encode(stored); err != nil {
		return nil, err
	}
	_, err = r.review(ctx, application.ValidatePath, request)
	return stored, err
}

// patch applies the additions of a JSON patch, all that the defaults of an Application need.
func patch(obj client.Object, raw []byte) error {
	var operations []struct {
		Op, Path string
		Value    any
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &operations); err != nil {
		return err
	}
	fields := map[string]any{}
	for _, o := range operations {
		name, ok := bytes.CutPrefix([]byte(o.Path), []byte("/spec/"))
		if o.Op != "add" || !ok {
			return fmt.Errorf("the webhook patches %s %s", o.Op, o.Path)
		}
		fields[string(name)] = o.Value
	}
	encoded, err := json.Marshal(map[string]any{"spec": fields})
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, obj)
}

// review sends a review, and returns the answer, or why it is no.
func (r *reviewer) review(ctx context.Context, path string, request *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	review := admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	}
	if err := r.post(ctx, path, review, &review); err != nil {
		return nil, err
	}
	switch {
	case review.Response == nil || review.Response.UID != request.UID:
		return nil, fmt.Errorf("%s answered %+v", path, review.Response)
	case !review.Response.Allowed:
		return nil, fmt.Errorf("%s denied the request: %s", path, review.Response.Result.Message)
	}
	return review.Response, nil
}

// conversionReview is ConversionReview of apiextensions.k8s.io/v1.
type conversionReview struct {
	metav1.TypeMeta `json:",inline"`

	Request struct {
		UID               string            `json:"uid"`
		DesiredAPIVersion string            `json:"desiredAPIVersion"`
		Objects           []json.RawMessage `json:"objects"`
	} `json:"request,omitzero"`
	Response struct {
		UID              string            `json:"uid"`
		ConvertedObjects []json.RawMessage `json:"convertedObjects"`
		Result           metav1.Status     `json:"result"`
	} `json:"response,omitzero"`
}

func (r *reviewer) convert(ctx context.Context, from, into client.Object) error {
	gvk, err := apiutil.GVKForObject(into, r.scheme)
	if err != nil {
		return err
	}
	raw, err := r.encode(from)
	if err != nil {
		return err
	}
	review := conversionReview{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "ConversionReview"}}
	review.Request.UID = string(uuid.NewUUID())
	review.Request.DesiredAPIVersion = gvk.GroupVersion().String()
	review.Request.Objects = []json.RawMessage{raw}
	if err := r.post(ctx, application.ConvertPath, review, &review); err != nil {
		return err
	}
	if answer := review.Response; answer.Result.Status != metav1.StatusSuccess || len(answer.ConvertedObjects) != 1 {
		return fmt.Errorf("%s: %s", application.ConvertPath, answer.Result.Message)
	}
	return json.Unmarshal(review.Response.ConvertedObjects[0], into)
}

// encode is obj with its kind, as a server sends it.
func (r *reviewer) encode(obj client.Object) ([]byte, error) {
	gvk, err := apiutil.GVKForObject(obj, r.scheme)
	if err != nil {
		return nil, err
	}
	obj = obj.DeepCopyObject().(client.Object)
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	return json.Marshal(obj)
}

func (r *reviewer) post(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.webhooks.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
