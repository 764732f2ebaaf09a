// Package operators is the root of a module of example programs: two operators on
// controller-runtime and a program like a kubelet, each on the engine of this library
// or on client-go's, which a flag chooses. README.md says how to run them.
//
//	cmd/memcached, cmd/application, cmd/kubeletlike   the programs
//	memcached/     a Memcached is a Deployment of some size
//	application/   an Application is a Deployment, a Service and a ConfigMap
//	kubeletlike/   the pods of a node run here
//	operator/      what both operators do: manager, definitions, owned objects
//	engine/        which engine it is
//	program/       flags, and a server of its own for who has none
//	stage/         that server, and the players of the controllers that it lacks
//	operatorstest/ what each program has to live through, on any server
//
// The module is in go.work: its requirements are those of clientgo/controllerruntime,
// so that it steers nobody's versions.
package operators
