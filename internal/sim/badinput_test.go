package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/informant-go/informant/informer"
	"github.com/informant-go/informant/object"
	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	"github.com/informant-go/informant/reflector/httpsource"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// badJob is the object for which the user code of these tests fails; its key
// is badKey.
const (
	badJob = 2
	badKey = "ns-2/job-2"

	// In a list of the first five jobs, the bad one comes last; in a stream
	// that begins with them, a bookmark follows, and then the first event.
	lastListed = 4
	firstEvent = 6
)

func isBad(j *Job) bool { return j.Name == newJob(badJob).Name }

var errBad = errors.New("cannot bear it")

// badInput is one way in which input can be bad.
type badInput struct {
	name string

	// access and opts put bad functions in; faults come from the server, each
	// once. bad is a handler to add.
	access func(object.Access[*Job]) object.Access[*Job]
	opts   func(*informer.Options[*Job])
	faults []fault
	bad    informer.Handler[*Job]

	// absent are the keys that the store must not hold, unindexed those that
	// the index of teams must not.
	absent, unindexed []string

	// late are the keys that only the first event brings; with lower, versions
	// may fall.
	late  []string
	lower bool

	// told are words; one single report must have all of them.
	told []string
}

var badInputs = []badInput{
	{
		name: "a key function that fails",
		access: func(a object.Access[*Job]) object.Access[*Job] {
			return a.WithKey(func(j *Job) (string, error) {
				if isBad(j) {
					return "", errBad
				}
				return a.Key(j)
			})
		},
		absent: []string{badKey},
		told:   []string{"reflector jobs", "*sim.Job", errBad.Error()},
	},
	{
		name:   "a transform that fails",
		opts:   func(o *informer.Options[*Job]) { o.Transform = failing },
		absent: []string{badKey},
		told:   []string{"reflector jobs", "*sim.Job", badKey, "transform", errBad.Error()},
	},
	{
		name:   "a transform that panics",
		opts:   func(o *informer.Options[*Job]) { o.Transform = panicking },
		absent: []string{badKey},
		told:   []string{"reflector jobs", "*sim.Job", badKey, "transform", "it panicked, see the log"},
	},
	{
		name: "an index function that fails",
		opts: func(o *informer.Options[*Job]) {
			o.Indexers = maps.Clone(o.Indexers)
			o.Indexers["team"] = func(j *Job) ([]string, error) {
				if isBad(j) {
					return nil, errBad
				}
				return indexes["team"](j)
			}
		},
		unindexed: []string{badKey},
		told:      []string{"jobs", "team", badKey, errBad.Error()},
	},
	{
		name: "an index function that panics",
		opts: func(o *informer.Options[*Job]) {
			o.Indexers = maps.Clone(o.Indexers)
			o.Indexers["team"] = func(j *Job) ([]string, error) {
				if isBad(j) {
					panic(errBad)
				}
				return indexes["team"](j)
			}
		},
		unindexed: []string{badKey},
		told:      []string{"jobs", "team", badKey, "panic", errBad.Error()},
	},
	{
		name: "a handler that panics",
		bad: informer.HandlerFunc[*Job](func(_ context.Context, e informer.Event[*Job]) {
			if e.Key == badKey {
				panic(errBad)
			}
		}),
		told: []string{"panic", errBad.Error(), "informer", "jobs"},
	},
	{
		name: "a server that answers HTML",
		faults: []fault{
			{target: lists, do: apitest.HTML()}, {target: watches, do: apitest.HTML()}, {target: streams, do: apitest.HTML()},
		},
		told: []string{"reflector jobs", "*sim.Job", "text/html", "check the address"},
	},
	{
		name: "a frame that is cut off",
		faults: []fault{
			{target: lists, do: apitest.CutAfter(1, apitest.MidFrame)},
			{target: watches, do: apitest.CutAfter(1, apitest.MidFrame)},
			{target: streams, do: apitest.CutAfter(1, apitest.MidFrame)},
			{target: streams, do: apitest.CutAfter(firstEvent, apitest.MidFrame)},
		},
		told: []string{"reflector jobs", "*sim.Job", "broke off", "unexpected EOF"},
	},
	{
		name: "a frame that is no JSON",
		faults: []fault{
			{target: lists, do: apitest.Malformed(1)}, {target: watches, do: apitest.Malformed(0)},
			{target: streams, do: apitest.Malformed(1)},
		},
		told: []string{"reflector jobs", "*sim.Job", "http://apitest/", "malformed JSON"},
	},
	{
		name:   "an event that is no JSON",
		faults: []fault{{target: watches, do: apitest.Malformed(0)}, {target: streams, do: apitest.Malformed(firstEvent)}},
		told:   []string{"reflector jobs", "event of *sim.Job", "cannot use object", "invalid character"},
	},
	{
		name:   "the wrong kind",
		faults: []fault{{target: watches, do: apitest.WrongKind(0)}, {target: streams, do: apitest.WrongKind(firstEvent)}},
		told:   []string{"reflector jobs", "event of *sim.Job", badKey, "Kind=Unexpected", "expected a sim.example.com/v1, Kind=Job"},
	},
	{
		name:   "the wrong kind in a list",
		faults: []fault{{target: lists, do: apitest.WrongKind(lastListed)}, {target: streams, do: apitest.WrongKind(lastListed)}},
		late:   []string{badKey},
		told:   []string{"reflector jobs", "list of *sim.Job", badKey, "Kind=Unexpected", "expected a sim.example.com/v1, Kind=Job"},
	},
	{
		name:   "a version that goes backwards",
		faults: []fault{{target: watches, do: apitest.Backwards(1)}, {target: streams, do: apitest.Backwards(firstEvent + 1)}},
		lower:  true,
		told:   []string{"reflector jobs", "*sim.Job", "the resource version went backwards", "to 1"},
	},
}

