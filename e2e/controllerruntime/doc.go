// Package controllerruntime tests that an unchanged controller-runtime manager
// works on this module's engines: its informers are clientgo/cache's, through
// cache.Options.NewInformer, and the queue of its controller is
// clientgo/workqueue's, through controller.Options.NewQueue.
package controllerruntime
