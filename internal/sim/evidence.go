package sim

import (
	"errors"
	"io"
	"math"
	"net"
	"slices"
	"time"

	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// clue is something that justifies a full list.
type clue string

const (
	sawExpired       clue = "410"
	sawTooLarge      clue = "a version in the future"
	sawBadEvent      clue = "an event that cannot be decoded"
	sawRefusedObject clue = "an event that was not stored"
	sawLower         clue = "a lower version"
	sawInternal      clue = "an internal error"
	sawRefusal       clue = "a watch that was refused"
	sawShort         clue = "very short watches"
	sawSilence       clue = "a silent watch"
	sawNoWatch       clue = "watches that did not work"
	sawNoVersion     clue = "a watch without a version"
)

// evidence is a clue that has been seen.
type evidence struct {
	clue clue
	at   time.Time
}

// witness notes that a clue was seen.
func (s *source) witness(c clue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.see(c)
}

// see is witness with mu held.
func (s *source) see(c clue) { s.evidence = append(s.evidence, evidence{c, time.Now()}) }

// judge notes the clues that the end of r gives; mu is held.
func (s *source) judge(r *request, err error) {
	var status apierrors.APIStatus
	switch {
	case err == nil:
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		s.see(sawExpired)
	case apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge):
		s.see(sawTooLarge)
	case !errors.As(err, &status):
	case status.Status().Code == 500:
		s.see(sawInternal)
	case status.Status().Code >= 400 && status.Status().Code < 500 && r.isWatch():
		s.see(sawRefusal)
	}
	if r.isWatch() && s.version == "" && !s.since.IsZero() {
		s.see(sawNoVersion)
	}
	if s.silent() {
		s.see(sawSilence)
	}
	if s.short() {
		s.see(sawShort)
	}
}

// came notes a version that the reflector was given; mu is held.
func (s *source) came(version string) {
	if s.version != "" && object.NewerVersion(s.version, version) {
		s.see(sawLower)
	}
	if version != "" {
		s.version = version
	}
	if s.highest != "" && object.NewerVersion(version, s.highest) {
		s.highest = version
	}
}

// silent reports whether the last watches brought nothing while they were open,
// together, for as long as one was asked to last; mu is held.
func (s *source) silent() bool {
	open, least := time.Duration(0), time.Duration(math.MaxInt64)
	for _, r := range slices.Backward(s.requests) {
		if !r.isWatch() {
			continue
		}
		open += r.open()
		least = min(least, r.timeout)
		switch {
		case r.news+r.marks > 0:
			return false
		case open >= least-2*time.Second:
			return true
		case r.kind == askStream && r.opened:
			return false
		}
	}
	return false
}

// unwatched reports whether three watches in a row did not work, or those of a
// minute, in this run; mu is held. A watch that the reflector closed, or whose
// version was the matter, says nothing about that; a streamed list that it closed
// before its end did not come.
func (s *source) unwatched() bool {
	n := 0
	for _, r := range slices.Backward(s.requests) {
		switch {
		case r.run != s.run:
			return false
		case !r.isWatch():
			continue
		case r.works():
			return false
		case r.err == errClosed && !r.ready.IsZero() || r.version != "" && ofVersion(r.err):
			continue
		}
		if n++; n == 3 || time.Since(r.at) >= time.Minute {
			return true
		}
	}
	return false
}

// works reports whether r brought something new, or was open for more than a
// second and did not end by an error of the server's.
func (r *request) works() bool {
	return r.fresh > 0 || r.opened && r.open() > time.Second && (r.err == errClosed || severed(r.err))
}

// severed reports whether err is the end of a connection.
func severed(err error) bool {
	var status apierrors.APIStatus
	var network net.Error
	return !errors.As(err, &status) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) ||
		errors.Is(err, reflector.ErrSilent))
}

// ofVersion reports whether err says that a version is gone, or too large.
func ofVersion(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// short reports whether the last watch was over at once and brought nothing at
// all, or five in a row nothing new; mu is held. One that the reflector closed at
// once says nothing about that.
func (s *source) short() bool {
	n := 0
	for _, r := range slices.Backward(s.requests) {
		switch {
		case !r.isWatch():
			continue
		case r.fresh > 0 || r.open() > time.Second:
			return false
		case r.err == errClosed:
			continue
		case r.opened && r.news+r.marks == 0:
			return true
		}
		if n++; n == 5 {
			return true
		}
	}
	return false
}
