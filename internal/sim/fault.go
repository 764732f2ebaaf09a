package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
)

// target is the kind of request that a fault strikes.
type target string

const (
	lists   target = "lists"
	cached  target = "lists that need not be new"
	streams target = "streamed lists"
	watches target = "watches"
	writes  target = "writes"
	all     target = "all requests"

	watching  target = "whatever needs the right to watch"
	reads     target = "lists and watches"
	continued target = "pages after the first"
)

// match finds the requests of the target.
func (t target) match() apitest.Match {
	streamed := func(r apitest.Request) bool { return r.Query.Get("sendInitialEvents") == "true" }
	switch t {
	case lists:
		return apitest.Match{Verb: apitest.VerbList}
	case cached:
		notFresh := func(r apitest.Request) bool { return r.Query.Get("resourceVersion") != "" }
		return apitest.Match{Verb: apitest.VerbList, Func: notFresh}
	case streams:
		return apitest.Match{Verb: apitest.VerbWatch, Func: streamed}
	case watches:
		return apitest.Match{Verb: apitest.VerbWatch, Func: func(r apitest.Request) bool { return !streamed(r) }}
	case writes:
		return apitest.Match{Verb: apitest.VerbUpdate}
	case watching:
		return apitest.Match{Verb: apitest.VerbWatch}
	case reads:
		return apitest.Match{Func: func(r apitest.Request) bool { return r.Verb == apitest.VerbList || r.Verb == apitest.VerbWatch }}
	case continued:
		return apitest.Match{Verb: apitest.VerbList, Func: func(r apitest.Request) bool { return r.Query.Get("continue") != "" }}
	}
	return apitest.Match{}
}

// fault is what a step injects.
type fault struct {
	name   string
	target target
	times  int
	do     apitest.Action

	// skew is how far ahead the clock is that Retry-After of failures is read
	// from meanwhile; 0 leaves the server's answer as it is.
	skew time.Duration
}

func (f fault) String() string {
	if f.times == 0 {
		return fmt.Sprintf("%s on %s", f.name, f.target)
	}
	return fmt.Sprintf("%s on %s, %d times", f.name, f.target, f.times)
}

// spares reports whether lists are answered in spite of the fault.
func (f fault) spares(of target) bool {
	return of == lists && (f.target == watching || f.target == watches || f.target == streams)
}

// drawFault invents a fault.
func drawFault(r *rand.Rand) fault {
	f := fault{times: 1 + r.IntN(4)}
	if r.IntN(3) == 0 {
		f.name, f.do = drawFrameFault(r, &f.target)
		return f
	}
	f.target = pick(r, lists, streams, watches, writes, all)
	f.name, f.do = drawAnswer(r)
	return f
}

// drawAnswer invents what may come in place of any answer, or before it.
func drawAnswer(r *rand.Rand) (string, apitest.Action) {
	switch r.IntN(6) {
	case 0:
		d := pick(r, 50*time.Millisecond, 2*time.Second, 45*time.Second)
		return fmt.Sprintf("delay of %v", d), apitest.Delay(d)
	case 1:
		return "refusal", apitest.Refuse()
	case 2:
		code := pick(r, 500, 500, 503, 504, 401, 403, 404)
		return fmt.Sprintf("answer %d", code), apitest.Fail(code)
	case 3:
		after := pick(r, 0, 1, 20)
		return fmt.Sprintf("answer 429 with %d s", after), apitest.TooManyRequests(after)
	case 4:
		return "answer 410", apitest.Gone()
	}
	return "web page", apitest.HTML()
}

// drawFrameFault invents what happens inside an answer of several frames.
//
// Lies that no client can see through are left out: a version of an object
// that is too low, and a list of the newest state that is not the newest.
func drawFrameFault(r *rand.Rand, of *target) (string, apitest.Action) {
	n := pick(r, 0, 0, 1, 2, 5, 15)
	*of = pick(r, lists, streams, watches, watches)
	switch r.IntN(6) {
	case 0:
		how := pick(r, apitest.Cleanly, apitest.Abruptly, apitest.MidFrame)
		return fmt.Sprintf("cut (%d) after %d frames", how, n), apitest.CutAfter(n, how)
	case 1:
		return fmt.Sprintf("stall after %d frames", n), apitest.StallAfter(n)
	case 2:
		return fmt.Sprintf("malformed frame after %d", n), apitest.Malformed(n)
	case 3:
		return fmt.Sprintf("wrong kind after %d frames", n), apitest.WrongKind(n)
	case 4:
		return fmt.Sprintf("duplicate after %d frames", n), apitest.Duplicate(n)
	}
	*of = cached
	return fmt.Sprintf("list that is %d versions old", n+1), apitest.Stale(n + 1)
}

// pick is one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }
