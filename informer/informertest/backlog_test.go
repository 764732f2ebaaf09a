package informertest_test

import (
	"testing"

	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/informertest"
)

// backlogged is an informer whose handlers have a Backlog.
type backlogged struct {
	informertest.Informer
	backlog informer.Backlog
}

func (b backlogged) AddHandler(h informer.Handler[*informertest.Object], o informer.HandlerOptions) (informertest.Registration, error) {
	o.Backlog = b.backlog
	return b.Informer.AddHandler(h, o)
}

// I7: a handler with a Backlog that is large enough is given what any handler is,
// over either queue. One that coalesces, or whose bound is small, is not what the
// suite expects: the models have these.
func TestHandlersWithABacklog(t *testing.T) {
	for _, backlog := range []informer.Backlog{
		{Policy: informer.BacklogBackpressure, Bound: 10_000},
		{Policy: informer.BacklogFail, Bound: 10_000},
	} {
		for name, factory := range map[string]informertest.Factory{"InOrder": informertest.New, "DeltaFIFO": informertest.NewWithDeltaFIFO} {
			t.Run(backlog.String()+"/"+name, func(t *testing.T) {
				informertest.Run(t, func(config informertest.Config) (informertest.Informer, error) {
					in, err := factory(config)
					return backlogged{in, backlog}, err
				}, nil)
			})
		}
	}
}
