package reflector

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

func answered(code int, retryAfter int) error {
	return apierrors.NewGenericServerResponse(code, "watch", schema.GroupResource{Resource: "things"}, "", "something is wrong", retryAfter, true)
}

// The ways in which a watch fails to open, as if for ever. The time is what a
// write may take to be in the sink: the longest pause, twice where the list
// that fits comes after another try.
var unopened = []struct {
	name string
	err  error
	late time.Duration
}{
	{"403", errForbidden, 2 * time.Minute},
	{"401", apierrors.NewUnauthorized("no"), 2 * time.Minute},
	{"404", errNotFound, 2 * time.Minute},
	{"405", answered(http.StatusMethodNotAllowed, 0), 2 * time.Minute},
	{"408", answered(http.StatusRequestTimeout, 0), 2 * time.Minute},
	{"409", answered(http.StatusConflict, 0), 2 * time.Minute},
	{"418", answered(http.StatusTeapot, 0), 2 * time.Minute},
	{"422", errInvalid, 2 * time.Minute},
	{"429", apierrors.NewTooManyRequestsError("busy"), 2 * time.Minute},
	{"429 with a wait of 7 s", errBusy, 2 * time.Minute},
	{"429 with a wait of a year", apierrors.NewTooManyRequests("later", 365*24*3600), 11 * time.Minute},
	{"500", errInternal, 4 * time.Minute},
	{"500 with a wait", answered(http.StatusInternalServerError, 20), 2 * time.Minute},
	{"501", answered(http.StatusNotImplemented, 0), 2 * time.Minute},
	{"502", answered(http.StatusBadGateway, 0), 2 * time.Minute},
	{"503", errUnavailable, 2 * time.Minute},
	{"503 with a wait of an hour", answered(http.StatusServiceUnavailable, 3600), 11 * time.Minute},
	{"504", answered(http.StatusGatewayTimeout, 0), 2 * time.Minute},
	{"a redirect", answered(http.StatusFound, 0), 2 * time.Minute},
	{"no connection", errRefused, 3 * time.Minute},
	{"no route", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}, 3 * time.Minute},
	{"cut before the headers", fmt.Errorf("get: %w", io.EOF), 2 * time.Minute},
	{"cut in the headers", io.ErrUnexpectedEOF, 2 * time.Minute},
	{"a web page", errors.New("the answer is text/html"), 2 * time.Minute},
	{"an error of the source's own", errors.New("not today"), 2 * time.Minute},
}

// R1a: whatever keeps watches from opening, from the start or from some time
// on, the sink follows by lists while those are answered, with pauses, and goes
// on by watches when they open again. One line says that watches do not work, and
// one that they do.
func TestWhateverKeepsWatchesFromOpeningTheSinkFollowsByLists(t *testing.T) {
	for _, c := range unopened {
		for _, from := range []string{"the start", "some time on"} {
			for _, paged := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/from %s/paged=%v", c.name, from, paged), func(t *testing.T) {
					b := newBent()
					b.write("a", false, false)
					var broken atomic.Bool
					broken.Store(from == "the start")
					b.opening = func(bool) error {
						if broken.Load() {
							return c.err
						}
						return nil
					}
					runBent(t, b, Options{DisableStreaming: paged}, func(r *run) {
						if !broken.Load() {
							r.pass(10*time.Minute, true)
							broken.Store(true)
							r.cutStreams()
						}
						r.pass(12*time.Minute, true)
						lists, _, watches := b.counts()
						for range 5 {
							r.follows(c.late)
							r.pass(10*time.Minute, false)
						}
						l, _, w := b.counts()
						if n := l - lists; n < 5 || n > 150 || w-watches > 150 {
							t.Errorf("in an hour or so there were %d lists and %d watches", n, w-watches)
						}
						checkToldOfDetour(t, r.log(), "the objects are listed instead", c.err.Error())

						broken.Store(false)
						r.pass(11*time.Minute, true)
						lists, _, _ = b.counts()
						before := r.Stats().Relists
						for range 10 {
							r.follows(time.Second)
							r.pass(2*time.Minute, false)
						}
						if again, _, _ := b.counts(); again != lists {
							t.Errorf("watches work again, and there were %d more lists: %v after %v", again-lists, r.Stats().Relists, before)
						}
						checkToldOfDetour(t, r.log(), "Watches work again")
					})
				})
			}
		}
	}
}

