// Package fifotest is the conformance suite of deltafifo.Queue: what an
// informer may rely on, whatever queue it is given.
//
//	func TestQueue(t *testing.T) {
//		fifotest.Run(t, func(c fifotest.Config) (deltafifo.Queue[*fifotest.Object], error) {
//			return mine.NewQueue(c.Transform, c.Bound)
//		}, nil)
//	}
//
// The suite plays producer and consumer, and looks at what the consumer's
// store goes through rather than at deltas, so that a queue that tells lists
// key by key and one that tells them whole pass the same file. The name of a
// subtest begins with the guarantee that it is about, see package deltafifo.
package fifotest
