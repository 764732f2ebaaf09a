package sim

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/informant-go/informant/reflector"
	"github.com/informant-go/informant/reflector/apitest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// altered is a source of which some functions are others.
type altered struct {
	reflector.ListerWatcher[*Job]
	list  func(ctx context.Context) error // before a list
	part  func(*reflector.Part[*Job])     // of a list
	watch func(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error)
	event func(reflector.Event[*Job], error) (reflector.Event[*Job], error)
}

func (a *altered) List(ctx context.Context, opts metav1.ListOptions, part func(reflector.Part[*Job]) error) (metav1.ListMeta, error) {
	if a.list != nil {
		if err := a.list(ctx); err != nil {
			return metav1.ListMeta{}, err
		}
	}
	return a.ListerWatcher.List(ctx, opts, func(p reflector.Part[*Job]) error {
		if a.part != nil {
			a.part(&p)
		}
		return part(p)
	})
}

func (a *altered) Watch(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
	open := a.ListerWatcher.Watch
	if a.watch != nil {
		open = a.watch
	}
	st, err := open(ctx, opts)
	if err != nil || a.event == nil {
		return st, err
	}
	return alteredStream{st, a.event}, nil
}

type alteredStream struct {
	reflector.Stream[*Job]
	event func(reflector.Event[*Job], error) (reflector.Event[*Job], error)
}

func (s alteredStream) Next() (reflector.Event[*Job], error) { return s.event(s.Stream.Next()) }

// mutants are faulty reflectors, each with the words of the oracle that has to
// find it.
var mutants = []struct {
	name   string
	found  string
	steps  []step
	mutant func() mutant
}{
	{
		name:  "never lists while watches fail",
		found: "R1a: lists are answered",
		steps: []step{{op: opLast, pause: 20 * time.Minute, fault: fault{name: "answer 403", target: watching, do: apitest.Fail(403)}}},
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				var failing atomic.Bool
				open := a.ListerWatcher.Watch
				a.watch = func(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
					st, err := open(ctx, opts)
					failing.Store(err != nil)
					return st, err
				}
				a.list = func(ctx context.Context) error {
					if failing.Load() {
						<-ctx.Done()
					}
					return ctx.Err()
				}
			})
		},
	},
	{
		name:  "loses an event in a while",
		found: "sink: watches: ",
		steps: []step{{op: opPause, pause: time.Minute}, {op: opBurst, n: 10, size: 1}, {op: opBurst, n: 30, size: 100}, {op: opPause, pause: time.Minute}},
		mutant: func() mutant {
			var lost atomic.Bool
			return sourceMutant(func(a *altered) {
				a.event = func(e reflector.Event[*Job], err error) (reflector.Event[*Job], error) {
					if err == nil && e.Type == watch.Modified && lost.CompareAndSwap(false, true) {
						e = reflector.Event[*Job]{Type: watch.Bookmark, ResourceVersion: e.ResourceVersion}
					}
					return e, err
				}
			})
		},
	},
	{
		name:  "lists after each event of a kind",
		found: "a full list because of expired, for which there was no cause",
		steps: quietly,
		mutant: func() mutant {
			gone := false
			return sourceMutant(func(a *altered) {
				a.event = func(e reflector.Event[*Job], err error) (reflector.Event[*Job], error) {
					if gone = !gone && err == nil && e.Type == watch.Deleted; gone {
						return reflector.Event[*Job]{}, apierrors.NewResourceExpired("says the mutant")
					}
					return e, err
				}
			})
		},
	},
	{
		name:  "takes a watch with events for a silent one",
		found: "a full list because of watch silent, for which there was no cause",
		steps: quietly,
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				next := a.ListerWatcher
				a.watch = func(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
					st, err := next.Watch(ctx, opts)
					if err != nil {
						return nil, err
					}
					return &deafStream{Stream: st}, nil
				}
			})
		},
	},
	{
		name:   "takes watches that it closes for very short ones",
		found:  "a full list because of watches very short, for which there was no cause",
		steps:  quietly,
		mutant: func() mutant { return sourceMutant(hasty(io.EOF)) },
	},
	{
		name:   "takes watches that it closes for such as do not work",
		found:  "a full list because of watches do not work, for which there was no cause",
		steps:  quietly,
		mutant: func() mutant { return sourceMutant(hasty(apierrors.NewServiceUnavailable("says the mutant"))) },
	},
	{
		name:  "takes a list of which nothing could be used",
		found: "R4: no object could be used",
		steps: []step{{op: opPause, pause: time.Minute}, {op: opKink, kink: foreign, pause: time.Minute}},
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				a.part = func(p *reflector.Part[*Job]) { p.Refused = nil }
			})
		},
	},
	{
		name:  "forgets deletions",
		found: "R1: it differs",
		steps: quietly,
		mutant: func() mutant {
			return mutant{sink: func(s reflector.Sink[*Job]) reflector.Sink[*Job] { return deafSink{s} }}
		},
	},
	{
		name:  "asks again without a pause",
		found: "without a pause",
		steps: []step{{op: opLast, pause: 10 * time.Minute, fault: fault{name: "answer 503", target: watching, do: apitest.Fail(503)}}}, // longer than a watch
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				open := a.ListerWatcher.Watch
				a.watch = func(ctx context.Context, opts metav1.ListOptions) (st reflector.Stream[*Job], err error) {
					for range 2 * atOnce {
						if st, err = open(ctx, opts); err == nil {
							return st, nil
						}
					}
					return nil, err
				}
			})
		},
	},
	{
		name:  "waits for too long",
		found: "nothing was asked",
		steps: []step{{op: opLast, pause: time.Hour, fault: fault{name: "answer 503", target: watching, do: apitest.Fail(503)}}},
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				open := a.ListerWatcher.Watch
				a.watch = func(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
					st, err := open(ctx, opts)
					if err != nil {
						<-time.After(2 * longest)
					}
					return st, err
				}
			})
		},
	},
	{
		name:  "asks again and again, with short pauses",
		found: "lists and watches within",
		steps: []step{{op: opLast, pause: time.Hour, fault: fault{name: "answer 503", target: watching, do: apitest.Fail(503)}}},
		mutant: func() mutant {
			return sourceMutant(func(a *altered) {
				open := a.ListerWatcher.Watch
				a.watch = func(ctx context.Context, opts metav1.ListOptions) (st reflector.Stream[*Job], err error) {
					for range 2 * most {
						if st, err = open(ctx, opts); err == nil || ctx.Err() != nil {
							return st, err
						}
						sleep(ctx, time.Second)
					}
					return nil, err
				}
			})
		},
	},
}

