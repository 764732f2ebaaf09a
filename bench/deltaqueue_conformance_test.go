package bench

import (
	"testing"

	"github.com/informant-go/informant/deltafifo/fifotest"
)

// Why client-go's queues do not pass a subtest.
const (
	noBound     = "it has no bound"
	noContext   = "Pop waits without a context"
	doubleKey   = "a key that a list has twice comes twice"
	noItem      = "an object that is refused fails the whole list and is not named, and a nil one panics"
	noPages     = "the transform runs when the whole list is there"
	afterClose  = "producers are heard after Close"
	underLock   = "it processes under its lock, for which producers wait"
	noBookmarks = "it has no bookmarks"
	syncedEarly = "it counts as synced when the last of the list is taken out, not when that is processed"
)

// TestClientGoInOrderConformance says which of F1 to F6 client-go's RealFIFO
// keeps, set up as its informers do.
func TestClientGoInOrderConformance(t *testing.T) {
	fifotest.Run(t, func(c fifotest.Config) (fifotest.Queue, error) { return newForeignRealFIFO(c), nil }, fifotest.Known{
		"F2/LaterObjectOfAKeyCounts":          doubleKey,
		"F2/RefusedItemDoesNotFailItsPage":    noItem,
		"F3/BoundIsKept":                      noBound,
		"F3/ContextEndsTheWaitForRoom":        noBound,
		"F6/CloseWakesProducers":              afterClose,
		"F6/ProducersAfterClose":              afterClose,
		"Pop/EndsWithItsContext":              noContext,
		"Transform/RefusedEventIsReported":    noItem,
		"Transform/PanicLeavesTheQueueUsable": noPages,
	})
}

// TestClientGoDeltaFIFOConformance says the same of its DeltaFIFO.
func TestClientGoDeltaFIFOConformance(t *testing.T) {
	fifotest.Run(t, func(c fifotest.Config) (fifotest.Queue, error) { return newForeignDeltaFIFO(c), nil }, fifotest.Known{
		"F1/BookmarkComesAfterWhatWasQueued":       noBookmarks,
		"F2/LaterObjectOfAKeyCounts":               doubleKey,
		"F2/RefusedItemDoesNotFailItsPage":         noItem,
		"F2/GoneWhileInHand":                       underLock,
		"F2/DeletedWhileInHand":                    underLock,
		"F2/ReplacedWhileInHand":                   underLock,
		"F3/ProducerDoesNotWaitForProcessing":      underLock,
		"F3/BoundIsKept":                           noBound,
		"F3/ContextEndsTheWaitForRoom":             noBound,
		"F4/NotSyncedBeforeProcessReturns":         syncedEarly,
		"F5/ResyncDoesNotOverwriteWhatIsProcessed": underLock,
		"F6/CloseWakesProducers":                   afterClose,
		"F6/ProducersAfterClose":                   afterClose,
		"Pop/EndsWithItsContext":                   noContext,
		"Transform/RefusedEventIsReported":         noItem,
		"Transform/PanicLeavesTheQueueUsable":      noPages,
	})
}
