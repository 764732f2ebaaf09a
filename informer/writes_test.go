package informer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/informant-go/informant/indexer"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

var (
	pods   = schema.GroupResource{Resource: "pods"}
	claims = schema.GroupResource{Resource: "persistentvolumeclaims"}
)

// newWrites returns a Writes over two stores, whose states Bookmark moves on.
func newWrites(t testing.TB) (w *Writes, ofPods, ofClaims indexer.Indexer[item]) {
	t.Helper()
	var stores [2]indexer.Indexer[item]
	for i := range stores {
		store, err := indexer.New(indexer.Options[item]{Name: "store"})
		if err != nil {
			t.Fatal(err)
		}
		stores[i] = store
	}
	w, err := NewWrites(map[schema.GroupResource]VersionedStore{pods: stores[0], claims: stores[1]})
	if err != nil {
		t.Fatal(err)
	}
	return w, stores[0], stores[1]
}

func wrote(t testing.TB, w *Writes, owner string, uid types.UID, resource schema.GroupResource, version int) {
	t.Helper()
	if err := w.WroteAt(owner, uid, resource, strconv.Itoa(version)); err != nil {
		t.Error(err)
	}
}

// I12: an owner is ready once each store includes the newest of its writes, and not
// before; others are not held up; Clear and another UID forget.
func TestI12WritesHoldUpTheirOwner(t *testing.T) {
	w, ofPods, ofClaims := newWrites(t)
	wrote(t, w, "ns/a", "1", pods, 5)
	wrote(t, w, "ns/a", "1", pods, 3) // came back later, and is older
	wrote(t, w, "ns/a", "1", claims, 9)
	expect := func(when string, resource schema.GroupResource, wrote, read string) {
		t.Helper()
		var unread *UnreadError
		err := w.EnsureReady("ns/a")
		switch {
		case wrote == "" && err != nil:
			t.Errorf("%s: %v", when, err)
		case wrote == "":
		case !errors.As(err, &unread) || *unread != (UnreadError{Owner: "ns/a", Resource: resource, Wrote: wrote, Read: read}):
			t.Errorf("%s: %v", when, err)
		}
	}
	ofClaims.Bookmark("9")
	expect("before a list", pods, "5", "")
	ofPods.Bookmark("4")
	expect("an older state", pods, "5", "4")
	if err := w.EnsureReady("ns/b"); err != nil {
		t.Error("another owner is held up:", err)
	}
	ofPods.Bookmark("5")
	expect("all is read", pods, "", "")
	if len(w.owners) != 0 {
		t.Errorf("what was read is remembered: %v", w.owners)
	}

	wrote(t, w, "ns/a", "1", pods, 8)
	w.Clear("ns/a", "2")
	w.Clear("ns/b", "")
	expect("another was cleared", pods, "8", "5")
	w.Clear("ns/a", "1")
	expect("it was cleared", pods, "", "")
	wrote(t, w, "ns/a", "1", pods, 8)
	w.Clear("ns/a", "")
	expect("it was cleared whatever its UID", pods, "", "")
	wrote(t, w, "ns/a", "1", pods, 8)
	wrote(t, w, "ns/a", "2", pods, 6)
	expect("another of the same name has written", pods, "6", "5")
}

// I12: WaitReady waits until the stores have what was written before, and not longer;
// the end of its context says what lacks.
func TestI12WaitReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ofPods, ofClaims := newWrites(t)
		wrote(t, w, "ns/a", "1", pods, 5)
		wrote(t, w, "ns/a", "1", claims, 6)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		ready := make(chan error, 1)
		go func() { ready <- w.WaitReady(ctx, "ns/a") }()
		synctest.Wait() // it waits for one of the stores
		ofPods.Bookmark("5")
		synctest.Wait() // it waits for the other one
		wrote(t, w, "ns/a", "1", claims, 7)
		select {
		case err := <-ready:
			t.Fatalf("ready too early, with %v", err)
		default:
		}
		ofClaims.Bookmark("6")
		if err := <-ready; err != nil {
			t.Error(err)
		}
		var unread *UnreadError // what was written meanwhile is not forgotten
		if err := w.WaitReady(ctx, "ns/a"); !errors.As(err, &unread) || unread.Wrote != "7" || unread.Read != "6" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without the claim: %v", err)
		}
	})
}

