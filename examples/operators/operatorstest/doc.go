// Package operatorstest has what each program of this module has to live through, on any
// server and on both engines: objects are created, scaled, broken and deleted.
//
//	line.go         the connection of one replica, which can be cut
//	world.go        the cluster around a program
//	memcached.go    Memcached, with two replicas
//	application.go  Application; front.go the webhooks, asked by a server or as one does
//	kubelet.go      Kubelet
//
// A test gives a Cluster: a server in memory, as in this module's tests, or a real one.
package operatorstest
