// Package union makes one Runner of several queries: lists and watches of one kind
// of object (one for each namespace, for each selector, or both) behind one store.
//
// # Where it stands
//
//	query "namespace a" ──► Reflector ──┐
//	query "namespace b" ──► Reflector ──┼──► Runner ──► Sink (deltafifo) ──► informer
//	query "app=web"     ──► Reflector ──┘
//
// An object is in the sink while at least one query holds it: the sink has the OR of
// the queries. They may overlap, and change while the Runner runs (Set). The Runner
// knows of each object the key, a version and which queries hold it, not the object.
//
// It goes to informer.NewFromRunner, with two options:
//
//	informer.Options[T]{SourceStatus: runner.Status, VersionsByBookmark: true}
//
// Without VersionsByBookmark the store takes the version of the last event of any
// query for that of all, and WaitFor returns too early (U6).
//
// # Guarantees
//
//   - U1 The sink's state is the OR of the queries' states, once each has come as far
//     as the others. A deletion that one query reports, or its list shows, deletes only
//     what no other query holds.
//   - U2 A list of a query removes only what that query alone held, and takes effect as
//     a whole, between two events of the others; one that is not complete changes
//     nothing. What it shows to be gone is a deletion whose final state is not known
//     (F2); what a watch reports has its last state.
//   - U3 A Run begins with one list: its Commit comes when every query that there is
//     then has its first list. No query at all is an empty list.
//   - U4 Queries race, and a state that is older than what was handed on of that key is
//     not handed on, also after its deletion: of the last 1,024 deletions, until all
//     queries have passed them. Versions are compared as object.CompareVersions does.
//     A deletion that reports an older state than that is one whose final state is not
//     known.
//   - U5 Set disturbs no query that stays. What only a removed query held is deleted;
//     since the object may well exist, its final state is not known.
//   - U6 The sink is told of a version, in the first list and by bookmarks, when every
//     query has reached it: with VersionsByBookmark WaitFor (S5) waits for the slowest,
//     which may be the next bookmark of its server, about a minute. While a query has
//     no list the sink is told of none; a query that Set brings counts from then on.
//   - U7 No query waits for another one's source. No lock is held while user code runs;
//     calls of the sink come in turn, since that is what a Sink asks for.
//   - U8 When Run returns, for whatever reason, no goroutine of it is left.
//
// # Lists
//
// The first list of the start goes through to the sink page by page. Of a later list,
// what the sink has not got is kept until the list is complete, and comes as Adds and
// Updates behind the deletions; what has not changed is only marked.
//
// A server whose data was restored from a backup shows lists with lower versions. Then
// no version means anything any more, and all queries start again with one list, after
// a second; soon afterwards again after two, and so on up to a minute.
//
// # Files
//
//	union.go    Query, Options, Runner: what is asked for, and Set
//	session.go  Run: who starts, stops, waits for and tells the others
//	intake.go   what a query reports, on its way to the sink
//	ledger.go   who holds what
//	status.go   how all queries stand
package union
