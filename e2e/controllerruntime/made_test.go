package controllerruntime

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/informant-go/informant/clientgo/bridge"
)

// made are the informers that a trial's managers have asked for.
type made struct {
	mu        sync.Mutex
	informers []toolscache.SharedIndexInformer // guarded by mu
}

// record makes a manager with these options, which run on an engine already, keep
// its informers here.
func (m *made) record(o *manager.Options) {
	inner := o.Cache.NewInformer
	if inner == nil {
		inner = toolscache.NewSharedIndexInformer // as controller-runtime
	}
	o.Cache.NewInformer = func(lw toolscache.ListerWatcher, obj runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
		informer := inner(lw, obj, resync, indexers)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.informers = append(m.informers, informer)
		return informer
	}
}

// all are the informers so far.
func (m *made) all() []toolscache.SharedIndexInformer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.informers
}

// check fails the trial, whose managers have ended, if an informer is of another
// engine or still runs. One that has not synced may never have been started.
func (m *made) check(x *trial) {
	x.Helper()
	for _, informer := range m.all() {
		if got := bridge.EngineOf(informer); got != x.engine.informers {
			x.Errorf("an informer is %s's", got)
		}
		if informer.HasSynced() && !informer.IsStopped() {
			x.Error("an informer runs on")
		}
	}
}