// quietly is a script without faults.
var quietly = []step{
	{op: opPut, n: 1, size: 1}, {op: opPause, pause: time.Minute}, {op: opDelete, n: 2},
	{op: opPause, pause: time.Minute}, {op: opPut, n: 5, size: 2}, {op: opPause, pause: 12 * time.Minute}, {op: opDelete, n: 1},
}

func sourceMutant(alter func(*altered)) mutant {
	return mutant{source: func(lw reflector.ListerWatcher[*Job]) reflector.ListerWatcher[*Job] {
		a := &altered{ListerWatcher: lw}
		alter(a)
		return a
	}}
}

// hasty closes each watch at once, and says that it ended with err.
func hasty(err error) func(*altered) {
	return func(a *altered) {
		a.event = func(reflector.Event[*Job], error) (reflector.Event[*Job], error) { return reflector.Event[*Job]{}, err }
		open := a.ListerWatcher.Watch
		a.watch = func(ctx context.Context, opts metav1.ListOptions) (reflector.Stream[*Job], error) {
			st, err := open(ctx, opts)
			if err != nil {
				return nil, err
			}
			return idleStream{st}, nil
		}
	}
}

// idleStream is never read.
type idleStream struct{ reflector.Stream[*Job] }

func (s idleStream) Next() (e reflector.Event[*Job], err error) { return e, nil }

// deafStream hands over nothing until its watch ends.
type deafStream struct{ reflector.Stream[*Job] }

func (s *deafStream) Next() (reflector.Event[*Job], error) {
	for {
		if e, err := s.Stream.Next(); err != nil {
			return e, err
		}
	}
}

// deafSink drops deletions.
type deafSink struct{ reflector.Sink[*Job] }

func (s deafSink) Delete(context.Context, *Job) error { return nil }

// The oracles can fail: each faulty reflector is found, and by the oracle that
// is there for it.
func TestFaultyReflectorsAreFound(t *testing.T) {
	for _, each := range mutants {
		t.Run(each.name, func(t *testing.T) {
			script := Script{Seed: 1, steps: each.steps, setup: setup{
				objects: 10, disableStreaming: true, least: 5 * time.Minute, most: 5 * time.Minute,
				bookmarks: time.Minute, stubborn: -1,
			}}
			if found := simulate(t, script, mutant{}).book.all(); len(found) > 0 {
				t.Errorf("the good one is faulty: %s", strings.Join(found, "\n"))
			}
			found := strings.Join(simulate(t, script, each.mutant()).book.all(), "\n")
			if !strings.Contains(found, each.found) {
				t.Errorf("it was not found by %q, but: %s", each.found, found)
			}
		})
	}
}

