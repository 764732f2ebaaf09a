package reflector

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// quietly is an OnError.
func quietly(context.Context, error) {}

func cancelable(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// Options.Turn is asked for before each list, and told of its end, however it ends.
func TestEachListHasItsTurn(t *testing.T) {
	turns, under := 0, 0
	o := Options{Turn: func(context.Context) (func(), error) {
		turns++
		if under++; under > 1 {
			t.Error("a list begins before the one before has ended")
		}
		return func() { under-- }, nil
	}}
	sink := &tape{block: func(op string) {
		if op[:3] == "pag" && under != 1 {
			t.Errorf("%s without a turn", op)
		}
	}}
	p := play(t, o, sink,
		streams(added("a@1"), errors.New("cut")), // a stream that breaks
		after(errGone),                           // one that comes, and expires
		failing(errForbidden),                    // none
		answer{err: errUnavailable},              // pages that fail
		streams(streamA...))
	if p.holds() != "a@1 b@2" {
		t.Errorf("the sink holds %q after %v", p.holds(), p.requests)
	}
	if turns < 4 || under != 0 {
		t.Errorf("%d turns, %d of them not over", turns, under)
	}
}

// R5: a Reflector that is kept from listing says why it is not in step, and its Run
// ends with its context.
func TestAReflectorThatWaitsForItsTurnSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := must(New[*thing](&script{}, Options{Turn: func(ctx context.Context) (func(), error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}))
		ctx, cancel := cancelable(t)
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, &tape{}) }()
		<-time.After(time.Hour)
		if s := r.Status(); s.InStep || s.Cause != errQueues {
			t.Errorf("status: %+v", s)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}

// An error of Options.Turn is one of the list, which is tried again.
func TestATurnThatFailsIsTriedAgain(t *testing.T) {
	n := 0
	p := play(t, Options{DisableStreaming: true, Turn: func(context.Context) (func(), error) {
		if n++; n == 1 {
			return nil, errUnavailable
		}
		return func() {}, nil
	}}, &tape{}, listA, streams())
	if p.holds() != "a@1 b@2" || len(p.errs) != 1 {
		t.Errorf("the sink holds %q, errors: %v", p.holds(), p.errs)
	}
}