// R1a, R3: where a watch and the list in its place ask for the longest pause, each
// is waited for; once lists are answered the sink follows within two.
func TestAfterAListThatFailedTooTheSinkFollowsWithinTwoPauses(t *testing.T) {
	b := newBent()
	b.write("a", false, false)
	var unlistable, unwatchable atomic.Bool
	fail := func(when *atomic.Bool) error {
		if when.Load() {
			return apierrors.NewTooManyRequests("later", 365*24*3600)
		}
		return nil
	}
	b.opening = func(bool) error { return fail(&unwatchable) }
	b.listing = func() error { return fail(&unlistable) }
	runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
		r.pass(time.Minute, true)
		unwatchable.Store(true)
		unlistable.Store(true)
		r.cutStreams()
		lists, _, _ := b.counts()
		for range 12 { // until a list has failed
			r.pass(time.Minute, false)
		}
		if failed, _, _ := b.counts(); failed == lists {
			t.Fatal("no list was asked for")
		}
		unlistable.Store(false)
		r.follows(2*DefaultMaxPause + time.Minute)
	})
}

// cutStreams ends all streams.
func (s *simServer) cutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	s.wake()
}

// checkToldOfDetour fails unless exactly one line has all of parts and the
// names of those concerned.
func checkToldOfDetour(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	parts = append(parts, "bent", "*reflector.thing", "/apis/example.org/v1/things")
	n := 0
	for _, line := range lines {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d lines have all of %q, want one:\n%s", n, parts, strings.Join(lines, "\n"))
	}
}

// R1a: watches that open and are of no use are no better than those that do
// not open.
func TestWatchesThatOpenAndAreOfNoUseAreListedAround(t *testing.T) {
	for name, next := range map[string]func(*simStream) (Event[*thing], error){
		"ended at once": func(*simStream) (Event[*thing], error) { return Event[*thing]{}, io.EOF },
		"cut at once":   func(*simStream) (Event[*thing], error) { return Event[*thing]{}, io.ErrUnexpectedEOF },
		"an error event at once": func(*simStream) (Event[*thing], error) {
			return Event[*thing]{}, errForbidden
		},
		"an internal error at once": func(*simStream) (Event[*thing], error) { return Event[*thing]{}, errInternal },
		"a frame that cannot be read": func(st *simStream) (Event[*thing], error) {
			if st.sent++; st.sent%2 == 1 {
				return Event[*thing]{}, &DecodeError{Err: errors.New("garbage")}
			}
			return Event[*thing]{}, io.ErrUnexpectedEOF
		},
		"an event that is known and the end": func(st *simStream) (Event[*thing], error) {
			if st.sent++; st.sent > 1 {
				return Event[*thing]{}, io.EOF
			}
			return modified(fmt.Sprintf("a@%d", st.at)), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBent()
			b.write("a", false, false)
			b.next = next
			runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
				r.pass(10*time.Minute, true)
				lists, _, watches := b.counts()
				r.pass(time.Hour, true)
				if l, _, w := b.counts(); l-lists > 150 || w-watches > 150 {
					t.Errorf("in an hour there were %d lists and %d watches", l-lists, w-watches)
				}
				// The known event overwrites a in the sink until the next list.
				if name != "an event that is known and the end" {
					r.follows(4 * time.Minute)
				}
				b.straight.Store(true)
				r.pass(2*time.Minute, false)
				r.follows(time.Second)
			})
		})
	}
}

// R1a: a watch whose headers never come is given up at its timeout, and a list
// follows it.
func TestWatchesThatHangAreListedAround(t *testing.T) {
	b := newBent()
	b.faults = make([]fault, 1000)
	for i := range b.faults {
		b.faults[i] = fault{kind: "stall"}
	}
	var listed atomic.Bool
	b.listing = func() error {
		listed.Store(true)
		b.simServer.mu.Lock()
		b.faults = append([]fault{{}}, b.faults...) // none for the list
		b.simServer.mu.Unlock()
		return nil
	}
	runBent(t, b, Options{DisableStreaming: true, MinWatchTimeout: 5 * time.Minute, MaxWatchTimeout: 5 * time.Minute}, func(r *run) {
		r.pass(time.Hour, true)
		if !listed.Load() {
			t.Fatal("no list")
		}
		r.follows(8 * time.Minute)
		if lines := r.log(); len(lines) == 0 {
			t.Error("nothing was logged")
		}
	})
}