// R1b: lists because of single events are ten minutes apart, then twenty, until
// a list shows a lower version.
func TestListsOfOneReasonHaveABudget(t *testing.T) {
	start := time.Now()
	at := func(minutes ...int) (lists []relist) {
		for _, m := range minutes {
			when := start.Add(time.Duration(m) * time.Minute)
			lists = append(lists, relist{why: reflector.RelistBackwards, at: when, seen: when, run: 1})
		}
		return lists
	}
	other := relist{why: reflector.RelistUndecodable, at: start, seen: start, run: 1}
	expired := relist{why: reflector.RelistExpired, at: start, run: 1}
	again := relist{why: reflector.RelistBackwards, at: start.Add(time.Minute), run: 2}
	for name, test := range map[string]struct {
		lists []relist
		lower []time.Time
		want  int
	}{
		"far enough apart":      {lists: at(0, 10, 30, 70, 150)},
		"ten minutes twice":     {lists: at(0, 10, 20), want: 1},
		"at once":               {lists: at(0, 0, 0), want: 2},
		"another reason":        {lists: append(at(0), other)},
		"reasons without limit": {lists: []relist{expired, expired}},
		"another run":           {lists: append(at(0), again)},
		"a lower list between":  {lists: at(0, 5), lower: []time.Time{start.Add(2 * time.Minute)}},
		"a lower list before":   {lists: at(3, 5), lower: []time.Time{start.Add(2 * time.Minute)}, want: 1},
	} {
		if _, found := spend(test.lists, test.lower); len(found) != test.want {
			t.Errorf("%s: %q, want %d", name, found, test.want)
		}
	}
}

// R1a, R1b: as many objects as events of open watches could not be decoded may
// wait for the list that is owed for it; no more, and not for longer.
func TestLostEventsExcuseAsManyObjects(t *testing.T) {
	start := time.Now()
	list := relist{why: reflector.RelistUndecodable, at: start, seen: start, run: 1}
	watched := func(lasted time.Duration, spoilt int) *request {
		return &request{kind: askWatch, at: start, opened: true, ready: start, ended: start.Add(lasted), spoilt: spoilt}
	}
	longer, brief := watched(time.Minute, 1), watched(0, 1)
	due := start.Add(apart + 10*time.Minute + time.Minute)
	for name, test := range map[string]struct {
		requests []*request
		relists  []relist
		since    time.Time // when the last complete list began
		behind   int
		want     time.Time
	}{
		"one for one":       {requests: []*request{longer}, relists: []relist{list}, behind: 1, want: due},
		"two for one":       {requests: []*request{longer}, relists: []relist{list}, behind: 2},
		"two for two":       {requests: []*request{longer, longer}, relists: []relist{list}, behind: 2, want: due},
		"in a watch of 0 s": {requests: []*request{brief}, relists: []relist{list}, behind: 1},
		"no list is due":    {requests: []*request{longer}, behind: 1},
		"listed since":      {requests: []*request{longer}, relists: []relist{list}, since: start.Add(time.Minute), behind: 1},
	} {
		s := &source{requests: test.requests, relists: test.relists, since: test.since, evidence: []evidence{{sawBadEvent, start}}}
		w := &world{source: s, script: Script{setup: setup{most: 10 * time.Minute}}}
		if until := w.putOffUntil(test.behind); !until.Equal(test.want) {
			t.Errorf("%s: until %v, want %v", name, until, test.want)
		}
	}
}

// R1a: a list that failed puts off the next one, one that was answered does not,
// nor do watches.
func TestFailedListsPutOffTheNext(t *testing.T) {
	start := time.Now()
	failed := &request{kind: askList, at: start, ended: start, err: errors.New("no")}
	answered := &request{kind: askPage, at: start, ended: start}
	refused := &request{kind: askWatch, at: start, ended: start, err: errors.New("no")}
	for name, test := range map[string]struct {
		requests []*request
		want     time.Time
	}{
		"none":                  {want: start},
		"failed":                {requests: []*request{answered, failed}, want: start.Add(unlisted)},
		"failed, then watches":  {requests: []*request{failed, refused}, want: start.Add(unlisted)},
		"failed, then answered": {requests: []*request{failed, answered, refused}, want: start},
	} {
		s := &source{requests: test.requests}
		if until := s.unlistedUntil(start); !until.Equal(test.want) {
			t.Errorf("%s: until %v, want %v", name, until, test.want)
		}
	}
}