func failing(j *Job) (*Job, error) {
	if isBad(j) {
		return nil, errBad
	}
	return j, nil
}

func panicking(j *Job) (*Job, error) {
	if isBad(j) {
		panic(errBad)
	}
	return j, nil
}

// I8, R1, R4, S4: bad input costs the object that it is about, and nothing else;
// the reports name it. Nothing hangs: else the bubble would not end.
func TestBadInputCostsWhatItIsAbout(t *testing.T) {
	really, handlers := utilruntime.ReallyCrash, utilruntime.PanicHandlers
	t.Cleanup(func() { utilruntime.ReallyCrash, utilruntime.PanicHandlers = really, handlers })
	utilruntime.ReallyCrash = false
	for _, bad := range badInputs {
		for _, streamed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/streamed=%t", bad.name, streamed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { bad.test(t, streamed) })
			})
		}
	}
}

func (bad badInput) test(t *testing.T, streamed bool) {
	p := bad.pipeline(t, streamed)
	ended := make(chan error, 1)
	go func() { ended <- p.informer.Run(context.Background()) }()
	p.pass(time.Minute) // what there is at the start, in spite of the faults
	bad.compare(t, p, "the first list", append(bad.late, bad.absent...))
	for _, n := range []int{badJob, 0, 7} {
		p.world.put(n, 100+n) // a change of the bad one, one of a good one, a new one
	}
	p.world.delete(1)
	p.pass(10 * time.Minute)
	bad.compare(t, p, "the watch", bad.absent)
	for _, f := range p.world.faults {
		if f.Hits() == 0 && streamed == (f.fault.target == streams) {
			t.Errorf("the fault on %s has struck nobody", f.fault.target)
		}
	}
	if !p.reports.has(bad.told...) {
		t.Errorf("no report has all of %q, but there are\n%s", bad.told, p.reports)
	}
	if err := p.informer.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, found := range p.world.book.all() {
		t.Error(found)
	}
	p.world.server.Close()
}

