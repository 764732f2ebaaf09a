package reflector

import "time"

const (
	// maxUnopened is how many watches in a row may fail to open, for a reason
	// that passes, before a list is asked for instead.
	maxUnopened = 3

	// patience is for how long watches may fail, whatever the reason, before
	// a list is asked for instead.
	patience = time.Minute

	// maxUnlisted bounds the time from one list that failed too to the next.
	maxUnlisted = 10 * time.Minute
)

// detour is the way around watches that do not work (R1a): lists in pages, in
// turn with another try of a watch. It belongs to the machine's goroutine.
type detour struct {
	since  time.Time // when the first of the watches that did not work was asked for
	failed int       // how many of them did not, but for those while the server was away

	// notBefore is set after a list that failed as well: a server that is
	// away is asked for watches in the meantime, which cost it less when it
	// comes back.
	notBefore time.Time
	wait      time.Duration

	// err is why a list was asked for last; told is true once it has been
	// logged that watches do not work.
	err  error
	told bool
}

// fail notes a watch or a streamed list, asked for at began, that did not work,
// and reports whether it is the first one.
func (d *detour) fail(began time.Time, how verdict) (first bool) {
	if first = d.since.IsZero(); first {
		d.since = began
	}
	if how != away {
		d.failed++
	}
	return first
}

// due reports whether it is time for a list. soon is how many failures are
// enough; patience is enough whatever they are.
func (d *detour) due(soon int, now time.Time) bool {
	if now.Before(d.notBefore) {
		return false
	}
	return d.failed >= soon || now.Sub(d.since) >= patience
}

// unlisted notes that the list failed too.
func (d *detour) unlisted(now time.Time) {
	d.wait = min(max(2*d.wait, patience), maxUnlisted)
	d.notBefore = now.Add(d.wait)
}

// listed notes a list that was answered.
func (d *detour) listed() { d.wait, d.notBefore = 0, time.Time{} }

// worked notes a watch that worked.
func (d *detour) worked() { *d = detour{} }
