// Package informertest is the conformance suite of shared informers: what a
// user may rely on, whatever engine is below.
//
//	func TestInformer(t *testing.T) {
//		informertest.Run(t, func(c informertest.Config) (informertest.Informer, error) {
//			return informertest.New(c)
//		}, nil)
//	}
//
// The suite plays the server, of which it sees to every change, and the
// handlers, each of which is an oracle: it rebuilds the objects from its events
// alone, finds fault with each event that does not fit, and is compared with
// the server when everything has come to rest. Each subtest runs in virtual
// time. Its name begins with the guarantee that it is about, see package
// informer.
package informertest
