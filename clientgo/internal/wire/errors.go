package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// asClients is err of httpsource, which names the request, as client-go's clients return it:
// an error of the server is the *apierrors.StatusError alone, one of a request that nothing
// has answered a *url.Error.
func asClients(err error, r request, answered bool) error {
	var status *apierrors.StatusError
	switch {
	case errors.As(err, &status):
		return status
	case err == nil, answered, isOver(err):
		return err
	}
	cause := errors.Unwrap(err)
	if cause == nil {
		cause = err
	}
	return &url.Error{Op: "Get", URL: r.url, Err: cause}
}

// isOver reports whether err is that of a context.
func isOver(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isUnreadable reports whether err, of a list that was answered, says that httpsource cannot
// read the answer. An error of the server is an answer, and one that ends early is none.
func isUnreadable(err error) bool {
	var status *apierrors.StatusError
	var network net.Error
	return !errors.As(err, &status) && !errors.As(err, &network) && !isOver(err) &&
		!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, reflector.ErrSilent)
}

// endsEarly reports whether client-go takes err, of a watch that could not be opened, for
// the end of one that was.
func endsEarly(err error) bool { return utilnet.IsProbableEOF(err) || utilnet.IsTimeout(err) }

// maxRetries is how often client-go's requests are repeated when a server asks for it.
const maxRetries = 10

// retried calls send, again as often as the server asks for that and retries allows, with
// the pauses that it asks for, as client-go's requests do.
func retried(ctx context.Context, send func() (again bool, err error)) error {
	for retries := 0; ; retries++ {
		again, err := send()
		pause, asked := askedPause(err)
		if !again || !asked || retries == maxRetries {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// askedPause is the pause after which a server wants to be asked again.
func askedPause(err error) (time.Duration, bool) {
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return 0, false
	}
	seconds, asked := apierrors.SuggestsClientDelay(status)
	code := status.ErrStatus.Code
	return time.Duration(seconds) * time.Second, asked && seconds > 0 && (code == http.StatusTooManyRequests || code >= 500)
}
