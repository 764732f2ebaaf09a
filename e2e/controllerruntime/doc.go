// Package controllerruntime tests that an unchanged controller-runtime manager
// works on this module's engines: its informers are those of
// clientgo/controllerruntime's Cache, and the queue of its controller is that
// of its NewQueue.
package controllerruntime
