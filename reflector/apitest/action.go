package apitest

import (
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Action is what a Fault does to a request. It is made by the functions of
// this package; the zero Action does nothing, so that a Fault with it only
// counts.
type Action struct {
	effect effect
	after  int // frames before the effect; versions, for stale
	manner Manner
	delay  time.Duration

	// The answer, for respond.
	code        int
	contentType string
	body        []byte
	status      *metav1.Status
}

type effect int

const (
	none effect = iota
	// Instead of an answer, or before it.
	delay
	refuse
	respond
	// On the state that is answered.
	stale
	// Between the frames of the answer.
	cut
	stall
	slow
	// On one frame.
	duplicate
	malform
	disguise
	rewind
)

// Manner is how an answer is cut.
type Manner int

const (
	// Cleanly ends the answer as a server does that has nothing more to say:
	// the client reads io.EOF. A list that is cut so is no valid JSON.
	Cleanly Manner = iota
	// Abruptly closes the connection after a whole frame.
	Abruptly
	// MidFrame closes the connection in the middle of a frame.
	MidFrame
)

// Delay waits before anything else is done with the request. The wait ends
// early when the client goes away or the server closes.
func Delay(d time.Duration) Action { return Action{effect: delay, delay: d} }

// Refuse closes the connection without an answer. An http.Transport repeats a
// GET on its own if that happens on a connection that it has used before; the
// client of a pipe uses each connection once and reports every refusal.
func Refuse() Action { return Action{effect: refuse} }

// Fail answers with an HTTP status code and the Status that a server without
// more to say sends with it, such as 500 or 503.
func Fail(code int) Action {
	return FailWith(&metav1.Status{Code: int32(code), Reason: reasonOf(code), Message: http.StatusText(code)})
}

// FailWith answers with a Status, which is not changed from then on. Its code
// is the HTTP status code; Details.RetryAfterSeconds becomes the header
// Retry-After.
func FailWith(status *metav1.Status) Action { return Action{effect: respond, status: status} }

// TooManyRequests answers 429 and asks the client to wait for some seconds;
// without a Retry-After header when that is 0.
func TooManyRequests(retryAfterSeconds int) Action {
	const message = "The server has received too many requests, please try again later."
	return FailWith(&apierrors.NewTooManyRequests(message, retryAfterSeconds).ErrStatus)
}

// Gone answers as if the version that is asked for had been compacted: a
// list with 410, a watch with an ERROR event in a stream that then ends. The
// history itself is not touched; Server.Expire does that.
func Gone() Action {
	return FailWith(&apierrors.NewResourceExpired(messageListExpired).ErrStatus)
}

// HTML answers 200 with a web page, as a proxy does that wants a login.
func HTML() Action {
	const page = "<!DOCTYPE html>\n<html><body>Please log in.</body></html>\n"
	return Respond(http.StatusOK, "text/html; charset=utf-8", []byte(page))
}

// Respond answers with a body of any type. body is not changed from then on.
func Respond(code int, contentType string, body []byte) Action {
	return Action{effect: respond, code: code, contentType: contentType, body: body}
}

// Stale answers a list with the state and the resource version of some
// versions ago, as a server does whose watch cache lags behind, but no further
// back than the history goes. Lists at an exact version and continued lists
// are left as they are.
func Stale(versions int) Action { return Action{effect: stale, after: versions} }

// CutAfter cuts the answer after some frames: the events of a watch or the
// items of a list. After 0 frames the header has been sent and nothing else.
func CutAfter(frames int, how Manner) Action { return Action{effect: cut, after: frames, manner: how} }

// StallAfter falls silent after some frames, with the connection open: no
// event, no bookmark, no end at the timeout. It lasts until Server.Resume, a
// cut, the client's leaving or Close.
func StallAfter(frames int) Action { return Action{effect: stall, after: frames} }

// Slow waits before each frame, so that a list or the beginning of a watch
// takes as long as the test needs; what is written before reaches the client
// first. The wait ends early when the client goes away or the server closes.
func Slow(each time.Duration) Action { return Action{effect: slow, delay: each} }

// Duplicate sends the frame after the first frames twice.
func Duplicate(frames int) Action { return Action{effect: duplicate, after: frames} }

// Malformed sends no JSON instead of the frame after the first frames.
func Malformed(frames int) Action { return Action{effect: malform, after: frames} }

// WrongKind sends the frame after the first frames with another kind and API
// version. A list of a built-in resource, whose items have neither, gets
// another kind itself.
func WrongKind(frames int) Action { return Action{effect: disguise, after: frames} }

// Backwards sends the frame after the first frames with resource version 1.
func Backwards(frames int) Action { return Action{effect: rewind, after: frames} }

// reasonOf is the reason that a server gives with a code.
func reasonOf(code int) metav1.StatusReason {
	switch code {
	case http.StatusUnauthorized:
		return metav1.StatusReasonUnauthorized
	case http.StatusForbidden:
		return metav1.StatusReasonForbidden
	case http.StatusNotFound:
		return metav1.StatusReasonNotFound
	case http.StatusGone:
		return metav1.StatusReasonExpired
	case http.StatusTooManyRequests:
		return metav1.StatusReasonTooManyRequests
	case http.StatusInternalServerError:
		return metav1.StatusReasonInternalError
	case http.StatusServiceUnavailable:
		return metav1.StatusReasonServiceUnavailable
	case http.StatusGatewayTimeout:
		return metav1.StatusReasonTimeout
	}
	return metav1.StatusReasonUnknown
}
