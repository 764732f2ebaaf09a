package reflector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// The errors that servers give.
var (
	errGone        = apierrors.NewResourceExpired("too old resource version")
	errInvalid     = apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
	errNotFound    = apierrors.NewNotFound(schema.GroupResource{Resource: "things"}, "")
	errForbidden   = apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "", errors.New("no"))
	errBusy        = apierrors.NewTooManyRequests("later", 7)
	errUnavailable = apierrors.NewServiceUnavailable("down")
	errInternal    = apierrors.NewInternalError(errors.New("etcd"))
	errRefused     = fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
	errUndecodable = undecodableAt("11")
)

func undecodableAt(version string) error {
	return &DecodeError{Type: "thing", Key: "b", ResourceVersion: version, Event: watch.Modified, Err: errors.New("a number where a string should be")}
}

func tooLargeVersion() error {
	err := apierrors.NewTimeoutError("Too large resource version: 99, current: 10", 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}
	return err
}

// A full answer to a list at version 10, in pages and as a stream.
var (
	listA   = answer{items: ats("a@1", "b@2"), version: "10"}
	streamA = []any{added("a@1"), added("b@2"), listEnd("10")}
	listB   = answer{items: ats("a@1", "c@12"), version: "20"}
)

// after is a stream that begins with the list at version 10.
func after(steps ...any) answer { return streams(append(slices.Clone(streamA), steps...)...) }

type armCase struct {
	name    string
	opts    Options
	fail    func() func(op string) error
	answers []answer

	requests []string
	sink     []string
	holds    string
	stats    Stats // compared without LastError
}

// paged are the options under which a list is asked for in pages at once.
var (
	paged   = Options{DisableStreaming: true}
	fromAny = Options{DisableStreaming: true, FirstListAnyVersion: true}
)

// failOnce makes a sink's fail, which fails the first time that each of the
// ops comes. Each run of a case takes a fresh one.
func failOnce(pairs ...any) func() func(string) error {
	return func() func(string) error {
		errs := map[string]error{}
		for i := 0; i < len(pairs); i += 2 {
			errs[pairs[i].(string)] = pairs[i+1].(error)
		}
		return func(op string) error {
			err := errs[op]
			delete(errs, op)
			return err
		}
	}
}

// Each arm of the machine, with what it asks of the source, when, and what the
// sink sees. It proves R1, R2, R3 and R4 case by case.
func TestEachWayOfGoingOnIsOneArm(t *testing.T) {
	for _, c := range slices.Concat(streamingCases, listingCases, watchingCases) {
		t.Run(c.name, func(t *testing.T) {
			sink := &tape{}
			if c.fail != nil {
				sink.fail = c.fail()
			}
			p := play(t, c.opts, sink, c.answers...)
			if diff := cmp.Diff(c.requests, p.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if c.sink != nil {
				if diff := cmp.Diff(c.sink, p.tape.log); diff != "" {
					t.Errorf("sink (-want +got):\n%s", diff)
				}
			}
			if got := p.holds(); got != c.holds {
				t.Errorf("the sink holds %q, want %q", got, c.holds)
			}
			stats := p.Stats()
			if (stats.LastError != nil) != (len(p.errs) > 0) {
				t.Errorf("LastError is %v after %d errors", stats.LastError, len(p.errs))
			}
			stats.LastError = nil
			if diff := cmp.Diff(c.stats, stats); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
			checkErrors(t, p.errs)
		})
	}
}

// checkErrors fails for an error that does not say whose it is.
func checkErrors(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		var e *Error
		if !errors.As(err, &e) || e.Reflector != "test" || !strings.Contains(err.Error(), "reflector test") || !strings.Contains(err.Error(), "*reflector.thing") {
			t.Errorf("error %q does not name reflector and type", err)
		}
	}
}
