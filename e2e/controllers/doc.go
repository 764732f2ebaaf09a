// Package controllers runs controllers of Kubernetes itself against a real API server, on
// the informers of this library and on client-go's: Deployment, ReplicaSet, Job,
// EndpointSlice and the garbage collector, unchanged, from k8s.io/kubernetes. Their
// factory is wrapped by informerfactory.Wrap, and that is all that is done to them.
//
//	GOWORK=off go test ./controllers -v -controllers.engine informant
//
// There is no kubelet: the test says of each pod that it is ready or done. Both engines
// go through the same steps, each of which waits for one state of the server; -v tells how
// long each took.
package controllers
