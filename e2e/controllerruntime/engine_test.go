package controllerruntime

import (
	"flag"
	"testing"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/controllerruntime"
	ourqueue "github.com/informant-go/informant/clientgo/workqueue"
)

var chosenEngine = flag.String("engine", "both", "run the tests on this `engine`: stock, ours or both")

type (
	request  = reconcile.Request
	queue    = workqueue.TypedRateLimitingInterface[request]
	limiter  = workqueue.TypedRateLimiter[reconcile.Request]
	newQueue = func(controller string, l limiter) queue
)

// engine is what a manager's informers and its controllers' queues are.
type engine struct {
	name string
	// informers is what bridge.EngineOf says of a manager's informers.
	informers bridge.Engine
	// set makes a manager with these options run on the engine.
	set func(*manager.Options)
	// queue is for controller.Options.NewQueue; nil leaves it alone.
	queue newQueue
	// priorityQueue and plainQueue are what a controller that does, or does not,
	// UsePriorityQueue has, for a test that looks into it.
	priorityQueue, plainQueue newQueue
}

var engines = []engine{
	{
		name:      "stock",
		informers: bridge.EngineClientGo,
		set:       func(*manager.Options) {},
		priorityQueue: func(name string, l limiter) queue {
			return priorityqueue.New(name, func(o *priorityqueue.Opts[reconcile.Request]) { o.RateLimiter = l })
		},
		plainQueue: func(name string, l limiter) queue {
			return workqueue.NewTypedRateLimitingQueueWithConfig(l, workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Name: name})
		},
	},
	{
		name:          "ours",
		informers:     bridge.EngineInformant,
		set:           func(o *manager.Options) { controllerruntime.Cache(o) },
		queue:         controllerruntime.NewQueue[reconcile.Request],
		priorityQueue: controllerruntime.NewQueue[reconcile.Request],
		plainQueue: func(name string, l limiter) queue {
			return ourqueue.NewTypedRateLimitingQueueWithConfig(l, ourqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Name: name})
		},
	},
}

// chosen are the engines that the flag names.
func chosen(t *testing.T) []engine {
	t.Helper()
	if *chosenEngine == "both" {
		return engines
	}
	for _, e := range engines {
		if e.name == *chosenEngine {
			return []engine{e}
		}
	}
	t.Fatalf("-engine=%s is not stock, ours or both", *chosenEngine)
	return nil
}
