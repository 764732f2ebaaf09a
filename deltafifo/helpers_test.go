package deltafifo_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/informant-go/informant/deltafifo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Obj is what these tests queue.
type Obj = metav1.ObjectMeta

func obj(name, version string) *Obj {
	return &Obj{Namespace: "ns", Name: name, ResourceVersion: version}
}

// bg is the context of calls that do not wait.
var bg = context.Background()

type batch = deltafifo.Batch[*Obj]

// show writes a delta as type, name and version.
func show(d deltafifo.Delta[*Obj]) string {
	parts := []string{d.Type.String()}
	if d.Key != "" {
		parts = append(parts, strings.TrimPrefix(d.Key, "ns/"))
	}
	if d.Object != nil {
		parts = append(parts, d.Object.ResourceVersion)
	}
	if d.ResourceVersion != "" {
		parts = append(parts, "@"+d.ResourceVersion)
	}
	if d.List != nil {
		parts = append(parts, "@"+d.List.ResourceVersion)
		for i, key := range d.List.Keys {
			parts = append(parts, strings.TrimPrefix(key, "ns/")+"="+d.List.Objects[i].ResourceVersion)
		}
	}
	if d.NoObject {
		parts = append(parts, "none")
	}
	if d.FinalStateUnknown {
		parts = append(parts, "?")
	}
	return strings.Join(parts, " ")
}

// showAll writes a batch.
func showAll(b batch) []string {
	var all []string
	for _, d := range b.Deltas {
		all = append(all, show(d))
	}
	return all
}

// popAll pops until the queue is empty, and returns a string for each batch.
func popAll(t testing.TB, q deltafifo.Queue[*Obj]) []string {
	t.Helper()
	var all []string
	for q.Len() > 0 {
		err := q.Pop(bg, func(b batch) error {
			all = append(all, strings.Join(showAll(b), ", "))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// list hands over a whole list.
func list(t testing.TB, q deltafifo.Queue[*Obj], version string, items ...*Obj) {
	t.Helper()
	must(t, q.Begin(bg))
	must(t, q.Page(bg, items))
	must(t, q.Commit(bg, version))
}

// mapStore is the store of a consumer that is only used by one goroutine.
type mapStore map[string]*Obj

func (s mapStore) ListKeys() []string { return slices.Collect(maps.Keys(s)) }

func (s mapStore) GetByKey(key string) (*Obj, bool, error) {
	o, ok := s[key]
	return o, ok, nil
}

// knownFuncs are known objects made of functions.
type knownFuncs struct {
	keys func() []string
	get  func(key string) (*Obj, bool, error)
}

func (k knownFuncs) ListKeys() []string                      { return k.keys() }
func (k knownFuncs) GetByKey(key string) (*Obj, bool, error) { return k.get(key) }

func newDeltaFIFO(t testing.TB, opts deltafifo.Options[*Obj]) *deltafifo.DeltaFIFO[*Obj] {
	t.Helper()
	q, err := deltafifo.NewDeltaFIFO(opts)
	must(t, err)
	return q
}

func newInOrder(t testing.TB, opts deltafifo.Options[*Obj]) *deltafifo.InOrder[*Obj] {
	t.Helper()
	q, err := deltafifo.NewInOrder(opts)
	must(t, err)
	return q
}

func equal(t testing.TB, got, want []string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
