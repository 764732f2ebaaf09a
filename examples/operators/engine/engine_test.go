package engine_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/informant-go/informant/clientgo/bridge"
	"github.com/informant-go/informant/clientgo/controllerruntime"
	"github.com/informant-go/informant/examples/operators/engine"
)

// What the other tests run on is what they say.
func TestAnEngineIsTheOneThatItSays(t *testing.T) {
	var o manager.Options
	engine.Ours.Manager(&o)
	informer := o.Cache.NewInformer(&cache.ListWatch{}, &corev1.Pod{}, 0, nil)
	if got := bridge.EngineOf(informer); got != bridge.EngineInformant {
		t.Errorf("the informers of ours are %s's", got)
	}
	limiter := workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]()
	queue := engine.Ours.Controller().NewQueue("test", limiter)
	defer queue.ShutDown()
	if _, ours := queue.(controllerruntime.PriorityQueue[reconcile.Request]); !ours {
		t.Errorf("the queue of ours is a %T", queue)
	}
	o = manager.Options{}
	engine.Stock.Manager(&o)
	if o.Cache.NewInformer != nil || engine.Stock.Controller().NewQueue != nil {
		t.Error("stock is not as controller-runtime has it")
	}
}

func TestAnEngineThatThereIsNot(t *testing.T) {
	var e engine.Engine
	if err := e.Set("other"); err == nil || !strings.Contains(err.Error(), "ours") || e != "" {
		t.Errorf("it is %q, the error is %v", e, err)
	}
	for _, each := range engine.All {
		if err := e.Set(string(each)); err != nil || e.String() != string(each) {
			t.Errorf("%s becomes %s, %v", each, e, err)
		}
	}
}
