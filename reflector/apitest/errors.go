package apitest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The messages of this file are those of kube-apiserver v1.37, which clients
// show to people and sometimes look into.
const (
	messageModified        = "the object has been modified; please apply your changes to the latest version and try again"
	messageListExpired     = "The resourceVersion for the provided list is too old."
	messageContinueExpired = "The provided continue parameter is too old " +
		"to display a consistent list result. You can start a new list without " +
		"the continue parameter, or use the continue token in this response to " +
		"retrieve the remainder of the results. Continuing with the provided " +
		"token results in an inconsistent list - objects that were created, " +
		"modified, or deleted between the time the first chunk was returned " +
		"and now may show up in the list."
)

// tooLarge answers a request for a version that is not there yet.
func tooLarge(wanted, current uint64) *apierrors.StatusError {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", wanted, current), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type:    metav1.CauseTypeResourceVersionTooLarge,
		Message: "Too large resource version",
	}}
	return err
}

// continueExpired answers a token whose version is gone, and hands out one
// for the rest of the list as it is now.
func continueExpired(startKey string) *apierrors.StatusError {
	err := apierrors.NewResourceExpired(messageContinueExpired)
	err.ErrStatus.Continue = continueToken{Version: -1, Start: startKey}.encode()
	return err
}

func watchExpired(rv, oldest uint64) *apierrors.StatusError {
	return apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", rv, oldest))
}

// anotherLife answers an update of another life of the object.
func anotherLife(res Resource, key, name, wanted, found string) *apierrors.StatusError {
	return apierrors.NewConflict(res.groupResource(), name, fmt.Errorf(
		"StorageError: invalid object, Code: 4, Key: %s, ResourceVersion: 0, AdditionalErrorMsg: "+
			"Precondition failed: UID in precondition: %s, UID in object meta: %s",
		res.storageKey(key), wanted, found))
}

// unknownPath answers a path that names nothing.
func unknownPath() *apierrors.StatusError {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, "", schema.GroupResource{}, "", "404: Page Not Found", 0, false)
}

// unknownMethod answers a method that a path does not have.
func unknownMethod() *apierrors.StatusError {
	return apierrors.NewGenericServerResponse(http.StatusMethodNotAllowed, "", schema.GroupResource{}, "", "405: Method Not Allowed", 0, false)
}

func unsupportedMediaType(accepted string) *apierrors.StatusError {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusUnsupportedMediaType,
		Reason:  metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: " + accepted,
	}}
}

// unreadable answers a body that is no object of the kind.
func unreadable(kind string, err error, body []byte) *apierrors.StatusError {
	const most = 30
	summary := "<empty>"
	if len(body) > 0 {
		shown := body[:min(len(body), most)]
		summary = string(shown)
		if body[0] != '{' {
			summary = hex.EncodeToString(shown)
		}
		if len(body) > most {
			summary += " ..."
		}
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the object provided is unrecognized (must be of type %s): %v (%s)", kind, err, summary))
}

// parseVersion reads a resource version; "" and "0" are 0.
func parseVersion(version string) (uint64, error) {
	if version == "" || version == "0" {
		return 0, nil
	}
	rv, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return 0, field.ErrorList{field.Invalid(field.NewPath("resourceVersion"), version, err.Error())}.ToAggregate()
	}
	return rv, nil
}

// asStatus is the answer that err stands for. An error that is no Status is
// an internal one without a reason, as in a real server.
func asStatus(err error) *metav1.Status {
	status := metav1.Status{Message: err.Error(), Code: http.StatusInternalServerError}
	if known := (*apierrors.StatusError)(nil); errors.As(err, &known) {
		status = known.ErrStatus
	}
	if status.Status == "" {
		status.Status = metav1.StatusFailure
	}
	if status.Code == 0 {
		status.Code = http.StatusInternalServerError
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return &status
}
