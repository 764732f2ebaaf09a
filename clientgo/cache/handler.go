package cache

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/informant-go/informant/clientgo/internal/listwatch"
	"github.com/informant-go/informant/informer"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
)

// AddEventHandler implements client-go's SharedInformer.
func (s *sharedInformer) AddEventHandler(handler ResourceEventHandler) (ResourceEventHandlerRegistration, error) {
	return s.AddEventHandlerWithOptions(handler, HandlerOptions{})
}

// AddEventHandlerWithResyncPeriod implements client-go's SharedInformer.
func (s *sharedInformer) AddEventHandlerWithResyncPeriod(handler ResourceEventHandler, resyncPeriod time.Duration) (ResourceEventHandlerRegistration, error) {
	return s.AddEventHandlerWithOptions(handler, HandlerOptions{ResyncPeriod: &resyncPeriod})
}

// AddEventHandlerWithOptions implements client-go's SharedInformer. A nil
// handler is an error, where client-go's would panic at the first event.
func (s *sharedInformer) AddEventHandlerWithOptions(handler ResourceEventHandler, options HandlerOptions) (ResourceEventHandlerRegistration, error) {
	if listwatch.IsNil(handler) {
		return nil, fmt.Errorf("informer of %s was given a nil handler: pass one, such as cache.ResourceEventHandlerFuncs", s.parts.expect.description)
	}
	if s.stopped.Load() {
		return nil, s.notAdded(handlerName(handler))
	}
	reg, err := s.engine.AddHandler(eventHandler{handler}, informer.HandlerOptions{
		Name:         handlerName(handler),
		ResyncPeriod: s.handlerResync(options),
		Logger:       ptr.Deref(options.Logger, klog.Background()),
	})
	if err != nil {
		return nil, err
	}
	return s.register(reg)
}

// register remembers the handler of reg until it is removed, or the informer has ended.
func (s *sharedInformer) register(reg *informer.Registration[any]) (ResourceEventHandlerRegistration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		reg.Remove()
		return nil, s.notAdded(reg.Name())
	}
	s.handlers[reg] = struct{}{}
	return &registration{owner: s, engine: reg}, nil
}

func (s *sharedInformer) notAdded(name string) error {
	return fmt.Errorf("handler %s was not added to shared informer because it has stopped already", name)
}

// remove removes a handler.
func (s *sharedInformer) remove(reg *informer.Registration[any]) {
	s.mu.Lock()
	delete(s.handlers, reg)
	s.mu.Unlock()
	reg.Remove()
}

// shutHandlers removes all handlers after the end, so that who waits for one that is
// shut down goes on.
func (s *sharedInformer) shutHandlers() {
	s.mu.Lock()
	handlers := s.handlers
	s.ended, s.handlers = true, nil
	s.mu.Unlock()
	for reg := range handlers {
		reg.Remove()
	}
}

// never is the engine's resync period for a handler that wants none.
const never = -1

// handlerResync is the period that a handler asks for. As in client-go an
// informer that was made without resyncs does none, and a period below 0 is
// shorter than the informer's: the handler gets that one.
func (s *sharedInformer) handlerResync(options HandlerOptions) time.Duration {
	period := ptr.Deref(options.ResyncPeriod, s.resyncPeriod)
	if period == 0 {
		return never
	}
	if s.resyncPeriod <= 0 {
		logger := ptr.Deref(options.Logger, klog.Background())
		logger.Info("Warning: the handler gets no resyncs: its informer was made without a resync period", "type", s.parts.expect.description, "desired", period)
		return never
	}
	if period < 0 {
		return s.resyncPeriod
	}
	return period
}

// RemoveEventHandler implements client-go's SharedInformer. It does nothing
// for a handler that is gone, or another informer's.
func (s *sharedInformer) RemoveEventHandler(handle ResourceEventHandlerRegistration) error {
	reg, ok := handle.(*registration)
	if !ok {
		return fmt.Errorf("invalid key type %T: pass to the informer of %s what its AddEventHandler returned", handle, s.parts.expect.description)
	}
	if reg != nil && reg.owner == s {
		s.remove(reg.engine)
	}
	return nil
}

// registration is client-go's ResourceEventHandlerRegistration.
type registration struct {
	owner  *sharedInformer
	engine *informer.Registration[any]
}

// HasSynced implements client-go's ResourceEventHandlerRegistration.
func (r *registration) HasSynced() bool { return r.engine.HasSynced() }

// HasSyncedChecker implements client-go's ResourceEventHandlerRegistration.
func (r *registration) HasSyncedChecker() DoneChecker {
	return done{
		name: r.owner.HasSyncedChecker().Name() + " + event handler " + r.engine.Name(),
		done: r.engine.Synced(),
	}
}

// ShutdownChan is closed when the handler was removed, or the informer has ended,
// and its last callback has returned. client-go's ShutDownEventHandler asks for this method.
func (r *registration) ShutdownChan() <-chan struct{} { return r.engine.Done() }

// eventHandler tells a handler of client-go what an informer of ours tells.
type eventHandler struct{ handler ResourceEventHandler }

// OnEvent implements informer.Handler.
func (h eventHandler) OnEvent(_ context.Context, event informer.Event[any]) {
	switch event.Type {
	case informer.EventAdd:
		h.handler.OnAdd(event.Object, event.Reason == informer.ReasonInitial)
	case informer.EventUpdate:
		h.handler.OnUpdate(event.Old, event.Object)
	case informer.EventDelete:
		h.handler.OnDelete(deleted(event))
	}
}

// deleted is what OnDelete gets: a missed deletion comes as client-go's
// tombstone.
func deleted(event informer.Event[any]) any {
	if event.FinalStateUnknown {
		return tombstone(event.Key, event.Object)
	}
	return event.Object
}

// handlerName names a handler by its type, and one made of functions by where
// those are from.
func handlerName(handler ResourceEventHandler) string {
	switch h := handler.(type) {
	case ResourceEventHandlerFuncs:
		return funcsName(h, h.AddFunc, h.UpdateFunc, h.DeleteFunc)
	case *ResourceEventHandlerFuncs:
		return funcsName(h, h.AddFunc, h.UpdateFunc, h.DeleteFunc)
	case ResourceEventHandlerDetailedFuncs:
		return funcsName(h, h.AddFunc, h.UpdateFunc, h.DeleteFunc)
	case *ResourceEventHandlerDetailedFuncs:
		return funcsName(h, h.AddFunc, h.UpdateFunc, h.DeleteFunc)
	}
	t := reflect.TypeOf(handler)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// funcsName is the common qualifier of the functions, or their names.
func funcsName(handler any, funcs ...any) string {
	var names []string
	qualifiers := map[string]bool{}
	for _, f := range funcs {
		value := reflect.ValueOf(f)
		if value.IsNil() {
			continue
		}
		name := runtime.FuncForPC(value.Pointer()).Name()
		names = append(names, name)
		qualifiers[name[:max(strings.LastIndexByte(name, '.'), 0)]] = true
	}
	switch {
	case len(names) == 0:
		return fmt.Sprintf("%T", handler)
	case len(qualifiers) == 1:
		return names[0][:max(strings.LastIndexByte(names[0], '.'), 0)]
	}
	return strings.Join(names, "+")
}