// compare compares store, index and a handler with the server.
func (bad badInput) compare(t *testing.T, p *badPipeline, when string, absent []string) {
	t.Helper()
	want := must(p.world.jobs.Versions())
	for _, key := range absent {
		delete(want, key)
	}
	store := p.informer.Indexer()
	got, indexed := map[string]string{}, map[string]string{}
	for _, j := range store.List() {
		got[j.Namespace+"/"+j.Name] = j.ResourceVersion
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %s the store differs from the server (-server +store):\n%s", when, diff)
	}
	told := map[string]string{}
	for key, j := range p.good.rebuilt() {
		told[key] = j.ResourceVersion
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("after %s a good handler was told something else (-server +handler):\n%s", when, diff)
	}
	for _, value := range store.ListIndexFuncValues("team") {
		for _, j := range must(store.ByIndex("team", value)) {
			indexed[j.Namespace+"/"+j.Name] = j.ResourceVersion
		}
	}
	for _, key := range bad.unindexed {
		delete(want, key)
	}
	if diff := cmp.Diff(want, indexed); diff != "" {
		t.Errorf("after %s the index differs (-server +index):\n%s", when, diff)
	}
}

// R4, F2: a value that is no API object is refused, with its type, and what
// comes with it in the list, and after it in the watch, arrives.
func TestWhatIsNoAPIObjectIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log reports
		source := newMixedSource()
		in := must(informer.NewWithAccess(object.Dynamic[any](), source, informer.Options[any]{
			Name: "things", Logger: log.logger(), Reflector: reflector.Options{DisableStreaming: true},
		}))
		ended := make(chan error, 1)
		go func() { ended <- in.Run(context.Background()) }()
		source.send(42)
		source.send(versioned(newJob(1), "3"))
		<-time.After(time.Minute)
		synctest.Wait() // the source has been listed again
		if keys := in.Indexer().ListKeys(); len(keys) != 2 {
			t.Errorf("the store has %q", keys)
		}
		for _, typ := range []string{"string", "int"} {
			if !log.has("reflector things", "did not take "+typ, object.ErrNotAnObject.Error()) {
				t.Errorf("no report of a %s among\n%s", typ, &log)
			}
		}
		if err := errors.Join(in.Stop(context.Background()), <-ended); err != nil {
			t.Error(err)
		}
	})
}

// What cannot work is refused when it is put together, with the name and with
// what to do.
func TestNilIsRefusedAtOnce(t *testing.T) {
	var none *httpsource.Source[*Job]
	opts := informer.Options[*Job]{Name: "jobs"}
	_, noSource := informer.New[*Job](nil, opts)
	_, nilPointer := informer.New[*Job](none, opts)
	in := must(informer.New[*Job](&httpsource.Source[*Job]{}, opts))
	_, noHandler := in.AddHandler(nil, informer.HandlerOptions{})
	_, nilFunc := in.AddHandler(informer.HandlerFunc[*Job](nil), informer.HandlerOptions{})
	_, noWatcher := reflector.New[*Job](nil, reflector.Options{Name: "jobs"})
	for name, test := range map[string]struct {
		err  error
		want error
		told string
	}{
		"nil ListerWatcher":                {noSource, informer.ErrNoSource, "informer: it has no source: give a"},
		"nil pointer as ListerWatcher":     {nilPointer, informer.ErrNoSource, "informer: it has no source: give a"},
		"nil ListerWatcher of a reflector": {noWatcher, reflector.ErrNoListerWatcher, "reflector jobs: set up *sim.Job: it has no ListerWatcher: pass a"},
		"nil handler":                      {noHandler, informer.ErrNoHandler, "informer: it was given a nil Handler: give"},
		"nil function as handler":          {nilFunc, informer.ErrNoHandler, "informer: it was given a nil Handler: give"},
	} {
		if !errors.Is(test.err, test.want) || !strings.Contains(test.err.Error(), test.told) {
			t.Errorf("%s: %v", name, test.err)
		}
	}
}
