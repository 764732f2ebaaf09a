package informertest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/informant-go/informant/informer"
)

// oracle is a handler that believes its events and checks each against all
// before it.
type oracle struct {
	s    *suite
	name string
	in   Informer

	// before, if not nil, is called with each event first, without a lock.
	before func(informer.Event[*Object])

	busy atomic.Bool

	mu      sync.Mutex
	objects map[string]*Object
	events  []informer.Event[*Object]
}

// oracle makes a handler for in.
func (s *suite) oracle(name string, in Informer) *oracle {
	return &oracle{s: s, name: name, in: in, objects: map[string]*Object{}}
}

// OnEvent checks I1, I2 and I3 for one event.
func (o *oracle) OnEvent(_ context.Context, e informer.Event[*Object]) {
	if !o.busy.CompareAndSwap(false, true) {
		o.s.errorf("%s: two calls at once (I3)", o.name)
		return
	}
	defer o.busy.Store(false)
	if o.before != nil {
		o.before(e)
	}
	o.checkStore(e)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
	o.apply(e)
}

// apply checks that the event fits what this handler was told (I1).
func (o *oracle) apply(e informer.Event[*Object]) {
	known, exists := o.objects[e.Key]
	if wantExists := e.Type != informer.EventAdd; exists != wantExists {
		o.s.errorf("%s: %s, but it was there: %v (I1)", o.name, describe(e), exists)
		return
	}
	// An engine need not say what Old was for a Delete, but then nothing.
	if (e.Type == informer.EventUpdate || e.Type == informer.EventDelete && e.Old != nil) && describeObject(e.Old) != describeObject(known) {
		o.s.errorf("%s: %s, but it was given %s (I1)", o.name, describe(e), describeObject(known))
	}
	if e.Type == informer.EventDelete {
		delete(o.objects, e.Key)
		return
	}
	if e.Object == nil || "ns/"+e.Object.Name != e.Key {
		o.s.errorf("%s: %s has another object's key", o.name, describe(e))
		return
	}
	o.objects[e.Key] = e.Object
}

// checkStore checks that the store is at the event's state or a later one
// (I2).
func (o *oracle) checkStore(e informer.Event[*Object]) {
	stored, exists := o.in.Get(e.Key)
	if e.Type == informer.EventDelete {
		if exists && number(stored) <= number(e.Object) {
			o.s.errorf("%s: %s, but the store has %s (I2)", o.name, describe(e), describeObject(stored))
		}
		return
	}
	// What is not there was deleted since.
	if exists && number(stored) < number(e.Object) {
		o.s.errorf("%s: %s, but the store has %s (I2)", o.name, describe(e), describeObject(stored))
	}
}

// state returns the version of each object, as told.
func (o *oracle) state() map[string]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	state := make(map[string]string, len(o.objects))
	for key, obj := range o.objects {
		state[key] = obj.ResourceVersion
	}
	return state
}

// take returns the events since the last take.
func (o *oracle) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []string
	for _, e := range o.events {
		lines = append(lines, describe(e))
	}
	o.events = nil
	return lines
}

// expectState checks that the handler was told of exactly what the server
// holds.
func (o *oracle) expectState(when string, want map[string]string) {
	if got := o.state(); !maps.Equal(got, want) {
		o.s.errorf("%s: %s believes %v, the server has %v", when, o.name, got, want)
	}
}

// describe is an event as the suite's expectations write it: what happened, to
// which name, with which reason where that is not Watch.
func describe(e informer.Event[*Object]) string {
	line := fmt.Sprintf("%s %s", e.Type, e.Key)
	if e.Type == informer.EventUpdate && describeObject(e.Old) == describeObject(e.Object) {
		line += " unchanged"
	}
	if e.FinalStateUnknown {
		line += " unseen"
	}
	if e.Reason != informer.ReasonWatch {
		line += " " + e.Reason.String()
	}
	return line
}

func describeObject(obj *Object) string {
	if obj == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s@%s", obj.UID, obj.ResourceVersion)
}

func number(obj *Object) int {
	n, err := strconv.Atoi(obj.ResourceVersion)
	if err != nil {
		return -1
	}
	return n
}

// isNothing tells an update that changed nothing.
func isNothing(line string) bool { return strings.Contains(line, " unchanged") }

// withoutReasons cuts the reason off each event.
func withoutReasons(lines []string) []string {
	cut := make([]string, len(lines))
	for i, line := range lines {
		cut[i] = strings.TrimSuffix(line, " Relist")
	}
	return cut
}
