// Package engine says whose informers and work queues a program runs on. It is
// the only place of an operator that knows: all else is the same on both.
package engine

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/controllerruntime"
)

// Engine is an engine by its name. It is a flag.Value, whose default has to be set.
type Engine string

const (
	// Ours is this library.
	Ours Engine = "ours"
	// Stock is client-go, and controller-runtime's queue.
	Stock Engine = "stock"
)

// All are the engines there are.
var All = []Engine{Ours, Stock}

// String implements flag.Value.
func (e *Engine) String() string { return string(*e) }

// Set implements flag.Value. The error names the engines there are.
func (e *Engine) Set(name string) error {
	switch Engine(name) {
	case Ours, Stock:
		*e = Engine(name)
		return nil
	}
	return fmt.Errorf("engine: there is no engine %q: choose one of %q", name, All)
}

// Manager puts the informers of a manager on e, before manager.New is given o.
func (e Engine) Manager(o *manager.Options) {
	if e == Ours {
		controllerruntime.Cache(o)
	}
}

// Controller puts the queue of a controller on e.
func (e Engine) Controller() controller.Options {
	if e == Ours {
		return controller.Options{NewQueue: controllerruntime.NewQueue[reconcile.Request]}
	}
	return controller.Options{}
}
