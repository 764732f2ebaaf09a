package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/informant-go/informant/reflector/apitest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// never is a delay that is longer than any simulation.
const never = 1000 * time.Hour

// drawLasting invents what can go on for hours.
func drawLasting(r *rand.Rand) fault {
	f := fault{target: pick(r, watching, watching, watching, watches, streams, lists, reads)}
	if r.IntN(3) == 0 {
		f.name, f.do = drawStrange(r, &f.target)
		return f
	}
	switch r.IntN(4) {
	case 0, 1:
		code := pick(r, 403, 403, 401, 404, 400, 408, 500, 502, 503, 503, 504)
		f.name, f.do = fmt.Sprintf("answer %d", code), apitest.Fail(code)
	case 2:
		after := pick(r, 0, 1, 60, 30*24*3600)
		f.name, f.do = fmt.Sprintf("answer 429 with %d s", after), apitest.TooManyRequests(after)
	case 3:
		f.skew = pick(r, -time.Hour, 2*time.Minute, 100*365*24*time.Hour)
		f.name, f.do = fmt.Sprintf("answer 503 with Retry-After of a clock that is off by %v", f.skew), apitest.Fail(503)
	}
	return f
}

// drawStrange invents a lasting fault that is no plain refusal.
func drawStrange(r *rand.Rand, of *target) (string, apitest.Action) {
	switch r.IntN(8) {
	case 0:
		return "refusal", apitest.Refuse()
	case 1:
		code := pick(r, 200, 403, 404, 500, 502)
		return fmt.Sprintf("web page with %d", code), webPage(code)
	case 2:
		code := pick(r, 410, 403, 500, 429)
		return fmt.Sprintf("answer 200 with a Status %d", code), statusIn200(code)
	case 3:
		return "no answer", apitest.Delay(never)
	case 4:
		*of = pick(r, watching, watches)
		how := pick(r, apitest.Cleanly, apitest.Abruptly)
		return fmt.Sprintf("end (%d) at once", how), apitest.CutAfter(0, how)
	case 5:
		*of = pick(r, watching, watches)
		return "silence", apitest.StallAfter(0)
	case 6:
		*of = continued
		return "answer 410", apitest.Gone()
	}
	n := r.IntN(3)
	return fmt.Sprintf("malformed frame after %d", n), apitest.Malformed(n)
}

// webPage is the page of something in between.
func webPage(code int) apitest.Action {
	return apitest.Respond(code, "text/html; charset=utf-8", []byte("<!DOCTYPE html>\n<html><body>Not here.</body></html>\n"))
}

// statusIn200 is an error whose HTTP status says that all is well.
func statusIn200(code int) apitest.Action {
	reason := map[int]metav1.StatusReason{
		410: metav1.StatusReasonExpired, 403: metav1.StatusReasonForbidden,
		500: metav1.StatusReasonInternalError, 429: metav1.StatusReasonTooManyRequests,
	}[code]
	body := must(json.Marshal(&metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: "a Status in an answer 200",
	}))
	return apitest.Respond(http.StatusOK, "application/json", append(body, '\n'))
}

// pieces is the number of parts of a lasting fault's time; each has some
// changes.
const pieces = 5

// last keeps a fault in force for its time, and checks in the end that the store
// follows the lists that were answered (R1a).
func (w *world) last(s step) {
	injected := w.inject(s.fault)
	w.network.skew(s.fault.skew)
	w.goOn(s)
	if s.fault.spares(lists) && !w.withdrawn {
		w.lift(injected)
		w.checkFollows(s.fault)
	}
	injected.Remove()
	w.network.skew(0)
}

// goOn lets the time of a step pass, with ordinary changes.
func (w *world) goOn(s step) {
	for i := range pieces {
		w.change(step{op: opBurst, n: 1 + w.rand.IntN(4), size: s.size + 100*i})
		<-time.After(s.pause / pieces)
		w.checkStep()
	}
}

// lift ends all faults but one, and lets the server run.
func (w *world) lift(but injected) {
	for _, f := range w.faults {
		if f.Injected != but.Injected {
			f.Remove()
		}
	}
	w.expect(w.server.Up())
	w.server.Resume(apitest.Match{Verb: apitest.VerbList})
}
