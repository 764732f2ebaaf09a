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
//
// # Other versions
//
// The server is of the version of Kubernetes that the module of the test requires. With
// the environment variable INFORMANT_SERVER_MODULE it is built in another module, which
// names the same program as a tool and requires another version, such as
// e2e/kubernetes134:
//
//	INFORMANT_SERVER_MODULE=kubernetes134 GOWORK=off go -C e2e test -timeout 60m ./pipeline
//
// What such a server does not have, a test asks for with KubernetesVersion, and says
// that it is skipped.
package realserver