// R1a, R2: while the server is away altogether the watch is tried, and now and
// then a list; when it is back within a minute no list is made.
func TestAServerThatIsAwayForAMomentCostsNoList(t *testing.T) {
	b := newBent()
	b.write("a", false, false)
	var away atomic.Bool
	fail := func() error {
		if away.Load() {
			return errRefused
		}
		return nil
	}
	b.opening, b.listing = func(bool) error { return fail() }, fail
	runBent(t, b, Options{}, func(r *run) {
		r.pass(10*time.Minute, true)
		lists, streams, _ := b.counts()
		away.Store(true)
		r.cutStreams()
		r.pass(20*time.Second, false)
		away.Store(false)
		r.follows(time.Minute)
		if l, s, _ := b.counts(); l != lists || s != streams {
			t.Errorf("%d lists and %d streams after a moment", l-lists, s-streams)
		}
		away.Store(true)
		r.cutStreams()
		r.pass(2*time.Hour, false)
		if l, _, w := b.counts(); l-lists > 20 || w > 400 {
			t.Errorf("%d lists in two hours away, %d watches", l-lists, w)
		}
		away.Store(false)
		r.follows(2 * time.Minute)
	})
}

// R1a: a watch that lives for a while, brings nothing new and ends with a word
// of the server's is no better than one that does not open; one whose connection
// is cut is resumed (R2).
func TestWatchesThatEndWithAnErrorAndBringNothingAreListedAround(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		lists bool
	}{
		{"403", errForbidden, true}, {"404", errNotFound, true}, {"429", errBusy, true}, {"503", errUnavailable, true}, {"500", errInternal, true},
		{"an error of the source's own", errors.New("not today"), true},
		{"a cut", io.ErrUnexpectedEOF, false}, {"a reset", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, false},
	} {
		for _, mark := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/bookmark=%v", c.name, mark), func(t *testing.T) {
				b := newBent()
				b.write("a", false, false)
				b.next = func(st *simStream) (Event[*thing], error) {
					if mark && !st.marked {
						st.marked = true
						return bookmark(fmt.Sprint(st.at)), nil
					}
					<-time.After(2 * time.Second)
					return Event[*thing]{}, c.err
				}
				runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
					r.pass(10*time.Minute, false)
					if c.lists {
						r.follows(5 * time.Minute)
					}
					if n := r.Stats().Relists[RelistUnwatched] + r.Stats().Relists[RelistRefused] + r.Stats().Relists[RelistInternal]; (n > 0) != c.lists {
						t.Errorf("lists: %v", r.Stats().Relists)
					}
				})
			})
		}
	}
}

// R2: a version that has expired says nothing about watches: the list that it
// calls for makes up for it, and the first watch after that which does not work is
// tried again like any other.
func TestAnExpiredVersionIsNoWatchThatDoesNotWork(t *testing.T) {
	for name, c := range map[string]struct {
		opts    Options
		answers []answer
	}{
		"long before": {Options{DisableStreaming: true}, []answer{
			listA, streams(2*time.Minute, errGone), listB, failing(errUnavailable), streams()}},
		"too large": {Options{DisableStreaming: true}, []answer{
			listA, streams(2*time.Minute, tooLargeVersion()), listB, failing(errUnavailable), streams()}},
		"between others": {Options{DisableStreaming: true}, []answer{
			listA, failing(errUnavailable), streams(errGone), listB, failing(errUnavailable), streams()}},
		"of a streamed list": {Options{}, []answer{
			after(time.Second, errGone), streams(50*time.Second, errGone), failing(errForbidden), listB, failing(errBusy), streams()}},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, c.opts, &tape{}, c.answers...)
			if n := p.Stats().Relists[RelistUnwatched]; n > 0 {
				t.Errorf("%d lists because watches do not work; asked were\n%s", n, strings.Join(p.requests, "\n"))
			}
		})
	}
}

