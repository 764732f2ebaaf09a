package stores

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
)

func newFIFO(t *testing.T, options ...FIFOOptions) *FIFO[*thing] {
	t.Helper()
	f, err := NewFIFOWithAccess(thingAccess(), append(options, FIFOOptions{})[0])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFIFOGivesTheNewestStateInTheOrderOfKeys proves K1, and K2 for Close.
func TestFIFOGivesTheNewestStateInTheOrderOfKeys(t *testing.T) {
	f := newFIFO(t)
	o := func(key, version string) *thing { return &thing{key: key, version: version} }
	if err := errors.Join(f.Add(o("a", "1")), f.Add(o("b", "2")), f.Add(o("c", "3")), f.Update(o("a", "4")), f.Delete(o("b", "5"))); err != nil {
		t.Fatal(err)
	}
	if !f.HasSynced() || f.Len() != 2 {
		t.Errorf("synced %v, Len %d", f.HasSynced(), f.Len())
	}
	got := ""
	failed := errors.New("failed")
	for range 2 {
		err := f.Pop(t.Context(), func(o *thing, initial bool) error {
			got += fmt.Sprint(o.key, o.version, initial, " ")
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("Pop: %v", err)
		}
	}
	if got != "a4false c3false " {
		t.Errorf("popped %s", got)
	}
	f.Close()
	if err := f.Pop(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Pop of a closed FIFO: %v", err)
	}
	if !errors.Is(f.Add(o("a", "9")), ErrClosed) || !errors.Is(f.Replace(nil, ""), ErrClosed) || !f.IsClosed() {
		t.Error("a closed FIFO takes objects")
	}
}

// TestFIFOHasSyncedWhenItsFirstListIsProcessed proves K3.
func TestFIFOHasSyncedWhenItsFirstListIsProcessed(t *testing.T) {
	f := newFIFO(t)
	if f.HasSynced() {
		t.Error("synced before anything was written")
	}
	list := []*thing{{key: "a"}, {key: "b"}, {key: "c"}}
	if err := f.Replace(list, "1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Replace([]*thing{{key: "b"}, {key: "d"}, {}}, "2"); err == nil || f.Len() != 3 {
		t.Errorf("a Replace that fails: %v, %d objects", err, f.Len())
	}
	if err := errors.Join(f.Delete(list[0]), f.Replace([]*thing{{key: "b"}, {key: "d"}}, "2")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		err := f.Pop(t.Context(), func(o *thing, initial bool) error {
			if initial != want || f.HasSynced() == want {
				t.Errorf("object %d, %q: initial %v, synced %v", i, o.key, initial, f.HasSynced())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	<-f.Synced()
	if err := newFIFO(t).Replace(nil, "1"); err != nil {
		t.Fatal(err)
	}
}

// TestFIFOWithPlacesKeptIsClientGos proves what FIFOOptions.KeepPlaces makes of
// K1 and K3: a key comes out at its first place, and HasSynced counts places, those of
// deleted keys with the next object or when there is none.
func TestFIFOWithPlacesKeptIsClientGos(t *testing.T) {
	f := newFIFO(t, FIFOOptions{KeepPlaces: true})
	list := func(keys ...string) (all []*thing) {
		for _, key := range keys {
			all = append(all, &thing{key: key, version: "1"})
		}
		return all
	}
	pop := func(want string) {
		t.Helper()
		err := f.Pop(t.Context(), func(o *thing, initial bool) error {
			if got := fmt.Sprint(o.key, o.version, initial); got != want || initial == f.HasSynced() {
				t.Errorf("popped %s, want %s; synced %v", got, want, f.HasSynced())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Replace(list("a", "b", "c", "d", "e", "f"), "1"), f.Delete(list("b")[0]), f.Delete(list("c")[0]), f.Add(&thing{key: "c", version: "2"})); err != nil {
		t.Fatal(err)
	}
	pop("a1true")
	pop("c2true") // at its first place; its second one is behind f
	if err := f.Replace(list("d", "g"), "2"); err != nil {
		t.Fatal(err)
	}
	pop("d1true") // the fourth of six
	pop("g1true")
	if err := errors.Join(f.Add(list("h")[0]), f.Delete(list("h")[0])); err != nil {
		t.Fatal(err)
	}
	if f.HasSynced() {
		t.Error("synced after five of six")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Pop(over, nil); !errors.Is(err, context.Canceled) || !f.HasSynced() {
		t.Errorf("Pop: %v; synced %v when the sixth place, of a deleted key, is passed", err, f.HasSynced())
	}
}

// TestFIFOPopWaits proves K2.
func TestFIFOPopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFIFO(t)
		errs := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		pop := func(ctx context.Context) { errs <- f.Pop(ctx, func(*thing, bool) error { return nil }) }
		go pop(t.Context())
		synctest.Wait()
		if err := f.Add(&thing{key: "a"}); err != nil {
			t.Fatal(err)
		}
		if err := <-errs; err != nil {
			t.Error(err)
		}
		go pop(ctx)
		synctest.Wait()
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		go pop(t.Context())
		synctest.Wait()
		f.Close()
		f.Close()
		if err := <-errs; !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}
