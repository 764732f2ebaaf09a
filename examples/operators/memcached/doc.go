// Package memcached is an operator in the shape of the tutorial of operator-sdk: a
// Memcached has a size, and the operator keeps a Deployment of that size and says
// in the status which pods there are.
//
//	Memcached ──► Deployment (owned: goes with it) ──► pods
//	    ▲                                              │
//	    └── status.nodes, condition Ready ◄────────────┤
//	directory (a ConfigMap of the operator) ◄── names ─┘
//
// The directory lists the pods of all Memcacheds for whoever wants to connect. It
// belongs to no single one, so that nobody takes an entry out when its Memcached
// goes: that is what the finalizer is for.
//
//	types.go       the kind; memcached.yaml is its definition
//	reconciler.go  what is made of a Memcached
//	directory.go   the ConfigMap
//	status.go      what is said of it
//	setup.go       the operator
//	demo.go        the life of one, to look at
package memcached
