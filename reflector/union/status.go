package union

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/informant-go/informant/reflector"
)

// QueryStatus is how one query stands.
type QueryStatus struct {
	// Name is that of the Query.
	Name string

	// Objects is how many objects the query holds; one that several hold counts for
	// each.
	Objects int

	// Status and Stats are those of its Reflector.
	Status reflector.Status
	Stats  reflector.Stats
}

// Queries returns how each query of the last Set stands, in the order of that Set.
func (r *Runner[T]) Queries() []QueryStatus {
	queries := r.present()
	all := make([]QueryStatus, len(queries))
	for i, q := range queries {
		all[i] = QueryStatus{q.name, int(q.objects.Load()), q.reflector.Status(), q.reflector.Stats()}
	}
	return all
}

// Status returns how the Runner stands with all its sources, for an informer's
// Options.SourceStatus: each field has the worst that a query says.
//
// InStep and Synced are true if they are for all queries, and while Run does also
// without one. Since is when the first query that is out of step got so, or the last
// that is in step. Cause names that first query, and says how many there are more.
// Phase is "listing" or "waiting" while a query does so. LastContact is the oldest,
// LastError the newest of all. Refused, Refusals, Bytes and Restarts are sums. ResourceVersion is the
// version that all have reached, as the sink was told last. Source names the queries.
func (r *Runner[T]) Status() reflector.Status {
	r.mu.Lock()
	version := r.version
	r.mu.Unlock()
	running := r.running.Load()
	s := sum{Status: reflector.Status{Running: running, InStep: running, Synced: true, ResourceVersion: version}}
	if running {
		s.Phase = "watching"
	}
	var names []string
	for i, q := range r.Queries() {
		names = append(names, q.Name)
		s.add(q, i == 0)
	}
	if s.broken > 1 && running {
		s.Cause = fmt.Errorf("%w (queries that are out of step besides: %d)", s.Cause, s.broken-1)
	}
	s.Source = strings.Join(names, "; ")
	return s.Status
}

// sum is a Status that grows by those of the queries.
type sum struct {
	reflector.Status
	broken int // how many queries are out of step
}

// errNotStarted is why a query is out of step that Set has just brought.
var errNotStarted = errors.New("it has not started yet")

// breaks adds a query that is out of step.
func (s *sum) breaks(q QueryStatus) {
	if s.broken++; s.broken > 1 && !q.Status.Since.Before(s.Since) {
		return
	}
	s.InStep, s.Since = false, q.Status.Since
	if s.Running {
		s.Cause = fmt.Errorf("query %s: %w", q.Name, cmp.Or(q.Status.Cause, errNotStarted))
	}
}

func (s *sum) add(q QueryStatus, first bool) {
	o := q.Status
	switch {
	case o.InStep && s.InStep && o.Since.After(s.Since):
		s.Since = o.Since
	case !o.InStep:
		s.breaks(q)
	}
	if s.Running && (o.Phase == "waiting" || o.Phase == "listing" && s.Phase == "watching") {
		s.Phase = o.Phase
	}
	s.Synced = s.Synced && o.Synced
	if first || o.LastContact.Before(s.LastContact) {
		s.LastContact = o.LastContact
	}
	if o.LastErrorAt.After(s.LastErrorAt) {
		s.LastError, s.LastErrorAt = o.LastError, o.LastErrorAt
	}
	s.Refused += o.Refused
	s.Bytes += o.Bytes
	for cause, n := range o.Refusals {
		if s.Refusals == nil {
			s.Refusals = make(map[reflector.RefusalCause]uint64)
		}
		s.Refusals[cause] += n
	}
	for cause, n := range o.Restarts {
		if s.Restarts == nil {
			s.Restarts = make(map[reflector.RestartCause]uint64)
		}
		s.Restarts[cause] += n
	}
}
