package informer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// history is the oracle of a fold: everything that was put into it and is not
// taken, from which it says anew each time what must wait.
type history struct {
	fold *fold[item]
	raw  []Event[item] // one that is superseded or taken has no type

	// live is what the store has, given what the handler has been told of.
	live, given map[string]item
	version     int
}

// I1, I7: for each key, what waits is what the handler lacks: the end of the life
// that it knows, and the state of the one that it does not, in the order in which
// that began to wait. So it is never more than the live keys and those that the
// handler was given and not told are gone.
func TestFoldHasWhatTheHandlerLacks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{fold: newFold[item](), live: map[string]item{}, given: map[string]item{}}
		t.Repeat(map[string]func(*rapid.T){
			"put":    h.put,
			"delete": h.remove,
			"resync": h.resync,
			"take":   h.take,
			"":       h.check,
		})
	})
}

func (h *history) tell(e Event[item]) {
	h.raw = append(h.raw, e)
	h.fold.put(&entry[item]{Event: e})
}

func (h *history) put(t *rapid.T) {
	key := names.Draw(t, "key")
	h.version++
	e := Event[item]{Key: key, Object: newItem(key, h.version), Type: EventAdd, Reason: ReasonWatch}
	if old, exists := h.live[key]; exists {
		e.Type, e.Old = EventUpdate, old
	} else if rapid.Bool().Draw(t, "initial") {
		e.Reason = ReasonInitial
	}
	h.live[key] = e.Object
	h.tell(e)
}

func (h *history) remove(t *rapid.T) {
	key := names.Draw(t, "key")
	old, exists := h.live[key]
	if !exists {
		t.Skip("not there")
	}
	h.version++
	delete(h.live, key)
	e := Event[item]{Key: key, Old: old, Object: newItem(key, h.version), Type: EventDelete, Reason: ReasonWatch}
	if rapid.Bool().Draw(t, "missed") {
		e.Object, e.Reason, e.FinalStateUnknown = old, ReasonRelist, true
	}
	h.tell(e)
}

func (h *history) resync(*rapid.T) {
	for _, key := range slices.Sorted(maps.Keys(h.live)) {
		obj := h.live[key]
		h.tell(Event[item]{Key: key, Old: obj, Object: obj, Type: EventUpdate, Reason: ReasonResync})
	}
}

// take tells the handler of the first event, and forgets what of the history that
// was about.
func (h *history) take(t *rapid.T) {
	want := h.wanted()
	e, ok := h.fold.take()
	if ok != (len(want) > 0) || ok && e.Event != want[0].Event {
		t.Fatalf("took %v, %v, want %v", line(e.Event), ok, lines(want))
	}
	if !ok {
		return
	}
	old, known := h.given[e.Key]
	if known == (e.Type == EventAdd) || known && old != e.Old {
		t.Fatalf("%s, but it was given %v", line(e.Event), old)
	}
	if h.given[e.Key] = e.Object; e.Type == EventDelete {
		delete(h.given, e.Key)
	}
	for i := range h.raw {
		if r := &h.raw[i]; r.Key == e.Key && r.Type != 0 && i <= want[0].end {
			r.Type = 0
		}
	}
}

// wantedEvent is an event that begins to wait at the place begin of the history,
// and that what follows up to end is merged into.
type wantedEvent struct {
	Event[item]
	begin, end int
}

// wanted says what must wait, from the whole history of each key.
func (h *history) wanted() (want []wantedEvent) {
	for _, key := range []string{"a", "b", "c", "d"} {
		want = append(want, h.wantedOf(key)...)
	}
	slices.SortFunc(want, func(a, b wantedEvent) int { return a.begin - b.begin })
	return want
}

func (h *history) wantedOf(key string) (want []wantedEvent) {
	var mine []int
	for i, e := range h.raw {
		if e.Key == key && e.Type != 0 {
			mine = append(mine, i)
		}
	}
	given, known := h.given[key]
	if known {
		if i := slices.IndexFunc(mine, func(i int) bool { return h.raw[i].Type == EventDelete }); i >= 0 {
			e := h.raw[mine[i]]
			e.Old = given
			want, mine = append(want, wantedEvent{e, mine[0], mine[i]}), mine[i+1:]
			known = false
		}
	}
	live, exists := h.live[key]
	if !exists || len(mine) == 0 {
		return want
	}
	last := mine[len(mine)-1]
	if known {
		e := Event[item]{Key: key, Old: given, Object: live, Type: EventUpdate, Reason: ReasonResync}
		for _, i := range mine {
			if r := h.raw[i].Reason; r != ReasonResync {
				e.Reason = r
			}
		}
		return append(want, wantedEvent{e, mine[0], last})
	}
	for !(h.raw[mine[0]].Type == EventAdd && !slices.ContainsFunc(mine[1:], func(i int) bool { return h.raw[i].Type == EventAdd })) {
		mine = mine[1:] // lives that the handler never learns of
	}
	e := h.raw[mine[0]]
	e.Object = live
	return append(want, wantedEvent{e, mine[0], last})
}

func (h *history) check(t *rapid.T) {
	want := h.wanted()
	var got []string
	for e := range h.fold.all() {
		got = append(got, line(e.Event))
	}
	if !slices.Equal(got, lines(want)) {
		t.Fatalf("there wait %q, want %q", got, lines(want))
	}
	if n := h.fold.events; n != len(want) || n != h.fold.waiting || n > len(h.live)+len(h.given) {
		t.Fatalf("%d events wait, for %d live keys and %d that were given", n, len(h.live), len(h.given))
	}
}

func lines(want []wantedEvent) (lines []string) {
	for _, w := range want {
		lines = append(lines, line(w.Event))
	}
	return lines
}

// I7: a burst that is over takes no memory, whether it was told or vanished, and
// what remains keeps its order and is merged into as before.
func TestFoldShrinks(t *testing.T) {
	event := func(i, version int, kind EventType) *entry[item] {
		e := &entry[item]{Event: Event[item]{Key: strconv.Itoa(i), Object: newItem("x", version), Type: kind}}
		if kind != EventAdd {
			e.Old = newItem("x", version-1)
		}
		return e
	}
	for name, empty := range map[string]func(*fold[item], int){
		"vanished": func(f *fold[item], i int) { f.put(event(i, 2, EventDelete)) },
		"told": func(f *fold[item], i int) {
			if e, ok := f.take(); !ok || e.Key != strconv.Itoa(i) {
				t.Fatalf("took %q, want %d", e.Key, i)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const many, few = 10_000, 10
			f := newFold[item]()
			for i := range many {
				f.put(event(i, 1, EventAdd))
			}
			f.push(&entry[item]{})
			for i := range many - few {
				empty(f, i)
			}
			if n := cap(f.slots); n > 2*foldKept || f.events != few || f.waiting != few+1 || len(f.open) != few {
				t.Errorf("%d slots for %d events of %d keys", n, f.events, len(f.open))
			}
			f.put(event(many-1, 3, EventUpdate))
			var got []string
			for e, ok := f.take(); ok; e, ok = f.take() {
				if e.Type != 0 {
					got = append(got, fmt.Sprint(e.Type, e.Key, ">", e.Object.ResourceVersion))
				} else {
					got = append(got, "mark")
				}
			}
			want := []string{"Add9990>1", "Add9991>1", "Add9992>1", "Add9993>1", "Add9994>1", "Add9995>1", "Add9996>1", "Add9997>1", "Add9998>1", "Add9999>3", "mark"}
			if !slices.Equal(got, want) {
				t.Errorf("there waited %q", got)
			}
		})
	}
}
