package informertest_test

import (
	"testing"

	"github.com/informant-go/informant/informer/informertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// I1, I2, I3, I4, I5, I6, I8, I9 over the default queue.
func TestSharedIndexInformer(t *testing.T) {
	informertest.Run(t, informertest.New, nil)
}

// The same over a queue that tells lists and resyncs key by key.
func TestSharedIndexInformerOverADeltaFIFO(t *testing.T) {
	informertest.Run(t, informertest.NewWithDeltaFIFO, nil)
}
