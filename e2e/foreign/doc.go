// Command foreign runs tests of others on this library's engine, and on client-go's to
// compare: client-go's own tests of tools/cache and util/workqueue, and the unit tests of
// Kubernetes' controllers.
//
//	GOWORK=off go -C e2e run ./foreign -suite client-go
//	GOWORK=off go -C e2e run ./foreign -suite controllers -packages deployment,job
//	GOWORK=off go -C e2e run ./foreign -suite controllers -write
//
// The sources are those in the Go module cache, of the versions that e2e's go.mod names.
// Copies with other import lines are made at run time in a temporary folder, and the go
// command is shown them by -overlay; nothing of them is kept. The first build takes
// minutes.
//
// # How
//
// client-go's tests are in the packages that they test. A copy of them becomes a package
// of this module that has the names of clientgo/cache, or clientgo/workqueue, by a dot
// import. What does not compile there wants something unexported of client-go and cannot
// apply: it is left out, with the name that it wants. Declarations are left out one by
// one, and with each those that need it, so that the rest of a file runs. shims.go says in
// public words what some tests say in unexported ones without need. Other packages, which
// use these two, are copied whole, with other import lines. Client-go's side is the
// unchanged package.
//
// A controller's test has the controller and its tests as they are, but for the import
// lines of the two packages, and for constructors of informer factories, for which those
// of package wrapped stand in. This is done to all of k8s.io/kubernetes/pkg/controller.
//
// # What it says
//
// A test counts with its subtests. One that passes on client-go's engine and not on ours
// is a fault, and the command fails, unless it is listed with a reason in exceptions.go;
// one that is listed and passes makes it fail too. A test that fails is tried again alone,
// -again times, on both engines alike, and the report says so. With -write the tables go
// into README.md, beside this file.
package main