// R2: watches that the reflector closed say nothing about watches: neither are they
// some that do not work, nor some that are very short, nor do they part those
// before from those after. Lists in a stream that it closed before their end did
// not come.
func TestWatchesThatWereClosedSayNothing(t *testing.T) {
	start := time.Now()
	ended := func(k kind, lasted time.Duration, err error) *request {
		return &request{kind: k, at: start, opened: true, ready: start, ended: start.Add(lasted), marks: 1, err: err}
	}
	refused := &request{kind: askWatch, at: start, ended: start, err: errors.New("no")}
	short, closed := ended(askWatch, 0, io.EOF), ended(askWatch, 0, errClosed)
	long, list := ended(askWatch, time.Minute, errClosed), ended(askStream, 0, errClosed)
	fresh := ended(askWatch, 0, errClosed)
	fresh.fresh = 1
	half := ended(askStream, 0, errClosed)
	half.ready = time.Time{}
	for name, test := range map[string]struct {
		requests         []*request
		unwatched, short bool
	}{
		"closed ones":                   {requests: []*request{closed, closed, closed, closed, closed}},
		"lists that came":               {requests: []*request{list, list, list, list, list}},
		"lists that did not come":       {requests: []*request{half, half, half}, unwatched: true},
		"refused, a list that came":     {requests: []*request{refused, refused, list}},
		"refused, with closed between":  {requests: []*request{refused, closed, refused, list, refused}, unwatched: true},
		"refused, with a long between":  {requests: []*request{refused, refused, long, refused}},
		"refused, with news between":    {requests: []*request{refused, refused, fresh, refused}},
		"short, with closed between":    {requests: []*request{short, short, closed, short, list, short, short}, unwatched: true, short: true},
		"short, with a long between":    {requests: []*request{short, short, short, long, short, short}},
		"short, with news between":      {requests: []*request{short, short, short, fresh, short, short}},
		"short, four and a closed one":  {requests: []*request{short, short, short, short, closed}, unwatched: true},
		"short, four and a list of old": {requests: []*request{list, short, short, short, short}, unwatched: true},
	} {
		s := &source{requests: test.requests}
		if got := s.unwatched(); got != test.unwatched {
			t.Errorf("%s: unwatched is %v", name, got)
		}
		if got := s.short(); got != test.short {
			t.Errorf("%s: short is %v", name, got)
		}
	}
}

// R6: a pause is found to be too long only where nothing went on and nothing
// kept the reflector from asking.
func TestPausesHaveABound(t *testing.T) {
	start := time.Now()
	after := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	asked := func(from, to int) *request {
		return &request{kind: askList, at: after(from), ended: after(to), err: errors.New("no")}
	}
	for name, test := range map[string]struct {
		requests []*request
		absent   []span
		want     int
	}{
		"short pauses":           {requests: []*request{asked(0, 1), asked(11, 12)}},
		"a long one":             {requests: []*request{asked(0, 1), asked(14, 15)}, want: 1},
		"a long request":         {requests: []*request{asked(0, 40), asked(41, 41)}},
		"one beside a long one":  {requests: []*request{asked(0, 40), asked(1, 2), asked(41, 41)}},
		"the reflector was away": {requests: []*request{asked(0, 1), asked(14, 15)}, absent: []span{{after(1), after(12)}}},
	} {
		if found := idled(test.requests, test.absent); len(found) != test.want {
			t.Errorf("%s: %q, want %d", name, found, test.want)
		}
	}
}

// R5: what has to be logged, and what is logged too often, is found.
func TestLinesAboutBeingInStep(t *testing.T) {
	start := time.Now()
	after := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	out := func(seconds int) told { return told{at: after(seconds)} }
	in := func(seconds int) told { return told{at: after(seconds), in: true} }
	quiet := func(from, to int) span { return span{after(from), after(to)} }
	for name, test := range map[string]struct {
		lines   []told
		runs    []time.Time
		quiet   span
		untold  bool
		crowded int
	}{
		"told of":                  {lines: []told{out(40)}, quiet: quiet(10, 100)},
		"not told of":              {quiet: quiet(10, 100), untold: true},
		"told of later":            {lines: []told{out(200)}, quiet: quiet(10, 100), untold: true},
		"told before":              {lines: []told{out(5)}, quiet: quiet(10, 100)},
		"told in another run":      {lines: []told{out(5)}, runs: []time.Time{after(8)}, quiet: quiet(10, 100), untold: true},
		"told of the opposite":     {lines: []told{in(5)}, quiet: quiet(10, 1000), untold: true},
		"flapping":                 {lines: []told{out(0), in(5)}, quiet: quiet(10, 100), crowded: 1},
		"a minute between":         {lines: []told{out(0), in(60), out(120)}, quiet: quiet(90, 130)},
		"twice the same":           {lines: []told{out(0), out(600)}, quiet: quiet(10, 100), crowded: 1},
		"once for each run":        {lines: []told{out(0), out(10)}, runs: []time.Time{after(5)}, quiet: quiet(6, 100)},
		"nothing to be told after": {lines: []told{in(50)}, quiet: quiet(10, 100)},
	} {
		if got := untold(test.lines, test.runs, test.quiet); got != test.untold {
			t.Errorf("%s: untold is %v", name, got)
		}
		if got := crowded(test.lines, test.runs); len(got) != test.crowded {
			t.Errorf("%s: crowded are %q, want %d", name, got, test.crowded)
		}
	}
}
