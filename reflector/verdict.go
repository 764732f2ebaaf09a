package reflector

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verdict is what an error of the source means for the reflector.
type verdict uint8

const (
	// transient: something that may pass, and whatever is not understood.
	// What is known stays valid; ask the same again, for a while.
	transient verdict = iota + 1
	// away: the server cannot be reached, or asks to come later. It would
	// not answer another request either.
	away
	// expired: the server has forgotten the version that was asked for.
	expired
	// tooLarge: the server has not reached the version that was asked for.
	tooLarge
	// internal: the server failed in itself (500); it may do so for this
	// version for ever.
	internal
	// refused: the server rejects the request as such.
	refused
)

// passing reports whether the same may be asked again.
func passing(v verdict) bool { return v == transient || v == away }

// outdated reports whether the version is the cause, and not what was asked for.
func outdated(v verdict) bool { return v == expired || v == tooLarge }

// judge classifies an error of List, Watch or Next.
func judge(err error) verdict {
	switch {
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		return expired
	case isTooLarge(err):
		return tooLarge
	}
	if _, ok := apierrors.SuggestsClientDelay(err); ok || unreachable(err) {
		return away
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return transient
	}
	return judgeStatus(err, status.Status())
}

// unreachable reports whether there was no connection to the server.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && op.Op == "dial"
}

func judgeStatus(err error, status metav1.Status) verdict {
	switch {
	// A 502 is an internal error to apimachinery too; here it is a server
	// that is away.
	case status.Code == 500, status.Code == 0 && apierrors.IsInternalError(err):
		return internal
	case apierrors.IsTooManyRequests(err):
		return away
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return transient
	// Who may ask says nothing about what was asked: the version stays good
	// for when the credentials are.
	case apierrors.IsUnauthorized(err), apierrors.IsForbidden(err):
		return transient
	case status.Code >= 400 && status.Code < 500:
		return refused
	}
	return transient
}

// isTooLarge reports whether the server says that the version is in its future.
// Servers before 1.19 said so in words only.
func isTooLarge(err error) bool {
	if apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return true
	}
	var status apierrors.APIStatus
	if !apierrors.IsTimeout(err) || !errors.As(err, &status) {
		return false
	}
	const words = "Too large resource version"
	if strings.Contains(status.Status().Message, words) {
		return true
	}
	if d := status.Status().Details; d != nil {
		for _, cause := range d.Causes {
			if cause.Message == words {
				return true
			}
		}
	}
	return false
}

// refusesStreaming reports whether err says that there are no streamed lists.
// Servers without them reject the options of such a list as invalid; others know
// no watch at all.
func refusesStreaming(err error) bool {
	return apierrors.IsInvalid(err) ||
		apierrors.IsBadRequest(err) ||
		apierrors.IsMethodNotSupported(err) ||
		apierrors.IsNotAcceptable(err) ||
		apierrors.IsUnsupportedMediaType(err)
}

// retryAfter is how long the server asks to wait, 0 when it does not.
func retryAfter(err error) time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	return time.Duration(max(0, seconds)) * time.Second
}
