package reflector

import (
	"errors"
	"io"
	"math"
	"net"
	"time"

	"github.com/informant-go/informant/internal/watchdog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// watchEnd is how a watch ended, or why it could not be opened.
type watchEnd struct {
	err     error
	how     verdict
	regular bool // the server ended it without an error
	cut     bool // this side did, for its silence
	opened  bool

	// lasted is the time since the request, silent that since the end of the
	// list that the watch began with.
	lasted, silent time.Duration

	// severed is set when the connection ended the watch, or this side did, and
	// no word of the server's.
	severed bool

	// brief is set for a watch of under a second; short if no answer of the
	// server was why; empty if that brought nothing at all and the server ended
	// it. repeats is set when maxShort in a row have brought nothing new.
	brief, short, empty, repeats bool

	// steady is set when the next watch may be opened at once, worked when
	// watches work.
	steady, worked bool
}

// endOf is the end of w by err.
func endOf[T any](w *openWatch[T], err error, now time.Time) watchEnd {
	end := watchEnd{err: err, opened: w.opened, lasted: now.Sub(w.began), silent: w.silent(now)}
	if cut := watchdog.Cut(w.ctx); cut != nil {
		end.err, end.cut = cut, true
	}
	end.how = judge(end.err)
	end.brief = w.opened && end.lasted < shortWatch
	end.short = end.brief && passing(end.how)
	end.regular = w.opened && end.err == io.EOF
	end.empty = end.short && !w.heard && end.regular
	end.severed = end.cut || isSevered(end.err)
	if end.regular && end.short && !w.progress {
		end.err = ErrVeryShortWatch
	}
	return end
}

// isSevered reports whether err is the end of a connection.
func isSevered(err error) bool {
	var network net.Error
	var status apierrors.APIStatus
	return !errors.As(err, &status) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network))
}

// verdict is the reason for a list that stands in for watches which ended so,
// and how many of them in a row it takes; "" when none does.
func (e *watchEnd) verdict(internalErrors *retryDeadline, now time.Time) (why RelistReason, soon int) {
	switch {
	case e.how == internal:
		if internalErrors.again(now) {
			return "", 0
		}
		return RelistInternal, 0
	case e.worked:
		return "", 0
	case e.how == refused:
		return RelistRefused, 1
	case e.empty || e.repeats:
		return RelistShort, 1
	case e.how == away:
		return RelistUnwatched, math.MaxInt
	}
	return RelistUnwatched, maxUnopened
}

// cause is what Status.Restarts calls the end.
func (e *watchEnd) cause() RestartCause {
	switch {
	case e.cut:
		return RestartCut
	case e.how == expired:
		return RestartExpired
	case e.how == tooLarge:
		return RestartTooLarge
	case e.how == internal:
		return RestartInternal
	case e.how == refused:
		return RestartRefused
	case e.how == away:
		return RestartUnreachable
	case e.empty || e.repeats:
		return RestartShort
	case e.regular:
		return RestartEnded
	}
	return RestartBroken
}
