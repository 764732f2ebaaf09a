// Package queuetest is the conformance suite of work queues: what a producer
// and a worker may rely on, whatever queue they are given.
//
//	func TestQueue(t *testing.T) {
//		queuetest.Run(t, queuetest.Factory{
//			Queue: func() workqueue.Interface[string] { return mine.NewQueue() },
//		}, nil)
//	}
//
// There is a file of checks for each layer: the queue and its shutdown, the
// delays, the rate limits. A Factory without a layer leaves out its checks.
// Each check runs in virtual time and looks at the queue through its interface
// alone, so that ours, client-go's and controller-runtime's pass the same file.
// The name of a check begins with the guarantee that it is about, see package
// workqueue.
//
// What an implementation does not give is named in Known, and must then fail.
// A call that never returns fails its check as well, but leaves its goroutine
// behind.
package queuetest
