package apitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// owned gives each endpoint its part of an object that has a status: a write
// to the object keeps the old status, a write to the status keeps the rest.
// Only the version and the UID that the writer expects come along.
func (t *table) owned(old, next *document, subresource string) *document {
	if !t.res.Status {
		return next
	}
	if subresource == "" {
		return &document{kind: next.kind, apiVersion: next.apiVersion, meta: next.meta, fields: withStatus(next.fields, old.fields)}
	}
	result := &document{kind: next.kind, apiVersion: next.apiVersion, meta: old.meta, fields: withStatus(old.fields, next.fields)}
	result.meta.ResourceVersion, result.meta.UID = next.meta.ResourceVersion, next.meta.UID
	return result
}

// withStatus returns fields with the status of another object.
func withStatus(fields, from map[string]json.RawMessage) map[string]json.RawMessage {
	result := maps.Clone(fields)
	delete(result, statusField)
	if status, ok := from[statusField]; ok {
		result[statusField] = status
	}
	return result
}

// patched applies a JSON merge patch (RFC 7386) to an object.
func (t *table) patched(old *document, change any) (*document, error) {
	rec, err := old.record("")
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	rec.rv, err = parseVersion(old.meta.ResourceVersion)
	if err != nil {
		return nil, err
	}
	value, err := decodeValue(t.encode(nil, rec, rec.rv))
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	encoded, err := json.Marshal(mergePatch(value, change))
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	next, err := parseDocument(encoded)
	if err != nil {
		return nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
	}
	if next.meta.Name != old.meta.Name || t.res.Namespaced && next.meta.Namespace != old.meta.Namespace {
		return nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the name of the object (%s) does not match the name on the URL (%s)", next.meta.Name, old.meta.Name))
	}
	return next, nil
}

// mergePatch is MergePatch of RFC 7386, section 2.
func mergePatch(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged := map[string]any{}
	if fields, ok := target.(map[string]any); ok {
		maps.Copy(merged, fields)
	}
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = mergePatch(merged[name], value)
		}
	}
	return merged
}
