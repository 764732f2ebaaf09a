package informer

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/indexer"
)

// I4: AddHandler does not wait for an index function, and who joins while it
// runs neither misses the object nor is told of it twice.
func TestJoiningWhileTheStoreIsAheadOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		in, source := scripted(t, Options[item]{Indexers: indexer.Indexers[item]{"slow": func(obj item) ([]string, error) {
			if obj.Name == "b" {
				<-leave
			}
			return nil, nil
		}}})
		early := &recorder{}
		add(t, in, early)
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		source.update(t, newItem("b", 2)) // its index function has not returned
		early.take()

		late, gone := &recorder{}, &recorder{}
		add(t, in, late)
		removed := add(t, in, gone)
		removed.Remove()
		<-removed.Done()
		synctest.Wait() // nobody can go on
		if got := late.take(); got != nil {
			t.Errorf("told %q before the batch was stored", got)
		}
		close(leave)
		synctest.Wait() // everybody was told
		for name, c := range map[string]struct {
			r    *recorder
			want []string
		}{
			"early": {early, []string{"Add b ->2 Watch"}},
			"late":  {late, []string{"Add a ->1 Initial", "Add b ->2 Initial"}},
			"gone":  {gone, nil},
		} {
			got := c.r.take()
			if name == "late" && len(got) == 2 && got[0] > got[1] {
				got[0], got[1] = got[1], got[0] // a snapshot has no order
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s was told (-want +got):\n%s", name, diff)
			}
		}
	})
}

// I1: what a store was filled with before the first Run is told as Adds; with
// SkipFilled, as in client-go, as the difference that the first list makes to it
// (TestReviewAFilledIndexerIsNotTold). Who joins later is told of all in any
// case (I4).
func TestAStoreThatWasFilledBefore(t *testing.T) {
	for name, c := range map[string]struct {
		skip bool
		want []string
	}{
		"told":    {false, []string{"Add a ->1 Initial", "Add b ->1 Initial", "Delete b 1>1 Initial unseen", "Update a 1>4 Initial"}},
		"skipped": {true, []string{"Delete b 1>1 Initial unseen", "Update a 1>4 Initial"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newCache(indexer.Options[item]{})
				for _, obj := range []item{newItem("a", 1), newItem("b", 1)} {
					if err := store.Add(obj); err != nil {
						t.Fatal(err)
					}
				}
				in, source := scripted(t, Options[item]{Indexer: store, SkipFilled: c.skip})
				early, late := &recorder{}, &recorder{}
				reg := add(t, in, early)
				running(t, in)
				source.list(t, 5, newItem("a", 4))
				add(t, in, late)
				synctest.Wait() // both were told
				got := early.take()
				if n := len(got) - 2; n > 0 {
					slices.Sort(got[:n]) // a snapshot has no order
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"Add a ->4 Initial"}, late.take()); diff != "" {
					t.Errorf("late was told (-want +got):\n%s", diff)
				}
				if !reg.HasSynced() {
					t.Error("not synced")
				}
			})
		})
	}
}

// I4: joining copies nothing: it allocates the same for one object and for
// many.
func TestJoiningCostsTheSameWhateverTheStoreHolds(t *testing.T) {
	joining := func(n int) float64 {
		store := newCache(indexer.Options[item]{})
		for i := range n {
			obj := newItem("object", i+1)
			obj.Name += obj.ResourceVersion
			if err := store.Add(obj); err != nil {
				t.Fatal(err)
			}
		}
		in, _ := scripted(t, Options[item]{Indexer: store})
		return testing.AllocsPerRun(50, func() {
			r := add(t, in, &recorder{})
			r.Remove()
		})
	}
	if few, many := joining(1), joining(10_000); many > few+1 {
		t.Errorf("%v allocations with one object, %v with 10,000", few, many)
	}
}

// I5: what a removed handler had not read is not kept for it.
func TestARemovedHandlerKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, source := scripted(t, Options[item]{})
		r := add(t, in, &recorder{}) // has no goroutine yet
		running(t, in)
		source.list(t, 1, newItem("a", 1))
		r.Remove()
		<-r.Done()
		source.update(t, newItem("b", 2))
		if n := len(in.Status().Handlers); n != 0 {
			t.Errorf("%d handlers are left", n)
		}
		in.processor.mu.Lock()
		defer in.processor.mu.Unlock()
		if len(in.processor.joining) != 0 || len(in.processor.handlers) != 0 {
			t.Error("the processor holds on to a removed handler")
		}
	})
}
