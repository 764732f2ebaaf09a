package informertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/informant-go/informant/informer"
)

// broken is an informer whose handlers are told something else than what
// happened, or which is wrong elsewhere.
type broken struct {
	Informer
	options informer.Options[*Object]
	tell    func(h informer.Handler[*Object], e informer.Event[*Object])
	wrap    func(Registration) Registration
	get     func(*Object, bool) (*Object, bool)
	run     func(in Informer, ctx context.Context) error
}

func (b *broken) AddHandler(h informer.Handler[*Object], o informer.HandlerOptions) (Registration, error) {
	tell := b.tell
	r, err := b.Informer.AddHandler(informer.HandlerFunc[*Object](func(ctx context.Context, e informer.Event[*Object]) {
		if tell == nil {
			h.OnEvent(ctx, e)
		} else {
			tell(h, e)
		}
	}), o)
	if b.wrap != nil {
		r = b.wrap(r)
	}
	return r, err
}

func (b *broken) Get(key string) (*Object, bool) {
	if b.get != nil {
		return b.get(b.Informer.Get(key))
	}
	return b.Informer.Get(key)
}

func (b *broken) Run(ctx context.Context) error {
	if b.run != nil {
		return b.run(b.Informer, ctx)
	}
	return b.Informer.Run(ctx)
}

// drop leaves out the events that match.
func drop(match func(informer.Event[*Object]) bool) func(informer.Handler[*Object], informer.Event[*Object]) {
	return func(h informer.Handler[*Object], e informer.Event[*Object]) {
		if !match(e) {
			h.OnEvent(context.Background(), e)
		}
	}
}

// alter changes events.
func alter(f func(*informer.Event[*Object])) func(informer.Handler[*Object], informer.Event[*Object]) {
	return func(h informer.Handler[*Object], e informer.Event[*Object]) {
		f(&e)
		h.OnEvent(context.Background(), e)
	}
}

// neverDone is a registration that forgets something.
type neverDone struct{ Registration }

func (neverDone) Done() <-chan struct{} { return make(chan struct{}) }

type neverSynced struct{ Registration }

func (neverSynced) Synced() <-chan struct{} { return make(chan struct{}) }

type alwaysSynced struct{ Registration }

func (alwaysSynced) HasSynced() bool { return true }

type noRemove struct{ Registration }

func (noRemove) Remove() {}

// Each guarantee has an informer that breaks it, and the suite notices.
func TestTheSuiteNoticesWhatIsBroken(t *testing.T) {
	restless := func(in Informer, ctx context.Context) error {
		err := in.Run(ctx)
		<-time.After(2 * patience)
		return err
	}
	for _, c := range []struct {
		test   string
		broken broken
	}{
		{"I1/AddUpdateDelete", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Type == informer.EventDelete })}},
		{"I1/AddUpdateDelete", broken{tell: alter(func(e *informer.Event[*Object]) { e.Reason = informer.ReasonWatch })}},
		{"I1/DeleteBringsBothStates", broken{tell: alter(func(e *informer.Event[*Object]) { e.Object = e.Old })}},
		{"I1/MissedChangesShowInTheNextList", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Reason == informer.ReasonRelist })}},
		{"I1/MissedChangesSayRelist", broken{tell: alter(func(e *informer.Event[*Object]) { e.Reason = informer.ReasonWatch })}},
		{"I1/AListThatChangesNothingSendsNothing", broken{options: informer.Options[*Object]{RelistUpdates: true}}},
		{"I1/AnotherLifeIsDeleteAndAdd", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.FinalStateUnknown })}},
		{"I1/WatchedDeleteAndAddStayTwo", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Type == informer.EventDelete })}},
		{"I1/FilterTurnsChangesIntoAddAndDelete", broken{tell: alter(func(e *informer.Event[*Object]) { e.Old = e.Object })}},
		{"I1/TransformedObjectsAreStoredAndTold", broken{tell: alter(func(e *informer.Event[*Object]) {
			if e.Object = e.Object.DeepCopy(); e.Type == informer.EventDelete {
				e.Object.Annotations = nil
			}
		})}},
		{"I1/RandomHistory", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Reason == informer.ReasonRelist })}},
		{"I2/TheStoreComesFirst", broken{get: stale}},
		{"I3/ASlowHandlerKeepsNobodyWaiting", broken{tell: func(h informer.Handler[*Object], e informer.Event[*Object]) {
			<-time.After(time.Millisecond)
			h.OnEvent(context.Background(), e)
		}}},
		{"I4/LateHandlerGetsASnapshotAndWhatFollows", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Reason == informer.ReasonInitial && e.Key == "ns/c" })}},
		{"I4/HandlersJoinWhileObjectsChange", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Type == informer.EventDelete })}},
		{"I5/NothingAfterRemove", broken{wrap: func(r Registration) Registration { return noRemove{r} }}},
		{"I5/RemoveDoesNotWaitAndDoneDoes", broken{wrap: func(r Registration) Registration { return neverDone{r} }}},
		{"I5/RemoveInACallbackMakesItTheLast", broken{wrap: func(r Registration) Registration { return noRemove{r} }}},
		{"I5/RemoveBeforeRun", broken{wrap: func(r Registration) Registration { return neverDone{r} }}},
		{"I6/SyncedWhenTheInitialListIsDelivered", broken{wrap: func(r Registration) Registration { return alwaysSynced{r} }}},
		{"I6/AnEmptyListSyncs", broken{wrap: func(r Registration) Registration { return neverSynced{r} }}},
		{"I6/LateHandlerSyncsWithItsSnapshot", broken{wrap: func(r Registration) Registration { return alwaysSynced{r} }}},
		{"I6/WaitingNeedsNoPolling", broken{wrap: func(r Registration) Registration { return neverSynced{r} }}},
		{"Resync/OnlyThoseWhoAskedAreTold", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Reason == informer.ReasonResync })}},
		{"Resync/SaysSo", broken{tell: alter(func(e *informer.Event[*Object]) { e.Reason = informer.ReasonWatch })}},
		{"I8/APanicOfAHandlerHarmsNobodyElse", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Key == "ns/c" })}},
		{"I9/RunEndsWithItsContext", broken{run: restless}},
		{"I9/RunEndsWhileTheServerIsSilent", broken{run: restless}},
		{"I9/AnInformerRunsAgain", broken{tell: drop(func(e informer.Event[*Object]) bool { return e.Reason == informer.ReasonRelist })}},
		{"I9/OneRunAtATime", broken{run: func(in Informer, ctx context.Context) error {
			_ = in.Run(ctx)
			return nil
		}}},
	} {
		t.Run(c.test, func(t *testing.T) {
			all := slices.Concat(eventTests, orderTests, joinTests, removeTests, syncTests, resyncTests, crashTests, runTests)
			i := slices.IndexFunc(all, func(test test) bool { return test.name == c.test })
			if i < 0 {
				t.Fatal("no such subtest")
			}
			failures := run(t, all[i].body, func(config Config) (Informer, error) {
				in, err := fromOptions(config, c.broken.options)
				b := c.broken
				b.Informer = in
				return &b, err
			})
			if len(failures) == 0 {
				t.Error("the suite finds nothing wrong")
			}
			t.Log(failures)
		})
	}
}

// stale makes every object older than it is.
func stale(obj *Object, exists bool) (*Object, bool) {
	if exists {
		obj = obj.DeepCopy()
		obj.ResourceVersion = "1"
	}
	return obj, exists
}
