// Package broken holds a work queue that is right but for one fault, which the
// test chooses. It tests the tests: a check that no fault makes fail proves
// nothing.
//
// It is not the queue of docs/naive/queue with faults put into it. A fault must not
// leave a goroutine that waits for ever, so that each wait here ends after a time,
// which a condition cannot; and the suite covers delays that the naive queue has
// not.
package broken

// Fault says what is wrong with a queue.
type Fault string

// The faults, by the guarantee that they break.
const (
	None Fault = "nothing is wrong"

	HandsOutTwice Fault = "Q1: an item that is added while processing is handed out at once"
	DoneDoubles   Fault = "Q1: Done of an item that waits makes it wait twice"

	MergesNothing  Fault = "Q2: an item that waits is added once more"
	LosesDirty     Fault = "Q2: an addition while processing is lost"
	GoesBackTwice  Fault = "Q2: an item added while processing goes back twice"
	AlwaysGoesBack Fault = "Q2: every item goes back after Done"
	LosesItems     Fault = "Q2: one of ten additions is lost"

	LastFirst         Fault = "Q3: the last item to become ready goes out first"
	TogetherReversed  Fault = "Q3: delays that end together end in reverse"
	DelaysInWholeDays Fault = "Q3: delays end together, whatever their length"

	EndsEarly         Fault = "Q4: a delay ends a nanosecond early"
	NoDelayIsLost     Fault = "Q4: an addition with no delay is lost"
	LatestCounts      Fault = "Q4: the latest of several delays counts"
	DelaysAddUp       Fault = "Q4: a second delay of an item is a delay of its own"
	AddTakesDelay     Fault = "Q4: an Add takes the pending delay with it"
	DelayWaitsForNone Fault = "Q4: a delay that ends while the item is being processed is lost"
	DelayOverflows    Fault = "Q4: a long delay ends at once"
	IgnoresLimiter    Fault = "Q4: AddRateLimited adds at once"
	NeverForgets      Fault = "Q4: Forget does nothing"

	AddsWhenDown          Fault = "Q5: items are added after ShutDown"
	DropsWhatWaits        Fault = "Q5: ShutDown drops what waits"
	LosesDirtyWhenDown    Fault = "Q5: after ShutDown nothing goes back"
	WakesOneWorker        Fault = "Q5: ShutDown wakes one worker"
	DrainsNothing         Fault = "Q5: ShutDownWithDrain does not wait"
	DrainsWhatIsProcessed Fault = "Q5: ShutDownWithDrain does not wait for what is queued"
	DoneEndsOneDrain      Fault = "Q5: the last Done ends one ShutDownWithDrain of several"
	DrainGoesOn           Fault = "Q5: ShutDown does not end ShutDownWithDrain"
	SecondIsIgnored       Fault = "Q5: a second ShutDown does not end ShutDownWithDrain"
	ShutDownOnlyOnce      Fault = "Q5: a second ShutDown panics"
	KeepsDelays           Fault = "Q5: delays are not dropped by ShutDown"
	SaysShutDownTooSoon   Fault = "Q5: Get says shutdown while items wait"

	GoesBackFirst Fault = "Q6: an item that goes back overtakes those that wait"

	SleepsOn      Fault = "Q7: of several workers that wait, one is woken for several items"
	ShutDownWaits Fault = "Q7: ShutDown waits for the workers"
	AddAfterWaits Fault = "Q7: AddAfter waits when there are many delays"
)
