// Package reflector keeps a queue in step with an API server: it lists a
// resource, watches it, and does what is needed to go on when something fails.
//
// # Where it stands
//
// A ListerWatcher is where objects come from: a Source of package httpsource asks
// an API server and needs no more than an *http.Client, a ListWatch is two
// functions. A Sink is where they go, in an informer a queue of deltas. The
// Reflector between the two is a Runner; anything that can fill a Sink may take
// its place.
//
//	API server ──► ListerWatcher ──► Reflector ──► Sink (deltafifo) ──► informer
//
// # Words of the protocol
//
// A resource version names one state of a collection. A list carries the version
// of the state that it shows, an object and an event that of their last change. A
// watch from a version brings every change after it, in order. A server keeps the
// changes of some minutes only: a version that is older has expired (410, "gone").
//
// A bookmark is an event without an object. It says that everything up to its
// resource version has been sent, so that a watch of a quiet collection can be
// resumed from there and not from a version that has expired meanwhile.
//
// A streamed list is a watch that begins with all objects that exist; a bookmark
// marks the end of them (KEP-3157). A list in pages is one request for each page,
// and a continue token in each answer names the next one.
//
// What is deleted while no watch is open is in no event. The list that follows
// does not have it, and from that the Sink concludes that it is gone. A queue of
// deltas hands on a tombstone then: a deletion with the last known state of the
// object, marked as not being the final one.
//
// # Guarantees
//
//   - R1 Whatever the wire does (streams that are cut, stand still, repeat
//     themselves or carry garbage, answers 410, 429 and 5xx, objects of
//     another type), the sink holds the server's state in the end, once the
//     server answers again. Objects that R4 refuses are missing from it or old,
//     and Stats counts them, by cause.
//   - R1a An error that the machine does not understand may cost time, never
//     the state. However watches fail (refused, cut before their headers,
//     answered by a page, by 4xx, 5xx, by an error of the source's own), while
//     lists are answered the sink follows the server by lists, with growing
//     pauses, and by watches again when those work.
//   - R1b No object costs another its freshness. An object that is refused,
//     cannot be decoded or is too large, and an order of versions that nobody
//     expected, call for a list not more than once for each object and reason,
//     and each reason does at most once in ten minutes, doubling to a day. A
//     list that shows a lower version than the one before starts this anew.
//   - R2 A watch that ends is resumed from the last version. All objects are
//     listed at the start and in the cases below, never otherwise. A stream
//     that is silent for 30 s past its timeout is cut by this side.
//   - R3 Between tries there is a pause that grows, with a random part, and is
//     never shorter than what a Retry-After asks for, up to R6's bound. The end
//     of the context ends it at once.
//   - R4 An object that cannot be decoded, or is of the wrong type, is
//     reported and never stored. A list of which nothing could be used is no
//     list, unless all of it was refused before.
//   - R5 Nothing is silent. A Reflector is not in step when for longer than 30 s
//     (Options.OutOfStepAfter) neither a watch was open nor a list answered, and
//     while an object is refused. The change into and out of step is logged
//     once, as an error, with the names of reflector, type and source and the
//     cause; a state that changes often is logged once a minute at most, and
//     less and less, with the number of changes. Status says the same at any
//     time. A part of a list is no answer once a list has failed half way, until
//     another one takes effect. OnError is told of every error but a refusal to
//     stream a list, after which pages are asked for.
//   - R6 No loop is without a pause, and no pause without a bound: 10 minutes
//     (Options.MaxPause), whatever a server asks for. A source reports what it
//     was told; the machine bounds it. A probe (R7) waits for its own interval,
//     and the turn that Options.Turn gives is that function's to bound.
//   - R7 A resource that vanishes takes nothing with it. While lists are answered
//     with 404 or 403 the sink keeps what it holds; when one is answered again,
//     that makes the difference. Options.Vanish says what is done meanwhile: try
//     on, ask once in a while, or end Run with a *VanishedError. R5 holds in all
//     three.
//   - R8 Without Options.FirstListAnyVersion the first list shows the newest state
//     that there is when it is asked for: a program that is started anew, and asks
//     another API server than before, is not taken back into the past.
//   - R9 With Options.Shard the sink holds the shard's part of the state, whether
//     the server knows shards or not; each object belongs to one of the shards that
//     make up everything. What is outside costs no relist, and counts for nothing
//     but the version.
//
// # The machine
//
// Run is a loop over one function that takes a state and returns the next one.
// Each state has an arm of its own there, and each arrow is in the arm that it
// leaves:
//
//	             start
//	               │
//	               ▼         refused, broken 3 times, without an end
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
// The version moves only after the sink has taken what brings it there, or once
// it is known that a list will make up for it, so that whatever ends a watch loses
// nothing.
//
// # Watches that do not work
//
// A watch that cannot be opened, or ends without anything new within a second or
// by an error of the server's, is tried again for a while: three times, where the
// error may pass; up to a minute, where the server cannot be reached or asks to
// come later, since it would not answer a list either; not at all where it rejects
// the watch as such. A version that is gone or too large is no such error: it has a
// list of its own, and the watch that follows is tried like the first. Then one
// list in pages is asked for (R1a) and after it the watch again, in turn, with the
// pauses of R3 in between. When that list fails too, watches alone are tried for a
// minute, two, four, up to ten, so that a server that comes back is asked for what
// costs it least. Streamed lists that do not come are answered by pages in the
// same way; one that came, and of which nothing could be used (R4), says nothing
// about watches.
//
// # Objects that are refused
//
// What a source cannot decode, or a sink does not take (a transform that returns
// an error), is refused: counted, reported, and remembered by its key. The first
// refusal calls for a list, which shows whether the object can be had some other
// way; if not the sink holds no state of it from then on. Further refusals of the
// same object call for none. A list that is called for while its reason rests
// (R1b) is made at the end of a watch, once the rest is over, and the next watch is
// asked for until then at most; meanwhile the sink may hold an older state of that
// object, although the version has passed it.
//
// # Versions
//
// A version that is lower than the last is no proof that the server went back: some
// send deletions with the version of the last change, others repeat the last
// events when a watch is resumed. The event is handed on, and a list is asked
// for, which shows the truth: if its version is not lower than the one before, the
// order of events means nothing from then on, until a list does show a lower one.
//
// A list that is older than what was asked for is not taken: it may come from a
// cache that lags, which says nothing about events. Only if the list of the newest
// state that follows does not reach the last version either, though it is not
// lower than the list before, have events come with versions that have no order.
//
// A source without versions has nothing to resume from: what was deleted between
// two watches is in neither. It is listed each time that a watch ends.
//
// # Full lists
//
// After the first, there is a full list (R2) only in these cases, which
// Stats.Relists counts by their RelistReason:
//
//   - RelistExpired: the version is gone (410), in an answer or in the stream.
//   - RelistTooLarge: the server says that the version is in its future.
//   - RelistUndecodable: an event could not be decoded (R1b).
//   - RelistNotStored: the sink did not take an event (R1b).
//   - RelistBackwards: the version of an event or a bookmark is lower than one
//     before (R1b), or that of a list, which is then asked for again, of the
//     newest state. The same version again is a duplicate: it is counted and
//     handed on, as no sink is harmed by it.
//   - RelistSilent: watches from one version were open, together, for as long
//     as one was asked to last and brought neither event nor bookmark. That
//     may be an idle server; it may also be one whose history does not hold
//     the version. The price is one request for each such watch where the
//     collection fits into a page. Larger ones are left in peace for twice as
//     long each time, up to an hour; they may be old for as long, on a server
//     that neither sends what happens nor says that it does not.
//   - RelistUnversioned: there is no version to resume from.
//   - RelistShort: the server ended a watch within a second that had brought
//     nothing, or five short ones in a row brought nothing new.
//   - RelistInternal: watches failed with internal errors (500) for longer
//     than Options.MaxInternalErrorRetry.
//   - RelistRefused: the server rejects the watch as such: 404, 405, 400, 422
//     and what else is 4xx, but not 401, 403, 408 and 429.
//   - RelistUnwatched: watches do not work for another reason.
//
// A list asks for a state that is not older than the last version, the first
// list for the newest (""), or in pages for any ("0") where
// Options.FirstListAnyVersion says so. After a list that expired, and after "too
// large" and a version that went backwards, it asks for the newest.
//
// A list in pages that fails goes on with the page that failed, up to five
// times, and starts over otherwise. When it expires half way, the token that
// the server offers for the rest is not used, because it leads to another
// state; the whole list is asked for in one request instead.
//
// A list is asked for as a stream first, at each relist again. It is asked for
// in pages instead, this time, after an error that is neither passing nor about
// the version and after three streams that broke; and for ten minutes, doubling
// to a day, when the server refuses a stream (400, 405, 406, 415, 422) or sends
// none: it was silent for a minute or so, or the bookmark that ends the list did
// not come within 15 s of the first sign that the initial part was over (an event
// that is not ADDED, an object that comes twice). A source that returns
// ErrNoStreamedList is not asked again in this Run.
//
// # Files
//
//	listerwatcher.go  the seam to a source: ListerWatcher, Part, Stream, Event
//	listwatch.go      ListWatch, a source of two functions; FromWatch
//	sink.go           the seams to a sink: Sink, and Runner, which fills one
//	reflector.go      Reflector: New and Run
//	options.go        Options; backoff.go has Backoff
//	machine.go        the states and what all arms share
//	streaming.go      the arm that reads a streamed list
//	listing.go        the arm that asks for pages
//	openwatch.go      a watch from the request to its end
//	watching.go       the arms that open a watch and read it; watchend.go judges
//	                  how one ended
//	verdict.go        what an error of a source means
//	detour.go         lists in place of watches that do not work (R1a)
//	refusals.go       objects that are refused, and what they may cost (R1b, R4)
//	vanish.go         resources that are gone or forbidden (R7)
//	kind.go           objects of the wrong kind (R4)
//	shard.go          Shard, and what is outside of it (R9)
//	errors.go         the errors, and how they are reported
//	health.go         in step or not (R5); status.go has Status, stats.go Stats
//
// # Differences from client-go
//
// client-go's first list in pages shows any state that the server has; this one
// the newest. client-go's reflector lists again after most errors of a watch; this one
// resumes, and lists when that does not help. It stores what follows an event
// that it could not decode; this one lists as well, once. It has no limit to
// silence, does not look at the order of versions, asks for the end of a streamed
// list without a limit, resumes watches without a version, and sleeps through the
// end of its context in one of its pauses. Resync is the informer's here.
package reflector
