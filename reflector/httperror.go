package reflector

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

const (
	// maxErrorBody is how much of an answer that is an error is read.
	maxErrorBody = 64 << 10

	// quotedBody is how much of an answer that is not the API's is quoted.
	quotedBody = 200
)

// statusError makes an error of an answer that is not what was asked for: the
// Status that the server sent, or one that says what came instead.
func statusError(resp *http.Response, resource schema.GroupResource) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	wait := retryAfterHeader(resp.Header.Get("Retry-After"), time.Now())
	if err := decodeStatus(body); err != nil && resp.StatusCode != http.StatusOK {
		complete(&err.ErrStatus, resp.StatusCode, wait)
		return err
	}
	err := apierrors.NewGenericServerResponse(resp.StatusCode, http.MethodGet, resource, "", quote(body), wait, true)
	err.ErrStatus.Message = fmt.Sprintf("GET %s: the answer is %s with %s and not one of an API server, check the address and what is in between: %q",
		resp.Request.URL.Redacted(), resp.Status, contentType(resp), quote(body))
	return err
}

// decodeStatus returns the error that body holds as a Status, nil if it is
// none.
func decodeStatus(body []byte) *apierrors.StatusError {
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil || status.Kind != "Status" || status.Status == metav1.StatusSuccess {
		return nil
	}
	return &apierrors.StatusError{ErrStatus: status}
}

// complete fills in what the body of an answer left to its header.
func complete(status *metav1.Status, code, wait int) {
	if status.Code == 0 {
		status.Code = int32(code)
	}
	if wait == 0 {
		return
	}
	if status.Details == nil {
		status.Details = &metav1.StatusDetails{}
	}
	if status.Details.RetryAfterSeconds == 0 {
		status.Details.RetryAfterSeconds = int32(wait)
	}
}

// retryAfterHeader reads the header in both of its forms, as seconds from now.
func retryAfterHeader(header string, now time.Time) int {
	if seconds, err := strconv.ParseInt(header, 10, 31); err == nil {
		return max(0, int(seconds))
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, int(at.Sub(now).Seconds()+0.999))
	}
	return 0
}

func contentType(resp *http.Response) string {
	if t := resp.Header.Get("Content-Type"); t != "" {
		return t
	}
	return "no content type"
}

// quote is the beginning of body.
func quote(body []byte) string {
	body = bytes.TrimSpace(body)
	return string(body[:min(len(body), quotedBody)])
}
