package reflector

import (
	"errors"
	"time"

	"github.com/informant-go/informant/object"
)

const (
	// firstRest is for how long a reason calls for no other list after one
	// that it called for (R1b). The time doubles with each list up to maxRest.
	firstRest = 10 * time.Minute
	maxRest   = 24 * time.Hour
)

// refusals remembers which objects the sink does not hold as the server has
// them, and how often each reason has called for a list, so that no object
// costs the others their freshness (R1b). It belongs to the machine's
// goroutine.
type refusals struct {
	// objects are those that were refused and have neither been stored nor
	// deleted since. The key "" stands for those whose key is not known.
	objects map[string]refusedObject

	// live is how many of objects are not gone; shown is the key of one of them, if
	// that still is one. To look for one with each event would be to walk through all.
	live  int
	shown string

	// listed are those that the list which is coming in has refused. They
	// become objects when it is complete.
	listed map[string]refusedObject

	// failed are those of the last list, if it did not become complete.
	failed map[string]refusedObject

	// rests are the reasons that have called for a list.
	rests map[RelistReason]*rest

	// owed is a reason that was given while it rested, "" for none: the list
	// that it calls for is made at the end of a watch, once its rest is over.
	owed RelistReason
}

// refusedObject says what was wrong with an object.
type refusedObject struct {
	reasons map[RelistReason]struct{} // those that the object has given
	err     error
	absent  bool // a list has left it out, so that the sink holds no state of it
	gone    bool // it was deleted since
}

// rest is the time in which a reason calls for no list.
type rest struct {
	until  time.Time
	last   time.Duration // how long the present rest lasts
	called bool          // the list has not begun yet
}

func newRefusals() refusals {
	return refusals{objects: map[string]refusedObject{}, listed: map[string]refusedObject{}, failed: map[string]refusedObject{}, rests: map[RelistReason]*rest{}}
}

// note remembers in objects that err is why the object of key is refused.
func note(objects map[string]refusedObject, key string, why RelistReason, err error) {
	r := objects[key]
	if r.reasons == nil {
		r.reasons = make(map[RelistReason]struct{}, 1)
	}
	r.reasons[why] = struct{}{}
	r.err, r.gone = err, false
	objects[key] = r
}

// calls reports whether an event of the object of key, refused with err, calls
// for a list now because of why. It does not when the object has given that
// reason before; while the reason rests the list is owed.
func (f *refusals) calls(key string, why RelistReason, err error, now time.Time) bool {
	known := f.known(key, why)
	if r, there := f.objects[key]; !there || r.gone {
		f.live++
	}
	note(f.objects, key, why, err)
	if known {
		return false
	}
	return f.may(why, now)
}

// known reports whether the object of key was refused before because of why.
func (f *refusals) known(key string, why RelistReason) bool {
	_, known := f.objects[key].reasons[why]
	return known && key != ""
}

// seen reports whether the object of key was refused because of why, also in a
// list that failed, or another one whose key is not known either: it need not be
// logged as an error again.
func (f *refusals) seen(key string, why RelistReason) bool {
	_, seen := f.objects[key].reasons[why]
	if !seen {
		_, seen = f.failed[key].reasons[why]
	}
	return seen
}

// may reports whether why may call for a list now. If so the reason rests from
// now on; if not the list is owed.
func (f *refusals) may(why RelistReason, now time.Time) bool {
	r := f.rests[why]
	if r == nil {
		r = &rest{}
		f.rests[why] = r
	}
	if now.Before(r.until) {
		if f.owed == "" || r.until.Before(f.rests[f.owed].until) {
			f.owed = why // whatever is due first serves the others too
		}
		return false
	}
	r.last = min(max(2*r.last, firstRest), maxRest)
	r.until, r.called = now.Add(r.last), true
	return true
}

