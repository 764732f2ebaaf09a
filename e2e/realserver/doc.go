// Package realserver gives tests a real Kubernetes API server on a real etcd.
//
// Start runs one for a test; a Shared one serves all tests of a package:
//
//	var server realserver.Shared
//
//	func TestMain(m *testing.M) {
//		goleak.VerifyTestMain(realserver.StopAfter(m, &server))
//	}
//
//	func TestSomething(t *testing.T) {
//		s := server.Server(t)
//		ns := s.Namespace(t)
//		…
//	}
//
// The server is the program of e2e/apiserver in a process of its own, so that
// the race detector slows down and watches the test's side only. The first start
// in a test process builds it with the go command, which takes about five
// minutes if nothing of it is in the build cache and seconds otherwise; the
// executable is kept in the folder informant-e2e of the user's cache directory.
// A server ends with the process that started it, even if that is killed.
package realserver
