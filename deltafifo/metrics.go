package deltafifo

import "time"

// Metrics is told by Pop of each batch. It is called by the consumer's
// goroutine, under no lock, twice a batch; what a producer does costs no call.
// Between batches, Len and Age tell how a queue is.
type Metrics interface {
	// Taken is called before a batch is processed: it has n deltas, left
	// more wait, and the oldest of the batch has waited for age at most.
	Taken(n, left int, age time.Duration)

	// Processed is called after it: process took that long.
	Processed(n int, took time.Duration)
}
