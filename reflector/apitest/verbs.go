package apitest

import (
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// get answers a GET of one object, or of its status, which is the object too.
func (x *exchange) get() error {
	if rv, err := parseVersion(x.req.Query.Get("resourceVersion")); err != nil {
		return err
	} else if err := x.s.waitFor(x.r.Context(), rv); err != nil {
		return err
	}
	rec, err := x.s.find(x.table, x.req.Namespace, x.req.Name)
	if err != nil {
		return err
	}
	return x.object(http.StatusOK, rec)
}

func (x *exchange) create() error {
	d, err := x.document()
	if err != nil {
		return err
	}
	rec, err := x.s.create(x.table, x.req.Namespace, d)
	if err != nil {
		return err
	}
	return x.object(http.StatusCreated, rec)
}

func (x *exchange) update() error {
	d, err := x.document()
	if err != nil {
		return err
	}
	if err := adoptNamespace(x.table.res, x.req.Namespace, &d.meta); err != nil {
		return err
	}
	switch d.meta.Name {
	case x.req.Name:
	case "":
		return apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s based on URL) was undeterminable: name must be provided", x.req.Name))
	default:
		return apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s) does not match the name on the URL (%s)", d.meta.Name, x.req.Name))
	}
	return x.put(func(*document) (*document, error) { return d, nil })
}

func (x *exchange) patch() error {
	body, err := x.body("application/merge-patch+json")
	if err != nil {
		return err
	}
	change, err := decodeValue(body)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	return x.put(func(old *document) (*document, error) { return x.table.patched(old, change) })
}

// put stores what change makes of the object, or of its status.
func (x *exchange) put(change func(old *document) (*document, error)) error {
	rec, err := x.s.update(x.table, x.req.Namespace, x.req.Name, func(old *document) (*document, error) {
		next, err := change(old)
		if err != nil {
			return nil, err
		}
		return x.table.owned(old, next, x.req.Subresource), nil
	})
	if err != nil {
		return err
	}
	return x.object(http.StatusOK, rec)
}

// delete answers with a Status that says which life of the object ended, as
// most resources of a real server do, or with the object if it stays.
func (x *exchange) delete() error {
	options, err := x.deleteOptions()
	if err != nil {
		return err
	}
	rec, gone, err := x.s.remove(x.table, x.req.Namespace, x.req.Name, options)
	if err != nil {
		return err
	}
	if !gone {
		return x.object(http.StatusOK, rec)
	}
	res := x.table.res
	x.answer(http.StatusOK, x.form.value(&metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess,
		Details:  &metav1.StatusDetails{Name: rec.meta.Name, Group: res.Group, Kind: res.Resource, UID: rec.meta.UID},
	}))
	return nil
}

// deleteCollection deletes what a list with the same options shows, and answers with
// that list.
func (x *exchange) deleteCollection() error {
	options, err := x.deleteOptions()
	if err != nil {
		return err
	}
	p, err := x.page()
	if err != nil {
		return err
	}
	for _, rec := range p.items {
		if _, _, err := x.s.remove(x.table, rec.meta.Namespace, rec.meta.Name, options); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return x.writeList(p)
}

// deleteOptions reads the options in the request's body, or those in its query if it
// has none.
func (x *exchange) deleteOptions() (options metav1.DeleteOptions, err error) {
	body, err := x.body("application/json")
	if err != nil {
		return options, err
	}
	if len(body) > 0 {
		err = json.Unmarshal(body, &options)
	} else {
		err = internalscheme.ParameterCodec.DecodeParameters(x.req.Query, metav1.SchemeGroupVersion, &options)
	}
	if err != nil {
		return options, apierrors.NewBadRequest(err.Error())
	}
	return options, nil
}

// document reads the object in the request's body.
func (x *exchange) document() (*document, error) {
	body, err := x.body("application/json")
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(body)
	if err != nil {
		return nil, unreadable(x.table.res.Kind, err, body)
	}
	return d, nil
}
