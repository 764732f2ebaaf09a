package controllerruntime

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	informantcache "github.com/informant-go/informant/clientgo/cache"
)

func pointer(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// Cache sets the constructor of the informers, and nothing else.
func TestCacheSetsTheInformersAlone(t *testing.T) {
	o := manager.Options{
		LeaderElectionID: "mine",
		Cache:            cache.Options{SyncPeriod: new(time.Hour), DefaultNamespaces: map[string]cache.Config{"mine": {}}},
	}
	Cache(&o)
	if pointer(o.Cache.NewInformer) != pointer(informantcache.NewSharedIndexInformer) {
		t.Error("the informers are not this library's")
	}
	if _, ok := o.Cache.DefaultNamespaces["mine"]; !ok || *o.Cache.SyncPeriod != time.Hour || o.LeaderElectionID != "mine" {
		t.Errorf("something else has changed: %+v", o)
	}
}

// A constructor that is set already stays, and that is said.
func TestCacheKeepsAConstructorThatIsSet(t *testing.T) {
	var log bytes.Buffer
	klog.LogToStderr(false)
	klog.SetOutput(&log)
	defer klog.LogToStderr(true)
	calls := 0
	o := manager.Options{Cache: cache.Options{
		NewInformer: func(toolscache.ListerWatcher, runtime.Object, time.Duration, toolscache.Indexers) toolscache.SharedIndexInformer {
			calls++
			return nil
		},
	}}
	Cache(&o)
	o.Cache.NewInformer(nil, nil, 0, nil)
	klog.Flush()
	if calls != 1 {
		t.Error("the constructor that was set is gone")
	}
	if !strings.Contains(log.String(), "NewInformer already") || !strings.HasPrefix(log.String(), "E") {
		t.Errorf("logged is %q, expected an error that names NewInformer", log.String())
	}
}

// No options are a mistake that is named.
func TestCacheNeedsOptions(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "manager.Options") {
			t.Errorf("nil gives %v", r)
		}
	}()
	Cache(nil)
}

// captureLog returns what klog writes until the end of the test.
func captureLog(t *testing.T) func() string {
	t.Helper()
	var log bytes.Buffer
	klog.LogToStderr(false)
	klog.SetOutput(&log)
	t.Cleanup(func() {
		klog.SetOutput(io.Discard)
		klog.LogToStderr(true)
	})
	return func() string { klog.Flush(); return log.String() }
}
