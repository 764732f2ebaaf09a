package informer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/informant-go/informant/workqueue"
)

// keys is a queue without priorities.
type keys []string

func (k *keys) Add(key string) { *k = append(*k, key) }

// ranked is a queue with priorities.
type ranked struct{ keys }

func (r *ranked) AddPriority(key string, priority int) { r.Add(fmt.Sprint(key, " ", priority)) }

// The key of each event is added, with a priority by its reason where the queue has
// priorities.
func TestEnqueueAddsKeys(t *testing.T) {
	var plain keys
	var byReason, byOwn ranked
	handlers := make([]Handler[item], 3)
	errs := make([]error, 3)
	handlers[0], errs[0] = Enqueue(&plain, EnqueueOptions[item]{})
	handlers[1], errs[1] = Enqueue(&byReason, EnqueueOptions[item]{})
	handlers[2], errs[2] = Enqueue(&byOwn, EnqueueOptions[item]{Priority: func(e Event[item]) int { return int(e.Type) }})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, e := range []Event[item]{
		{Key: "a", Type: EventAdd, Reason: ReasonInitial},
		{Key: "b", Type: EventUpdate, Reason: ReasonWatch},
		{Key: "c", Type: EventDelete, Reason: ReasonRelist},
		{Key: "d", Type: EventUpdate, Reason: ReasonResync},
	} {
		for _, h := range handlers {
			h.OnEvent(t.Context(), e)
		}
	}
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(plain, want) {
		t.Errorf("without priorities %v, want %v", plain, want)
	}
	if want := []string{"a -100", "b 0", "c -100", "d -100"}; !slices.Equal(byReason.keys, want) {
		t.Errorf("by reason %v, want %v", byReason.keys, want)
	}
	if want := []string{"a 1", "b 2", "c 3", "d 2"}; !slices.Equal(byOwn.keys, want) {
		t.Errorf("by its own priority %v, want %v", byOwn.keys, want)
	}
}

// I2: what changes while the keys of the first list wait goes before them, and a
// worker that gets a key finds the state of the event in the store.
func TestI2EnqueueLetsChangesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		queue := workqueue.NewRateLimiting(workqueue.Options[string]{})
		h, err := Enqueue(queue, EnqueueOptions[item]{})
		if err != nil {
			t.Fatal(err)
		}
		add(t, in, h)
		running(t, in)
		source.list(t, 5, newItem("a", 1), newItem("b", 1), newItem("c", 1))
		source.update(t, newItem("c", 6))
		source.update(t, newItem("new", 7))
		source.remove(t, newItem("b", 8))
		queue.ShutDown()
		var got []string
		err = workqueue.Run(t.Context(), queue, 1, func(_ context.Context, key string) error {
			obj, exists, err := in.Indexer().GetByKey(key)
			if exists {
				key += " " + obj.ResourceVersion
			}
			got = append(got, key)
			return err
		}, workqueue.RunOptions[string]{})
		if want := []string{"ns/c 6", "ns/new 7", "ns/b", "ns/a 1"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("worked on %q (%v), want %q", got, err, want)
		}
	})
}

// A queue that is nil is refused.
func TestEnqueueRefusesNil(t *testing.T) {
	for name, queue := range map[string]Adder{
		"nil":         nil,
		"nil pointer": (*workqueue.RateLimitingQueue[string])(nil),
	} {
		if h, err := Enqueue(queue, EnqueueOptions[item]{}); h != nil || !errors.Is(err, ErrNoQueue) {
			t.Errorf("%s: %v, %v", name, h, err)
		}
	}
}

// changed is an item with something of each kind, changed by f.
func changed(f func(item)) item {
	obj := withUID(newItem("a", 1), "u")
	obj.Generation, obj.Labels, obj.Annotations = 1, map[string]string{"l": "1"}, map[string]string{"a": "1"}
	f(obj)
	return obj
}

func TestPredicates(t *testing.T) {
	const generation, label, annotation = 1, 2, 4
	predicates := map[int]Predicate[item]{
		generation: GenerationChanged[item],
		label:      LabelsChanged[item],
		annotation: AnnotationsChanged[item],
	}
	same := changed(func(item) {})
	for name, c := range map[string]struct {
		event Event[item]
		want  int
	}{
		"add":         {Event[item]{Type: EventAdd, Object: same}, generation | label | annotation},
		"delete":      {Event[item]{Type: EventDelete, Old: same, Object: same}, generation | label | annotation},
		"resync":      {Event[item]{Type: EventUpdate, Old: same, Object: same}, 0},
		"version":     {update(same, func(obj item) { obj.ResourceVersion = "2" }), 0},
		"generation":  {update(same, func(obj item) { obj.Generation = 2 }), generation},
		"label":       {update(same, func(obj item) { obj.Labels["l"] = "2" }), label},
		"no label":    {update(same, func(obj item) { obj.Labels = nil }), label},
		"annotation":  {update(same, func(obj item) { obj.Annotations["b"] = "" }), annotation},
		"another UID": {update(same, func(obj item) { obj.UID = "v" }), generation | label | annotation},
	} {
		var got int
		for bit, p := range predicates {
			if p(c.event) {
				got |= bit
			}
		}
		if got != c.want {
			t.Errorf("%s: %b passes, want %b", name, got, c.want)
		}
	}
}

func update(old item, f func(item)) Event[item] {
	return Event[item]{Type: EventUpdate, Old: old, Object: changed(f)}
}

func TestPredicatesAreCombined(t *testing.T) {
	yes := Predicate[item](func(Event[item]) bool { return true })
	no := Not(yes)
	for name, c := range map[string]struct {
		p    Predicate[item]
		want bool
	}{
		"nil":      {nil, true},
		"not":      {no, false},
		"not nil":  {Not[item](nil), false},
		"and":      {And(yes, yes), true},
		"and no":   {And(yes, no), false},
		"and none": {And[item](), true},
		"and nil":  {And(nil, no), false},
		"or":       {Or(no, yes), true},
		"or no":    {Or(no, no), false},
		"or none":  {Or[item](), false},
		"or nil":   {Or(no, nil), true},
	} {
		var q keys
		h, err := Enqueue(&q, EnqueueOptions[item]{When: c.p})
		if err != nil {
			t.Fatal(err)
		}
		h.OnEvent(t.Context(), Event[item]{Key: "a", Type: EventAdd, Reason: ReasonWatch})
		if got := len(q) == 1; got != c.want {
			t.Errorf("%s: passes %v, want %v", name, got, c.want)
		}
	}
}
