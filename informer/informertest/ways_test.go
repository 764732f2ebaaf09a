package informertest_test

import (
	"context"
	"testing"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/informertest"
)

type object = *informertest.Object

// wrapping is an informer whose handlers are wrapped.
type wrapping struct {
	informertest.Informer
	wrap func(informer.Handler[object]) (informer.Handler[object], error)
}

func (w wrapping) AddHandler(h informer.Handler[object], o informer.HandlerOptions) (informertest.Registration, error) {
	h, err := w.wrap(h)
	if err != nil {
		return nil, err
	}
	return w.Informer.AddHandler(h, o)
}

func wrapped(wrap func(informer.Handler[object]) (informer.Handler[object], error)) informertest.Factory {
	return func(c informertest.Config) (informertest.Informer, error) {
		in, err := informertest.New(c)
		return wrapping{in, wrap}, err
	}
}

// each calls a handler with the events of a batch, one by one.
func each(h informer.Handler[object]) informer.BatchHandlerFunc[object] {
	return func(ctx context.Context, events []informer.Event[object]) {
		for _, e := range events {
			h.OnEvent(ctx, e)
		}
	}
}

// A handler of batches is given what any handler is; that it can do with a batch what
// it wants is all that differs.
func TestBatchedHandlers(t *testing.T) {
	known := map[int]informertest.Known{1: nil, informer.DefaultBatch: {
		"I5/RemoveInACallbackMakesItTheLast": "the call has three events",
		"I5/RemoveDoesNotWaitAndDoneDoes":    informertest.ByChance + "the call may have two events",
		"I8/APanicOfAHandlerHarmsNobodyElse": informertest.ByChance + "the call that panics may have all events",
		"I8/APanicInTheInitialListIsSkipped": "the call that panics has all events",
		"I9/NothingIsToldAfterRun":           informertest.ByChance + "the call that is running may have ten events",
	}}
	for most, known := range known {
		informertest.Run(t, wrapped(func(h informer.Handler[object]) (informer.Handler[object], error) {
			return informer.Batched(each(h), most)
		}), known)
	}
}

// A handler with one lane is given what any handler is.
func TestParallelHandlersWithOneLane(t *testing.T) {
	informertest.Run(t, wrapped(func(h informer.Handler[object]) (informer.Handler[object], error) {
		return informer.Parallel(1, h)
	}), nil)
}

// oneByOne is a handler that lanes may call. Their turns are a channel and no lock,
// for which virtual time would not wait.
type oneByOne struct {
	turn    chan struct{}
	handler informer.Handler[object]
}

func (o *oneByOne) OnEvent(ctx context.Context, e informer.Event[object]) {
	o.turn <- struct{}{}
	defer func() { <-o.turn }()
	o.handler.OnEvent(ctx, e)
}

// A handler with several lanes is, but for the order of different keys.
func TestParallelHandlers(t *testing.T) {
	informertest.Run(t, wrapped(func(h informer.Handler[object]) (informer.Handler[object], error) {
		return informer.Parallel(3, &oneByOne{make(chan struct{}, 1), h})
	}), informertest.Known{
		"I1/ARelistTellsDeletionsFirst":      informertest.ByChance + "a deletion and an addition are of different keys",
		"I5/RemoveInACallbackMakesItTheLast": informertest.ByChance + "other lanes are in a call too",
		"I5/RemoveDoesNotWaitAndDoneDoes":    informertest.ByChance + "other lanes are in a call too",
		"I9/NothingIsToldAfterRun":           informertest.ByChance + "other lanes are in a call too",
	})
}
