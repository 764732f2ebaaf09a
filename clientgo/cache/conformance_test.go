package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"testing"

	"github.com/informant-go/informant/clientgo/cache"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/informer/informertest"
	"github.com/informant-go/informant/reflector"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	upstream "k8s.io/client-go/tools/cache"
)

type object = informertest.Object

// TestInformersConform runs the suite of our informers over both engines,
// through client-go's interface.
func TestInformersConform(t *testing.T) {
	type build = func(upstream.ListerWatcher, upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer
	for name, c := range map[string]struct {
		make  build
		known informertest.Known
	}{
		"client-go": {func(lw upstream.ListerWatcher, o upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer {
			return upstream.NewSharedIndexInformerWithOptions(lw, &object{}, o)
		}, clientGoKnown},
		"informant": {func(lw upstream.ListerWatcher, o upstream.SharedIndexInformerOptions) upstream.SharedIndexInformer {
			return cache.NewSharedIndexInformerWithOptions(lw, &object{}, o)
		}, oursKnown},
	} {
		t.Run(name, func(t *testing.T) {
			informertest.Run(t, func(config informertest.Config) (informertest.Informer, error) {
				indexers := upstream.Indexers{}
				for name, f := range config.Indexers {
					indexers[name] = func(obj any) ([]string, error) { return f(obj.(*object)) }
				}
				in := c.make(scripted{listWatchOf(config.Source)}, upstream.SharedIndexInformerOptions{ResyncPeriod: config.ResyncPeriod, Indexers: indexers})
				if config.Transform != nil {
					must(in.SetTransform(func(obj any) (any, error) { return config.Transform(obj.(*object)) }))
				}
				return conforming{in}, nil
			}, c.known)
		})
	}
}

// oursKnown is what client-go's interface asks for in another way, or cannot
// tell.
var oursKnown = informertest.Known{
	"I1/MissedChangesSayRelist":              noReasons,
	"I1/AListThatChangesNothingSendsNothing": "client-go repeats every object of a list",
	"I1/AnotherLifeIsDeleteAndAdd":           "client-go tells of an update, whatever the UID is",
	"Resync/SaysSo":                          noReasons,
	"I9/AnInformerRunsAgain":                 runsOnce,
	"I9/WhatAStopLeftIsToldByTheNextRun":     runsOnce,
	"I9/HandlersJoinBetweenRuns":             runsOnce,
	"I9/OneRunAtATime":                       "RunWithContext returns no error",
}

// clientGoKnown is what client-go does not give besides.
var clientGoKnown = func() informertest.Known {
	known := maps.Clone(oursKnown)
	known["I5/RemoveInACallbackMakesItTheLast"] = informertest.ByChance + "its run loop may take another event before it sees the end"
	known["I8/APanicInTheInitialListIsSkipped"] = "the event of the panic stays undelivered for the count of the initial list"
	return known
}()

const (
	noReasons = "callbacks have no reason"
	runsOnce  = "an informer of client-go runs once"
)

// conforming is an informer of client-go's interface as the suite wants it.
type conforming struct{ upstream.SharedIndexInformer }

var errRanBefore = errors.New("an informer of client-go runs once")

func (c conforming) Run(ctx context.Context) error {
	if c.IsStopped() {
		return errRanBefore
	}
	c.RunWithContext(ctx)
	return nil
}

func (c conforming) Synced() <-chan struct{} { return c.HasSyncedChecker().Done() }

func (c conforming) Get(key string) (*object, bool) {
	obj, exists, _ := c.GetStore().GetByKey(key)
	if !exists {
		return nil, false
	}
	return obj.(*object), true
}

func (c conforming) ByIndex(name, value string) ([]*object, error) {
	found, err := c.GetIndexer().ByIndex(name, value)
	var objs []*object
	for _, obj := range found {
		objs = append(objs, obj.(*object))
	}
	return objs, err
}

func (c conforming) Keys() []string { return c.GetStore().ListKeys() }

func (c conforming) AddHandler(h informer.Handler[*object], opts informer.HandlerOptions) (informertest.Registration, error) {
	options := upstream.HandlerOptions{}
	if opts.ResyncPeriod != 0 {
		period := max(opts.ResyncPeriod, 0)
		options.ResyncPeriod = &period
	}
	reg, err := c.AddEventHandlerWithOptions(&telling{to: h, last: map[string]*object{}}, options)
	if err != nil {
		return nil, err
	}
	return handle{reg, c}, nil
}

// handle is a registration of client-go's as the suite wants it.
type handle struct {
	upstream.ResourceEventHandlerRegistration
	informer conforming
}

func (h handle) Synced() <-chan struct{} { return h.HasSyncedChecker().Done() }
func (h handle) Remove()                 { must(h.informer.RemoveEventHandler(h.ResourceEventHandlerRegistration)) }
func (h handle) Done() <-chan struct{} {
	return h.ResourceEventHandlerRegistration.(interface{ ShutdownChan() <-chan struct{} }).ShutdownChan()
}

// telling is a handler of ours for client-go's callbacks, which do not say what
// the handler was given last.
type telling struct {
	to   informer.Handler[*object]
	last map[string]*object
}

func (h *telling) tell(e informer.Event[*object]) { h.to.OnEvent(context.Background(), e) }

func (h *telling) OnAdd(obj any, initial bool) {
	o := obj.(*object)
	e := informer.Event[*object]{Key: o.Namespace + "/" + o.Name, Object: o, Type: informer.EventAdd, Reason: informer.ReasonWatch}
	if initial {
		e.Reason = informer.ReasonInitial
	}
	h.last[e.Key] = o
	h.tell(e)
}

func (h *telling) OnUpdate(old, obj any) {
	o := obj.(*object)
	key := o.Namespace + "/" + o.Name
	h.last[key] = o
	h.tell(informer.Event[*object]{Key: key, Old: old.(*object), Object: o, Type: informer.EventUpdate, Reason: informer.ReasonWatch})
}

func (h *telling) OnDelete(obj any) {
	e := informer.Event[*object]{Type: informer.EventDelete, Reason: informer.ReasonWatch}
	if gone, missed := obj.(upstream.DeletedFinalStateUnknown); missed {
		e.Key, e.FinalStateUnknown = gone.Key, true
		e.Object, _ = gone.Obj.(*object)
	} else {
		e.Object = obj.(*object)
		e.Key = e.Object.Namespace + "/" + e.Object.Name
	}
	e.Old = h.last[e.Key]
	delete(h.last, e.Key)
	h.tell(e)
}

// listWatchOf makes client-go's source of one of ours.
func listWatchOf(source reflector.ListerWatcher[*object]) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			list := &metav1.PartialObjectMetadataList{}
			about, err := source.List(ctx, opts, func(p reflector.Part[*object]) error {
				for _, obj := range p.Items {
					list.Items = append(list.Items, *obj)
				}
				return nil
			})
			list.ListMeta = about
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			stream, err := source.Watch(ctx, opts)
			if err != nil {
				return nil, err
			}
			events := make(chan watch.Event)
			w := watch.NewProxyWatcher(events)
			go func() {
				<-w.StopChan()
				stream.Close()
			}()
			go pump(stream, events, w.StopChan())
			return w, nil
		},
	}
}

// pump moves events from our stream to client-go's watch.
func pump(stream reflector.Stream[*object], events chan<- watch.Event, stop <-chan struct{}) {
	defer close(events)
	for {
		e, err := stream.Next()
		event := watch.Event{Type: e.Type, Object: e.Object}
		var status apierrors.APIStatus
		switch {
		case errors.As(err, &status):
			s := status.Status()
			event = watch.Event{Type: watch.Error, Object: &s}
		case err == io.EOF:
			return
		case err != nil:
			panic(fmt.Sprintf("the suite's server: %v", err))
		}
		select {
		case events <- event:
		case <-stop:
			return
		}
		if err != nil {
			return
		}
	}
}
