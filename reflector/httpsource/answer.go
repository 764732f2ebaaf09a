package httpsource

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
)

const (
	// maxErrorBody is how much of an answer that is an error is read.
	maxErrorBody = 64 << 10

	// quotedBody is how much of an answer that is not the API's is quoted.
	quotedBody = 200
)

// hints says what to set after some answers that name no object.
var hints = map[int]string{
	http.StatusNotFound:         "check httpsource.Config.Group, Version and Resource, and whether the server has that resource, such as by its CustomResourceDefinition",
	http.StatusUnauthorized:     "set httpsource.Config.Client to one whose transport sends credentials that the server knows",
	http.StatusMethodNotAllowed: "check httpsource.Config.Resource, and give an object a namespace if its resource has them, and none otherwise",
}

// statusError makes an error of an answer that is not what was asked for: the
// Status that the server sent, or one that says what came instead.
func statusError(resp *http.Response, to target) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came will do
	wait := retryAfterHeader(resp.Header.Get("Retry-After"), time.Now())
	var err error
	hint := hints[resp.StatusCode]
	if status := anyStatusIn(body); status != nil && status.Status != metav1.StatusSuccess {
		complete(status, resp.StatusCode, wait)
		if status.Details != nil && status.Details.Name != "" {
			hint = "" // the resource is right
		}
		err = failureOf(status)
	} else {
		other := apierrors.NewGenericServerResponse(resp.StatusCode, to.method, to.resource, "", "", wait, true)
		other.ErrStatus.Message = describeAnswer(resp, body)
		err = other
	}
	if hint != "" {
		err = fmt.Errorf("%w: %s", err, hint)
	}
	return err
}

// describeAnswer describes an answer that is no Status. A real server gives one
// for groups and versions that it does not know.
func describeAnswer(resp *http.Response, body []byte) string {
	answer := fmt.Sprintf("the answer is %d %s with %s", resp.StatusCode, http.StatusText(resp.StatusCode), contentType(resp))
	switch {
	case isBinary(resp) && resp.StatusCode == http.StatusOK:
		return answer + ", which is not decoded for this type: let nothing change the header Accept on its way (httpsource.Config.Client)"
	case quotable(resp):
		answer += fmt.Sprintf(": %q", quote(body))
	}
	if resp.StatusCode == http.StatusNotFound {
		return answer
	}
	return answer + ", and no answer of the API: check the address (httpsource.Config.BaseURL) and what is in between"
}

// quotable reports whether the body of resp may stand in a log. What comes with
// a code of success may be an object, if it is no web page; that of a redirect
// shows where it leads to, which may have a token in it.
func quotable(resp *http.Response) bool {
	return resp.StatusCode >= 400 && !isBinary(resp) || resp.StatusCode < 300 && strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
}

// statusIn returns the Status that raw is, nil if it is none.
func statusIn(raw []byte) *metav1.Status {
	var status metav1.Status
	_ = json.Unmarshal(raw, &status) // a field of a wrong type leaves the others
	if status.Kind != "Status" {
		return nil
	}
	return soon(&status)
}

// soon is status without a time to wait that is none.
func soon(status *metav1.Status) *metav1.Status {
	if d := status.Details; d != nil {
		d.RetryAfterSeconds = max(0, d.RetryAfterSeconds)
	}
	return status
}

// anyStatusIn returns the Status that raw is in any encoding, nil if it is none.
func anyStatusIn(raw []byte) *metav1.Status {
	if bytes.HasPrefix(raw, []byte(magic)) {
		return protobufStatusIn(raw)
	}
	if bytes.HasPrefix(raw, []byte(selfDescribed)) {
		return cborStatusIn(raw)
	}
	return statusIn(raw)
}

// statusInstead is the error of a Status that came instead of what was asked
// for, in an answer that pretends success.
func statusInstead(status *metav1.Status, of string) error {
	if status.Status == metav1.StatusSuccess {
		return fmt.Errorf("the answer is a Status that reports success, and no %s: check the address (httpsource.Config.BaseURL) and what is in between", of)
	}
	return failureOf(status)
}

// failureOf is the error that a Status is, with a message in any case.
func failureOf(status *metav1.Status) error {
	if status.Message == "" {
		status.Message = fmt.Sprintf("a Status without a message, with the reason %q and the code %d", status.Reason, status.Code)
	}
	return &apierrors.StatusError{ErrStatus: *status}
}

// complete fills in what the body of an answer left to its header.
func complete(status *metav1.Status, code, wait int) {
	if status.Code == 0 && code >= 400 {
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

// retryAfterHeader reads the header in both of its forms, as seconds from now,
// no more than fit into a Status. What is neither, or past, is 0.
func retryAfterHeader(header string, now time.Time) int {
	header = strings.TrimSpace(header)
	var seconds float64
	if at, err := http.ParseTime(header); err == nil {
		seconds = math.Ceil(at.Sub(now).Seconds())
	} else if strings.Trim(header, "0123456789") == "" {
		seconds, _ = strconv.ParseFloat(header, 64) // +Inf when out of range
	}
	return int(max(0, min(seconds, math.MaxInt32)))
}

// contentType names the type of an answer.
func contentType(resp *http.Response) string {
	if t := resp.Header.Get("Content-Type"); t != "" {
		return fmt.Sprintf("%.80q", t)
	}
	return "no content type"
}

// quote is the beginning of body.
func quote(body []byte) string {
	body = bytes.TrimSpace(body)
	return string(body[:min(len(body), quotedBody)])
}

// strayFields are the fields of an object that nobody asked for, as JSON, each with
// a comma before it: what is needed to know a Status that came instead of
// something else.
type strayFields []byte

// read consumes the value of key.
func (f *strayFields) read(s *scanner, key []byte) error {
	name, err := json.Marshal(string(key))
	if err != nil {
		return err
	}
	raw, err := s.checked()
	if err == nil && len(*f)+len(name)+len(raw) < maxErrorBody {
		*f = append(append(append(append(*f, ','), name...), ':'), raw...)
	}
	return err
}

// status is the Status that f is all but the kind of, nil if it is none.
func (f strayFields) status(kind string) *metav1.Status {
	name, err := json.Marshal(kind)
	if err != nil || len(f) == 0 {
		return nil
	}
	return statusIn(append(append(append([]byte(`{"kind":`), name...), f...), '}'))
}
