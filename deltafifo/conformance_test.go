package deltafifo_test

import (
	"testing"

	"github.com/informant-go/informant/deltafifo"
	"github.com/informant-go/informant/deltafifo/fifotest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestInOrderKeepsTheGuarantees runs the suite of F1 to F6.
func TestInOrderKeepsTheGuarantees(t *testing.T) {
	fifotest.Run(t, func(c fifotest.Config) (fifotest.Queue, error) {
		return deltafifo.NewInOrder(deltafifo.Options[*fifotest.Object]{
			Transform: c.Transform,
			Bound:     c.Bound,
		})
	}, nil)
}

// TestDeltaFIFOKeepsTheGuarantees runs the suite of F1 to F6.
func TestDeltaFIFOKeepsTheGuarantees(t *testing.T) {
	fifotest.Run(t, func(c fifotest.Config) (fifotest.Queue, error) {
		return deltafifo.NewDeltaFIFO(deltafifo.Options[*fifotest.Object]{
			Transform:    c.Transform,
			Bound:        c.Bound,
			KnownObjects: c.KnownObjects,
		})
	}, nil)
}