// R2, R4: a streamed list that came whole says nothing about watches, though nothing
// of it could be used: neither is the first watch after it that does not work the
// last of several, nor are those before it forgotten.
func TestAStreamedListOfWhichNothingCanBeUsedIsNoWatchThatDoesNotWork(t *testing.T) {
	bad := &DecodeError{Key: "b", Event: watch.Added, Err: errors.New("spoiled")}
	whole, pages := streams(bad, listEnd("20")), answer{refused: []error{bad}, version: "20"}
	for name, c := range map[string]struct {
		answers []answer
		want    uint64
	}{
		"for a minute before": {answers: slices.Concat(
			slices.Repeat([]answer{whole, pages}, 8),
			[]answer{failing(errForbidden), listB, failing(errForbidden), streams()})},
		"between others": {answers: []answer{
			after(time.Second, io.EOF), failing(errUnavailable), streams(errGone), whole, listB, failing(errUnavailable), streams()}},
		"before the last of three": {want: 1, answers: []answer{
			after(time.Second, io.EOF), failing(errUnavailable), failing(errUnavailable), streams(errGone), whole, listB,
			failing(errUnavailable), listB, streams()}},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, Options{}, &tape{}, c.answers...)
			if n := p.Stats().Relists[RelistUnwatched]; n != c.want {
				t.Errorf("%d lists because watches do not work, want %d; asked were\n%s", n, c.want, strings.Join(p.requests, "\n"))
			}
		})
	}
}

// R2: a watch that was open for more than a second, or brought something new, and
// was closed because of an event is one that works: those before it that did not
// are forgotten.
func TestAWatchClosedBecauseOfAnEventHasWorked(t *testing.T) {
	known := streams(modified("a@10"), io.EOF)
	for name, c := range map[string]struct {
		answers []answer
		why     RelistReason
	}{
		"a bookmark that is lower": {[]answer{
			listA, failing(errForbidden), streams(2*time.Minute, bookmark("5")), listB, failing(errForbidden), streams()}, RelistUnwatched},
		"an event that cannot be decoded": {[]answer{
			listA, failing(errForbidden), failing(errForbidden), streams(2*time.Second, undecodableAt("")), listB, failing(errForbidden), streams()}, RelistUnwatched},
		"very short ones before it": {[]answer{
			listA, known, known, known, known, streams(modified("a@11"), undecodableAt("12")), listB,
			streams(modified("a@20"), io.EOF), streams()}, RelistShort},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, paged, &tape{}, c.answers...)
			if n := p.Stats().Relists[c.why]; n > 0 {
				t.Errorf("%d lists because of %s; asked were\n%s", n, c.why, strings.Join(p.requests, "\n"))
			}
			if n := len(p.requests); n != len(c.answers) {
				t.Errorf("%d requests for %d answers", n, len(c.answers))
			}
		})
	}
}

// R2: a watch is over when its stream has ended, however long it takes to close
// it: that time is no silence, and does not make a very short watch a long one.
func TestTheTimeThatClosingTakesIsNoPartOfAWatch(t *testing.T) {
	for name, c := range map[string]struct {
		lives time.Duration
		why   RelistReason
	}{
		"a watch that was cut": {time.Minute, ""},
		"a very short one":     {0, RelistShort},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBent()
			b.write("a", false, false)
			b.next = func(st *simStream) (Event[*thing], error) {
				<-time.After(c.lives)
				if c.why == "" {
					return Event[*thing]{}, io.ErrUnexpectedEOF
				}
				return Event[*thing]{}, io.EOF
			}
			var closed atomic.Int32
			b.closing = func() {
				if closed.Add(1) == 1 {
					b.straight.Store(true)
					<-time.After(10 * time.Minute)
				}
			}
			runBent(t, b, Options{DisableStreaming: true, MinWatchTimeout: 5 * time.Minute, MaxWatchTimeout: 5 * time.Minute}, func(r *run) {
				r.pass(c.lives+10*time.Minute+30*time.Second, false)
				r.pass(5*time.Minute, true)
				n := r.Stats().RelistCount()
				if listed := r.Stats().Relists[c.why]; n != listed || (n > 0) != (c.why != "") {
					t.Errorf("lists: %v", r.Stats().Relists)
				}
			})
		})
	}
}

// R5: watches that work now and then do not fill the log.
func TestWatchesThatWorkNowAndThenAreToldOfLessAndLess(t *testing.T) {
	b := newBent()
	b.write("a", false, false)
	n := 0
	b.opening = func(bool) error {
		if n++; n%5 != 0 {
			return errForbidden
		}
		return nil
	}
	runBent(t, b, Options{DisableStreaming: true}, func(r *run) {
		for range 24 * 60 {
			r.pass(time.Minute, true)
			r.cutStreams()
		}
		if lines := r.log(); len(lines) > 700 {
			t.Errorf("%d lines in a day", len(lines))
		}
	})
}