// A store whose state has no order holds nobody up, and nothing is waited for that
// has none.
func TestWritesWithoutOrder(t *testing.T) {
	w, ofPods, _ := newWrites(t)
	for _, version := range []string{"", "0", "x", "05"} {
		if err := w.WroteAt("ns/a", "1", pods, version); err == nil {
			t.Errorf("a write at %q was taken", version)
		}
	}
	if err := w.EnsureReady("ns/a"); err != nil {
		t.Error(err)
	}
	wrote(t, w, "ns/a", "1", pods, 5)
	if err := ofPods.Replace(nil, "unordered"); err != nil {
		t.Fatal(err)
	}
	wrote(t, w, "ns/b", "1", pods, 5)
	if err := errors.Join(w.EnsureReady("ns/a"), w.WaitReady(context.Background(), "ns/b")); err != nil {
		t.Error(err)
	}
}

func TestWritesRefuse(t *testing.T) {
	var none indexer.Indexer[item]
	for name, stores := range map[string]map[schema.GroupResource]VersionedStore{
		"nothing": nil,
		"nil":     {pods: nil},
		"empty":   {pods: none},
		"typed":   {pods: (*indexer.Cache[item])(nil)},
	} {
		if _, err := NewWrites(stores); !errors.Is(err, ErrNoStores) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, _, _ := newWrites(t)
	if err := w.WroteAt("ns/a", "1", schema.GroupResource{Resource: "nodes"}, "5"); !errors.Is(err, ErrUnknownResource) {
		t.Error(err)
	}
}

// I12 by a model: for each owner and resource the newest version since it was last
// found ready.
func TestI12WritesAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, ofPods, ofClaims := newWrites(t)
		resources := []schema.GroupResource{pods, claims}
		stores := []indexer.Indexer[item]{ofPods, ofClaims}
		type key struct {
			owner string
			of    int
		}
		var state [2]int
		want, uids := map[key]int{}, map[string]string{}
		forget := func(owner string) {
			delete(uids, owner)
			for of := range resources {
				delete(want, key{owner, of})
			}
		}
		owners := rapid.SampledFrom([]string{"a", "b", "c"})
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) {
				owner, uid := owners.Draw(rt, "owner"), rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "uid")
				k := key{owner, rapid.IntRange(0, 1).Draw(rt, "resource")}
				version := rapid.IntRange(1, 20).Draw(rt, "version")
				if before, known := uids[owner]; known && before != uid {
					forget(owner)
				}
				uids[owner], want[k] = uid, max(want[k], version)
				wrote(t, w, owner, types.UID(uid), resources[k.of], version)
			},
			"read": func(rt *rapid.T) {
				of := rapid.IntRange(0, 1).Draw(rt, "resource")
				state[of] = max(state[of], rapid.IntRange(1, 20).Draw(rt, "version"))
				stores[of].Bookmark(strconv.Itoa(state[of]))
			},
			"clear": func(rt *rapid.T) {
				owner, uid := owners.Draw(rt, "owner"), rapid.SampledFrom([]string{"", "1", "2"}).Draw(rt, "uid")
				if uid == "" || uids[owner] == uid {
					forget(owner)
				}
				w.Clear(owner, types.UID(uid))
			},
			"ask": func(rt *rapid.T) {
				owner := owners.Draw(rt, "owner")
				ready := true
				for of := range resources {
					ready = ready && want[key{owner, of}] <= state[of]
				}
				if err := w.EnsureReady(owner); (err == nil) != ready {
					rt.Fatalf("%s: ready %v, but %v", owner, ready, err)
				}
				if ready {
					forget(owner)
				}
			},
		})
	})
}

// Any goroutine may call the methods, for one owner too.
func TestWritesByManyGoroutines(t *testing.T) {
	w, ofPods, _ := newWrites(t)
	ofPods.Bookmark("1")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				owner := fmt.Sprint("ns/", i%3)
				wrote(t, w, owner, "1", pods, i+1)
				if g == 0 {
					ofPods.Bookmark(strconv.Itoa(i + 1))
				}
				_ = w.EnsureReady(owner)
				if i%50 == 0 {
					w.Clear(owner, "1")
				}
			}
		})
	}
	wg.Wait()
	ofPods.Bookmark("1000")
	for i := range 3 {
		if err := w.WaitReady(context.Background(), fmt.Sprint("ns/", i)); err != nil {
			t.Error(err)
		}
	}
	if len(w.owners) != 0 {
		t.Errorf("remembered: %v", w.owners)
	}
}
