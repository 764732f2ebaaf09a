package apitest

import (
	"net/http"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Fault is something that goes wrong with the requests that it matches.
type Fault struct {
	Match

	// Times is how many matching requests are hit; 0 for all until the
	// fault is removed.
	Times int

	// While, if set, is asked at each matching request; a request that it
	// says no to is neither hit nor counted. It is called like Match.Func.
	While func() bool

	// Do is what happens.
	Do Action
}

// Injected is a fault in force.
type Injected struct {
	fault Fault
	of    *faults
	hits  int // guarded by faults.mu
}

// Hits returns how many requests the fault has hit so far.
func (i *Injected) Hits() int {
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	return i.hits
}

// Remove ends the fault for requests that arrive from now on. It may be
// called more than once.
func (i *Injected) Remove() {
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	i.of.active = slices.DeleteFunc(i.of.active, func(other *Injected) bool { return other == i })
}

// Inject puts a fault in force. Faults are applied in the order in which they
// were injected; the first that answers a request ends it.
func (s *Server) Inject(f Fault) *Injected {
	i := &Injected{fault: f, of: &s.faults}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = append(s.faults.active, i)
	return i
}

// faults are those in force.
type faults struct {
	mu     sync.Mutex
	active []*Injected // replaced by Remove and Inject, oldest first
}

// hit returns what happens to req. The functions of a fault are called
// without the lock.
func (f *faults) hit(req Request) []Action {
	f.mu.Lock()
	active := slices.Clone(f.active)
	f.mu.Unlock()
	var actions []Action
	for _, i := range active {
		if i.fault.matches(req) && (i.fault.While == nil || i.fault.While()) && f.claim(i) {
			actions = append(actions, i.fault.Do)
		}
	}
	return actions
}

// claim counts a hit, unless the fault has none left.
func (f *faults) claim(i *Injected) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i.fault.Times > 0 && i.hits >= i.fault.Times {
		return false
	}
	i.hits++
	return true
}

// misled applies the faults that come before the answer and reports whether
// one of them was the answer. The others wait in the plan.
func (x *exchange) misled() bool {
	for _, a := range x.s.faults.hit(x.req) {
		switch a.effect {
		case none:
		case delay:
			x.sleep(a.delay)
		case refuse:
			x.abort()
		case respond:
			x.respond(a)
			return true
		default:
			x.plan = append(x.plan, a)
		}
	}
	return false
}

// sleep waits for d, unless nobody wants the answer any more.
func (x *exchange) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
		x.abort()
	case <-x.s.closing:
		x.abort()
	}
}

func (x *exchange) respond(a Action) {
	switch {
	case a.status == nil:
		x.begin(a.code, a.contentType)
		_, _ = x.w.Write(a.body) // a client that has gone away does not care
	case a.status.Code == http.StatusGone && x.req.Verb == VerbWatch:
		if t := x.s.table(x.req.Resource); t != nil {
			_ = x.agree(t.res.objects) // where nothing is accepted, it is JSON
		}
		x.errorEvent(asStatus(&apierrors.StatusError{ErrStatus: *a.status}))
	default:
		x.fail(&apierrors.StatusError{ErrStatus: *a.status})
	}
}

// Match says which requests are meant. A zero field stands for any; the zero
// Match for all requests.
type Match struct {
	// Verb is one of the Verb constants.
	Verb string
	// Resource is the plural in the path, such as pods. It includes the
	// status subresource.
	Resource string
	// Namespace is the one in the path: a request over all namespaces does
	// not match.
	Namespace string
	// Func, if set, has the last word. It is called by the goroutine of the
	// request, without a lock, and by several at once.
	Func func(Request) bool
}

func (m Match) matches(req Request) bool {
	return (m.Verb == "" || m.Verb == req.Verb) &&
		(m.Resource == "" || m.Resource == req.Resource.Resource) &&
		(m.Namespace == "" || m.Namespace == req.Namespace) &&
		(m.Func == nil || m.Func(req))
}