// owedIn is how long it takes until the list that is owed may be made.
func (f *refusals) owedIn(now time.Time) (until time.Duration, owed bool) {
	if f.owed == "" {
		return 0, false
	}
	return max(0, f.rests[f.owed].until.Sub(now)), true
}

// due is the list that is owed and may be made now, "" for none.
func (f *refusals) due(now time.Time) RelistReason {
	if f.owed == "" || now.Before(f.rests[f.owed].until) {
		return ""
	}
	why := f.owed
	f.may(why, now)
	return why
}

// absent reports whether the sink holds no state of the object of key.
func (f *refusals) absent(key string) bool { return key != "" && f.objects[key].absent }

// stored notes that the sink has taken an event of the object of key.
func (f *refusals) stored(key string) {
	f.leaves(key)
	delete(f.objects, key)
}

// leaves notes that the object of key, if it is one, is refused no more.
func (f *refusals) leaves(key string) {
	if r, there := f.objects[key]; there && !r.gone {
		f.live--
	}
}

// deleted notes that an object is gone which the sink does not hold. Its key is
// remembered until the next list: should it come again and be refused, a list
// could bring nothing.
func (f *refusals) deleted(key string) {
	f.leaves(key)
	r := f.objects[key]
	r.gone = true
	f.objects[key] = r
}

// begin notes the beginning of a list.
func (f *refusals) begin(now time.Time) {
	if len(f.listed) > 0 { // the list before did not take effect
		f.failed, f.listed = f.listed, f.failed
	}
	clear(f.listed)
	for _, r := range f.rests {
		if r.called {
			r.until, r.called = now.Add(r.last), false
		}
	}
}

// refuse notes an object that the list holds and that cannot be used.
func (f *refusals) refuse(key string, why RelistReason, err error) { note(f.listed, key, why, err) }

// news reports whether the list has refused an object that was not refused
// before.
func (f *refusals) news() bool {
	for key := range f.listed {
		if _, known := f.objects[key]; !known || key == "" {
			return true
		}
	}
	return false
}

// commit notes that the list has taken effect: what it did not refuse the sink
// holds, or it is gone.
func (f *refusals) commit() {
	for key, r := range f.listed {
		for why := range f.objects[key].reasons {
			r.reasons[why] = struct{}{}
		}
		r.absent = true
		f.listed[key] = r
	}
	f.objects, f.listed = f.listed, f.objects
	f.live = len(f.objects)
	clear(f.listed)
	clear(f.failed)
	f.owed = ""
}

// anew forgets what reasons have cost: the server is another one, or its data
// are.
func (f *refusals) anew() { clear(f.rests); f.owed = "" }

// sample is how many objects are refused, and what is wrong with one of them.
func (f *refusals) sample() (n int, err error) {
	if f.live == 0 {
		return 0, nil
	}
	if r, there := f.objects[f.shown]; !there || r.gone {
		f.shown = f.one()
	}
	return f.live, f.objects[f.shown].err
}

// one is the key of an object that is refused.
func (f *refusals) one() string {
	for key, r := range f.objects {
		if !r.gone {
			return key
		}
	}
	return ""
}

// keyOfError returns the key of the object that err is about, "" when it does not
// say: the source says so by a *DecodeError, the sink by an *object.RefusedError.
func keyOfError(err error) string {
	var bad *DecodeError
	if errors.As(err, &bad) {
		return bad.Key
	}
	var refused *object.RefusedError
	if errors.As(err, &refused) {
		return refused.Key
	}
	return ""
}

// areRefusals reports whether err, and each error that it joins, is about one object
// that a sink has not taken.
func areRefusals(err error) bool {
	all := true
	eachError(err, func(err error) { all = all && errors.As(err, new(*object.RefusedError)) })
	return all
}

// eachError calls f with each error that err joins, as errors.Join does.
func eachError(err error, f func(error)) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) == 0 {
		f(err)
		return
	}
	for _, e := range joined.Unwrap() {
		f(e)
	}
}
