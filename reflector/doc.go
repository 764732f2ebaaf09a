// Package reflector keeps a queue in step with an API server: it lists a
// resource, watches it, and does what is needed to go on when something fails.
//
// # Where it stands
//
// A ListerWatcher is where objects come from: HTTP asks an API server and needs
// no more than an *http.Client, ListWatch is two functions. A Sink is where
// they go, in an informer a queue of deltas. The Reflector between the two is
// a Runner; anything that can fill a Sink may take its place.
//
//	API server ──► ListerWatcher ──► Reflector ──► Sink (deltafifo) ──► informer
//
// # Guarantees
//
//   - R1 Whatever the wire does (streams that are cut, stand still, repeat
//     themselves or carry garbage, answers 410, 429 and 5xx, objects of
//     another type), the sink holds the server's state in the end, once the
//     server answers again. Objects that R4 refuses are missing from it, and
//     Stats counts them.
//   - R2 A watch that ends is resumed from the last version. All objects are
//     listed at the start and in the cases below, never otherwise. A stream
//     that is silent for 30 s past its timeout is cut by this side.
//   - R3 Between tries there is a pause that grows, with a random part, and is
//     never shorter than what a Retry-After asks for. The end of the context
//     ends it at once.
//   - R4 An object that cannot be decoded, or is of the wrong type, is
//     reported and never stored.
//
// # The machine
//
// Run is a loop over step, which takes a state and returns the next one. Each
// arrow is in one arm of step:
//
//	             start
//	               │
//	               ▼         refused, broken 3 times, silent
//	         ┌─ streaming ──────────────────────────► listing ◄─┐ next page
//	         │     ▲  ▲                               │  │  ▲ └──┘
//	complete │     │  │ expired, too large: fresh     │  │  │ expired, too
//	         │     │  └───┘                           │  │  └─┘ large: fresh
//	         ▼     │                         complete │  │
//	      reading ─┼──────── ended ───────► watching ◄┘  │
//	         ▲     │                         │    │      │
//	         └─────┼──────── opened ─────────┘    │      │
//	               │                              │      │
//	               └────────── waiting ◄──────────┴──────┘
//	                      after an error, then where it says
//
// The version moves only after the sink has taken what brings it there, so
// that whatever ends a watch loses nothing.
//
// # Full lists
//
// After the first, there is a full list (R2) only in these cases, which
// Stats.Relists counts by their RelistReason:
//
//   - RelistExpired: the version is gone (410), in an answer or in the stream.
//   - RelistTooLarge: the server says that the version is in its future.
//   - RelistUndecodable: an event could not be decoded. One case is excepted,
//     as a list could change nothing: the last list could not decode that very
//     object either, so that the sink does not hold it.
//   - RelistNotStored: the sink did not take an event.
//   - RelistBackwards: the version of an event, a bookmark or a list is lower
//     than one before. The same version again is a duplicate: it is counted
//     and handed on, as no sink is harmed by it.
//   - RelistSilent: watches from one version were open, together, for as long
//     as one was asked to last and brought neither event nor bookmark. That
//     may be an idle server; it may also be one whose history does not hold
//     the version.
//   - RelistShort: five watches in a row ended within a second and brought
//     nothing.
//   - RelistInternal: a watch failed with internal errors (500) for longer
//     than Options.MaxInternalErrorRetry.
//   - RelistRefused: the server rejects the watch as such: 404, 405, 400, 422
//     and what else is 4xx, but not 401, 403, 408 and 429, after which the
//     watch is tried again from where it was.
//
// A list asks for a state that is not older than the last version, the first
// list in pages for any (version "0"). After "expired", "too large" and a version
// that went backwards it asks for the newest ("").
//
// A list in pages that fails goes on with the page that failed, up to five
// times, and starts over otherwise. When it expires half way, the token that
// the server offers for the rest is not used, because it leads to another
// state; the whole list is asked for in one request instead.
//
// A list is asked for as a stream first, at each relist again. It is asked for
// in pages instead when the server or the source refuses a stream
// (ErrNoStreamedList, 400, 405, 406, 415, 422, or a bookmark that does not end
// the list), which is remembered until Run returns; and, this time only, after
// three streams that broke, one that was silent for a minute or two, or an error that
// is neither passing nor about the version.
//
// # Differences from client-go
//
// client-go's reflector lists again after most errors of a watch; this one
// resumes. It stores what follows an event that it could not decode; this one
// lists. It has no limit to silence, does not look at the order of versions,
// and sleeps through the end of its context in one of its pauses. Resync is
// the informer's here.
package reflector
